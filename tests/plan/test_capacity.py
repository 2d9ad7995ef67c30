"""What time people have by the calendar, what absences take of it, and whether their work fits in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.document.messages import advice_text, finding_text
from core.history.calendar import WorkingCalendar
from core.history.period import period_at
from core.model import (
    Attendance,
    Capacity,
    Deliverable,
    Event,
    EventStatus,
    Finding,
    PeriodKind,
    Person,
    Plan,
    Resource,
    Response,
)
from core.plan.absences import Absences, absences
from core.plan.capacity import capacities, lacking_time, normal_day, shortages
from core.plan.state import Standing, State
from tests.builders import ACTIVE, OFFICE, deliverable, moment, plan, work

# OFFICE works from Monday to Friday, 09:00 to 17:00 UTC: a day is eight hours. 2 March 2026 is a Monday.
MONDAY = date(2026, 3, 2)
MARCH = period_at(PeriodKind.MONTH, moment("2026-03-02 12:00"), OFFICE.zone)
CHINA = WorkingCalendar(ZoneInfo("Asia/Shanghai"), "CN")
BERLIN = WorkingCalendar(ZoneInfo("Europe/Berlin"), opens=time(0), closes=time(0), weekdays=frozenset(range(7)))
LI, WANG = "li@acme.example", "wang@acme.example"


def on(text: str) -> date:
    return date.fromisoformat(text)


def away(first: str, last: str, who: str | None = LI, **fields: Any) -> Event:
    """An absence of whole days, or of hours where clock times are given."""
    values: dict[str, Any] = {
        "source": "team",
        "calendar": "main",
        "uid": first,
        "recurrence_start": None,
        "title": "Leave",
        "away": True,
        "organizer": who,
    }
    if " " in first:
        values |= {"starts_at": moment(first), "ends_at": moment(last)}
    else:
        # The instants are those of a calendar in another zone: the days count.
        values |= {"starts_at": moment(f"{first} 08:00"), "ends_at": moment(f"{last} 08:00"), "all_day": True}
        values |= {"first_on": on(first), "last_on": on(last)}
    return Event(**{**values, **fields})


def open_state(finished: int = 0, items: int = 0, **fields: Any) -> State:
    standing = Standing.OPEN if items else Standing.EMPTY
    return State(**{"standing": standing, "items": items, "finished_items": finished, **fields})


def owned(identity: str = "D1", due: str = "2026-03-06", effort: float | None = 3, who: str = LI) -> Deliverable:
    return deliverable(identity, due, owner=who, effort_days=effort)


def ahead(
    wanted: Plan,
    events: Iterable[Event] = (),
    *,
    calendar: WorkingCalendar = OFFICE,
    today: date = MONDAY,
    states: dict[str, State] | None = None,
    known: dict[tuple[str, str], str] | None = None,
) -> dict[str, Capacity]:
    """Each person's capacity from today on. Every deliverable is open unless its state is given."""
    held = {one.id: open_state() for one in wanted.deliverables} | (states or {})
    found = capacities(wanted, held, calendar, absences(events, calendar, known or {}), MARCH, today)
    return {one.who: one for one in found if one.window == "ahead"}


def in_days(one: Capacity) -> tuple[float, float | None, float | None]:
    """Planned, absent and available, in days."""
    seconds = (one.planned_seconds, one.absent_seconds, one.available_seconds)
    planned, absent, available = (None if each is None else round(each / one.day_seconds, 4) for each in seconds)
    assert planned is not None
    return planned, absent, available


def until(last: str, *resources: Resource, first: str = "2026-03-02") -> Plan:
    """A plan from one day to another, of nothing but people."""
    return plan(start_on=on(first), due_on=on(last), resources=resources or (Resource(who=LI),))


