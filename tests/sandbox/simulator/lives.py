"""The lives of a story's issues and pull requests, replayed from its events in the plainest way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.sandbox.simulator.cast import Member
from tests.sandbox.simulator.events import (
    Asked,
    Assigned,
    Created,
    Event,
    Merged,
    Moved,
    Opened,
    Readied,
    Reviewed,
    Shut,
    category_of,
)
from tests.sandbox.simulator.worktime import WorkTime

OPEN = frozenset({"todo", "active", "waiting"})
PROBLEM_TYPES = frozenset({"Bug", "Incident"})


@dataclass(kw_only=True)
class Life:
    """An issue or pull request up to the end of the replay: its stretches as (from, category), and what it belongs to.

    `doing` are the issues whose work it does: those that it names or closes.
    """

    key: str
    born: datetime
    touched: datetime
    stretches: list[tuple[datetime, str]]
    title: str = ""
    type: str = ""
    labels: tuple[str, ...] = ()
    parent: int | None = None
    pull: bool = False
    doing: tuple[int, ...] = ()
    resolution: str | None = None

    @property
    def category(self) -> str:
        """What it is now."""
        return self.stretches[-1][1]

    @property
    def is_open(self) -> bool:
        """Whether it is neither done nor dropped."""
        return self.category in OPEN

    @property
    def role(self) -> str:
        """What it means to the project."""
        if self.type in PROBLEM_TYPES:
            return "problem"
        return "requirement" if self.type == "Requirement" else "task"

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
        run = self._run(category)
        return self.stretches[run][0] if 0 < run < len(self.stretches) else None

    def _run(self, category: str) -> int:
        """Where the last run of this category begins; the number of stretches when it is not in one."""
        run = len(self.stretches)
        while run > 0 and self.stretches[run - 1][1] == category:
            run -= 1
        return run

    @property
    def since(self) -> datetime:
        """Since when it is what it is."""
        return self.stretches[self._run(self.category)][0]

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


@dataclass(kw_only=True)
class Discussed:
    """What makes the category of a thing on GitHub, which has no statuses."""

    life: Life
    closes: tuple[int, ...]
    draft: bool
    closed: str | None = None
    assigned: bool = False
    pulls: set[int] = field(default_factory=set)
    asked: set[Member] = field(default_factory=set)

    def settle(self, at: datetime) -> None:
        """Begin a stretch when it is something else now."""
        if self.life.pull:
            open_as = "waiting" if self.asked and not self.draft else "active"
        else:
            open_as = "active" if self.assigned or self.pulls else "todo"
        category = self.closed or open_as
        if category != self.life.category:
            self.life.stretches.append((at, category))


def replay(events: Iterable[Event], keys: Mapping[int, str]) -> dict[int, Life]:
    """The lives by the story's number. Events come in time order."""
    lives: dict[int, Life] = {}
    discussed: dict[int, Discussed] = {}
    for event in events:
        match event.action:
            case Created() as created:
                lives[event.issue] = Life(
                    key=keys[event.issue],
                    born=event.at,
                    touched=event.at,
                    stretches=[(event.at, category_of(created.status, None))],
                    title=created.title,
                    type=created.type,
                    labels=created.labels,
                    parent=created.parent,
                )
            case Moved(status=status, resolution=resolution):
                lives[event.issue].resolution = resolution
                lives[event.issue].stretches.append((event.at, category_of(status, resolution)))
            case Opened() as opened:
                life = lives[event.issue] = Life(
                    key=keys[event.issue],
                    born=event.at,
                    touched=event.at,
                    stretches=[(event.at, "active" if opened.pull else "todo")],
                    title=opened.title,
                    labels=opened.labels,
                    pull=opened.pull,
                    doing=(*opened.about, *opened.closes),
                )
                discussed[event.issue] = Discussed(life=life, closes=opened.closes, draft=opened.draft)
                for issue in opened.closes:
                    discussed[issue].pulls.add(event.issue)
                    discussed[issue].settle(event.at)
            case _ if event.issue in discussed:
                _discuss(discussed, event)
            case _:
                pass
        lives[event.issue].touched = event.at
    return lives


def _discuss(discussed: Mapping[int, Discussed], event: Event) -> None:
    thing = discussed[event.issue]
    match event.action:
        case Assigned(to=to):
            thing.assigned = to is not None
        case Readied():
            thing.draft = False
        case Asked(of=reviewer):
            thing.asked.add(reviewer)
        case Reviewed():
            thing.asked.discard(event.author)
        case Shut():
            thing.closed = "cancelled" if thing.life.pull else "done"
        case Merged():
            thing.closed = "done"
        case _:
            pass
    thing.settle(event.at)
    if thing.closed is not None:
        for issue in thing.closes:
            discussed[issue].pulls.discard(event.issue)
            if thing.closed == "done" and discussed[issue].closed is None:
                discussed[issue].closed = "done"
            discussed[issue].settle(event.at)
