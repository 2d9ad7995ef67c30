"""The lives of a story's issues, replayed from its events in the plainest way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.sandbox.simulator.events import Created, Event, Moved, category_of
from tests.sandbox.simulator.worktime import WorkTime

OPEN = frozenset({"todo", "active", "waiting"})
PROBLEM_TYPES = frozenset({"Bug", "Incident"})


@dataclass(kw_only=True)
class Life:
    """An issue up to the end of the replay: its stretches as (from, category), and what it belongs to."""

    key: str
    created: Created
    born: datetime
    touched: datetime
    stretches: list[tuple[datetime, str]] = field(default_factory=list)
    resolution: str | None = None

    @property
    def category(self) -> str:
        """What it is now."""
        return self.stretches[-1][1]

    @property
    def role(self) -> str:
        """What it means to the project."""
        if self.created.type in PROBLEM_TYPES:
            return "problem"
        return "requirement" if self.created.type == "Requirement" else "task"

    @property
    def started_at(self) -> datetime | None:
        """When it was first worked on."""
        return next((at for at, category in self.stretches if category == "active"), None)

    @property
    def finished_at(self) -> datetime | None:
        """When it became done for the last time. Unknown for what was done when it came."""
        return self._entered("done")

    def _entered(self, category: str) -> datetime | None:
        """When the last run of this category began, if it is in one and did not begin in it."""
        run = len(self.stretches)
        while run > 0 and self.stretches[run - 1][1] == category:
            run -= 1
        return self.stretches[run][0] if 0 < run < len(self.stretches) else None

    @property
    def cancelled_at(self) -> datetime | None:
        """When it was dropped for the last time."""
        return self._entered("cancelled")

    @property
    def reopened(self) -> int:
        """How often it left done."""
        return sum(1 for (_, a), (_, b) in pairwise(self.stretches) if a == "done" and b != "done")

    def open_stretches(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """When it was open, up to an instant."""
        ends = [at for at, _ in self.stretches[1:]] + [until]
        return [(at, end) for (at, category), end in zip(self.stretches, ends, strict=True) if category in OPEN]

    def open_seconds(self, until: datetime, hours: WorkTime | None = None) -> float:
        """Seconds that it was open, by the wall, or within working hours."""
        stretches = self.open_stretches(until)
        if hours is None:
            return sum(((end - start) for start, end in stretches), timedelta()).total_seconds()
        return sum(hours.seconds(start, end) for start, end in stretches)


def replay(events: Iterable[Event], keys: Mapping[int, str]) -> dict[int, Life]:
    """The lives by the story's number of the issue. Events come in time order."""
    lives: dict[int, Life] = {}
    for event in events:
        match event.action:
            case Created() as created:
                category = category_of(created.status, None)
                lives[event.issue] = Life(
                    key=keys[event.issue],
                    created=created,
                    born=event.at,
                    touched=event.at,
                    stretches=[(event.at, category)],
                )
            case Moved(status=status, resolution=resolution):
                lives[event.issue].resolution = resolution
                lives[event.issue].stretches.append((event.at, category_of(status, resolution)))
            case _:
                pass
        lives[event.issue].touched = event.at
    return lives
