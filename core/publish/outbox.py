"""The outbox: each publication is sent once, by a process that may be killed at any instant.

What is sent is committed as `sending` before the one call, and its outcome after it. Where a process died in between,
or the answer was lost, the next one looks for our marker at the target before anything is sent again. No transaction
is open during a call, and no write is repeated without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

from core.errors import NotThere, PlanwardError, RateLimited, StoreError
from core.model import PublicationState
from core.ports import Target
from core.publish.decision import IN_DOUBT, QUIET, Action, decide
from core.publish.errand import Errand
from core.publish.ledger import Ledger, OvertakenError
from core.publish.wanted import Dialect, Outcome, Result, TargetOf, Wanted
from core.store.engine import Store

__all__ = ["Dialect", "Outcome", "Result", "TargetOf", "Wanted", "publish_all"]

SETTLE = timedelta(seconds=10)
"""How long a target may take to show a comment that it accepted."""


def publish_all(
    store: Store,
    targets: Mapping[str, TargetOf],
    wanted: Sequence[Wanted],
    *,
    send: bool,
    now: Callable[[], datetime],
    stop: Event,
    settle: timedelta = SETTLE,
    again: bool = False,
    unmute: bool = False,
) -> list[Outcome]:
    """What became of every publication, in the order given; one that fails holds up no other.

    Without `send` nothing is sent and no target is called. What a person may ask for: `again` tries once more what was
    refused; `unmute` takes up what is muted: a comment that was edited is written over, one that was deleted posted
    anew. Raises StoreError.
    """
    opened: dict[str, Target] = {}
    with ExitStack() as stack:
        # One process writes at a time. With the claim in hand, whoever left a write in doubt is gone.
        claimed = not send or stack.enter_context(store.claim("publish"))

        def errand(one: Wanted, ledger: Ledger) -> Errand:
            to = targets[one.source]
            if one.source not in opened:
                opened[one.source] = stack.enter_context(closing(to.open()))
            return Errand(one, ledger, opened[one.source], to.render, now=now, stop=stop, settle=settle)

        outcomes = []
        for one in wanted:
            ledger = Ledger(store, one)
            action = decide(
                ledger.publication,
                one.digest,
                send=send,
                again=again,
                unmute=unmute,
                not_before=ledger.not_before,
                now=now(),
            )
            if not claimed and action not in QUIET:
                outcomes.append(_later(one, ledger, "another process is writing at this moment"))
                continue
            try:
                if action in QUIET or action is Action.WAIT or stop.is_set():
                    outcomes.append(_stay(one, ledger, action))
                else:
                    outcomes.append(_go(one, ledger, errand, unmuted=action is Action.UNMUTE))
            except OvertakenError:
                outcomes.append(_outcome(one, Result.WAITING, "another process is writing it"))
        return outcomes


def _go(wanted: Wanted, ledger: Ledger, errand: Callable[[Wanted, Ledger], Errand], *, unmuted: bool) -> Outcome:
    """A publication for which the target is called."""
    diff = ledger.difference()
    try:
        result, detail = errand(wanted, ledger).run(unmuted=unmuted)
    except StoreError:
        raise
    except PlanwardError as error:
        return _fail(wanted, ledger, error)
    return _outcome(wanted, result, detail, diff if result is Result.SENT else None)


def _stay(wanted: Wanted, ledger: Ledger, action: Action) -> Outcome:
    """A publication for which the target is not called."""
    entry = ledger.entry()
    match action:
        case Action.NOTHING:
            if entry.state is not PublicationState.SENT:  # its content went back to what stands there
                ledger.keep(replace(entry, state=PublicationState.SENT, digest=wanted.digest, error=None))
            return _outcome(wanted, Result.UNCHANGED)
        case Action.LEAVE:
            muted = entry.state is PublicationState.MUTED
            return _outcome(wanted, Result.MUTED if muted else Result.FAILED, entry.error)
        case Action.PREVIEW:
            if entry.state not in IN_DOUBT:  # the doubt has to outlive the preview
                ledger.keep(replace(entry, state=PublicationState.PREVIEW, digest=wanted.digest, error=None))
            return _outcome(wanted, Result.PREVIEW, None, ledger.difference())
        case Action.WAIT:
            assert ledger.not_before is not None
            until = f"{ledger.not_before:%Y-%m-%d %H:%M:%S} UTC"
            return _later(wanted, ledger, f"{wanted.source} asked to be left alone until {until}")
        case _:
            return _later(wanted, ledger, "stopped before it was sent")


def _later(wanted: Wanted, ledger: Ledger, why: str) -> Outcome:
    """A publication whose turn comes by itself; one that is muted stays so, and has to be asked for again."""
    muted = ledger.entry().state is PublicationState.MUTED
    return _outcome(wanted, Result.MUTED if muted else Result.WAITING, why)


def _fail(wanted: Wanted, ledger: Ledger, error: PlanwardError) -> Outcome:
    """A publication whose target could not be opened or read: nothing was written, and a doubt stays a doubt."""
    entry = ledger.entry()
    if entry.state in IN_DOUBT:
        ledger.keep(replace(entry, error=str(error)))
    elif entry.state is not PublicationState.MUTED:  # which it stays, and why is not forgotten
        state = PublicationState.FAILED if isinstance(error, NotThere) else PublicationState.PENDING
        ledger.keep(replace(entry, state=state, digest=wanted.digest, error=str(error)))
    if isinstance(error, RateLimited):
        ledger.hold_back(error.not_before)
        return _later(wanted, ledger, str(error))
    return _outcome(wanted, Result.FAILED, str(error), error=error)


def _outcome(
    wanted: Wanted,
    result: Result,
    detail: str | None = None,
    diff: str | None = None,
    error: PlanwardError | None = None,
) -> Outcome:
    return Outcome(
        project=wanted.project,
        source=wanted.source,
        target=wanted.target,
        topic=wanted.topic,
        result=result,
        detail=detail,
        diff=diff,
        error=error,
    )
