"""`planward kpi`: the numbers of a period and the items behind them, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
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
from core.model import EvidenceRow, Measurement, Period
from core.projects import ProjectJob, reconstruct, stale_sources
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
    Column("value"),
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
    if as_json:
        print_json(payload(answers, evidence))
        return 0
    for job, numbers in answers:
        _show(job, numbers, evidence)
    return 0


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


def payload(answers: Sequence[tuple[ProjectJob, Numbers]], evidence: str | None = None) -> dict[str, Any]:
    """What `kpi --json` prints of these projects, with the rows of one KPI where it is named."""
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
                "kpis": [_payload(one, with_evidence=one.kpi == evidence) for one in numbers.measurements],
            }
            for job, numbers in answers
        ]
    }


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

    A number that is not frozen yet depends on what is stale now, and not on what was when it was stored.
    """
    with store.read() as connection:
        stored = {one.kpi: (one, frozen) for one, frozen in results.measurements(connection, job.id, period)}
        stale = stale_sources(connection, job.patience, at)
    if stored and (not asked or all(frozen and one.as_of <= at for one, frozen in stored.values())):
        return list(
            measures.ordered(one if frozen else replace(one, stale_sources=stale) for one, frozen in stored.values())
        )
    return list(measures.ordered(reconstruct(store, job, period, at)))


def _payload(one: Measurement, *, with_evidence: bool) -> dict[str, Any]:
    payload: dict[str, Any] = {
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
    if with_evidence:
        payload["evidence"] = [_evidence(row) for row in one.evidence]
    return payload


def _evidence(row: EvidenceRow) -> dict[str, Any]:
    return {
        "source": row.source,
        "key": row.key,
        "url": row.url,
        "value": row.value,
        "weight": row.weight,
        "reason": row.reason,
    }


def _show(job: ProjectJob, numbers: Numbers, evidence: str | None) -> None:
    language, zone = job.language, job.calendar.zone
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
        for one in numbers.measurements
    ]
    at = _moment_text(job, numbers.at)
    about = {"project": job.name, "period": label(numbers.period), "at": at, "zone": zone.key}
    print_table(messages.say("table.kpis", language, **about), NUMBERS, rows, language)
    if stale := {source for one in numbers.measurements for source in one.stale_sources}:
        say(f"Not current: {', '.join(sorted(stale))}.")
    for one in numbers.measurements:
        if one.kpi == evidence:
            ordered = sorted(one.evidence, key=lambda row: (row.source or "", natural(row.key)))
            rows = [_evidence_cells(one, row, language) for row in ordered]
            print_table(messages.say("table.evidence", language, kpi=one.kpi), EVIDENCE, rows, language)


def _moment_text(job: ProjectJob, at: datetime) -> str:
    """The moment in the project's zone; the instant between two days as the end of the former."""
    day = job.calendar.day_of(at - timedelta(microseconds=1))
    if job.calendar.end_of_day(day) == at:
        return messages.say("end_of_day", job.language, on=day)
    return local(at, job.calendar.zone)


def _evidence_cells(one: Measurement, row: EvidenceRow, language: str) -> list[str]:
    value = measures.counted(one, row, language) or ""
    reason = messages.excluded_text(row.reason, language) if row.reason else ""
    return [row.source or messages.say("cell.plan", language), row.key, value, reason, row.url or ""]
