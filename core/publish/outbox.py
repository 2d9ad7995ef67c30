"""The outbox: each publication is sent once, by a process that may be killed at any instant.

What is sent is committed as `sending` before the one call, and its outcome after it. Where a process died in between,
or the answer was lost, the next one looks for our marker at the target before anything is sent again. No transaction
is open during a call, and no write is repeated without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from core.errors import NotThere, PlanwardError, RateLimited, StoreError
from core.model import PublicationState
from core.ports import Target
from core.publish.decision import IN_DOUBT, QUIET, Action, decide
from core.publish.errand import Errand
from core.publish.ledger import Ledger, OvertakenError
from core.publish.wanted import Dialect, Key, Outcome, Result, TargetOf, Wanted
from core.store.engine import Store

__all__ = ["Dialect", "Outcome", "Result", "TargetOf", "Wanted", "publish_all"]

ANOTHER_WRITES = "another process is writing at this moment"
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
    look: bool = False,
    again: bool = False,
    unmute: bool = False,
) -> list[Outcome]:
    """What became of every publication, in the order given; one that fails holds up no other.

    Without `send` nothing is sent. What stands at a target is looked at before it is written over, and when the item
    that carries it was changed since the last look. What a person may ask for: `look` looks in any case; `again` tries
    once more what was refused; `unmute` takes up what is muted: a comment that was edited is written over, one that was
    deleted posted anew; and where another item took the name and that was told, that one is meant. Raises StoreError.
    """
    asked = Asked(send=send, look=look, again=again, unmute=unmute)
    with ExitStack() as stack:
        named = {one.key for one in wanted}
        round_ = Round(store, targets, named, asked, stack, now=now, stop=stop, settle=settle)
        return [round_.bring(one) for one in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the outbox; the words are those of `publish_all`."""

    send: bool
    look: bool
    again: bool
    unmute: bool


class Round:
    """One going through what is wanted, with the targets that were opened for it until `stack` ends."""

    def __init__(
        self,
        store: Store,
        targets: Mapping[str, TargetOf],
        named: Collection[Key],
        asked: Asked,
        stack: ExitStack,
        *,
        now: Callable[[], datetime],
        stop: Event,
        settle: timedelta,
    ) -> None:
        self._store = store
        self._targets = targets
        self._named = named
        self._asked = asked
        self._stack = stack
        self._now = now
        self._stop = stop
        self._settle = settle
        self._opened: dict[str, Target] = {}
        self._claimed: bool | None = None

    def bring(self, one: Wanted) -> Outcome:
        """What became of one publication. Raises StoreError."""
        ledger = Ledger(self._store, one)
        if self._claimed is None and (self._asked.send or self._asked.look or ledger.is_outdated()):
            # One process writes at a time. With the claim in hand, whoever left a write in doubt is gone.
            self._claimed = self._stack.enter_context(self._store.claim("publish"))
            ledger = Ledger(self._store, one)
        try:
            return self._bring(one, ledger)
        except OvertakenError:
            return _outcome(one, Result.WAITING, "another process is writing it")

    def _bring(self, one: Wanted, ledger: Ledger) -> Outcome:
        action, why_unseen = self._next(one, ledger), None
        quiet = action in QUIET
        if not quiet and not self._claimed:
            return _later(one, ledger, ANOTHER_WRITES)
        if action is Action.WAIT or (quiet and not self._is_to_be_seen(ledger)) or (not quiet and self._stop.is_set()):
            return _stay(one, ledger, action)
        if quiet:
            why_unseen = self._hindrance(one, ledger)
        if why_unseen is None:
            try:
                errand = self._prepare(one, ledger)
            except StoreError:
                raise
            except PlanwardError as error:
                if not quiet or self._asked.send:
                    return _fail(one, ledger, error) if not quiet else _not_seen(one, ledger, error)
                why_unseen = str(error)
            else:
                action = self._next(one, ledger)
                if action not in QUIET and action is not Action.WAIT and not self._stop.is_set():
                    return _go(one, ledger, errand, unmuted=action is Action.UNMUTE)
        outcome = _stay(one, ledger, action)
        if why_unseen is None or outcome.detail is not None or not self._asked.look:
            return outcome
        return replace(outcome, detail=f"what stands there was not looked at: {why_unseen}")

    def _next(self, one: Wanted, ledger: Ledger) -> Action:
        asked = self._asked
        return decide(
            ledger.publication,
            one.digest,
            send=asked.send,
            again=asked.again,
            unmute=asked.unmute,
            not_before=ledger.not_before,
            now=self._now(),
        )

    def _prepare(self, one: Wanted, ledger: Ledger) -> Errand:
        """The errand of a publication whose item is known, and that was looked at where nothing is to be written."""
        if one.source not in self._opened:
            self._opened[one.source] = self._stack.enter_context(closing(self._targets[one.source].open()))
        errand = Errand(
            one,
            ledger,
            self._opened[one.source],
            self._targets[one.source].render,
            now=self._now,
            stop=self._stop,
            settle=self._settle,
        )
        due = self._is_to_be_seen(ledger)
        errand.identify(self._named, anew=self._asked.unmute)
        if self._next(one, ledger) in QUIET and (due or self._is_to_be_seen(ledger)):
            errand.look()
        return errand

    def _is_to_be_seen(self, ledger: Ledger) -> bool:
        return self._asked.look or ledger.is_outdated()

    def _hindrance(self, one: Wanted, ledger: Ledger) -> str | None:
        """Why the target is not to be called now, or None."""
        if not self._claimed:
            return ANOTHER_WRITES
        if ledger.not_before is not None and self._now() < ledger.not_before:
            return _left_alone(one, ledger.not_before)
        return "stopped before" if self._stop.is_set() else None


def _go(wanted: Wanted, ledger: Ledger, errand: Errand, *, unmuted: bool) -> Outcome:
    """A publication for which the target is called."""
    diff = ledger.difference()
    try:
        result, detail = errand.run(unmuted=unmuted)
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
            return _later(wanted, ledger, _left_alone(wanted, ledger.not_before))
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
    return _not_seen(wanted, ledger, error)


def _not_seen(wanted: Wanted, ledger: Ledger, error: PlanwardError) -> Outcome:
    """A publication of which we do not know what stands at its target."""
    if isinstance(error, RateLimited):
        ledger.hold_back(error.not_before)
        return _later(wanted, ledger, str(error))
    return _outcome(wanted, Result.FAILED, str(error), error=error)


def _left_alone(wanted: Wanted, until: datetime) -> str:
    return f"{wanted.source} asked to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC"


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
