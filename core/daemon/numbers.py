"""`planward kpi`: the numbers of a period and the items behind them, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.load import load
from core.daemon.compose import project_jobs
from core.daemon.planning import read_day
from core.daemon.tables import NAME, SENTENCE, Column, print_table
from core.daemon.terminal import local, print_json, say
from core.document import messages
from core.errors import UsageError
from core.history.period import label, parse_period, period_at
from core.kpi.declare import KPIS
from core.kpi.facts import ItemFacts, PlanFacts
from core.model import EvidenceRow, Measurement, Period
from core.projects import ProjectJob, facts_at, reconstruct, stale_sources, unread
from core.report import measures
from core.report.words import natural
from core.store import results
from core.store.engine import Store

NUMBERS = (
    Column("kpi", folds=NAME),
    Column("value", folds=NAME),
    Column("target"),
    Column("met"),
    Column("sample"),
    Column("left_out", folds=NAME, spare=True),
)
EVIDENCE = (
    Column("source", spare=True),
    Column("key"),
    Column("name", folds=NAME),
    Column("value"),
    Column("open_time"),
    Column("left_out_because", folds=SENTENCE),
    Column("url", spare=True),
)


def show(
    config: Path, *, project: str | None, period: str | None, as_of: str | None, evidence: str | None, as_json: bool
) -> int:
    """The KPIs of a period: as stored where they are, else worked out from the stored histories."""
    settings = load(config)
    if evidence is not None and evidence not in KPIS:
        raise UsageError(f"there is no KPI `{evidence}`", advice=f"Write one of {', '.join(KPIS)}.")
    with Store.open(settings.store) as store:
        answers = [(job, measured(store, job, period=period, as_of=as_of)) for job in project_jobs(settings, project)]
        behind = {} if evidence is None else {job.id: _things(store, job, numbers.at) for job, numbers in answers}
    if as_json:
        print_json(payload(answers, evidence, behind))
        return 0
    for job, numbers in answers:
        _show(job, numbers, evidence, behind.get(job.id, {}))
    return 0


Things = Mapping[tuple[str | None, str], ItemFacts | PlanFacts]
"""What rows of evidence speak of, by source (None: the plan) and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The KPIs of a project in a period, as they were at an instant."""

    period: Period
    at: datetime
    measurements: tuple[Measurement, ...]


def measured(store: Store, job: ProjectJob, *, period: str | None = None, as_of: str | None = None) -> Numbers:
    """The project's KPIs, by default those of the present period. Raises UsageError for what has not come yet."""
    chosen, at, asked = _moment(job, period, as_of)
    found = _measurements(store, job, chosen, at, asked=asked)
    # Stored numbers are of when they were stored, and not of now.
    return Numbers(period=chosen, at=max((one.as_of for one in found), default=at), measurements=tuple(found))


def payload(
    answers: Sequence[tuple[ProjectJob, Numbers]],
    evidence: str | None = None,
    behind: Mapping[str, Things] | None = None,
) -> dict[str, Any]:
    """What `kpi --json` prints of these projects, with the rows of one KPI where it is named.

    `behind` is what the rows of each project speak of.
    """
    things = behind or {}
    return {
        "projects": [
            {
                "project": job.id,
                "as_of": numbers.at,
                "period": {
                    "kind": numbers.period.kind.value,
                    "start": numbers.period.start_on.isoformat(),
                    "end": numbers.period.end_on.isoformat(),
                },
                "kpis": [
                    _payload(one) | (_rows(job, one, things.get(job.id, {})) if one.kpi == evidence else {})
                    for one in numbers.measurements
                ],
            }
            for job, numbers in answers
        ]
    }


def _things(store: Store, job: ProjectJob, at: datetime) -> Things:
    """What the project's evidence may speak of, as it stood at the moment."""
    with store.read() as connection:
        facts = facts_at(connection, job, at)
    things: list[ItemFacts | PlanFacts] = [*facts.items, *facts.plan]
    return {(one.source, one.key): one for one in things}


def _title(thing: ItemFacts | PlanFacts | None) -> str | None:
    """What people call it. None: it is not there any more, or is called otherwise since."""
    if thing is None:
        return None
    return thing.work.item.title if isinstance(thing, ItemFacts) else thing.promise.name


def _open_for(job: ProjectJob, one: Measurement, thing: ItemFacts | PlanFacts | None) -> timedelta | None:
    """How long an item was open by the clock of the KPI's limit; None where the KPI has no limit."""
    limit, clock = measures.rule_of(one.kpi, job.rules)
    return thing.open_time(clock, one.as_of) if limit is not None and isinstance(thing, ItemFacts) else None


def _moment(job: ProjectJob, period: str | None, as_of: str | None) -> tuple[Period, datetime, bool]:
    """The period and the moment that are asked for, and whether the moment was named."""
    now, zone = datetime.now(UTC), job.calendar.zone
    at = now
    if as_of is not None:
        day = read_day(as_of)
        if day > job.calendar.day_of(now):
            raise UsageError(f"{as_of} has not come yet", advice="Ask for today or an earlier day.")
        at = min(job.calendar.end_of_day(day), now)
    # The end of a day belongs to that day's period, not to the one that begins at the same instant.
    chosen = parse_period(period, zone) if period else period_at(job.period, at - timedelta(microseconds=1), zone)
    if chosen.start_at > now:
        raise UsageError(f"{label(chosen)} has not begun yet", advice="Ask for the present period or an earlier one.")
    if as_of is not None and at <= chosen.start_at:
        raise UsageError(
            f"{label(chosen)} had not begun on {as_of}",
            advice=f"Write a day since {chosen.start_on.isoformat()} behind --as-of, or an earlier --period.",
        )
    return chosen, min(at, chosen.end_at) if as_of is None else at, as_of is not None


