"""A stretch of a calendar is saved as a whole; what left it is gone, unless too much left it at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from core.model import Agenda, Attendance, Event, EventStatus, Response, SetAside
from core.store import events, lists
from core.store.engine import Store
from core.store.events import Agreed
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, meeting, writes

HOUR = timedelta(hours=1)
FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def save(store: Store, *found: Event, at: datetime = MONDAY, calendar: str = "main", until: datetime = UNTIL) -> Agreed:
    with store.write() as conn:
        agenda = Agenda(calendar=calendar, from_at=FROM, until_at=until, events=found)
        return events.save_agenda(conn, "team", agenda, at)


def held(store: Store, from_at: datetime = FROM, until_at: datetime = UNTIL) -> list[Event]:
    with store.read() as conn:
        return events.events(conn, ["team"], from_at, until_at)


def test_an_event_comes_back_as_it_was_saved(store: Store) -> None:
    told = meeting(
        recurrence_start="2026-03-02",
        all_day=True,
        first_on=date(2026, 3, 2),
        last_on=date(2026, 3, 3),
        status=EventStatus.TENTATIVE,
        busy=False,
        away=True,
        organizer="li@example.com",
        attendances=(
            Attendance(email="wang@example.com", name=None, response=Response.DECLINED),
            Attendance(email=None, name="李伟"),
        ),
        zone_guessed=True,
    )

    save(store, told, meeting(2))

    assert held(store) == [told, meeting(2)]


def test_the_same_answer_again_writes_nothing(store: Store) -> None:
    save(store, meeting(1), meeting(2))

    with store.write() as conn:
        before = writes(conn)
        agenda = Agenda(calendar="main", from_at=FROM, until_at=UNTIL, events=(meeting(2), meeting(1)))
        agreed = events.save_agenda(conn, "team", agenda, TUESDAY)
        assert writes(conn) == before
    assert agreed == Agreed(changed=0, deleted=0, held_back=0)


def test_what_moved_changed_or_went_is_counted(store: Store) -> None:
    save(store, meeting(1), meeting(2), meeting(3))

    agreed = save(store, meeting(1, TUESDAY), meeting(2), meeting(4), at=TUESDAY)

    assert agreed == Agreed(changed=2, deleted=1, held_back=0)
    assert [event.uid for event in held(store)] == ["2@acme", "4@acme", "1@acme"]


def test_what_was_gone_comes_back(store: Store) -> None:
    save(store, meeting(1))
    save(store)

    assert save(store, meeting(1)) == Agreed(changed=1, deleted=0, held_back=0)
    assert held(store) == [meeting(1)]


def test_what_lies_outside_the_stretch_or_in_another_calendar_is_not_gone(store: Store) -> None:
    late = meeting(2, datetime(2026, 12, 1, tzinfo=UTC))
    save(store, meeting(1), late)
    save(store, meeting(3, calendar="other"), calendar="other")

    agreed = save(store, until=datetime(2026, 6, 1, tzinfo=UTC))

    assert agreed == Agreed(changed=0, deleted=1, held_back=0)
    assert [event.uid for event in held(store)] == ["3@acme", "2@acme"]


def test_an_occurrence_that_was_moved_into_the_stretch_is_the_same_one(store: Store) -> None:
    series = meeting(1, datetime(2026, 12, 1, tzinfo=UTC), recurrence_start="2026-12-01T00:00:00Z")
    save(store, series)

    moved = replace(series, starts_at=MONDAY, ends_at=MONDAY + HOUR)
    save(store, moved, until=datetime(2026, 6, 1, tzinfo=UTC))

    assert held(store) == [moved]


def test_a_calendar_that_is_suddenly_nearly_empty_is_believed_after_a_day_only(store: Store) -> None:
    full = [meeting(number) for number in range(1, 41)]
    save(store, *full)

    first = save(store, *full[:10], at=MONDAY)
    later = save(store, *full[:10], at=MONDAY + timedelta(hours=23))
    kept = len(held(store))
    believed = save(store, *full[:10], at=TUESDAY)

    assert (first.held_back, first.deleted) == (30, 0)
    assert (later.held_back, kept) == (30, 40)
    assert (believed.held_back, believed.deleted, len(held(store))) == (0, 30, 10)


def test_a_calendar_that_recovered_in_between_begins_its_day_anew(store: Store) -> None:
    full = [meeting(number) for number in range(1, 41)]
    save(store, *full)
    save(store, at=MONDAY)
    save(store, *full, at=MONDAY + HOUR)

    assert save(store, at=WEDNESDAY).held_back == 40


def test_the_longest_name_of_an_event_fits(store: Store) -> None:
    #  500 characters of four bytes that nothing can make shorter, with a start behind them
    uid = "".join(map(chr, Random(1).choices(range(0x20000, 0x2A000), k=500))) + " (2026-03-02T09:00:00Z)"

    save(store, meeting(uid=uid, recurrence_start="2026-03-02T09:00:00Z"))

    assert [event.uid for event in held(store)] == [uid]


def weekly(hour: int) -> list[Event]:
    """A hundred Mondays and Tuesdays and so on at that hour, one series."""
    days = [datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day) for day in range(100)]
    return [meeting(1, day, recurrence_start=f"{day:%Y-%m-%dT%H:%M:%SZ}") for day in days]


def test_a_series_that_is_moved_stands_in_the_calendar_once(store: Store) -> None:
    save(store, *weekly(9), meeting(2))

    agreed = save(store, *weekly(10), meeting(2), at=MONDAY + HOUR)

    assert agreed == Agreed(changed=100, deleted=100, held_back=0)
    assert held(store) == sorted([*weekly(10), meeting(2)], key=lambda event: event.starts_at)


def test_only_what_is_wholly_absent_is_held_back(store: Store) -> None:
    #  a series of 100 is moved, and 90 meetings of 200 in all are gone with it
    single = [meeting(number) for number in range(2, 102)]
    save(store, *weekly(9), *single)

    agreed = save(store, *weekly(10), *single[:10], at=MONDAY + HOUR)

    assert agreed == Agreed(changed=100, deleted=100, held_back=90)
    assert len(held(store)) == 200


def test_what_comes_meanwhile_does_not_make_a_loss_smaller(store: Store) -> None:
    #  40 of 100 are gone and 60 others have come: after that, 40 of 160
    full = [meeting(number) for number in range(1, 161)]
    save(store, *full[:100])

    first = save(store, *full[40:], at=MONDAY)
    later = save(store, *full[40:], at=MONDAY + HOUR)
    believed = save(store, *full[40:], at=TUESDAY)

    assert [agreed.held_back for agreed in (first, later, believed)] == [40, 40, 0]
    assert believed.deleted == 40


def test_what_came_and_could_not_be_read_is_not_gone(store: Store) -> None:
    save(store, meeting(1), meeting(2))

    with store.write() as conn:
        agenda = Agenda(calendar="main", from_at=FROM, until_at=UNTIL, events=())
        agreed = events.save_agenda(conn, "team", agenda, TUESDAY, unread={"2@acme"})

    assert agreed == Agreed(changed=0, deleted=1, held_back=0)
    assert held(store) == [meeting(2)]


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_set_aside_is_taken_back_when_the_whole_was_read_without_it(store: Store, whole: bool) -> None:
    bad, worse = (SetAside(remote_id=name, key=None, reason="it cannot be read") for name in ("bad", "worse"))
    with store.write() as conn:
        lists.save_set_aside(conn, "team", [bad, worse], MONDAY)
        lists.save_set_aside(conn, "other", [bad], MONDAY)

        newly = lists.save_set_aside(conn, "team", [worse], TUESDAY, whole=whole)

        assert newly == 0
        assert lists.set_aside(conn, "team") == ([worse] if whole else [bad, worse])
        assert lists.set_aside(conn, "other") == [bad]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "found"),
    [
        (MONDAY - HOUR, MONDAY, False),
        (MONDAY - HOUR, MONDAY + HOUR, True),
        (MONDAY, MONDAY, True),
        (TUESDAY, TUESDAY + HOUR, False),
        (TUESDAY - HOUR, TUESDAY + HOUR, True),
    ],
)
def test_events_that_touch_the_stretch_are_given(
    store: Store, starts_at: datetime, ends_at: datetime, found: bool
) -> None:
    save(store, meeting(starts_at=starts_at, ends_at=ends_at))

    assert bool(held(store, MONDAY, TUESDAY)) is found


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        save(store, meeting(starts_at=datetime(2026, 3, 2)))  # noqa: DTZ001
