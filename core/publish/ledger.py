"""What the store knows of one publication, read and written in transactions of their own."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import datetime

from core.document import messages, text
from core.model import Publication, PublicationState
from core.publish.decision import IN_DOUBT, id_of, marker_of, markers_of
from core.publish.wanted import Wanted
from core.store import items, outbox, runs
from core.store.engine import Store

TEXT_NOTE = "sent text"


class OvertakenError(Exception):
    """Another process changed the publication since we read it. It is theirs now."""


class Ledger:
    """The entry of one publication: what was read last, and writing only on top of that."""

    def __init__(self, store: Store, wanted: Wanted) -> None:
        self._store = store
        self._wanted = wanted
        self.marker = marker_of(wanted.project, wanted.source, wanted.topic)
        self._key = wanted.key
        self._id = id_of(*self._key)
        with store.read() as connection:
            self.publication = outbox.get(connection, *self._key)
            self.not_before = runs.not_before(connection, wanted.source)
            self._sent = runs.get_note(connection, _about(self._id), TEXT_NOTE)

    def entry(self) -> Publication:
        """The publication as it is kept, or as it begins."""
        return self.publication or Publication(
            id=self._id,
            project=self._wanted.project,
            source=self._wanted.source,
            target=self._wanted.target,
            topic=self._wanted.topic,
            marker=self.marker,
            state=PublicationState.PENDING,
            digest=self._wanted.digest,
        )

    def keep(self, publication: Publication) -> Publication:
        """The publication as it is kept now. Raises OvertakenError when somebody else changed it meanwhile."""
        with self._store.write() as connection:
            if outbox.get(connection, *self._key) != self.publication:
                raise OvertakenError
            outbox.save(connection, publication)
            if publication.sent_digest == self._wanted.digest:
                self._sent = f"{self._wanted.digest}\n{self._text()}"
                runs.set_note(connection, _about(self._id), TEXT_NOTE, self._sent)
            kept = outbox.get(connection, *self._key)
        assert kept is not None
        self.publication = kept
        return kept

    def kin(self) -> list[Publication]:
        """The project's other publications about the same topic at the same source that something was sent of."""
        with self._store.read() as connection:
            kept = outbox.all(connection, self._wanted.project)
        return [
            one
            for one in kept
            if (one.source, one.topic) == (self._wanted.source, self._wanted.topic)
            and one.target != self._wanted.target
            and one.attempts
        ]

    def take_over(self, other: Publication, item_id: str) -> Publication:
        """Another publication as this one, which stands at the same item by another name.

        Raises OvertakenError when somebody else changed either meanwhile.
        """
        with self._store.write() as connection:
            of_other = outbox.get(connection, other.project, other.source, other.target, other.topic)
            if outbox.get(connection, *self._key) != self.publication or of_other != other:
                raise OvertakenError
            known = replace(other, item_id=item_id)
            self.publication = outbox.rename(connection, known, self._id, self._wanted.target)
            self._sent = runs.get_note(connection, _about(other.id), TEXT_NOTE)
            if self._sent is not None:
                runs.set_note(connection, _about(self._id), TEXT_NOTE, self._sent)
        return self.publication

    def markers(self) -> set[str]:
        """All markers that our comment may carry, with those made from what its item was called before."""
        entry, kin = self.entry(), self.kin()
        ids = [] if entry.item_id is None else [entry.item_id]
        with self._store.read() as connection:
            names = {item.key for item in items.items(connection, entry.source, ids)}
            names.update(*items.former_keys(connection, entry.source, ids).values())
        made = markers_of(entry.project, entry.source, {entry.target, *names}, entry.topic)
        return {*made, *(one.marker for one in (entry, *kin))}

    def item_updated_at(self) -> datetime | None:
        """The `updated_at` of the item that carries the publication, as it was read last; None where it is not read."""
        entry = self.entry()
        if entry.item_id is None:
            return None
        with self._store.read() as connection:
            return items.updated_at(connection, entry.source, entry.item_id)

    def is_outdated(self) -> bool:
        """Whether what we know to stand there may be otherwise by now, because its item was updated since we looked."""
        entry = self.entry()
        if entry.remote_id is None or entry.state is PublicationState.MUTED or entry.state in IN_DOUBT:
            return False
        return entry.item_id is None or self.item_updated_at() not in (None, entry.item_updated_at)

    def hold_back(self, until: datetime) -> None:
        """Leave the whole source alone until then."""
        with self._store.write() as connection:
            runs.hold_back(connection, self._wanted.source, until)

    def difference(self) -> str:
        """What changes at the target, line by line; all of it is new where the text that stands there is not known."""
        digest, _, standing = (self._sent or "").partition("\n")
        known = self.publication is not None and digest == self.publication.sent_digest
        lines = difflib.unified_diff(
            standing.splitlines() if known else [],
            self._text().splitlines(),
            fromfile=self._heading("stands"),
            tofile=self._heading("wanted"),
            lineterm="",
        )
        return "\n".join(lines)

    def _heading(self, side: str) -> str:
        about = {"target": self._wanted.target, "topic": self._wanted.topic}
        return messages.say(f"line.diff.{side}", self._wanted.document.language, **about)

    def _text(self) -> str:
        return text.render(self._wanted.document, links=True)


def _about(publication_id: str) -> str:
    return f"publication {publication_id}"