def _measurements(store: Store, job: ProjectJob, period: Period, at: datetime, *, asked: bool) -> list[Measurement]:
    """The stored numbers. Where a moment was named, only those that were frozen by then; else worked out anew.

    A number that is not frozen yet depends on what is stale now, and not on what was when it was stored. There is none
    while a source was never read to its end: what is not there may only not have come.
    """
    with store.read() as connection:
        stored = {one.kpi: (one, frozen) for one, frozen in results.measurements(connection, job.id, period)}
        stale, missing = stale_sources(connection, job.patience, at), unread(connection, job)
    if stored and (not asked or all(frozen and one.as_of <= at for one, frozen in stored.values())):
        known = [
            (replace(one, stale_sources=one.stale_sources if frozen else stale), frozen)
            for one, frozen in stored.values()
        ]
    else:
        known = [(one, False) for one in reconstruct(store, job, period, at)]
    return list(measures.ordered(_unmeasured(one) if missing and not frozen else one for one, frozen in known))


def _unmeasured(one: Measurement) -> Measurement:
    """The measurement without its number, because not everything was read that it is counted from."""
    return replace(
        one,
        value=None,
        reason="not_read",
        met=None,
        numerator=None,
        denominator=None,
        sample=0,
        statistics={},
        excluded={},
        incomplete_items=0,
        evidence=(),
    )


def _payload(one: Measurement) -> dict[str, Any]:
    return {
        "id": one.kpi,
        "value": one.value,
        "reason": one.reason,
        "unit": one.unit.value,
        "direction": one.direction.value,
        "target": one.target,
        "met": one.met,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "sample": one.sample,
        "statistics": dict(one.statistics),
        "excluded": dict(one.excluded),
        "incomplete_items": one.incomplete_items,
        "stale_sources": list(one.stale_sources),
        "basis": one.basis.value,
        "restates": one.restates,
        "definition": one.definition,
    }


def _rows(job: ProjectJob, one: Measurement, things: Things) -> dict[str, Any]:
    rows = []
    for row in one.evidence:
        thing = things.get((row.source, row.key))
        took = _open_for(job, one, thing)
        rows.append(
            {
                "source": row.source,
                "key": row.key,
                "title": _title(thing),
                "url": row.url,
                "value": row.value,
                "open_seconds": None if took is None else took.total_seconds(),
                "weight": row.weight,
                "reason": row.reason,
            }
        )
    return {"evidence": rows}


def _show(job: ProjectJob, numbers: Numbers, evidence: str | None, things: Things) -> None:
    language, zone = job.language, job.calendar.zone
    shown = [one for one in numbers.measurements if evidence in {None, one.kpi}]
    rows = [
        [
            measures.title(one, job.rules, language),
            measures.value(one, job.rules, language),
            messages.target_text(one, language),
            "–" if one.met is None else messages.say("cell.yes" if one.met else "cell.no", language),
            str(one.sample),
            messages.say("and", language).join(
                f"{count} {messages.excluded_text(reason, language)}" for reason, count in one.excluded.items()
            ),
        ]
        for one in shown
    ]
    at = _moment_text(job, numbers.at)
    about = {"project": job.name, "period": label(numbers.period), "at": at, "zone": zone.key}
    print_table(messages.say("table.kpis", language, **about), NUMBERS, rows, language)
    if stale := {source for one in shown for source in one.stale_sources}:
        say(f"Not current: {', '.join(sorted(stale))}.")
    for one in shown if evidence is not None else ():
        ordered = sorted(one.evidence, key=lambda row: (row.source or "", natural(row.key)))
        rows = [_evidence_cells(job, one, row, things.get((row.source, row.key))) for row in ordered]
        timed = measures.rule_of(one.kpi, job.rules)[0] is not None
        columns = [column for column in EVIDENCE if timed or column.name != "open_time"]
        places = [place for place, column in enumerate(EVIDENCE) if column in columns]
        title = messages.say("table.evidence", language, kpi=one.kpi)
        print_table(title, columns, [[row[place] for place in places] for row in rows], language)


def _moment_text(job: ProjectJob, at: datetime) -> str:
    """The moment in the project's zone; the instant between two days as the end of the former."""
    day = job.calendar.day_of(at - timedelta(microseconds=1))
    if job.calendar.end_of_day(day) == at:
        return messages.say("end_of_day", job.language, on=day)
    return local(at, job.calendar.zone)


def _evidence_cells(
    job: ProjectJob, one: Measurement, row: EvidenceRow, thing: ItemFacts | PlanFacts | None
) -> list[str]:
    language, took = job.language, _open_for(job, one, thing)
    _, clock = measures.rule_of(one.kpi, job.rules)
    return [
        row.source or messages.say("cell.plan", language),
        row.key,
        _title(thing) or "",
        measures.counted(one, row, language) or "",
        "" if took is None else messages.duration_text(took.total_seconds(), language, clock),
        messages.excluded_text(row.reason, language) if row.reason else "",
        row.url or "",
    ]