# --- time ---


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], (5, 0, 5)),
        ([away("2026-03-03", "2026-03-04")], (5, 2, 3)),
        ([away("2026-03-06", "2026-03-09")], (5, 1, 4)),  # a Friday, a weekend and what is past the window
        ([away("2026-02-23", "2026-03-02")], (5, 1, 4)),
        ([away("2026-03-07", "2026-03-08")], (5, 0, 5)),
        ([away("2026-03-03 13:00", "2026-03-03 17:00")], (5, 0.5, 4.5)),
        ([away("2026-03-03 15:00", "2026-03-04 10:00")], (5, 0.375, 4.625)),  # two hours, and one the next morning
        ([away("2026-03-03 05:00", "2026-03-03 09:00")], (5, 0, 5)),  # before work
        # Entered twice, once by each program; and a part of it once more.
        ([away("2026-03-03", "2026-03-04"), away("2026-03-03", "2026-03-04", uid="again")], (5, 2, 3)),
        ([away("2026-03-03", "2026-03-04"), away("2026-03-04 09:00", "2026-03-05 13:00")], (5, 2.5, 2.5)),
        ([away("2026-03-02", "2026-03-06")], (5, 5, 0)),
        ([away("2026-03-03", "2026-03-04", status=EventStatus.CANCELLED)], (5, 0, 5)),
        ([away("2026-03-03", "2026-03-04", status=EventStatus.TENTATIVE)], (5, 2, 3)),
        ([away("2026-03-03", "2026-03-04", busy=False)], (5, 0, 5)),
        ([away("2026-03-03", "2026-03-04", away=False)], (5, 0, 5)),
    ],
)
def test_absences_take_their_working_time_once(events: Sequence[Event], expected: tuple[float, float, float]) -> None:
    assert in_days(ahead(until("2026-03-06"), events)[LI]) == expected


@pytest.mark.parametrize(
    ("event", "absent"),
    [
        (away("2026-03-03", "2026-03-03", who="LI@ACME.example"), 1),
        (away("2026-03-03", "2026-03-03", who=WANG), 0),
        (away("2026-03-03", "2026-03-03", who=None), 0),
        (away("2026-03-03", "2026-03-03", who="li-wei"), 1),  # the account that the configuration gives
        (away("2026-03-03", "2026-03-03", who="li-wei", source="other"), 0),
        (away("2026-03-03", "2026-03-03", attendances=(Attendance(email=LI, name=None),)), 1),
        (away("2026-03-03", "2026-03-03", who=WANG, attendances=(Attendance(email=LI, name=None),)), 1),
        (away("2026-03-03", "2026-03-03", attendances=(Attendance(email=WANG, name=None),)), 0),
        (
            away(
                "2026-03-03",
                "2026-03-03",
                attendances=(Attendance(email=LI, name=None, response=Response.DECLINED),),
            ),
            0,
        ),
        (away("2026-03-03", "2026-03-03", who=None, attendances=(Attendance(email=None, name="Li Wei"),)), 0),
    ],
)
def test_whose_absence_it_is_tells_an_address_or_an_account_and_never_a_name(event: Event, absent: float) -> None:
    known = {("team", "Li-Wei"): LI}

    assert in_days(ahead(until("2026-03-06"), [event], known=known)[LI]) == (5, absent, 5 - absent)


def test_holidays_are_no_working_time_and_make_up_days_are() -> None:
    # In 2026 China is off from 1 to 7 October, and works on Saturday, 10 October, and Sunday, 20 September.
    wanted = until("2026-10-11")
    september = until("2026-09-20")

    assert in_days(ahead(wanted, calendar=CHINA, today=on("2026-09-28"))[LI]) == (3 + 0 + 3, 0, 6)
    assert in_days(ahead(september, calendar=CHINA, today=on("2026-09-19"))[LI]) == (1, 0, 1)
    # An absence over the holidays takes nothing but the days that are worked.
    leave = [away("2026-09-30", "2026-10-08")]
    assert in_days(ahead(wanted, leave, calendar=CHINA, today=on("2026-09-28"))[LI]) == (6, 2, 4)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-03-28", 24), ("2026-10-25", 25)],  # clocks go forward, stay, go back
)
def test_a_whole_day_is_as_long_as_it_is_in_the_projects_zone(day: str, hours: float) -> None:
    (found,) = ahead(until(day), [away(day, day)], calendar=BERLIN, today=on(day)).values()

    assert (found.planned_seconds, found.absent_seconds) == (hours * 3600, hours * 3600)
    assert found.day_seconds == 24 * 3600


