"""What is asked of a reading of a calendar, and what it answers. Values that go between two processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.model import Event, SetAside

OUT_OF_MEMORY = 3
"""The exit code of a reading that needed more than its memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is asked for: every occurrence that touches `[from_at, until_at)`."""

    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of one calendar is taken: events as written, occurrences of one, and occurrences in all.

    What an event says, its guests with it, is repeated with each of its occurrences; the bytes of that are counted for
    one event, and in all.
    """

    events: int = 20_000
    occurrences: int = 3_000
    in_all: int = 100_000
    said: int = 12 * 1024 * 1024
    said_in_all: int = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a calendar holds. `set_aside` names each event that could not be read, `warnings` what was guessed."""

    events: tuple[Event, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked of the program, beside the content. With the `known` digest nothing is read again.

    All seconds are a processor's: how busy the machine is changes nothing of what is read.
    """

    source: str
    calendar: str
    window: Window
    zone: str
    known: str | None
    limits: Limits
    memory: int
    seconds: int
    series_seconds: float
    all_series_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What it answers: the calendar's digest with a reading, unless it is the known one; or why there is no calendar.

    `page` tells that a web page stands in its place.
    """

    digest: str = ""
    reading: Reading | None = None
    refusal: str | None = None
    page: bool = False
