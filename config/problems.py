"""What is wrong in a file and where, in words that say what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LONGEST_QUOTE = 40
MOST_NAMES = 20


class SettingError(ValueError):
    """A setting cannot hold this. The text is `what is wrong; what to write instead`."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file; both numbers begin at 1, the column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file. Its text is `what is wrong; what to write instead`."""

    file: Path
    place: Place | None
    text: str

    def __str__(self) -> str:
        if self.place is None:
            return f"{self.file}: {self.text}"
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.text}"


def ordered(problems: Iterable[Problem]) -> list[str]:
    """The problems as lines, each once, file by file from top to bottom."""
    found = {str(problem): problem for problem in problems}
    start = Place(0, 0)
    return sorted(found, key=lambda line: (str(found[line].file), found[line].place or start))


def quote(text: str) -> str:
    """The text in back quotes. A long one is not repeated: it may be a token that slipped into the wrong line."""
    return f"`{text}`" if len(text) <= LONGEST_QUOTE and text.isprintable() else "this text"


def suggest(word: str, names: Iterable[str]) -> str:
    """What to write instead of an unknown word: the nearest name, or all of them when none is near."""
    known = sorted(names)
    near = nearest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if not known:
        return "there is none to choose from"
    shown = ", ".join(known[:MOST_NAMES])
    return f"write one of {shown}" + (", ..." if len(known) > MOST_NAMES else "")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that the word was probably meant to be, or None."""
    if len(word) > 2 * LONGEST_QUOTE:
        return None
    from difflib import get_close_matches  # only a file with a mistake pays for this import

    folded = word.casefold()
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    if not near and len(folded) > 1:
        near = [name for name in by_folded if name.startswith(folded)]
    return by_folded[near[0]] if len(near) == 1 else None
