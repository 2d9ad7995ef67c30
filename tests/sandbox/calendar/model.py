"""What calendars hold, as people see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Time = datetime | date
"""A wall-clock time (naive, in the entry's zone or floating), an aware instant, or a day."""


@dataclass(slots=True)
class Guest:
    """Somebody who is invited. `answer` is their PARTSTAT."""

    email: str
    name: str
    answer: str = "NEEDS-ACTION"


@dataclass(slots=True)
class Entry:
    """A meeting or an absence, or with `original` one changed occurrence of a series. `end` of days is the day after.

    `extra` lines are written as they are. `skipped` are original starts that were taken out of the series.
    """

    uid: str
    title: str
    start: Time
    end: Time
    zone: str | None = None
    rule: str | None = None
    original: Time | None = None
    and_later: bool = False
    organizer: str | None = None
    guests: list[Guest] = field(default_factory=list)
    status: str = "CONFIRMED"
    free: bool = False
    extra: list[str] = field(default_factory=list)
    skipped: list[Time] = field(default_factory=list)
    sequence: int = 0
    created: datetime | None = None
    updated: datetime | None = None

    @property
    def lasts(self) -> timedelta:
        """From start to end."""
        return self.end - self.start  # type: ignore[operator] # both are of one sort


@dataclass(slots=True)
class Calendar:
    """A published calendar. `secret` is the part of its address that nobody guesses."""

    name: str
    secret: str
    zone: str | None
    changed: datetime
    entries: list[Entry] = field(default_factory=list)