@pytest.mark.parametrize(
    ("resources", "allocation", "expected"),
    [
        ((Resource(who=LI),), 1.0, (5, 1, 4)),
        ((Resource(who=LI, allocation=0.6),), 0.6, (5, 1, 2.4)),
        ((Resource(who=LI, allocation=0.0),), 0.0, (5, 1, 0)),
        ((Resource(who=LI, from_on=on("2026-03-05")),), 1.0, (2, 0, 2)),
        ((Resource(who=LI, until_on=on("2026-03-03")),), 1.0, (2, 1, 1)),
        ((Resource(who=LI, from_on=on("2026-03-03"), until_on=on("2026-03-05")),), 1.0, (3, 1, 2)),
        ((Resource(who=LI, from_on=on("2026-04-01")),), None, (0, 0, 0)),
        # Half until Wednesday, then wholly; half twice; more than the whole person.
        (
            (
                Resource(who=LI, allocation=0.5, until_on=on("2026-03-04")),
                Resource(who=LI.upper(), from_on=on("2026-03-05")),
            ),
            None,
            (5, 1, 3),
        ),
        ((Resource(who=LI, allocation=0.5), Resource(who=LI, allocation=0.25)), 0.75, (5, 1, 3)),
        ((Resource(who=LI, allocation=0.8), Resource(who=LI, allocation=0.8)), 1.0, (5, 1, 4)),
        ((Resource(who=LI), Resource(what="test cluster", allocation=0.1)), 1.0, (5, 1, 4)),
    ],
)
def test_the_plan_takes_its_share_of_a_person_for_its_time(
    resources: tuple[Resource, ...], allocation: float | None, expected: tuple[float, float, float]
) -> None:
    found = ahead(until("2026-03-06", *resources), [away("2026-03-03", "2026-03-03")])

    assert list(found) == [LI]  # a thing has no calendar, and no capacity
    assert found[LI].allocation == allocation
    assert in_days(found[LI]) == expected


def test_people_are_the_resources_and_the_owners_of_what_is_not_finished() -> None:
    wanted = plan(
        owned("D1", who="b@x.example"),
        owned("D2", who="c@x.example"),
        owned("D3", who="d@x.example"),
        resources=(Resource(who="a@x.example"),),
        due_on=on("2026-03-20"),
    )
    states = {"D2": State(standing=Standing.FINISHED), "D3": State(standing=Standing.CANCELLED)}

    found = ahead(wanted, states=states)

    assert list(found) == ["a@x.example", "b@x.example"]
    assert [one.until_on.day for one in found.values()] == [20, 6]  # the plan's end, the last date of what they own


def test_the_period_is_whole_and_from_today_on_ends_with_the_last_open_date() -> None:
    wanted = plan(owned("D1", "2026-03-06"), owned("D2", "2026-04-10"), due_on=on("2026-06-26"))
    states = {one.id: open_state() for one in wanted.deliverables}

    found = capacities(wanted, states, OFFICE, {}, MARCH, on("2026-03-04"))

    assert [(one.window, one.from_on, one.until_on) for one in found] == [
        ("period", on("2026-03-01"), on("2026-03-31")),
        ("ahead", on("2026-03-04"), on("2026-04-10")),
    ]
    assert [one.planned_seconds / one.day_seconds for one in found] == [22, 28]
    assert [one.needed_seconds for one in found] == [None, 2 * 3 * 8 * 3600]


