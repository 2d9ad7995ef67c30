"""From the bytes of a feed to its components, line by line (RFC 5545, section 3.1). Pure.

A component that is broken in itself is kept, with what is wrong with it; only a feed that is not one whole calendar is
refused. Nothing is understood here beyond names, so that one bad line cannot cost the rest.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

MOST_DEPTH = 8
"""Components inside components; two are usual."""
MOST_LINE = 1024 * 1024
"""Characters of one unfolded line. Invitations with pictures in them stay below."""
UNSTEADY = frozenset(
    {"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "PRODID", "X-PUBLISHED-TTL", "REFRESH-INTERVAL"}
)
"""Properties that publishers write anew at each fetch, though nothing happened."""
READ = frozenset({"VEVENT", "VTIMEZONE"})
"""Components that mean something to us."""

_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")


class NotACalendar(ValueError):
    """The feed is not one whole calendar. `page` tells that it is a web page instead."""

    def __init__(self, text: str, *, page: bool = False) -> None:
        super().__init__(text)
        self.page = page


@dataclass(slots=True)
class Block:
    """One component. `lines` are its own, `inner` those of the components inside it, with their BEGIN and END."""

    name: str
    number: int
    lines: list[str] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    problem: str | None = None

    def value(self, name: str) -> str | None:
        """The first value of that property as it is written, or None."""
        for line in self.lines:
            if name_of(line) == name:
                return line.partition(":")[2].strip()
        return None


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar taken apart. `foreign_lines` were not UTF-8 and were read as Windows-1252."""

    lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    foreign_lines: int

    def value(self, name: str) -> str | None:
        """The first value of a property of the calendar itself, or None."""
        return Block("VCALENDAR", 0, list(self.lines)).value(name)

    def digest(self) -> str:
        """The same for feeds that say the same, whatever their order and whatever changes at each fetch."""
        parts = sorted([_digest("VCALENDAR", self.lines)] + [_digest(b.name, b.lines + b.inner) for b in self.blocks])
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def take_apart(content: bytes) -> Feed:
    """The components of the one calendar in the content. Raises NotACalendar."""
    lines, foreign = unfold(content)
    if not lines:
        raise NotACalendar("it is empty")
    if not any(line.upper() == "BEGIN:VCALENDAR" for line in lines):
        page = lines[0].lstrip().startswith("<")
        raise NotACalendar("it is a web page" if page else "there is no calendar in it", page=page)
    return _Reader().read(lines, foreign)


def unfold(content: bytes) -> tuple[list[str], int]:
    """The content lines, and how many of them were not UTF-8.

    They are put together as bytes, since a line may be folded in the middle of a character.
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # In two steps: one expression for both would look at each empty line again for each one before it.
    whole = re.sub(rb"\n[ \t]", b"", re.sub(rb"\n{2,}", b"\n", content))
    lines, foreign = [], 0
    for raw in whole.split(b"\n"):
        if not raw.strip():
            continue
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            line, foreign = raw.decode("cp1252", errors="replace"), foreign + 1
        lines.append(line.replace("\0", "").rstrip())
    return lines, foreign


def name_of(line: str) -> str | None:
    """The name of the line's property in capitals, or None when it is no content line."""
    found = _NAME.match(line)
    return None if found is None else found.group().upper()


class _Reader:
    """Walks the lines once and keeps the components that it is inside of."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.blocks: list[Block] = []
        self.open: list[str] = []
        self.ended = False

    def read(self, lines: list[str], foreign: int) -> Feed:
        begun = False
        for number, line in enumerate(lines, start=1):
            name, value = name_of(line), line.partition(":")[2].strip().upper()
            if name == "BEGIN" and value == "VCALENDAR":
                if begun:
                    raise NotACalendar("there are several calendars in it")
                begun = True
            elif begun and not self.ended:
                self.take(number, line, name, value)
        if not self.ended:
            raise NotACalendar("it is cut off: its end is missing")
        return Feed(tuple(self.lines), tuple(b for b in self.blocks if b.name in READ), foreign)

    def take(self, number: int, line: str, name: str | None, value: str) -> None:
        """Put a line where it belongs."""
        if name == "END" and value == "VCALENDAR":
            if self.open:
                self.spoil(f"its end is missing (line {number})")
            self.ended = True
        elif name == "BEGIN":
            self.begin(number, line, value)
        elif name == "END":
            self.end(number, line, value)
        elif not self.open:
            self.lines.append(line)
        elif len(line) > MOST_LINE:
            self.spoil(f"line {number} is longer than {MOST_LINE // 1024} KiB")
        else:
            self.add(line)

    def begin(self, number: int, line: str, name: str) -> None:
        """Go into a component. An event does not stand inside another one: the end of the first is missing."""
        if self.open and name == self.open[0]:
            self.spoil(f"its end is missing (line {number})")
            self.open.clear()
        if not self.open:
            self.blocks.append(Block(name, number))
        else:
            self.blocks[-1].inner.append(line)
        if len(self.open) >= MOST_DEPTH:
            raise NotACalendar(f"components stand inside each other more than {MOST_DEPTH} deep")
        self.open.append(name)

    def end(self, number: int, line: str, name: str) -> None:
        """Leave a component, and what was left open inside it."""
        if name not in self.open:
            if self.open:
                self.spoil(f"line {number} ends what was not begun")
            return
        if self.open[-1] != name:
            self.spoil(f"a part of it does not end (line {number})")
        del self.open[len(self.open) - 1 - self.open[::-1].index(name) :]
        if self.open:
            self.blocks[-1].inner.append(line)

    def add(self, line: str) -> None:
        """Add a line to the innermost open component."""
        (self.blocks[-1].lines if len(self.open) == 1 else self.blocks[-1].inner).append(line)

    def spoil(self, problem: str) -> None:
        """Remember what is wrong with the component, unless something was before."""
        self.blocks[-1].problem = self.blocks[-1].problem or problem


def _digest(name: str, lines: tuple[str, ...] | list[str]) -> str:
    steady = sorted(line for line in lines if name_of(line) not in UNSTEADY)
    return hashlib.sha256("\n".join([name, *steady]).encode()).hexdigest()
