"""Small values for tests, to be checked by eye.

Moments are named: `moment("Mon 09:00")` is in the week of Monday, 2 March 2026, `moment("2026-04-01 12:00")` anywhere;
all in UTC. The calendar of the facts works from Monday to Friday, 09:00 to 17:00 UTC, without holidays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from core.history.calendar import WorkingCalendar
from core.history.spans import StatusMapping, derive
from core.kpi.facts import ItemFacts, PlanFacts
from core.model import (
    Baseline,
    Category,
    Change,
    Clock,
    Deliverable,
    Enrolment,
    History,
    Milestone,
    Plan,
    Role,
    Status,
    WorkItem,
    WorkSelector,
)
from core.plan.baseline import Entry, Promise
from core.plan.state import State, Work, work_at

OPEN = Category.TODO
ACTIVE = Category.ACTIVE
WAITING = Category.WAITING
DONE = Category.DONE
CANCELLED = Category.CANCELLED
ELAPSED = Clock.ELAPSED
WORKING = Clock.WORKING

UTC_ZONE = ZoneInfo("UTC")
OFFICE = WorkingCalendar(UTC_ZONE, opens=time(9), closes=time(17))

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = {name: date(2026, 3, 2) + timedelta(days=n) for n, name in enumerate(_DAYS)}

STATUSES: Mapping[str, Status] = {
    status.status_id: status
    for status in (
        Status(status_id="1", name="Open", category=OPEN),
        Status(status_id="3", name="In Progress", category=ACTIVE),
        Status(status_id="5", name="Blocked", category=WAITING),
        Status(status_id="10", name="Done", category=DONE),
        Status(status_id="11", name="Dropped", category=CANCELLED),
    )
}
STATUS_OF: Mapping[Category, Status] = {status.category: status for status in STATUSES.values() if status.category}
MAPPING = StatusMapping(cancelled_resolutions=frozenset({"won't do", "duplicate"}))


def moment(text: str | datetime) -> datetime:
    """`Mon 09:00` or `2026-03-02 09:00` in UTC."""
    if isinstance(text, datetime):
        return text
    day, clock = text.split(" ")
    on = _WEEK.get(day) or date.fromisoformat(day)
    return datetime.combine(on, time.fromisoformat(clock), tzinfo=UTC)


MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (moment(f"{day} 09:00") for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))


def hours(count: float) -> timedelta:
    """That many hours."""
    return timedelta(hours=count)


def issue(key: str = "ERP-1", created: str | datetime = "Mon 09:00", **fields: Any) -> WorkItem:
    """An item of the source `jira`, open since Monday. Its remote id is the number in its key."""
    created_at = moment(created)
    plain: dict[str, Any] = {
        "source": "jira",
        "remote_id": key.replace("#", "-").rsplit("-", 1)[-1],
        "key": key,
        "url": f"https://jira.example.org/browse/{key}",
        "title": f"Title of {key}",
        "status": "Open",
        "status_id": "1",
        "tracker_category": OPEN,
        "created_at": created_at,
        "updated_at": created_at,
    }
    return WorkItem(**{**plain, **fields})


def change(
    when: str | datetime, field: str, left: str | None, entered: str | None, *, entry: int | str = 0, **fields: Any
) -> Change:
    """One change of a field by its display texts. Status names of `STATUSES` get their ids."""
    ids = {status.name: status.status_id for status in STATUSES.values()} if field == "status" else {}
    plain: dict[str, Any] = {
        "remote_id": str(entry),
        "position": 0,
        "field": field,
        "changed_at": moment(when),
        "author": "5b10",
        "from_value": left,
        "to_value": entered,
        "from_id": ids.get(left or ""),
        "to_id": ids.get(entered or ""),
    }
    return Change(**{**plain, **fields})


def moves(*stays: tuple[str | datetime, Category]) -> list[Change]:
    """The status changes that lead through these stays; the first is how the item was created."""
    return [
        change(when, "status", STATUS_OF[left].name, STATUS_OF[entered].name, entry=number)
        for number, ((_, left), (when, entered)) in enumerate(pairwise(stays), start=1)
    ]


def in_status(item: WorkItem, category: Category) -> WorkItem:
    """The item in the status of that category."""
    status = STATUS_OF[category]
    fields = {name: getattr(item, name) for name in WorkItem.__slots__}
    return WorkItem(**{**fields, "status": status.name, "status_id": status.status_id, "tracker_category": category})


def lived(key: str, *stays: tuple[str | datetime, Category], **fields: Any) -> tuple[WorkItem, History]:
    """An item that went through these stays, and its history."""
    item = in_status(issue(key, stays[0][0], **fields), stays[-1][1])
    return item, derive(item, moves(*stays), STATUSES, MAPPING)


@dataclass(frozen=True)
class EnrolledIssue:
    """What the store gives: the item, all of its history, its place."""

    item: WorkItem
    history: History
    enrolment: Enrolment


def enrolled(
    key: str,
    *stays: tuple[str | datetime, Category],
    role: Role = Role.TASK,
    deliverable: str | None = None,
    **fields: Any,
) -> EnrolledIssue:
    """An item with its history and its place in the project."""
    item, history = lived(key, *stays, **fields)
    enrolment = Enrolment(source=item.source, remote_id=item.remote_id, role=role, deliverable=deliverable)
    return EnrolledIssue(item, history, enrolment)


def work(
    key: str,
    *stays: tuple[str | datetime, Category],
    at: str | datetime = "2026-12-31 00:00",
    role: Role = Role.TASK,
    deliverable: str | None = None,
    **fields: Any,
) -> Work:
    """An item as it stood at the moment (by default long after)."""
    (found,) = work_at([enrolled(key, *stays, role=role, deliverable=deliverable, **fields)], moment(at))
    return found


def facts(
    key: str,
    *stays: tuple[str | datetime, Category],
    at: str | datetime = "2026-12-31 00:00",
    role: Role = Role.PROBLEM,
    calendar: WorkingCalendar = OFFICE,
    **fields: Any,
) -> ItemFacts:
    """The facts of an item that went through these stays."""
    return ItemFacts(work=work(key, *stays, at=at, role=role, **fields), calendar=calendar)


def deliverable(
    identity: str = "D1", due: str = "2026-03-06", *, label: str | None = None, **fields: Any
) -> Deliverable:
    """A deliverable whose work is what has the label (its id in small letters); `work=None` names none."""
    plain: dict[str, Any] = {
        "name": f"Name of {identity}",
        "due_on": date.fromisoformat(due),
        "work": WorkSelector(labels=(label or identity.lower(),)),
    }
    return Deliverable(id=identity, **{**plain, **fields})


def milestone(identity: str = "M1", due: str = "2026-03-06") -> Milestone:
    """A milestone."""
    return Milestone(id=identity, name=f"Name of {identity}", due_on=date.fromisoformat(due))


def plan(*deliverables: Deliverable, milestones: Iterable[Milestone] = (), **fields: Any) -> Plan:
    """A plan with these deliverables and milestones."""
    return Plan(**{"name": "Upgrade", "deliverables": deliverables, "milestones": tuple(milestones), **fields})


def baseline(approved: Plan, at: str | datetime = "2026-01-05 09:00", number: int = 1, **fields: Any) -> Baseline:
    """The plan as it was approved at the moment, and recorded in the same moment."""
    plain: dict[str, Any] = {
        "number": number,
        "plan": approved,
        "approved_at": moment(at),
        "approved_by": "pmo@example.org",
        "reason": None,
        "recorded_at": moment(at),
    }
    return Baseline(**{**plain, **fields})


def promised(
    state: State,
    *,
    first: str | None = None,
    committed: str | None = "2026-03-06",
    latest: str | None = None,
    identity: str = "D1",
    entry: Entry = Entry.DELIVERABLE,
    calendar: WorkingCalendar = OFFICE,
) -> PlanFacts:
    """A plan entry in that state. Dates that are not named are the committed one."""
    dates = [date.fromisoformat(on) if on else None for on in (first or committed, committed, latest or committed)]
    promise = Promise(
        entry=entry,
        id=identity,
        name=f"Name of {identity}",
        owner=None,
        milestone=None,
        first_on=dates[0],
        committed_on=dates[1],
        latest_on=dates[2],
    )
    return PlanFacts(promise=promise, state=state, calendar=calendar)


def categories(history: History) -> Sequence[Category | None]:
    """The categories of the spans in order."""
    return [span.category for span in history.spans]
