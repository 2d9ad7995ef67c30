"""The neutral document: what is said, before any dialect says how. Standard library only.

Whatever came from a tracker, a plan or a person travels as the `text` of a node and is never markup, so each dialect
neutralises it in one place. A dialect drops a link whose address is not http or https and keeps its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias


class Tone(StrEnum):
    """How a status word is meant. The word says it too: a colour is never the only carrier."""

    NEUTRAL = "neutral"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that weigh more."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Words said differently."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Characters shown as they are: a name, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class LinkTo:
    """Words that lead to an address."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A short judgement such as "late"."""

    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class DateWord:
    """A day, spelled by the document's language or by the reader's own settings."""

    on: date


@dataclass(frozen=True, slots=True)
class LineBreak:
    """The next words start on a new line of the same block. A space where a dialect has no such thing."""


Inline: TypeAlias = Text | Strong | Emphasis | Code | LinkTo | StatusWord | DateWord | LineBreak
Inlines: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, `level` 1 to 6."""

    level: int
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header. A row shorter than the header is filled with empty cells, a longer one is cut."""

    header: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]

    def whole_rows(self) -> Iterator[tuple[Inlines, ...]]:
        """Every row with as many cells as the header."""
        width = len(self.header)
        for row in self.rows:
            yield (*row[:width], *(((),) * (width - len(row))))


@dataclass(frozen=True, slots=True)
class List:
    """A bulleted list; each item is one line of words."""

    items: tuple[Inlines, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A dividing line."""


Block: TypeAlias = Heading | Paragraph | Table | List | Rule


@dataclass(frozen=True, slots=True)
class Document:
    """Blocks under an optional title, in one language ("en" or "zh-CN")."""

    blocks: tuple[Block, ...]
    title: str | None = None
    language: str = "en"


TITLE_LEVEL = 2
"""The heading level of a document's title: a comment stands inside a page that has its own first level."""
