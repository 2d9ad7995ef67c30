"""`planward sync` and `planward publish`: one cycle, or only its last step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.load import load
from core.cycle import Cycle, run_cycle
from core.daemon import compose
from core.daemon.collecting import collect_seldom
from core.daemon.complaint import tell, tell_failure
from core.daemon.stopping import stopping
from core.daemon.tables import NAME, Column, print_table
from core.daemon.terminal import print_json, progress_shown, say, say_lines
from core.document import messages
from core.errors import ConfigurationError, PlanwardError
from core.projects import ProjectJob, unread, wanted_now
from core.publish.outbox import Outcome, Result, publish_all
from core.store.engine import Store

PULLED = (
    Column("source"),
    Column("read"),
    Column("items"),
    Column("events"),
    Column("changes", spare=True),
    Column("comments", spare=True),
    Column("set_aside"),
    Column("requests", spare=True),
    Column("seconds", spare=True),
)
HELD = (Column("project"), Column("findings", folds=NAME), Column("kpis"))
WRITTEN = (Column("project"), Column("where", folds=NAME), Column("topic"), Column("result"))
REFUSED = "Put right what stands in its way, then run `planward publish --send`."
MUTED = (
    "A muted comment is left alone. To have it kept again, run `planward publish --unmute`, with `--project P` for one"
    " project only: what a person edited is then written over, what was deleted posted anew."
)


def sync(config: Path, *, only: list[str], full: bool, as_json: bool) -> int:
    """One cycle. 1 when a source or a publication failed or it was stopped early, 78 when a secret was missing."""
    settings = load(config)
    jobs = compose.project_jobs(settings)
    collect_seldom()
    with stopping() as stop, Store.open(settings.store, create=True) as store, progress_shown(not as_json) as progress:
        cycle = run_cycle(
            store,
            compose.source_jobs(settings, stop, only),
            jobs,
            compose.targets(settings, stop),
            send=settings.write_back == "send",
            now=_now,
            stop=stop,
            progress=progress,
            full=full,
        )
        nothing = _nothing(store, jobs)
    if as_json:
        print_json(_payload(cycle))
    else:
        show(cycle, nothing, settings.language)
    for name, drained in cycle.sources.items():
        for warning in drained.warnings:
            tell(f"{name}: the source doubts its own answer: {warning}")
        if drained.error is not None:
            tell_failure(name, drained.error)
    _tell_refused(cycle.published)
    if cycle.stopped_before is not None:
        tell(f"planward: stopped before {cycle.stopped_before}; the next cycle goes on from there")
    code = _exit_code(cycle.published, [drained.error for drained in cycle.sources.values() if drained.error])
    return code or (0 if cycle.stopped_before is None else 1)


def publish(config: Path, *, project: str | None, diff: bool, send: bool, unmute: bool, as_json: bool) -> int:
    """Bring the targets up to date, or show what would change there. 1 when something was refused."""
    settings = load(config)
    asked = send or unmute
    sends = asked or (settings.write_back == "send" and not diff)
    with stopping() as stop, Store.open(settings.store) as store:
        jobs = compose.project_jobs(settings, project)
        wanted = [wanted for job in jobs for wanted in wanted_now(store, job, _now())]
        outcomes = publish_all(
            store,
            compose.targets(settings, stop),
            wanted,
            send=sends,
            now=_now,
            stop=stop,
            look=True,
            again=asked,
            unmute=unmute,
        )
        nothing = _nothing(store, jobs)
    if as_json:
        print_json({"published": counts(outcomes), "publications": [_outcome(outcome) for outcome in outcomes]})
    else:
        _show_outcomes(outcomes, nothing, settings.language, with_text=not sends)
    _tell_refused(outcomes)
    return _exit_code(outcomes, [])


def counts(outcomes: list[Outcome]) -> dict[str, int]:
    """How many publications came to which end, in the words of the contract."""
    numbers = dict.fromkeys(("sent", "unchanged", "preview", "failed"), 0)
    for outcome in outcomes:
        numbers[outcome.result.value] = numbers.get(outcome.result.value, 0) + 1
    return numbers


def _now() -> datetime:
    return datetime.now(UTC)


def _exit_code(published: list[Outcome], errors: list[PlanwardError]) -> int:
    """78 when something was wrong with the configuration, such as a secret that is missing; 1 when anything failed."""
    errors = errors + [outcome.error for outcome in published if outcome.error is not None]
    if any(isinstance(error, ConfigurationError) for error in errors):
        return ConfigurationError.exit_code
    return 1 if errors or any(outcome.result is Result.FAILED for outcome in published) else 0


def _payload(cycle: Cycle) -> dict[str, Any]:
    return {
        "sources": {
            name: {
                "ok": drained.ok,
                "stopped": drained.stopped,
                "items": drained.items,
                "changes": drained.changes,
                "comments": drained.comments,
                "events": drained.events,
                "deleted": drained.deleted,
                "set_aside": drained.set_aside,
                "requests": drained.requests,
                "requests_upkeep": drained.requests_upkeep,
                "seconds": round(drained.seconds, 3),
                "error": None if drained.error is None else str(drained.error),
                "warnings": drained.warnings,
            }
            for name, drained in cycle.sources.items()
        },
        "projects": {
            name: {
                "findings": held.findings,
                "opened": held.opened,
                "closed": held.closed,
                "measurements": held.measurements,
            }
            for name, held in cycle.projects.items()
        },
        "published": counts(cycle.published),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "project": outcome.project,
        "source": outcome.source,
        "target": outcome.target,
        "topic": outcome.topic,
        "result": outcome.result,
        "detail": outcome.detail,
        "diff": outcome.diff,
    }


def show(cycle: Cycle, nothing: Sequence[str], language: str) -> None:
    """Print what a cycle did, for people. `nothing` says why nothing was to be written back where that is so."""
    rows = [
        [
            name,
            messages.say("cell.yes" if drained.ok else "cell.no", language),
            str(drained.items),
            str(drained.events),
            str(drained.changes),
            str(drained.comments),
            str(drained.set_aside),
            f"{drained.requests}+{drained.requests_upkeep}",
            f"{drained.seconds:.1f}",
        ]
        for name, drained in cycle.sources.items()
    ]
    print_table(messages.say("table.pulled", language), PULLED, rows, language)
    rows = [
        [
            name,
            messages.say("cell.findings", language, n=held.findings, opened=held.opened, closed=held.closed),
            str(held.measurements),
        ]
        for name, held in cycle.projects.items()
    ]
    print_table(messages.say("table.held", language), HELD, rows, language)
    _show_outcomes(cycle.published, nothing, language, with_text=False)


def _tell_refused(outcomes: list[Outcome]) -> None:
    """Say on stderr which publications failed, and why."""
    for outcome in outcomes:
        if outcome.result is Result.FAILED:
            tell(f"{outcome.source} {outcome.target}: {outcome.detail}")
            tell(outcome.error.advice if outcome.error else REFUSED)


def _nothing(store: Store, jobs: Sequence[ProjectJob]) -> list[str]:
    """Why nothing is to be written back: a sentence for each project that has a place for it, or one for all."""
    writing = [job for job in jobs if job.topics]
    if not writing:
        return [messages.say("line.publish.nowhere", job.language) for job in jobs[:1]]
    with store.read() as connection:
        missing = {job.id: unread(connection, job) for job in writing}
    return [
        messages.say("line.publish.unread", job.language, project=job.id, sources=", ".join(missing[job.id]))
        for job in writing
        if missing[job.id]
    ]


def _show_outcomes(outcomes: list[Outcome], nothing: Sequence[str], language: str, *, with_text: bool) -> None:
    for reason in nothing:
        say(reason)
    if not outcomes:
        return
    rows = [
        [
            outcome.project,
            f"{outcome.source} {outcome.target}",
            outcome.topic,
            messages.say(f"cell.publication.{outcome.result}", language),
        ]
        for outcome in outcomes
    ]
    print_table(messages.say("table.written_back", language), WRITTEN, rows, language)
    for outcome in outcomes:
        if outcome.detail and outcome.result is not Result.FAILED:
            say(f"{outcome.source} {outcome.target}: {outcome.detail}")
            if outcome.result is Result.MUTED:
                say(MUTED)
        if with_text and outcome.diff:
            say_lines(outcome.diff)
    if not any(outcome.result is Result.SENT for outcome in outcomes):
        say(messages.say("line.publish.not_sent", language))
    if any(outcome.result is Result.PREVIEW for outcome in outcomes) and not with_text:
        say(messages.say("line.publish.preview", language))
