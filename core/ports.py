"""What a source and a target must offer. Connectors implement these; the core knows nothing else of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import Cursor, Identity, Page, Status

Known = Callable[[Sequence[str]], Mapping[str, datetime]]
"""Given remote ids, the tracker's `updated_at` of those that the store already holds whole."""


class Source(Protocol):
    """Something that work is read from. Making one sends no request."""

    name: str

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""

    def identify(self) -> Identity:
        """Who the source says that we are. Raises AccessDenied when that is nobody."""

    def lists(self) -> tuple[Status, ...]:
        """All statuses of the source, in full."""

    def holds(self) -> int | None:
        """How many items or events there are to be read; None where the source does not tell.

        It asks for every thing that the settings name, in few requests, and raises the RemoteError with which a reading
        would end: of a project, repository or feed that is not there, or that we may not see.
        """

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Yield what changed since the cursor, page by page, each with the cursor to save with it.

        Without a cursor, everything. `wide` reads far behind the cursor again, for what a lagging index hid. `again`
        are remote ids to ask for whatever the cursor says: records that could not be understood before. Items that the
        store holds with the same `updated_at` do not come again. Raises RemoteError; pages that were yielded before
        stay valid.
        """

    def close(self) -> None:
        """Let go of the connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A text of ours as it stands at a target. `digest` is of its body as the target returns it.

    `edition` tells what one edit made of it from what the next one does, by the target's time of it. `editor` is the
    account that wrote it last; `ours` tells whether that is us.
    """

    remote_id: str
    digest: str
    edition: str | None
    editor: str | None
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the answer to a write tells. In which form the target keeps the text is for `read` to say.

    `edition` is the one that the write made; None where the answer does not tell.
    """

    remote_id: str
    edition: str | None


class Target(Protocol):
    """Something that comments are written to. No method here retries a write; each sends at most one."""

    name: str

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""

    def identify(self) -> Identity:
        """Who the target says that we are."""

    def resolve(self, target: str) -> str:
        """The tracker's own id of the item, whatever it is called now or was before. Raises NotThere, RemoteError."""

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        """Our oldest comment on the item with one of these markers, from the primary store. None: there is none."""

    def read(self, target: str, remote_id: str) -> Posted | None:
        """The comment as it stands now, or None when it is gone."""

    def address(self, target: str) -> str:
        """The web address at which people see the item. Raises RemoteError."""

    def create(self, target: str, marker: str, body: object) -> Written:
        """Post a new comment. Raises WriteRefused (nothing applied) or OutcomeUnknown."""

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        """Replace our comment's text. Raises NotThere, WriteRefused (nothing applied) or OutcomeUnknown."""

    def close(self) -> None:
        """Let go of the connections."""