@pytest.mark.parametrize(
    ("due", "plan_due", "until_on"),
    [
        ("2026-02-27", "2026-03-20", "2026-03-20"),  # all that they own is overdue
        ("2026-02-27", None, None),
        ("2026-02-27", "2026-02-27", None),
        ("2026-03-02", "2026-03-20", "2026-03-02"),  # today
        ("9999-12-31", "2026-03-20", "2027-03-02"),  # a year ahead at most
    ],
)
def test_where_planning_ahead_ends(due: str, plan_due: str | None, until_on: str | None) -> None:
    wanted = plan(owned(due=due), due_on=on(plan_due) if plan_due else None)

    assert [one.until_on for one in ahead(wanted).values()] == ([on(until_on)] if until_on else [])


def test_without_a_calendar_nobody_knows_what_is_available() -> None:
    wanted = plan(owned(), resources=(Resource(who=LI, allocation=0.5),))

    found = capacities(wanted, {"D1": open_state()}, OFFICE, None, MARCH, MONDAY)[-1]

    assert (found.planned_seconds, found.needed_seconds) == (5 * 8 * 3600, 3 * 8 * 3600)
    assert (found.absent_seconds, found.available_seconds) == (None, None)


@pytest.mark.parametrize(("closes", "hours"), [("18:00", 9), ("00:00", 15)])
def test_a_normal_day_is_as_long_as_its_hours(closes: str, hours: int) -> None:
    calendar = WorkingCalendar(BERLIN.zone, opens=time(9), closes=time.fromisoformat(closes))

    assert normal_day(calendar) == hours * 3600


# --- need ---


@pytest.mark.parametrize(
    ("effort", "state", "needed", "left_out"),
    [
        (8, open_state(), 8, ()),  # no work items yet: all of it
        (8, open_state(0, 4), 8, ()),
        (8, open_state(3, 4), 2, ()),
        (8, open_state(4, 4, standing=Standing.OPEN), 0, ()),  # the parent that the plan names is still open
        (None, open_state(0, 4), None, (("D1", "no_effort"),)),
        (8, State(standing=Standing.UNKNOWN), None, (("D1", "no_work"),)),
    ],
)
def test_what_is_needed_is_the_share_of_the_effort_that_is_not_earned(
    effort: float | None, state: State, needed: float | None, left_out: tuple[tuple[str, str], ...]
) -> None:
    found = ahead(plan(owned(effort=effort)), states={"D1": state})[LI]

    assert found.needed_seconds == (None if needed is None else needed * 8 * 3600)
    assert found.left_out == left_out


# --- the finding ---


def short(
    wanted: Plan, events: Iterable[Event] = (), states: dict[str, State] | None = None, today: date = MONDAY
) -> list[Finding]:
    held = {one.id: open_state() for one in wanted.deliverables} | (states or {})
    return shortages(wanted, held, OFFICE, absences(events, OFFICE), today, [Person(name="Li Wei", email=LI)])


def told(found: Iterable[Finding]) -> list[tuple[object, ...]]:
    names = ("cause", "until_on", "deliverables", "needed_days", "available_days", "absent_days")
    return [(one.subject, *(one.facts[name] for name in names)) for one in found]


@pytest.mark.parametrize(
    ("effort", "events", "expected"),
    [
        (5, [], []),  # Monday to Friday are five days
        (5.001, [], [("overbooked", "2026-03-06", "D1", 5, 5, 0)]),
        (4, [away("2026-03-03", "2026-03-03")], []),
        (4.5, [away("2026-03-03", "2026-03-03")], [("away", "2026-03-06", "D1", 4.5, 4, 1)]),
        (4.5, [away("2026-03-03 09:00", "2026-03-03 13:00")], []),
        (4.5, [away("2026-03-03", "2026-03-03", who=WANG)], []),
        (6, [away("2026-03-03", "2026-03-03")], [("overbooked", "2026-03-06", "D1", 6, 4, 1)]),
    ],
)
def test_work_that_does_not_fit_beside_the_absences_is_told(
    effort: float, events: Sequence[Event], expected: list[tuple[object, ...]]
) -> None:
    assert told(short(plan(owned(effort=effort)), events)) == [(LI, *row) for row in expected]


