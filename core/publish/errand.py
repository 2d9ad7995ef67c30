"""One publication brought to its target: look what stands there, write what is missing, look again where in doubt."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

from core.errors import (
    AccessDenied,
    AddressRefused,
    ConfigurationError,
    NotThere,
    RateLimited,
    RemoteError,
    WriteRefused,
)
from core.model import Publication, PublicationState
from core.ports import Posted, Target
from core.publish.decision import ANOTHER_ITEM, IN_DOUBT, learn, unmute
from core.publish.ledger import Ledger
from core.publish.wanted import Dialect, Key, Result, Wanted

UNDER_WAY = timedelta(seconds=60)
"""How long after an answer that did not come the target may still apply what we sent. Nothing is sent again before."""

FOUND = "it stands there already; the answer to an earlier attempt had been lost"
IN_FLIGHT = "an earlier attempt may still arrive; it is looked for again before anything is sent"


class Errand:
    """One publication on its way. Each step is kept before the next begins."""

    def __init__(
        self,
        wanted: Wanted,
        ledger: Ledger,
        target: Target,
        render: Dialect,
        *,
        now: Callable[[], datetime],
        stop: Event,
        settle: timedelta,
    ) -> None:
        self._wanted = wanted
        self._ledger = ledger
        self._target = target
        self._render = render
        self._now = now
        self._stop = stop
        self._settle = settle
        self._item: str | None = None

    def run(self, *, unmuted: bool) -> tuple[Result, str | None]:
        """What became of it and why. `unmuted`: it is muted, and a person wants it back.

        Raises RemoteError when the target cannot be read, with nothing written, and OvertakenError.
        """
        entry = self._ledger.entry()
        if (unmuted or entry.remote_id is None) and self._resolved() != entry.item_id:
            return self._refuse(entry)
        publication = self._look(entry, unmuted=unmuted)
        if (ended := self._ended(publication)) is not None:
            return ended
        result, publication = self._write(publication)
        if unmuted and result is Result.FAILED and self._is_out_of_reach(publication):
            result, publication = self._write(replace(publication, remote_id=None, remote_digest=None))
        if publication.state is not PublicationState.UNKNOWN:
            return result, publication.error
        # Whether it arrived is looked for once. It is not sent again in this run: a slow target may still be at it.
        return self._ended(self._look(publication, unmuted=False)) or (Result.WAITING, publication.error)

    def identify(self, named: Collection[Key], *, anew: bool) -> None:
        """Learn once which item carries the publication, and go on with what was sent to it under another name.

        `named` is everything that is wanted. `anew`: a person who was told that the name belongs to another item now
        means that one. Raises ConfigurationError when what is wanted has the same item twice, RemoteError and
        OvertakenError.
        """
        entry = self._ledger.entry()
        if entry.item_id is not None and not (anew and entry.error == ANOTHER_ITEM):
            return
        item_id = self._resolved()
        if entry.item_id not in (None, item_id):  # what stands at the former one is left there
            entry = replace(entry, remote_id=None, remote_digest=None, sent_digest=None, item_updated_at=None)
        if entry.remote_id is None and entry.state not in IN_DOUBT:
            for other in self._ledger.kin():
                if item_id != (other.item_id or self._item_of(other)):
                    continue
                if (other.project, other.source, other.target, other.topic) in named:
                    raise ConfigurationError(
                        f"{entry.target} is the same item as {other.target}",
                        advice="Name it once under `publish:` of the project.",
                    )
                self._ledger.take_over(other, item_id)
                return
        self._ledger.keep(replace(entry, item_id=item_id))

    def _resolved(self) -> str:
        """The item that has the name now; asked for once."""
        if self._item is None:
            self._item = self._target.resolve(self._wanted.target)
        return self._item

    def _refuse(self, entry: Publication) -> tuple[Result, str]:
        """Nothing is written to an item that took the name of the one that was meant: it may be a stranger's."""
        stays = entry.state in IN_DOUBT or entry.state is PublicationState.MUTED
        state = entry.state if stays else PublicationState.PENDING
        self._ledger.keep(replace(entry, state=state, error=ANOTHER_ITEM))
        return Result.FAILED, ANOTHER_ITEM

    def look(self) -> None:
        """Learn what a person made of our comment, where one is known to stand. Raises RemoteError, OvertakenError."""
        entry = self._ledger.entry()
        if entry.remote_id is not None and entry.state not in IN_DOUBT:
            self._look(entry, unmuted=False)

    def _item_of(self, other: Publication) -> str | None:
        try:
            return self._target.resolve(other.target)
        except NotThere:
            return None

    def _is_out_of_reach(self, publication: Publication) -> bool:
        """Whether the comment that we may not write over is another account's, which ours is then posted beside."""
        if publication.state is not PublicationState.FAILED or publication.remote_id is None:
            return False
        return self._target.find(publication.target, self._ledger.markers()) is None

    def _ended(self, publication: Publication) -> tuple[Result, str | None] | None:
        """What became of it where nothing is left to write now, or None."""
        if publication.state is PublicationState.MUTED:
            return Result.MUTED, publication.error
        if publication.state is PublicationState.SENT and publication.sent_digest == self._wanted.digest:
            return Result.SENT, FOUND
        if publication.state in IN_DOUBT and (self._stop.is_set() or self._is_under_way(publication)):
            return Result.WAITING, IN_FLIGHT
        return None

    def _is_under_way(self, publication: Publication) -> bool:
        """Whether the target may still be at a write whose answer we gave up on."""
        if publication.state is not PublicationState.UNKNOWN or publication.attempted_at is None:
            return False
        return publication.attempted_at <= self._now() < publication.attempted_at + UNDER_WAY

    def _look(self, publication: Publication, *, unmuted: bool) -> Publication:
        """The publication after looking at the target; where a write stays in doubt, after waiting and looking again.

        A target shows a comment a moment after it took it. So what is not seen is believed to be missing only when it
        is not seen after `settle` either. The wait ends early when we are to stop.
        """
        as_of = self._ledger.item_updated_at()
        learned = (unmute if unmuted else learn)(publication, self._standing(publication))
        learned = replace(learned, item_updated_at=as_of)
        rest = self._unsettled(learned)
        if learned.state in IN_DOUBT and rest and not self._stop.wait(rest):
            learned = learn(learned, self._standing(learned))
        return learned if learned == publication else self._ledger.keep(learned)

    def _unsettled(self, publication: Publication) -> float:
        """Seconds until the last attempt has settled; never more than `settle`, whatever the clock was set to."""
        if publication.attempted_at is None:
            return 0.0
        rest = publication.attempted_at + self._settle - self._now()
        return min(max(rest, timedelta()), self._settle).total_seconds()

    def _standing(self, publication: Publication) -> Posted | None:
        """Our comment as it stands; looked for by its marker where its id is not known or leads nowhere."""
        if publication.remote_id is not None:
            posted = self._target.read(publication.target, publication.remote_id)
            if posted is not None:
                return posted
        return self._target.find(publication.target, self._ledger.markers())

    def _write(self, publication: Publication) -> tuple[Result, Publication]:
        """What became of the one call, and the publication after it."""
        address = self._target.address(publication.target)
        body = self._render(self._wanted.document, marker=self._ledger.marker, url=address)
        sending = self._ledger.keep(
            replace(
                publication,
                marker=self._ledger.marker,
                state=PublicationState.SENDING,
                digest=self._wanted.digest,
                attempted_at=self._now(),
                attempts=publication.attempts + 1,
                error=None,
            )
        )
        try:
            if sending.remote_id is None:
                written = self._target.create(sending.target, sending.marker, body)
            else:
                written = self._target.edit(sending.target, sending.remote_id, sending.marker, body)
        except RemoteError as error:
            if isinstance(error, RateLimited):
                self._ledger.hold_back(error.not_before)
            result, state = _after(error, sending)
            # From now on it is uncertain, and not from when the call began: a time-out alone takes half a minute.
            return result, self._ledger.keep(replace(sending, state=state, error=str(error), attempted_at=self._now()))
        sent = replace(
            sending,
            state=PublicationState.SENT,
            sent_digest=sending.digest,
            remote_id=written.remote_id,
            remote_digest=written.edition,
            sent_at=self._now(),
        )
        return Result.SENT, self._read_back(self._ledger.keep(sent), written.remote_id, before=sending.remote_digest)

    def _read_back(self, sent: Publication, remote_id: str, *, before: str | None) -> Publication:
        """The publication with the form in which the target keeps what was just written, where that can be read.

        What contradicts the write, or is what stood there `before` it, may be an older state. So nothing but that form
        is learnt here; whether a person edited or deleted it is for the next look.
        """
        try:
            posted = self._target.read(sent.target, remote_id)
        except RemoteError as error:  # it was written: that a question about it fails must not say otherwise
            if isinstance(error, RateLimited):
                self._ledger.hold_back(error.not_before)
            return sent
        learned = learn(sent, posted)
        if learned.state is not PublicationState.SENT or learned.remote_digest == before:
            return sent
        return self._ledger.keep(learned)


def _after(error: RemoteError, sending: Publication) -> tuple[Result, PublicationState]:
    """Where a publication stands after its call failed: what was not clearly refused may have been applied."""
    match error:
        case WriteRefused():
            return Result.FAILED, PublicationState.FAILED
        case NotThere() if sending.remote_id is None:  # its item is gone
            return Result.FAILED, PublicationState.FAILED
        case NotThere():  # our comment went since we looked, and the next look makes out why
            return Result.WAITING, PublicationState.PENDING
        case RateLimited():
            return Result.WAITING, PublicationState.PENDING
        case AccessDenied() | AddressRefused():
            return Result.FAILED, PublicationState.PENDING
        case _:
            return Result.WAITING, PublicationState.UNKNOWN
