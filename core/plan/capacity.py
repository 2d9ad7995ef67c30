"""The people of the plan: the working time that they have, what absences take of it, and whether their work fits in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from core.history.calendar import WorkingCalendar
from core.history.days import end_of_day, start_of_day
from core.model import Capacity, Deliverable, Finding, Period, Person, Plan, Resource, Severity
from core.plan.absences import Absences
from core.plan.across import absent_owners
from core.plan.state import Standing, State

CAPACITY_SHORT = "capacity_short"

AHEAD = timedelta(days=365)
"""How far ahead people are planned. Nobody has entered the absences of the years after."""
UNFINISHED = frozenset({Standing.OPEN, Standing.EMPTY})

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Owned:
    """An unfinished deliverable and the seconds of work that it still needs, None where `left_out` says why not."""

    entry: Deliverable
    seconds: float | None
    left_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A person: how the plan takes them (nothing: wholly and at any time), and what they own, by due date."""

    who: str
    resources: tuple[Resource, ...]
    owned: tuple[_Owned, ...]

    def needed(self, until_on: date) -> float | None:
        """Seconds of work left in what is due by that day; None where nothing is due for which the plan gives any."""
        efforts = [one.seconds for one in self.owned if one.entry.due_on <= until_on and one.seconds is not None]
        return sum(efforts) if efforts else None


def capacities(
    plan: Plan,
    states: Mapping[str, State],
    calendar: WorkingCalendar,
    absences: Absences | None,
    period: Period,
    today: date,
) -> tuple[Capacity, ...]:
    """What each person of the plan has time for, in the period and from today on; people in the order of addresses.

    People of the plan are those of its resources, and owners of unfinished deliverables. A resource without an
    allocation is there wholly, and so is an owner who is no resource. Several entries of one person are added up, to no
    more than the whole person. Things have no calendar, so there is no capacity of them.

    From today on means until the last date of what the person owns and has not finished; where that has passed or there
    is none, until the plan's own end; and for at most a year. The need is of that stretch alone: in the period some of
    the time has passed and some of the work is done. `absences` are None where no calendar was read, and then nobody
    knows what is available.
    """
    found = []
    for person in _people(plan, states, calendar):
        found.append(_capacity("period", person, period.start_on, period.end_on, calendar, absences))
        until_on = _last_day(person, plan, today)
        if until_on is not None:
            found.append(_capacity("ahead", person, today, until_on, calendar, absences))
    return tuple(found)


def shortages(
    plan: Plan,
    states: Mapping[str, State],
    calendar: WorkingCalendar,
    absences: Absences,
    today: date,
    people: Iterable[Person] = (),
) -> list[Finding]:
    """One finding for each person whose work does not fit into their time, by the earliest date at which it does not.

    At each date from today on of what the person owns: the work left in all of it that is due by then, also in what is
    overdue, against the time that is available from today to the end of that day. Today counts whole, so that the
    answer is the same all day. What is overdue and nothing else is said by the finding `overdue`.

    The work left is the effort times the share of the work items that are not finished, parents not counted beside
    their sub-tasks; all of it where there are none. That is earned value by accepted children, 0/100 each, as ISO 21508
    has it; nobody asks people how far they are. A deliverable without effort, or without named work, counts as nothing
    and is named in the fact `left_out`.

    `cause` is `away` where the work would fit in without the absences, else `overbooked`. `people` give names to show.
    """
    names = {person.email.casefold(): person.name for person in people}
    found = []
    for person in _people(plan, states, calendar):
        dates = {one.entry.due_on for one in person.owned}
        for until_on in sorted(day for day in dates if today <= day <= today + AHEAD):
            needed = person.needed(until_on)
            window = _capacity("ahead", person, today, until_on, calendar, absences)
            if needed is not None and window.available_seconds is not None and needed > window.available_seconds:
                found.append(_short(person, names.get(person.who, person.who), window, states, calendar))
                break
    return found


def lacking_time(
    plan: Plan,
    states: Mapping[str, State],
    calendar: WorkingCalendar,
    absences: Absences,
    today: date,
    people: Iterable[Person] = (),
) -> list[Finding]:
    """Whose work does not fit into their time, and which other owners are away before their date.

    A deliverable of which it is told that the time is too short for it is not told once more because its owner is away.
    """
    short = shortages(plan, states, calendar, absences, today, people)
    told = {name for one in short for name in str(one.facts["deliverables"]).split(", ")}
    others = [
        entry
        for entry in plan.deliverables
        if entry.id in states and states[entry.id].standing in UNFINISHED and entry.id not in told
    ]
    return [*short, *absent_owners(others, absences, calendar, today)]


def normal_day(calendar: WorkingCalendar) -> float:
    """Seconds of a working day as the calendar has it, without clocks that are changed and half days."""
    day = datetime.combine(date(2000, 1, 1), time())
    opens, closes = (datetime.combine(day, wall) for wall in (calendar.opens, calendar.closes))
    return ((closes if closes > opens else closes + _DAY) - opens).total_seconds()


# --- people and what they own ---


