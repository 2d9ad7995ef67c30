"""What the store knows of one publication, read and written in transactions of their own."""

from __future__ import annotations

import difflib
from datetime import datetime

from core.document import text
from core.model import Publication, PublicationState
from core.publish.decision import marker_of
from core.publish.wanted import Wanted
from core.store import outbox, runs
from core.store.engine import Store

NOT_BEFORE_NOTE = "no write before"
TEXT_NOTE = "sent text"


class OvertakenError(Exception):
    """Another process changed the publication since we read it. It is theirs now."""


class Ledger:
    """The entry of one publication: what was read last, and writing only on top of that."""

    def __init__(self, store: Store, wanted: Wanted) -> None:
        self._store = store
        self._wanted = wanted
        self.marker = marker_of(wanted.project, wanted.source, wanted.target, wanted.topic)
        self._key = (wanted.project, wanted.source, wanted.target, wanted.topic)
        with store.read() as connection:
            self.publication = outbox.get(connection, *self._key)
            held_back = runs.get_note(connection, wanted.source, NOT_BEFORE_NOTE)
            self._sent = runs.get_note(connection, self._about, TEXT_NOTE)
        self.not_before = None if held_back is None else datetime.fromisoformat(held_back)

    @property
    def _about(self) -> str:
        return f"publication {self.marker}"

    def entry(self) -> Publication:
        """The publication as it is kept, or as it begins."""
        return self.publication or Publication(
            id=self.marker,
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
                runs.set_note(connection, self._about, TEXT_NOTE, self._sent)
            kept = outbox.get(connection, *self._key)
        assert kept is not None
        self.publication = kept
        return kept

    def hold_back(self, until: datetime) -> None:
        """Leave the whole source alone until then."""
        with self._store.write() as connection:
            runs.set_note(connection, self._wanted.source, NOT_BEFORE_NOTE, until.isoformat())

    def difference(self) -> str:
        """What changes at the target, line by line; all of it is new where the text that stands there is not known."""
        digest, _, standing = (self._sent or "").partition("\n")
        known = self.publication is not None and digest == self.publication.sent_digest
        lines = difflib.unified_diff(
            standing.splitlines() if known else [],
            self._text().splitlines(),
            fromfile=f"{self._wanted.target} {self._wanted.topic} (stands)",
            tofile=f"{self._wanted.target} {self._wanted.topic} (wanted)",
            lineterm="",
        )
        return "\n".join(lines)

    def _text(self) -> str:
        return text.render(self._wanted.document, links=True)
