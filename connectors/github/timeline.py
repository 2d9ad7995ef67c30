"""From the events of a timeline to changes: what issues and pull requests have in common. Pure.

The same timeline always gives the same changes, and a longer one gives the same ones first: changes are kept for ever.
Events of one second make one change of a field, since nothing but their place in the timeline tells which came first,
and that is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from connectors.github.payloads import Actor, Event, Issue, PullRequest, Reference
from connectors.github.values import BOT, instant
from core.model import Change, Status

Account = Callable[[Actor | None], str | None]
"""Our name for an account, or None for nobody."""
Meaning = TypeVar("Meaning")
Setting = tuple[str | None, str | None]
"""A value of a field: its id and its text."""

NOTHING: Setting = (None, None)
ASSIGNMENTS = ("AssignedEvent", "UnassignedEvent")
CLOSINGS = ("ClosedEvent", "MergedEvent")
TURNS = frozenset(
    {
        *ASSIGNMENTS,
        *CLOSINGS,
        "ReopenedEvent",
        *("ReadyForReviewEvent", "ConvertToDraftEvent"),
        *("ReviewRequestedEvent", "ReviewRequestRemovedEvent", "PullRequestReview"),
    }
)
"""The events at which a status or an assignee may become another."""


@dataclass(frozen=True, slots=True)
class Story:
    """What became of an item: its present status and assignee, and its changes, oldest first."""

    status: Status
    assignee: str | None
    changes: tuple[Change, ...]


class Moment(msgspec.Struct, frozen=True, eq=False):
    """Something happens. `event` is None for what is known without an event of its own; `rank` orders one instant.

    `kind` is the type of the event, or nothing.
    """

    at: datetime
    rank: int
    remote_id: str
    author: str | None = None
    event: Event | None = None
    kind: str = ""


class Step(msgspec.Struct, frozen=True):
    """A field took another value."""

    moment: Moment
    field: str
    before: Setting
    after: Setting


class Track:
    """The values of one field, one after the other."""

    def __init__(self, field: str, start: Setting) -> None:
        self._field = field
        self._value = start
        self.steps: list[Step] = []

    def set(self, value: Setting, moment: Moment) -> None:
        """From that moment on it has this value. Several values of one instant are the last of them."""
        if value == self._value:
            return
        before = self._value
        if self.steps and self.steps[-1].moment.at == moment.at:
            before = self.steps.pop().before
        self._value = value
        if value != before:
            self.steps.append(Step(moment, self._field, before, value))


class Assigned:
    """Who is assigned, in the order in which they came. Those who left GitHub are nobody any more.

    Who is assigned at `present` tells the item of people; of programs the events alone tell it.
    """

    def __init__(self, events: Iterable[Event], present: Sequence[str], account: Account) -> None:
        self._account = account
        self._people = present
        first: dict[str, str] = {}
        for event in events:
            if event.typename in ASSIGNMENTS and (name := account(event.assignee)):
                first.setdefault(name, event.typename)
        # There before any event: who was unassigned first, and who has no event at all.
        before = [name for name, kind in first.items() if kind == "UnassignedEvent"]
        self._names = dict.fromkeys([*before, *(name for name in present if name not in first)])

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def first(self) -> Setting:
        """Who came first of those who are assigned at this moment."""
        name = next(iter(self._names), None)
        return name, name

    def see(self, event: Event) -> None:
        """An assignment happened."""
        name = self._account(event.assignee)
        if name is None:
            return
        if event.typename == "AssignedEvent":
            self._names[name] = None
        else:
            self._names.pop(name, None)

    @property
    def present(self) -> list[str]:
        """Who is assigned now, after all events, in the order in which they came as far as the events know it."""
        known = [name for name in self._names if name in self._people or name.endswith(BOT)]
        return known if set(self._people) <= set(known) else [*self._people, *(n for n in known if n.endswith(BOT))]

    def now(self) -> str | None:
        """Who is the assignee now, after all events: the first one."""
        return next(iter(self.present), None)


def named(status: Status) -> Setting:
    """The status as the value of a field."""
    return status.status_id, status.name


def moments(events: Sequence[Event], account: Account) -> Iterator[Moment]:
    """The events with their times. Raises ValueError for a time that is none."""
    for rank, event in enumerate(events):
        at = instant(event.submitted_at or event.created_at)
        yield Moment(at, rank, event.id, account(event.actor or event.author), event, event.typename)


def untold_closing(item: Issue | PullRequest, events: Sequence[Event]) -> Iterator[Moment]:
    """The end of an item that no event tells, although the item itself does."""
    if item.state == "OPEN" or not item.closed_at:
        return
    last = next((event for event in reversed(events) if event.typename in (*CLOSINGS, "ReopenedEvent")), None)
    if last is None or last.typename == "ReopenedEvent":
        yield Moment(instant(item.closed_at), len(events), f"{item.id}:closed")


def in_order(happened: Iterable[tuple[Moment, Meaning]]) -> list[tuple[Moment, Meaning]]:
    """Moments, each with what it means, oldest first; those of one instant in the order of the timeline."""
    return sorted(happened, key=lambda pair: (pair[0].at, pair[0].rank))


def simple_steps(happened: Iterable[Moment]) -> Iterator[Step]:
    """The changes of fields that an event tells by itself."""
    for moment in happened:
        if moment.event is None or (told := _told(moment.event)) is None:
            continue
        field, before, after = told
        if before or after:
            yield Step(moment, field, (None, before or None), (None, after or None))


def _told(event: Event) -> tuple[str, str | None, str | None] | None:
    """Our word for the field that an event changed, with its value before and after."""
    told: tuple[str, str | None, str | None] | None = None
    match event.typename:
        case "LabeledEvent":
            told = "labels", None, event.label.name if event.label else None
        case "UnlabeledEvent":
            told = "labels", event.label.name if event.label else None, None
        case "MilestonedEvent":
            told = "milestone", None, event.milestone_title
        case "DemilestonedEvent":
            told = "milestone", event.milestone_title, None
        case "RenamedTitleEvent":
            told = "title", event.previous_title, event.current_title
        case "TransferredEvent":
            told = "project", event.from_repository.name_with_owner if event.from_repository else None, None
        case "ParentIssueAddedEvent":
            told = "parent", None, key_of(event.parent) if event.parent else None
        case "ParentIssueRemovedEvent":
            told = "parent", key_of(event.parent) if event.parent else None, None
    return told


def key_of(end: Reference) -> str | None:
    """The key of another item, or None where its repository is hidden from us."""
    return f"{end.repository.name_with_owner}#{end.number}" if end.repository else None


def changes(steps: Iterable[Step]) -> tuple[Change, ...]:
    """The steps as changes, oldest first; those of one event are numbered."""
    found: list[Change] = []
    positions: dict[str, int] = {}
    for step in sorted(steps, key=lambda step: (step.moment.at, step.moment.rank)):
        remote_id = step.moment.remote_id
        position = positions[remote_id] = positions.get(remote_id, -1) + 1
        found.append(
            Change(
                remote_id=remote_id,
                position=position,
                field=step.field,
                changed_at=step.moment.at,
                author=step.moment.author,
                from_value=step.before[1],
                to_value=step.after[1],
                from_id=step.before[0],
                to_id=step.after[0],
            )
        )
    return tuple(found)
