"""`planward sync` and `planward publish`: one cycle, or only its last step."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from config.load import load
from core.cycle import Cycle, run_cycle
from core.daemon import compose
from core.daemon.terminal import print_json, print_table, progress_shown, say, say_lines
from core.errors import ConfigurationError, PlanwardError
from core.projects import wanted_now
from core.publish.outbox import Outcome, Result, publish_all
from core.store.engine import Store

ADVICE = {
    Result.FAILED: "Put right what stands in its way, then run `planward publish --send`.",
    Result.MUTED: "Planward leaves it alone. To have a comment kept again, name another issue under `publish:`.",
}


def sync(config: Path, *, only: list[str], full: bool, as_json: bool) -> int:
    """One cycle. 1 when a source or a publication failed, 78 when a secret was missing."""
    settings = load(config)
    # A page is tens of thousands of small values that hold no cycles. Looking through all of them for cycles every 700
    # new ones, which is the default, costs a quarter of the whole sync.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with stopping() as stop, Store.open(settings.store, create=True) as store, progress_shown(not as_json) as progress:
        cycle = run_cycle(
            store,
            compose.source_jobs(settings, stop, only),
            compose.project_jobs(settings),
            compose.targets(settings, stop),
            send=settings.write_back == "send",
            now=_now,
            stop=stop,
            progress=progress,
            full=full,
        )
    if as_json:
        print_json(_payload(cycle))
    else:
        _show(cycle)
    return _exit_code(cycle.published, [drained.error for drained in cycle.sources.values() if drained.error])


def publish(config: Path, *, project: str | None, diff: bool, send: bool, as_json: bool) -> int:
    """Bring the targets up to date, or show what would change there. 1 when something was refused."""
    settings = load(config)
    sends = send or (settings.write_back == "send" and not diff)
    with stopping() as stop, Store.open(settings.store) as store:
        wanted = [
            wanted for job in compose.project_jobs(settings, project) for wanted in wanted_now(store, job, _now())
        ]
        outcomes = publish_all(
            store, compose.targets(settings, stop), wanted, send=sends, now=_now, stop=stop, again=send
        )
    if as_json:
        print_json({"published": counts(outcomes), "publications": [_outcome(outcome) for outcome in outcomes]})
    else:
        _show_outcomes(outcomes, with_text=not sends)
    return _exit_code(outcomes, [])


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set, so that the page in hand is finished and nothing after it is begun."""
    stop = Event()

    def ask(_signal: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


def _show(cycle: Cycle) -> None:
    rows = [
        [
            name,
            "yes" if drained.ok else "no",
            str(drained.items),
            str(drained.changes),
            str(drained.comments),
            str(drained.set_aside),
            f"{drained.requests}+{drained.requests_upkeep}",
            f"{drained.seconds:.1f}",
        ]
        for name, drained in cycle.sources.items()
    ]
    columns = ["source", "read", "items", "changes", "comments", "set aside", "requests+upkeep", "seconds"]
    print_table("Pulled (new and changed)", columns, rows)
    for name, drained in cycle.sources.items():
        for warning in drained.warnings:
            say(f"{name}: the source doubts its own answer: {warning}")
        if drained.error is not None:
            say(f"{name}: {drained.error}")
            say(drained.error.advice)
    rows = [
        [name, f"{held.findings} ({held.opened} new, {held.closed} closed)", str(held.measurements)]
        for name, held in cycle.projects.items()
    ]
    print_table("Held against the plan", ["project", "findings", "KPIs"], rows)
    _show_outcomes(cycle.published, with_text=False)


def _show_outcomes(outcomes: list[Outcome], *, with_text: bool) -> None:
    if not outcomes:
        say("Nothing to write back: nothing is configured, or a source was not read to its end yet.")
        return
    rows = [
        [outcome.project, f"{outcome.source} {outcome.target}", outcome.topic, outcome.result] for outcome in outcomes
    ]
    print_table("Written back", ["project", "where", "topic", "result"], rows)
    for outcome in outcomes:
        if outcome.detail:
            say(f"{outcome.source} {outcome.target}: {outcome.detail}")
            if advice := outcome.error.advice if outcome.error else ADVICE.get(outcome.result):
                say(advice)
        if with_text and outcome.diff:
            say_lines(outcome.diff)
    if not any(outcome.result is Result.SENT for outcome in outcomes):
        say("Nothing was sent.")
    if any(outcome.result is Result.PREVIEW for outcome in outcomes) and not with_text:
        say(
            "`write_back` is `preview`: look at `planward publish --diff`,"
            " then set it to `send` or run `planward publish --send`."
        )
