"""`planward status` and `planward findings`: what stands in the store, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.load import load
from config.settings import Settings
from core.daemon import tenure
from core.daemon.checking import amount
from core.daemon.compose import patience_of, project_jobs, topics
from core.daemon.cycling import MUTED
from core.daemon.refusal import refused
from core.daemon.tables import NAME, SENTENCE, Column, print_table
from core.daemon.terminal import local, print_json, say
from core.document import messages
from core.model import PublicationState
from core.projects import stale_sources, unread
from core.report.urgency import urgency
from core.store import events, items, outbox, results, runs
from core.store.engine import Store

SOURCES = (
    Column("source"),
    Column("state"),
    Column("last_read"),
    Column("holds", spare=True),
    Column("error", folds=SENTENCE),
)
PROJECTS = (Column("project"), Column("open_findings"))
WRITTEN = (
    Column("project", spare=True),
    Column("where", folds=NAME),
    Column("topic", spare=True),
    Column("state"),
    Column("sent"),
    Column("error", folds=SENTENCE),
)
FINDINGS = (
    Column("severity"),
    Column("kind"),
    Column("subject", spare=True),
    Column("what", folds=SENTENCE),
)


def status(config: Path, *, as_json: bool) -> int:
    """Freshness of the sources, open findings by project, and what stands at the targets."""
    settings = load(config)
    with Store.open(settings.store) as store, store.claim("run") as free, store.read() as connection:
        last, success = runs.last_runs(connection), runs.last_success(connection)
        refusal = None if free else refused(connection)
        since = None if free else tenure.since(connection)
        stale = stale_sources(connection, patience_of(settings), datetime.now(UTC))
        held, occurrences = items.count(connection), events.count(connection)
        findings = {name: len(results.open_findings(connection, name)) for name in settings.projects}
        publications = outbox.all(connection)
    sources: dict[str, dict[str, Any]] = {
        name: {
            "kind": source.kind,
            "state": _state(last.get(name), stale=name in stale),
            "ok": last[name].ok if name in last else None,
            "last_run": last[name].finished_at if name in last else None,
            "last_success": success.get(name),
            "not_before": last[name].not_before if name in last else None,
            "items": held.get(name, 0),
            "events": occurrences.get(name, 0),
            "error": last[name].error if name in last else None,
        }
        for name, source in settings.sources.items()
    }
    named = {
        (name, topic.source, topic.target, topic.topic)
        for name, project in settings.projects.items()
        for topic in topics(settings, project)
    }
    written: list[dict[str, Any]] = [
        {
            "project": one.project,
            "source": one.source,
            "target": one.target,
            "topic": one.topic,
            "named": (one.project, one.source, one.target, one.topic) in named,
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
                "daemon": {
                    "running": not free,
                    "since": since,
                    "refused": None if refusal is None else {"at": refusal[0], "problems": refusal[1]},
                },
                "sources": sources,
                "projects": {name: {"findings": count} for name, count in findings.items()},
                "publications": written,
            }
        )
        return 0
    say(_service(settings, since, running=not free))
    _show_status(settings, sources, findings, written)
    if refusal is not None:
        say(
            f"The running daemon refused what it read at {local(refusal[0], ZoneInfo(settings.timezone))} and works by"
            " what it had before:"
        )
        for problem in refusal[1]:
            say(problem)
    return 0


def findings(config: Path, *, project: str | None, as_json: bool) -> int:
    """The open findings, the most urgent first."""
    settings = load(config)
    jobs = project_jobs(settings, project)
    with Store.open(settings.store) as store, store.read() as connection:
        found = [(job, one) for job in jobs for one in results.open_findings(connection, job.id)]
        missing = sorted({source for job in jobs for source in unread(connection, job)})
    found.sort(key=lambda row: urgency(row[1].finding, row[0].calendar.day_of(row[1].opened_at)))
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
                        "detail": messages.finding_text(one.finding, job.language),
                        "advice": messages.advice_text(one.finding, job.language),
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
    language = settings.language
    for job in jobs:
        rows = [
            [
                messages.say(f"severity.{one.finding.severity}", language),
                one.finding.kind,
                one.finding.subject,
                messages.finding_text(one.finding, language),
            ]
            for of, one in found
            if of is job
        ]
        if rows:
            print_table(messages.say("table.findings", language, project=job.id, n=len(rows)), FINDINGS, rows, language)
    advised = [(one.finding.kind, messages.advice_text(one.finding, language)) for _, one in found]
    for kind, advice in dict.fromkeys(advised):
        if advice:
            say(f"{kind}: {advice}")
    return 0


def _state(last: runs.Run | None, *, stale: bool) -> str:
    """How the last reading of a source went, or that it is too long ago."""
    if last is None:
        return "unread"
    if not last.ok:
        return "stopped" if last.error is None else "failed"
    return "stale" if stale else "ok"


def _service(settings: Settings, since: datetime | None, *, running: bool) -> str:
    """Whether the service runs, and since when."""
    language, zone = settings.language, ZoneInfo(settings.timezone)
    if not running:
        return messages.say("line.service.stopped", language)
    return messages.say("line.service.running", language, at=local(since, zone), zone=zone.key)


def _show_status(
    settings: Settings, sources: dict[str, dict[str, Any]], findings: dict[str, int], written: list[dict[str, Any]]
) -> None:
    language, zone = settings.language, ZoneInfo(settings.timezone)
    rows = [
        [
            name,
            messages.say(f"cell.source.{facts['state']}", language),
            local(facts["last_success"], zone),
            amount(settings.sources[name], facts["items"] + facts["events"], language),
            facts["error"] or "",
        ]
        for name, facts in sources.items()
    ]
    print_table(messages.say("table.sources", language, zone=zone.key), SOURCES, rows, language)
    rows = [[name, str(count)] for name, count in findings.items()]
    print_table(messages.say("table.projects", language), PROJECTS, rows, language)
    rows = [
        [
            one["project"],
            f"{one['source']} {one['target']}",
            one["topic"],
            messages.say(f"cell.publication.{one['state'] if one['named'] else 'unnamed'}", language),
            local(one["sent_at"], zone),
            one["error"] or "",
        ]
        for one in written
    ]
    print_table(messages.say("table.written_back.times", language, zone=zone.key), WRITTEN, rows, language)
    if any(one["named"] and one["state"] == PublicationState.MUTED for one in written):
        say(MUTED)
