"""`planward status`, `planward kpi` and `planward findings`: what is stored, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.load import load
from core.daemon.compose import project_jobs
from core.daemon.planning import read_day
from core.daemon.terminal import instant, print_json, print_table, say
from core.document import messages
from core.errors import UsageError
from core.history.period import label, parse_period, period_at
from core.kpi.declare import KPIS
from core.model import EvidenceRow, Measurement, Period, Severity, Unit
from core.projects import ProjectJob, reconstruct, unread
from core.report import measures
from core.store import items, outbox, results, runs
from core.store.engine import Store

ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def status(config: Path, *, as_json: bool) -> int:
    """Freshness of the sources, open findings by project, and what stands at the targets."""
    settings = load(config)
    with Store.open(settings.store) as store, store.read() as connection:
        last, success = runs.last_runs(connection), runs.last_success(connection)
        held = items.count(connection)
        findings = {name: len(results.open_findings(connection, name)) for name in settings.projects}
        publications = outbox.all(connection)
    sources: dict[str, dict[str, Any]] = {
        name: {
            "kind": source.kind,
            "ok": last[name].ok if name in last else None,
            "last_run": last[name].finished_at if name in last else None,
            "last_success": success.get(name),
            "not_before": last[name].not_before if name in last else None,
            "items": held.get(name, 0),
            "error": last[name].error if name in last else None,
        }
        for name, source in settings.sources.items()
    }
    written: list[dict[str, Any]] = [
        {
            "project": one.project,
            "source": one.source,
            "target": one.target,
            "topic": one.topic,
            "state": one.state.value,
            "remote_id": one.remote_id,
            "sent_at": one.sent_at,
            "error": one.error,
        }
        for one in publications
    ]
    if as_json:
        print_json(
            {
                "sources": sources,
                "projects": {name: {"findings": count} for name, count in findings.items()},
                "publications": written,
            }
        )
        return 0
    rows = [
        [
            name,
            {True: "up to date", False: "failed", None: "not read yet"}[facts["ok"]],
            _cell(facts["last_success"]),
            str(facts["items"]),
            facts["error"] or "",
        ]
        for name, facts in sources.items()
    ]
    print_table("Sources", ["source", "state", "last read", "items", "error"], rows)
    print_table("Projects", ["project", "open findings"], [[name, str(count)] for name, count in findings.items()])
    rows = [
        [
            one["project"],
            f"{one['source']} {one['target']}",
            one["topic"],
            one["state"],
            _cell(one["sent_at"]),
            one["error"] or "",
        ]
        for one in written
    ]
    print_table("Written back", ["project", "where", "topic", "state", "sent", "error"], rows)
    return 0


def findings(config: Path, *, project: str | None, as_json: bool) -> int:
    """The open findings, most severe first, then the longest open."""
    settings = load(config)
    jobs = project_jobs(settings, project)
    with Store.open(settings.store) as store, store.read() as connection:
        found = [(job, one) for job in jobs for one in results.open_findings(connection, job.id)]
        missing = sorted({source for job in jobs for source in unread(connection, job)})
    found.sort(key=lambda row: (ORDER[row[1].finding.severity], row[1].opened_at, row[1].finding.subject))
    if as_json:
        print_json(
            {
                "findings": [
                    {
                        "project": job.id,
                        "kind": one.finding.kind,
                        "severity": one.finding.severity.value,
                        "subject": one.finding.subject,
                        "opened_at": one.opened_at,
                        "detail": one.detail,
                        "advice": messages.advice_text(one.finding.kind, job.language),
                        "facts": dict(one.finding.facts),
                        "evidence": [{"source": source, "key": key} for source, key in one.finding.evidence],
                    }
                    for job, one in found
                ]
            }
        )
        return 0
    if missing:
        say(f"Not read to the end yet: {', '.join(missing)}. Nothing can be said before; run `planward sync`.")
    elif not found:
        say("Nothing needs attention.")
    if not found:
        return 0
    rows = [
        [job.id, one.finding.severity.value, one.finding.kind, one.finding.subject, one.detail] for job, one in found
    ]
    print_table(f"{len(found)} open findings", ["project", "severity", "kind", "subject", "what"], rows)
    language = settings.language
    for kind in dict.fromkeys(one.finding.kind for _, one in found):
        if advice := messages.advice_text(kind, language):
            say(f"{kind}: {advice}")
    return 0


def kpi(
    config: Path, *, project: str | None, period: str | None, as_of: str | None, evidence: str | None, as_json: bool
) -> int:
    """The KPIs of a period: as stored where they are, else worked out from the stored histories."""
    settings = load(config)
    if evidence is not None and evidence not in KPIS:
        raise UsageError(f"there is no KPI `{evidence}`", advice=f"Write one of {', '.join(KPIS)}.")
    answers = []
    with Store.open(settings.store) as store:
        for job in project_jobs(settings, project):
            chosen, at, asked = _moment(job, period, as_of)
            measured = _measurements(store, job, chosen, at, asked=asked)
            # Stored numbers are of when they were stored, and not of now.
            answers.append((job, chosen, max((one.as_of for one in measured), default=at), measured))
    if as_json:
        print_json(
            {
                "projects": [
                    {
                        "project": job.id,
                        "as_of": at,
                        "period": {
                            "kind": chosen.kind.value,
                            "start": chosen.start_on.isoformat(),
                            "end": chosen.end_on.isoformat(),
                        },
                        "kpis": [_payload(one, with_evidence=one.kpi == evidence) for one in measured],
                    }
                    for job, chosen, at, measured in answers
                ]
            }
        )
        return 0
    for job, chosen, at, measured in answers:
        _show(job, chosen, at, measured, evidence)
    return 0


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
    return chosen, min(at, chosen.end_at) if as_of is None else at, as_of is not None


def _measurements(store: Store, job: ProjectJob, period: Period, at: datetime, *, asked: bool) -> list[Measurement]:
    """The stored numbers. Where a moment was named, only those that were frozen by then; else worked out anew."""
    with store.read() as connection:
        stored = {one.kpi: (one, frozen) for one, frozen in results.measurements(connection, job.id, period)}
    if stored and (not asked or all(frozen and one.as_of <= at for one, frozen in stored.values())):
        return list(measures.ordered(one for one, _ in stored.values()))
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


def _show(job: ProjectJob, period: Period, at: datetime, measured: list[Measurement], evidence: str | None) -> None:
    language = job.language
    rows = [
        [
            measures.title(one, job.rules, language),
            measures.value(one, job.rules, language),
            messages.target_text(one, language),
            {True: "yes", False: "no", None: "–"}[one.met],
            str(one.sample),
            ", ".join(f"{count} {messages.excluded_text(reason, language)}" for reason, count in one.excluded.items()),
        ]
        for one in measured
    ]
    columns = ["KPI", "value", "target", "met", "sample", "left out"]
    print_table(f"{job.name}, {label(period)} as of {instant(at)}", columns, rows)
    if stale := {source for one in measured for source in one.stale_sources}:
        say(f"Not current: {', '.join(sorted(stale))}.")
    for one in measured:
        if one.kpi == evidence:
            columns = ["source", "key", "value", "left out because", "url"]
            print_table(
                f"Evidence of {one.kpi}", columns, [_evidence_cells(one, row, language) for row in one.evidence]
            )


def _evidence_cells(one: Measurement, row: EvidenceRow, language: str) -> list[str]:
    if row.value is None:
        value = ""
    elif one.unit is Unit.SHARE:
        value = "yes" if row.value else "no"
    elif one.unit is Unit.SECONDS:
        value = messages.duration_text(row.value, language)
    else:
        value = messages.number_text(row.value)
    reason = messages.excluded_text(row.reason, language) if row.reason else ""
    return [row.source or "plan", row.key, value, reason, row.url or ""]


def _cell(at: datetime | None) -> str:
    return "–" if at is None else instant(at)