def test_every_date_is_looked_at_with_all_that_is_due_by_then_and_the_earliest_is_told() -> None:
    #       by Friday the 6th: 5 days     by the 13th: 10      by the 20th: 15
    # D1    3                             .                    .
    # D2    .                             6                    .
    # D3    .                             .                    7
    wanted = plan(owned("D3", "2026-03-20", 7), owned("D1", "2026-03-06", 3), owned("D2", "2026-03-13", 6))

    assert told(short(wanted)) == [(LI, "overbooked", "2026-03-20", "D1, D2, D3", 16, 15, 0)]
    assert told(short(wanted, [away("2026-03-05", "2026-03-10")])) == [(LI, "away", "2026-03-13", "D1, D2", 9, 6, 4)]
    assert told(short(wanted, [away("2026-03-04", "2026-03-04")], {"D3": open_state(1, 2)})) == []


def test_two_people_have_a_finding_each() -> None:
    wanted = plan(owned("D1", effort=6), owned("D2", effort=7, who=WANG), owned("D3", effort=2, who="c@x.example"))

    assert [(row[0], row[3]) for row in told(short(wanted))] == [(LI, "D1"), (WANG, "D2")]


def test_what_is_overdue_has_to_be_done_as_well_but_is_no_finding_by_itself() -> None:
    overdue, later = owned("D1", "2026-02-20", 4), owned("D2", "2026-03-06", 2)

    assert short(plan(overdue)) == []
    assert told(short(plan(overdue, later))) == [(LI, "overbooked", "2026-03-06", "D1, D2", 6, 5, 0)]


def test_today_counts_whole_so_that_nothing_changes_within_a_day() -> None:
    wanted = plan(owned(effort=5))

    assert short(wanted, today=on("2026-03-02")) == []
    assert told(short(wanted, today=on("2026-03-03"))) == [(LI, "overbooked", "2026-03-06", "D1", 5, 4, 0)]


def test_what_has_no_effort_or_no_work_counts_as_nothing_and_is_named() -> None:
    wanted = plan(
        owned("D1", effort=6), owned("D2", effort=None), owned("D3", effort=9), owned("D4", "2026-03-20", None)
    )
    states = {"D3": State(standing=Standing.UNKNOWN)}

    (found,) = short(wanted, states=states)

    assert (found.facts["deliverables"], found.facts["left_out"]) == ("D1", "D2, D3")
    assert short(plan(owned("D2", effort=None))) == []


def test_what_is_finished_is_neither_needed_nor_named() -> None:
    wanted = plan(owned("D1", effort=50), owned("D2", effort=6), owned("D3", effort=20))
    states = {"D1": State(standing=Standing.FINISHED), "D3": open_state(4, 4)}

    (found,) = short(wanted, states=states)

    assert found.facts["deliverables"] == "D2"


def test_an_owner_who_is_away_is_not_told_twice_of_the_same_deliverable() -> None:
    # Away for four of five days. D1 needs two of them, D2 may need any, D3 is finished, of D4 nobody knows.
    wanted = plan(owned("D1", effort=2), owned("D2", effort=None), owned("D3"), owned("D4"))
    states = {"D1": open_state(), "D2": open_state(0, 2)}
    states |= {"D3": State(standing=Standing.FINISHED), "D4": State(standing=Standing.UNKNOWN)}
    leave = absences([away("2026-03-03", "2026-03-06")], OFFICE)

    found = lacking_time(wanted, states, OFFICE, leave, MONDAY)

    assert [(one.kind, one.subject) for one in found] == [("capacity_short", LI), ("owner_away", "D2")]


