"""What should stand where, how to get there, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.document.nodes import Document
from core.errors import PlanwardError
from core.ports import Target

Key = tuple[str, str, str, str]
"""Project, source, target and topic of a publication."""


class Dialect(Protocol):
    """Renders a document as a target takes it, the marker in it. `url` is the address of the item that carries it."""

    def __call__(self, document: Document, *, marker: str | None, url: str | None) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOf:
    """How to write to a source: `open` makes its target when it is needed, `render` is its dialect."""

    open: Callable[[], Target]
    render: Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A document that should stand at a target. `digest` is the document's."""

    project: str
    source: str
    target: str
    topic: str
    document: Document
    digest: str

    @property
    def key(self) -> Key:
        """What it is about and where it should stand, as the store keeps it."""
        return self.project, self.source, self.target, self.topic


class Result(StrEnum):
    """What became of a publication in a run.

    SENT: it stands there now. UNCHANGED: it did before. PREVIEW: it would be sent. FAILED: something is in its way.
    MUTED: a person wants it otherwise. WAITING: later, by itself.
    """

    SENT = "sent"
    UNCHANGED = "unchanged"
    PREVIEW = "preview"
    FAILED = "failed"
    MUTED = "muted"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one publication, and why.

    `diff` shows what changes at the target, for SENT and PREVIEW. `error` is what kept us from calling or reading it.
    """

    project: str
    source: str
    target: str
    topic: str
    result: Result
    detail: str | None = None
    diff: str | None = None
    error: PlanwardError | None = None
