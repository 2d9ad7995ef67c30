"""What can happen to an issue or pull request in a story. A story is a list of these, in time order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tests.sandbox.simulator.cast import Member

TODO, PROGRESS, REVIEW, BLOCKED, DONE, CLOSED = "To Do", "In Progress", "In Review", "Blocked", "Done", "Closed"

CATEGORY = {
    TODO: "todo",
    PROGRESS: "active",
    REVIEW: "active",
    BLOCKED: "waiting",
    DONE: "done",
    CLOSED: "done",
}
"""What each status means to the project, with the configured exception that Blocked is waiting."""

CANCELLING = frozenset({"Won't Do", "Won't Fix", "Duplicate", "Invalid", "Cannot Reproduce"})
"""Resolutions that make a finished issue a cancelled one."""


def category_of(status: str, resolution: str | None) -> str:
    """What a status with a resolution means: todo, active, waiting, done or cancelled."""
    meaning = CATEGORY[status]
    return "cancelled" if meaning == "done" and resolution in CANCELLING else meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The issue appears, in To Do unless it was imported in another status."""

    project: str
    type: str
    title: str
    assignee: Member | None = None
    labels: tuple[str, ...] = ()
    parent: int | None = None
    priority: str = "Medium"
    due_on: date | None = None
    status: str = TODO


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The status changes; the resolution is set or cleared with it."""

    status: str
    resolution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Somebody else has it now, or nobody."""

    to: Member | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prioritised:
    """The priority changes."""

    priority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled:
    """The due date in the tracker moves."""

    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retitled:
    """The title changes."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented:
    """Somebody writes a comment."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The issue gets a link to another one, seen from this side."""

    kind: str
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An issue or, with `pull`, a pull request appears on GitHub.

    Its texts name the issues `about` in the place `named_in` (title, branch, body or address), and close `closes`,
    which are issues on GitHub.
    """

    repository: str
    title: str
    pull: bool = False
    draft: bool = False
    about: tuple[int, ...] = ()
    named_in: str = "title"
    closes: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readied:
    """The pull request is no draft any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody's review is asked for."""

    of: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The author of the event gives a review."""

    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The pull request is merged, and closes what it closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """The issue, or the pull request without being merged, is closed."""


Action = (
    Created
    | Moved
    | Assigned
    | Prioritised
    | Rescheduled
    | Retitled
    | Commented
    | Linked
    | Opened
    | Readied
    | Asked
    | Reviewed
    | Merged
    | Shut
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an issue or pull request. `issue` is the story's own number of it."""

    at: datetime
    issue: int
    author: Member
    action: Action
