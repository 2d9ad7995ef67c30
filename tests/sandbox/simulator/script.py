"""The pen that a story is written with: dates, instants and issues."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from random import Random

from tests.sandbox.simulator.cast import LEAD, Member
from tests.sandbox.simulator.events import TODO, Action, Commented, Created, Event, Linked, Moved, Opened
from tests.sandbox.simulator.worktime import WorkTime


class Script:
    """Collects events. `now` is the present of the story; what is written after it has not happened yet."""

    def __init__(self, *, project: str, start: date, now: datetime, seed: int, hours: WorkTime) -> None:
        self.project = project
        self.start = start
        self.now = now
        self.today = hours.day_of(now)
        self.hours = hours
        self.seed = seed
        self.dice = Random(seed)
        self._events: list[Event] = []
        self._issues = 0
        self._on_github: set[int] = set()

    # --- time ---

    def day(self, weeks: float = 0, days: int = 0) -> date:
        """A date counted from the start of the story."""
        return self.start + timedelta(days=round(weeks * 7) + days)

    def from_today(self, days: int) -> date:
        """A date counted from the story's present."""
        return self.today + timedelta(days=days)

    def at(self, day: date, clock: str = "09:00") -> datetime:
        """The instant of a local wall-clock time."""
        return self.hours.at(day, time.fromisoformat(clock))

    def between(self, begin: datetime, end: datetime, count: int) -> list[datetime]:
        """That many rising instants inside `(begin, end)`, in working hours where it fits."""
        width = (end - begin) / (count + 1)
        instants: list[datetime] = []
        for number in range(count):
            first, last = begin + width * (number + 0.5), begin + width * (number + 1.5)
            wish = (first + (last - first) * self.dice.random()).replace(microsecond=0)
            moved = self._in_hours(wish)
            instants.append(next((instant for instant in (moved, wish) if first < instant < last), first))
        return instants

    def _in_hours(self, wish: datetime) -> datetime:
        local = wish.astimezone(self.hours.zone)
        if self.hours.works_on(local.date()) and not self.hours.opens <= local.time() < self.hours.closes:
            return self.hours.at(local.date(), time(self.dice.randint(9, 17), self.dice.randint(0, 59)))
        return wish

    # --- issues ---

    def create(
        self,
        at: datetime,
        title: str,
        *,
        type: str = "Task",  # noqa: A002 - the tracker's word
        project: str | None = None,
        reporter: Member = LEAD,
        assignee: Member | None = None,
        labels: tuple[str, ...] = (),
        parent: int | None = None,
        priority: str = "Medium",
        due_on: date | None = None,
        status: str = TODO,
    ) -> int:
        """A new issue's number within the story."""
        issue = self._issues
        self._issues += 1
        created = Created(
            project=project or self.project,
            type=type,
            title=title,
            assignee=assignee,
            labels=labels,
            parent=parent,
            priority=priority,
            due_on=due_on,
            status=status,
        )
        self.write(at, issue, reporter, created)
        return issue

    def open(self, at: datetime, author: Member, opened: Opened) -> int:
        """The number of a new issue or pull request on GitHub."""
        issue = self._issues
        self._issues += 1
        self._on_github.add(issue)
        self.write(at, issue, author, opened)
        return issue

    def write(self, at: datetime, issue: int, author: Member, action: Action) -> None:
        """Let something happen to an issue. Jira keeps milliseconds, GitHub seconds."""
        at = at.replace(microsecond=0 if issue in self._on_github else at.microsecond // 1000 * 1000)
        self._events.append(Event(at=at, issue=issue, author=author, action=action))

    def move(self, at: datetime, issue: int, author: Member, status: str, resolution: str | None = None) -> None:
        """Let somebody change the status."""
        self.write(at, issue, author, Moved(status=status, resolution=resolution))

    def comment(self, at: datetime, issue: int, author: Member, text: str) -> None:
        """Let somebody write a comment."""
        self.write(at, issue, author, Commented(text=text))

    def link(self, at: datetime, issue: int, author: Member, kind: str, to: int) -> None:
        """Link two issues."""
        self.write(at, issue, author, Linked(kind=kind, to=to))

    def events(self) -> tuple[Event, ...]:
        """All that was written, in time order. Raises ValueError when an issue's story contradicts itself."""
        ordered = sorted(self._events, key=lambda event: (event.at, event.issue))
        last: dict[int, datetime] = {}
        for event in ordered:
            if isinstance(event.action, Created | Opened) == (event.issue in last):
                raise ValueError(f"issue {event.issue}: {event.action} at {event.at} comes before it is created")
            if event.issue in last and event.at <= last[event.issue]:
                raise ValueError(f"issue {event.issue}: two events at {event.at}")
            last[event.issue] = event.at
        return tuple(ordered)

    def keys(self) -> dict[int, str]:
        """Every key: numbered in each project or repository in the order of creation, as Jira and GitHub do."""
        counts: dict[str, int] = defaultdict(int)
        keys: dict[int, str] = {}
        for event in self.events():
            if isinstance(event.action, Created):
                counts[event.action.project] += 1
                keys[event.issue] = f"{event.action.project}-{counts[event.action.project]}"
            elif isinstance(event.action, Opened):
                counts[event.action.repository] += 1
                keys[event.issue] = f"{event.action.repository}#{counts[event.action.repository]}"
        return keys