def test_an_owner_who_is_away_is_told_although_the_work_fits_in() -> None:
    leave = absences([away("2026-03-03", "2026-03-06")], OFFICE)

    found = lacking_time(plan(owned(effort=1)), {"D1": open_state()}, OFFICE, leave, MONDAY)

    assert [(one.kind, one.subject) for one in found] == [("owner_away", "D1")]


@pytest.mark.parametrize(
    ("effort", "english", "chinese"),
    [
        (
            4.5,
            "Because of absences, Li Wei has too little working time until 6 March 2026: 4.5 d of work are left in D1.",
            "因不在岗，Li Wei 在2026年3月6日之前的工作时间不足：D1 还需 4.5 个工作日。",
        ),
        (
            6,
            "Li Wei has too little working time until 6 March 2026: 6 d of work are left in D1.",
            "Li Wei 在2026年3月6日之前的工作时间不足：D1 还需 6 个工作日。",
        ),
    ],
)
def test_the_sentence_says_nothing_that_changes_from_day_to_day(effort: float, english: str, chinese: str) -> None:
    wanted, leave = plan(owned(effort=effort)), [away("2026-03-05", "2026-03-05")]

    for today in ("2026-03-02", "2026-03-03") if effort == 6 else ("2026-03-02",):
        (found,) = short(wanted, leave, today=on(today))
        assert (finding_text(found, "en"), finding_text(found, "zh-CN")) == (english, chinese)
        assert advice_text(found, "en") == "Give some of the work to somebody else, or agree on another date."


def test_the_finding_names_the_person_and_the_open_items_behind_it() -> None:
    works = (work("ERP-2", ("2026-02-02 09:00", ACTIVE)), work("ERP-1", ("2026-02-02 09:00", ACTIVE)))
    states = {"D1": open_state(0, 2, works=works)}

    (found,) = short(plan(owned(effort=6)), states=states)

    assert (found.facts["who"], found.facts["person"]) == (LI, "Li Wei")
    assert found.evidence == (("jira", "ERP-1"), ("jira", "ERP-2"))


# --- whatever the absences ---

STRETCHES = st.lists(st.tuples(st.integers(-10 * 24, 40 * 24), st.integers(1, 20 * 24)), max_size=6)
"""Stretches of hours: when each begins, counted from the start of the month, and how long it is."""


def of(stretches: Iterable[tuple[int, int]]) -> Absences:
    begun = [(MARCH.start_at + timedelta(hours=start), hours) for start, hours in stretches]
    return {LI: tuple((start, start + timedelta(hours=hours)) for start, hours in begun)}


@given(
    before=STRETCHES,
    more=STRETCHES,
    share=st.floats(min_value=0, max_value=1),
    days=st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_what_is_available_is_part_of_what_is_planned_and_another_absence_adds_nothing_to_it(
    before: list[tuple[int, int]], more: list[tuple[int, int]], share: float, days: tuple[int, int]
) -> None:
    first, last = sorted(MONDAY + timedelta(days=day) for day in days)
    wanted = until("2026-03-31", Resource(who=LI, allocation=share, from_on=first, until_on=last))

    fewer, busier = (capacities(wanted, {}, OFFICE, of(held), MARCH, MONDAY) for held in (before, before + more))

    for one, other in zip(fewer, busier, strict=True):
        assert one.available_seconds is not None
        assert one.absent_seconds is not None
        assert other.available_seconds is not None
        assert other.absent_seconds is not None
        assert 0 <= other.available_seconds <= one.available_seconds <= one.planned_seconds == other.planned_seconds
        assert 0 <= one.absent_seconds <= other.absent_seconds <= one.planned_seconds
        assert one.available_seconds == pytest.approx((one.planned_seconds - one.absent_seconds) * share, abs=1)