def _people(plan: Plan, states: Mapping[str, State], calendar: WorkingCalendar) -> Sequence[_Planned]:
    resources: dict[str, list[Resource]] = {}
    owned: dict[str, list[_Owned]] = {}
    for resource in plan.resources:
        if resource.who is not None:
            resources.setdefault(resource.who.casefold(), []).append(resource)
    for entry in sorted(plan.deliverables, key=lambda entry: entry.due_on):
        standing = states[entry.id].standing if entry.id in states else Standing.UNKNOWN
        if entry.owner is None:
            continue
        if standing in UNFINISHED:
            owned.setdefault(entry.owner.casefold(), []).append(_left(entry, states[entry.id], calendar))
        elif standing is Standing.UNKNOWN:
            owned.setdefault(entry.owner.casefold(), []).append(_Owned(entry, None, "no_work"))
    return [
        _Planned(who=who, resources=tuple(resources.get(who, ())), owned=tuple(owned.get(who, ())))
        for who in sorted(resources.keys() | owned.keys())
    ]


def _left(entry: Deliverable, state: State, calendar: WorkingCalendar) -> _Owned:
    if entry.effort_days is None:
        return _Owned(entry, None, "no_effort")
    share = 1 - state.finished_items / state.items if state.items else 1.0
    return _Owned(entry, _whole(entry.effort_days * share * normal_day(calendar)))


def _last_day(person: _Planned, plan: Plan, today: date) -> date | None:
    last = max((one.entry.due_on for one in person.owned), default=None)
    if last is None or last < today:
        last = plan.due_on
    return None if last is None or last < today else min(last, today + AHEAD)


# --- their time ---


def _capacity(
    window: str,
    person: _Planned,
    from_on: date,
    until_on: date,
    calendar: WorkingCalendar,
    absences: Absences | None,
) -> Capacity:
    away = None if absences is None else absences.get(person.who, ())
    worked = left = available = 0.0
    shares = _shares(person.resources, from_on, until_on)
    for first, last, share in shares:
        begin, end = start_of_day(first, calendar.zone), end_of_day(last, calendar.zone)
        here = calendar.working_seconds(begin, end, away or ())
        worked += calendar.working_seconds(begin, end)
        left += here
        available += here * share
    allocations = {share for _, _, share in shares}
    return Capacity(
        who=person.who,
        window=window,
        from_on=from_on,
        until_on=until_on,
        allocation=allocations.pop() if len(allocations) == 1 else None,
        day_seconds=normal_day(calendar),
        planned_seconds=worked,
        absent_seconds=None if away is None else worked - left,
        available_seconds=None if away is None else _whole(available),
        needed_seconds=person.needed(until_on) if window == "ahead" else None,
        left_out=tuple(
            (one.entry.id, one.left_out)
            for one in person.owned
            if one.left_out is not None and one.entry.due_on <= until_on and window == "ahead"
        ),
    )


def _shares(resources: Sequence[Resource], from_on: date, until_on: date) -> Sequence[tuple[date, date, float]]:
    """The stretches of days in which the plan takes the person, each with the share of their time."""
    if not resources:
        return [(from_on, until_on, 1.0)]
    begins = {one.from_on for one in resources if one.from_on is not None and from_on < one.from_on <= until_on}
    ends = {one.until_on + _DAY for one in resources if one.until_on is not None and from_on <= one.until_on < until_on}
    cuts = sorted({from_on, until_on + _DAY} | begins | ends)
    found = []
    for first, after in pairwise(cuts):
        there = [one for one in resources if _is_there(one, first)]
        if there:
            share = min(sum(1.0 if one.allocation is None else one.allocation for one in there), 1.0)
            found.append((first, after - _DAY, share))
    return found


def _is_there(resource: Resource, day: date) -> bool:
    return (resource.from_on is None or resource.from_on <= day) and (
        resource.until_on is None or day <= resource.until_on
    )


def _whole(seconds: float) -> float:
    """Whole seconds: three tenths of a day and three times a tenth of it are the same."""
    return float(round(seconds))


# --- the finding ---


def _short(
    person: _Planned, shown: str, window: Capacity, states: Mapping[str, State], calendar: WorkingCalendar
) -> Finding:
    due = [one.entry for one in person.owned if one.entry.due_on <= window.until_on and one.seconds]
    works = [work for entry in due for work in states[entry.id].works if work.is_open]
    undisturbed = _capacity("ahead", person, window.from_on, window.until_on, calendar, {})
    return Finding(
        kind=CAPACITY_SHORT,
        severity=Severity.WARNING,
        subject=person.who,
        facts={
            "cause": "away" if _fits(undisturbed) else "overbooked",
            "who": person.who,
            "person": shown,
            "until_on": window.until_on.isoformat(),
            "needed_days": _days(window.needed_seconds, window.day_seconds),
            "available_days": _days(window.available_seconds, window.day_seconds),
            "absent_days": _days(window.absent_seconds, window.day_seconds),
            "deliverables": ", ".join(entry.id for entry in due),
            "left_out": ", ".join(name for name, _ in window.left_out) or None,
        },
        evidence=tuple(sorted({(work.item.source, work.item.key) for work in works})),
    )


def _fits(window: Capacity) -> bool:
    return (window.needed_seconds or 0.0) <= (window.available_seconds or 0.0)


def _days(seconds: float | None, day_seconds: float) -> float | None:
    """Working days, to a hundredth; a whole number of them without a fraction."""
    if seconds is None:
        return None
    days = round(seconds / day_seconds, 2)
    return int(days) if days.is_integer() else days
