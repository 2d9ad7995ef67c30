"""From what calendars say to events: zones, days, series, changed occurrences, people, bad ones among good ones."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Timezone

from connectors.calendars import ical
from connectors.calendars.entries import Entry
from connectors.calendars.ical import read
from connectors.calendars.lines import NotACalendar, take_apart
from connectors.calendars.series import Series, gather
from connectors.calendars.task import Limits, Reading, Window
from connectors.calendars.zones import Zones
from core.model import Attendance, Event, EventStatus, Response
from tests.sandbox.calendar.render import folded

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = Window(from_at=datetime(2026, 3, 1, tzinfo=UTC), until_at=datetime(2026, 5, 1, tzinfo=UTC))
CUSTOM_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Our Own",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0300",
    "TZOFFSETTO:+0300",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def event(*lines: str, uid: str | None = "e1") -> list[str]:
    """A VEVENT with these lines."""
    return ["BEGIN:VEVENT", *([f"UID:{uid}"] if uid else []), *lines, "END:VEVENT"]


def feed(*parts: list[str], head: tuple[str, ...] = ()) -> bytes:
    """A calendar with these components."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head, *(line for part in parts for line in part), "END:VCALENDAR"]
    return b"".join(folded(line) for line in lines)


def reading(content: bytes, window: Window = SPRING, zone: ZoneInfo = BERLIN, limits: Limits | None = None) -> Reading:
    return read(take_apart(content), source="team", calendar="team", window=window, zone=zone, limits=limits)


def only(content: bytes, window: Window = SPRING) -> Event:
    """The one event of a calendar in which nothing is wrong."""
    told = reading(content, window)
    assert told.set_aside == ()
    (found,) = told.events
    return found


def starts(content: bytes, window: Window = SPRING) -> list[str]:
    """When the events start, in UTC and to the minute; nothing is wrong."""
    told = reading(content, window)
    assert told.set_aside == ()
    return [f"{found.starts_at:%m-%d %H:%M}" for found in told.events]


def identities(content: bytes) -> list[tuple[str, str | None]]:
    return [(found.uid, found.recurrence_start) for found in reading(content).events]


# --- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_lines_may_end_in_any_way(ending: bytes) -> None:
    content = feed(event("DTSTART:20260302T100000Z", "SUMMARY:Plan")).replace(b"\r\n", ending)

    assert only(b"\xef\xbb\xbf" + content).title == "Plan"


def test_a_character_that_was_folded_in_its_middle_is_whole_again() -> None:
    title = "ä" * 60 + "会议" * 30

    assert only(feed(event("DTSTART:20260302T100000Z", f"SUMMARY:{title}"))).title == title


def test_a_line_in_windows_letters_is_read_and_counted() -> None:
    content = feed(event("DTSTART:20260302T100000Z", "SUMMARY:Müller")).replace("ü".encode(), b"\xfc")

    told = reading(content)

    assert [found.title for found in told.events] == ["Müller"]
    assert told.warnings == ("lines that are not UTF-8 and were read as Windows-1252: 1",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b'{"error": "gone"}', "no calendar"),
        (b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n", "no calendar"),
        (feed(event("DTSTART:20260302T100000Z")) * 2, "several"),
        (feed(event("DTSTART:20260302T100000Z"))[:-20], "cut off"),
        (feed(event("DTSTART:20260302T100000Z"))[:60], "cut off"),
        (feed(["BEGIN:VEVENT", *["BEGIN:A"] * 50]), "deep"),
    ],
)
def test_what_is_not_one_whole_calendar_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(NotACalendar, match=reason) as caught:
        take_apart(content)

    assert caught.value.page == (reason == "web page")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_calendar_or_are_refused(content: bytes) -> None:
    for given_content in (content, b"BEGIN:VCALENDAR\r\n" + content + b"\r\nEND:VCALENDAR\r\n"):
        try:
            found = reading(given_content).events
        except NotACalendar:
            continue
        assert len({(event.uid, event.recurrence_start) for event in found}) == len(found)
        assert all(event.starts_at <= event.ends_at for event in found)


@given(st.integers(0, 2**32))
def test_no_damage_to_a_calendar_costs_more_than_what_was_damaged(seed: int) -> None:
    chance = Random(seed)
    lines = event(
        "DTSTART;TZID=Europe/Berlin:20260302T100000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO",
        "EXDATE:20260309T090000Z",
        "ATTENDEE;CN=Ana;PARTSTAT=ACCEPTED:mailto:ana@example.com",
        uid="damaged",
    )
    inside = "\n".join(lines[1:-1])
    at = chance.randrange(len(inside))
    damaged = inside[:at] + chance.choice([":", ";", "\0", '"', "9", "Z", "=", "\n", "é", ""]) + inside[at + 1 :]
    good = event("DTSTART:20260303T100000Z", uid="good")

    told = reading(feed([lines[0], *damaged.split("\n"), lines[-1]], good))

    assert [found.uid for found in told.events].count("good") == 1


def test_the_same_calendar_written_anew_has_the_same_digest() -> None:
    plan = ["DTSTART:20260302T100000Z", "SUMMARY:Plan"]
    first = feed(event(*plan, "DTSTAMP:20260301T000000Z", "SEQUENCE:1"), event(*plan, uid="e2"), head=("PRODID:a",))
    again = feed(event(*plan, uid="e2"), event("DTSTAMP:20260302T000000Z", *plan, "SEQUENCE:2"), head=("PRODID:b",))
    other = feed(event(*plan, "DTSTAMP:20260301T000000Z"), event(plan[0], "SUMMARY:Plans", uid="e2"))

    assert take_apart(first).digest() == take_apart(again).digest()
    assert take_apart(first).digest() != take_apart(other).digest()
    assert take_apart(first).digest() != take_apart(feed(event(*plan), head=("PRODID:a",))).digest()


# --- zones and days ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "at", "guessed"),
    [
        ("DTSTART:20260302T100000Z", "10:00", False),
        ("DTSTART;TZID=Europe/Berlin:20260302T100000", "09:00", False),
        ('DTSTART;TZID="America/New_York":20260302T100000', "15:00", False),
        ("DTSTART;TZID=W. Europe Standard Time:20260302T100000", "09:00", False),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20260302T100000", "09:00", False),
        ("DTSTART;TZID=/mozilla.org/20070129_1/America/New_York:20260302T100000", "15:00", False),
        ('DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern":20260302T100000', "09:00", False),
        ("DTSTART;TZID=(UTC+01:00) Amsterdam:20260302T100000", "09:00", False),
        ('DTSTART;TZID="(UTC-05:00) Eastern Time (US & Canada)":20260302T100000', "15:00", False),
        ('DTSTART;TZID="(UTC+08:00) Beijing, Chongqing":20260302T100000', "02:00", False),
        ("DTSTART;TZID=US-Eastern:20260302T100000", "15:00", False),
        ("DTSTART;TZID=GMT+0100:20260302T100000", "09:00", False),
        ("DTSTART;TZID=tzone://Microsoft/Utc:20260302T100000", "10:00", False),
        ("DTSTART;TZID=Our Own:20260302T100000", "07:00", False),
        ("DTSTART;TZID=Customized Time Zone:20260302T100000", "02:00", True),
        ("DTSTART;TZID=../../etc/passwd:20260302T100000", "02:00", True),
        ("DTSTART:20260302T100000", "02:00", False),  # floating
    ],
)
def test_a_time_is_in_the_zone_that_is_meant_or_in_the_calendars_own(start: str, at: str, guessed: bool) -> None:
    told = reading(feed(event(start), list(CUSTOM_ZONE), head=("X-WR-TIMEZONE:Asia/Shanghai",)))

    (found,) = told.events
    assert f"{found.starts_at:%H:%M}" == at
    assert found.starts_at.tzinfo is UTC
    assert found.zone_guessed is guessed
    assert bool(told.warnings) is guessed


def test_without_a_zone_of_the_calendar_the_configured_one_holds() -> None:
    assert starts(feed(event("DTSTART:20260302T100000"))) == ["03-02 09:00"]


def test_a_series_keeps_its_wall_clock_when_clocks_change() -> None:
    #  Berlin 10:00 is 09:00 UTC until 29 March, and 08:00 after
    content = feed(event("DTSTART;TZID=Europe/Berlin:20260322T100000", "RRULE:FREQ=WEEKLY;COUNT=3"))

    assert starts(content) == ["03-22 09:00", "03-29 08:00", "04-05 08:00"]


def test_a_definition_of_a_zone_that_never_ends_is_not_worked_out() -> None:
    bomb = [line.replace("+0300", "+0100") for line in CUSTOM_ZONE]
    bomb.insert(4, "RRULE:FREQ=SECONDLY")

    told = reading(feed(bomb, event("DTSTART;TZID=Our Own:20260302T100000")))

    assert [found.zone_guessed for found in told.events] == [True]
    assert "the time zone Our Own is defined in a way that cannot be read" in told.warnings[-1]


def test_two_calendars_may_call_different_zones_by_one_name() -> None:
    other = [line.replace("+0300", "+0500") for line in CUSTOM_ZONE]
    start = event("DTSTART;TZID=Our Own:20260302T100000")

    assert starts(feed(list(CUSTOM_ZONE), start)) == ["03-02 07:00"]
    assert starts(feed(other, start)) == ["03-02 05:00"]


@pytest.mark.parametrize(
    ("lines", "first", "last"),
    [
        (("DTSTART;VALUE=DATE:20260302",), "2026-03-02", "2026-03-02"),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260303"), "2026-03-02", "2026-03-02"),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260307"), "2026-03-02", "2026-03-06"),
        (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260302"), "2026-03-02", "2026-03-02"),
        (("DTSTART;VALUE=DATE:20260302", "DURATION:P1W"), "2026-03-02", "2026-03-08"),
        (("DTSTART:20260302", "DTEND:20260304"), "2026-03-02", "2026-03-03"),
    ],
)
def test_whole_days_are_told_with_both_ends(lines: tuple[str, ...], first: str, last: str) -> None:
    found = only(feed(event(*lines)))

    assert found.all_day
    assert (found.first_on, found.last_on) == (date.fromisoformat(first), date.fromisoformat(last))
    assert found.starts_at == datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight in Berlin
    assert found.ends_at == found.starts_at + timedelta(days=(date.fromisoformat(last) - date(2026, 3, 1)).days)


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (("DTEND:20260302T113000Z",), "2026-03-02T11:30"),
        (("DURATION:PT45M",), "2026-03-02T10:45"),
        (("DURATION:P1DT1H",), "2026-03-03T11:00"),
        ((), "2026-03-02T10:00"),
    ],
)
def test_an_end_is_told_or_follows_from_a_duration(lines: tuple[str, ...], end: str) -> None:
    found = only(feed(event("DTSTART:20260302T100000Z", *lines)))

    assert f"{found.ends_at:%Y-%m-%dT%H:%M}" == end
    assert not found.all_day
    assert found.first_on is None


def test_hours_are_hours_and_days_are_days_across_a_change_of_clocks() -> None:
    night = "DTSTART;TZID=Europe/Berlin:20260328T220000"

    assert only(feed(event(night, "DURATION:PT12H"))).ends_at == datetime(2026, 3, 29, 9, tzinfo=UTC)
    assert only(feed(event(night, "DURATION:P1D"))).ends_at == datetime(2026, 3, 29, 20, tzinfo=UTC)


def test_what_begins_in_the_hour_that_is_left_out_does_not_end_before_it() -> None:
    #  clocks go from 02:00 to 03:00, so 02:30 is 03:30, and 03:15 was before
    night = "DTSTART;TZID=Europe/Berlin:20260329T023000", "DTEND;TZID=Europe/Berlin:20260329T031500"

    found = only(feed(event(*night)))

    assert found.starts_at == found.ends_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_only_what_touches_the_window_is_told() -> None:
    window = Window(from_at=datetime(2026, 3, 3, tzinfo=UTC), until_at=datetime(2026, 3, 5, tzinfo=UTC))
    content = feed(
        event("DTSTART:20260302T230000Z", "DTEND:20260303T000000Z", uid="ends-as-it-begins"),
        event("DTSTART:20260302T230000Z", "DTEND:20260303T000001Z", uid="reaches-in"),
        event("DTSTART:20260303T000000Z", uid="no-length"),
        event("DTSTART:20260101T000000Z", "DTEND:20270101T000000Z", uid="around"),
        event("DTSTART:20260304T235959Z", uid="last"),
        event("DTSTART:20260305T000000Z", uid="begins-as-it-ends"),
    )

    assert [found.uid for found in reading(content, window).events] == ["around", "reaches-in", "no-length", "last"]


# --- series --------------------------------------------------------------------------------------------------------

WEEKLY = ("DTSTART;TZID=Europe/Berlin:20260302T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4")


def test_occurrences_are_told_apart_by_where_their_series_put_them() -> None:
    assert identities(feed(event(*WEEKLY))) == [
        ("e1", "2026-03-02T09:00:00Z"),
        ("e1", "2026-03-09T09:00:00Z"),
        ("e1", "2026-03-16T09:00:00Z"),
        ("e1", "2026-03-23T09:00:00Z"),
    ]
    assert identities(feed(event("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=2"))) == [
        ("e1", "2026-03-02"),
        ("e1", "2026-03-03"),
    ]
    assert identities(feed(event("DTSTART:20260302T100000Z"))) == [("e1", None)]


@pytest.mark.parametrize(
    "exception",
    [
        "EXDATE;TZID=Europe/Berlin:20260309T100000",
        "EXDATE:20260309T090000Z",
        "EXDATE;VALUE=DATE:20260309",
        "EXDATE;TZID=W. Europe Standard Time:20260309T100000",
        "EXDATE:20260309T100000",
    ],
)
def test_an_exception_takes_its_occurrence_out_however_it_is_written(exception: str) -> None:
    content = feed(event(*WEEKLY, exception, "EXDATE;VALUE=DATE:"))

    assert starts(content) == ["03-02 09:00", "03-16 09:00", "03-23 09:00"]


@pytest.mark.parametrize(
    "exception", ["EXDATE;TZID=Europe/Berlin:20260309T100000", "EXDATE:20260309T090000Z", "EXDATE;VALUE=DATE:20260309"]
)
def test_an_exception_beside_the_changed_occurrence_does_not_take_it_out(exception: str) -> None:
    #  the 9th was moved to the 10th, and the 16th does not take place
    moved = event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260310T090000Z")
    content = feed(event(*WEEKLY, exception, "EXDATE:20260316T090000Z"), moved)

    assert starts(content) == ["03-02 09:00", "03-10 09:00", "03-23 09:00"]


def test_further_dates_come_with_their_own_length() -> None:
    content = feed(
        event(
            "DTSTART;TZID=Europe/Berlin:20260302T100000",
            "DURATION:PT1H",
            "RDATE;TZID=Europe/Berlin:20260304T150000",
            "RDATE;VALUE=PERIOD:20260306T150000Z/PT3H",
        )
    )

    told = reading(content).events

    assert [f"{found.starts_at:%d %H:%M}-{found.ends_at:%H:%M}" for found in told] == [
        "02 09:00-10:00",
        "04 14:00-15:00",
        "06 15:00-18:00",
    ]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260325", "03-25 09:00"),  # a day means all of it
        ("20260325T090000Z", "03-25 09:00"),
        ("20260325T085959Z", "03-24 09:00"),
        ("20260325T100000", "03-25 09:00"),
    ],
)
def test_a_series_ends_when_its_author_meant(until: str, last: str) -> None:
    content = feed(event("DTSTART;TZID=Europe/Berlin:20260320T100000", f"RRULE:FREQ=DAILY;UNTIL={until}"))

    assert starts(content)[-1] == last


@pytest.mark.parametrize("until", ["20260304", "20260304T000000Z", "20260304T225959Z"])
def test_a_series_of_days_ends_with_a_day(until: str) -> None:
    content = feed(event("DTSTART;VALUE=DATE:20260302", f"RRULE:FREQ=DAILY;UNTIL={until}"))

    assert [found.last_on for found in reading(content).events][-1] == date(2026, 3, 4)


@pytest.mark.parametrize(
    "original", ["TZID=Europe/Berlin:20260309T100000", "VALUE=DATE-TIME:20260309T090000Z", "VALUE=DATE:20260309"]
)
def test_a_moved_occurrence_keeps_its_identity(original: str) -> None:
    moved = event(f"RECURRENCE-ID;{original}", "DTSTART:20260311T140000Z", "SUMMARY:Moved")

    told = reading(feed(moved, event(*WEEKLY, "SUMMARY:Weekly"))).events

    assert [(found.recurrence_start, found.title) for found in told] == [
        ("2026-03-02T09:00:00Z", "Weekly"),
        ("2026-03-09T09:00:00Z", "Moved"),
        ("2026-03-16T09:00:00Z", "Weekly"),
        ("2026-03-23T09:00:00Z", "Weekly"),
    ]
    assert told[1].starts_at == datetime(2026, 3, 11, 14, tzinfo=UTC)


def test_an_occurrence_may_be_moved_into_the_window_and_out_of_it() -> None:
    window = Window(from_at=datetime(2026, 3, 9, tzinfo=UTC), until_at=datetime(2026, 3, 10, tzinfo=UTC))
    base = event(*WEEKLY)
    into = event("RECURRENCE-ID:20260302T090000Z", "DTSTART:20260309T150000Z")
    away = event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260601T150000Z")

    assert [found.recurrence_start for found in reading(feed(base, into, away), window).events] == [
        "2026-03-02T09:00:00Z"
    ]


def test_this_and_all_later_ones_are_moved_each_with_an_identity_of_its_own() -> None:
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260316T100000",
        "DTSTART;TZID=Europe/Berlin:20260316T140000",
        "DURATION:PT2H",
        "SUMMARY:Later",
    )

    told = reading(feed(event(*WEEKLY, "SUMMARY:Weekly"), later)).events

    assert [(found.recurrence_start, f"{found.starts_at:%d %H:%M}", found.title) for found in told] == [
        ("2026-03-02T09:00:00Z", "02 09:00", "Weekly"),
        ("2026-03-09T09:00:00Z", "09 09:00", "Weekly"),
        ("2026-03-16T09:00:00Z", "16 13:00", "Later"),
        ("2026-03-23T09:00:00Z", "23 13:00", "Later"),
    ]
    assert told[-1].ends_at - told[-1].starts_at == timedelta(hours=2)


def test_an_occurrence_without_its_series_is_told() -> None:
    orphan = event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260310T090000Z")

    assert identities(feed(orphan)) == [("e1", "2026-03-09T09:00:00Z")]


def test_events_that_share_a_uid_are_all_told_and_told_apart() -> None:
    first, second = event("DTSTART:20260302T100000Z"), event("DTSTART:20260305T100000Z")
    told = [("e1", None), ("e1 (2026-03-05T10:00:00Z)", None)]

    assert identities(feed(first, second)) == told
    assert identities(feed(second, first)) == told


def test_a_uid_that_looks_like_a_name_of_ours_is_no_other_events() -> None:
    told = feed(
        event("DTSTART:20260302T100000Z"),
        event("DTSTART:20260305T100000Z"),
        event("DTSTART:20260306T100000Z", uid="e1 (2026-03-05T10:00:00Z)"),
    )

    found = identities(told)
    assert found[:2] == [("e1", None), ("e1 (2026-03-05T10:00:00Z)", None)]
    assert len(set(found)) == 3


def test_of_two_versions_of_one_event_the_later_counts() -> None:
    old = event("DTSTART:20260302T100000Z", "SEQUENCE:1", "SUMMARY:Old")
    new = event("DTSTART:20260302T100000Z", "SEQUENCE:2", "SUMMARY:New")

    assert only(feed(old, new)).title == "New"
    assert only(feed(new, old)).title == "New"


def test_an_event_without_a_uid_gets_one_that_stays() -> None:
    plain = event("DTSTART:20260302T100000Z", "DTSTAMP:20260301T000000Z", uid=None)
    again = event("DTSTAMP:20260401T000000Z", "DTSTART:20260302T100000Z", uid=None)

    assert only(feed(plain)).uid == only(feed(again)).uid
    assert only(feed(plain)).uid.startswith("no-uid-")


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_feed_changes_nothing(chance: Random) -> None:
    parts = [
        event(*WEEKLY, uid="a"),
        event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260310T090000Z", uid="a"),
        event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260311T090000Z", uid="a"),
        event(*WEEKLY, "SUMMARY:The same", uid="a"),
        event("DTSTART:20260302T100000Z", uid="a"),
        event("DTSTART;TZID=Our Own:20260302T100000", uid=None),
        event("SUMMARY:No start", uid="bad"),
        list(CUSTOM_ZONE),
    ]
    told = reading(feed(*parts))

    chance.shuffle(parts)
    again = reading(feed(*parts))

    assert again.events == told.events
    assert [record.remote_id for record in again.set_aside] == ["bad"]
    assert len({(found.uid, found.recurrence_start) for found in told.events}) == len(told.events)


@given(
    step=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    count=st.integers(1, 20),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
    skipped=st.sets(st.integers(0, 19), max_size=5),
    moved=st.sets(st.integers(0, 19), max_size=5),
    later=st.integers(0, 19),
)
def test_changes_to_a_series_never_make_or_lose_an_identity(
    step: str, count: int, zone: str, skipped: set[int], moved: set[int], later: int
) -> None:
    window = Window(from_at=datetime(2026, 1, 1, tzinfo=UTC), until_at=datetime(2028, 6, 1, tzinfo=UTC))
    series = (f"DTSTART;TZID={zone}:20260215T103000", "DURATION:PT1H", f"RRULE:FREQ={step};COUNT={count}")
    plain = [found.recurrence_start for found in reading(feed(event(*series)), window).events]
    stamps = [text.replace("-", "").replace(":", "") for text in plain if text]
    gone = [f"EXDATE:{stamps[n]}" for n in skipped if n < len(stamps)]
    changed = [
        event(f"RECURRENCE-ID:{stamps[n]}", "DTSTART:20260801T000000Z") for n in moved - skipped if n < len(stamps)
    ]
    if later < len(stamps) and later not in skipped | moved:
        changed.append(event(f"RECURRENCE-ID;RANGE=THISANDFUTURE:{stamps[later]}", f"DTSTART:{stamps[later]}"))

    told = reading(feed(event(*series, *gone), *changed), window)

    assert told.set_aside == ()
    kept = {text for n, text in enumerate(plain) if n not in skipped}
    assert sorted(found.recurrence_start or "" for found in told.events) == sorted(text or "" for text in kept)


# --- what an event says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "status", "busy", "away"),
    [
        ((), EventStatus.CONFIRMED, True, False),
        (("STATUS:TENTATIVE",), EventStatus.TENTATIVE, True, False),
        (("STATUS:CANCELLED",), EventStatus.CANCELLED, True, False),
        (("STATUS:Nonsense",), EventStatus.CONFIRMED, True, False),
        (("TRANSP:TRANSPARENT",), EventStatus.CONFIRMED, False, False),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE",), EventStatus.CONFIRMED, False, False),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), EventStatus.CONFIRMED, True, True),
        (("X-GOOGLE-EVENT-TYPE:outOfOffice",), EventStatus.CONFIRMED, True, True),
        (("SUMMARY:Out of office",), EventStatus.CONFIRMED, True, False),
    ],
)
def test_what_a_calendar_says_of_an_event_is_kept_as_a_value(
    lines: tuple[str, ...], status: EventStatus, busy: bool, away: bool
) -> None:
    found = only(feed(event("DTSTART:20260302T100000Z", *lines)))

    assert (found.status, found.busy, found.away) == (status, busy, away)


def test_googles_own_absences_are_known_by_their_title() -> None:
    assert only(feed(event("DTSTART:20260302T100000Z", "SUMMARY:Out of office", uid="x@google.com"))).away


def test_people_are_told_once_with_their_answers() -> None:
    found = only(
        feed(
            event(
                "DTSTART:20260302T100000Z",
                "ORGANIZER;CN=Ana:MAILTO:Ana@Example.com",
                'ATTENDEE;CN="Bo, Jr.";PARTSTAT=ACCEPTED:mailto:Bo@Example.COM',
                "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bo@example.com",
                "ATTENDEE;PARTSTAT=DECLINED;CN=Cy:mailto:cy@example.com",
                "ATTENDEE;PARTSTAT=TENTATIVE;CN=Di:invalid:nomail",
                "ATTENDEE;EMAIL=ed@example.com:urn:uuid:1234",
                "ATTENDEE;CUTYPE=ROOM;CN=Blue room:mailto:blue@example.com",
                "ATTENDEE:invalid:nomail",
            )
        )
    )

    assert found.organizer == "ana@example.com"
    assert found.attendances == (
        Attendance(email=None, name="Di", response=Response.TENTATIVE),
        Attendance(email="bo@example.com", name="Bo, Jr.", response=Response.ACCEPTED),
        Attendance(email="cy@example.com", name="Cy", response=Response.DECLINED),
        Attendance(email="ed@example.com", name=None, response=Response.UNANSWERED),
    )


def test_a_title_is_one_line_and_an_event_without_one_is_called_by_its_uid() -> None:
    assert (
        only(feed(event("DTSTART:20260302T100000Z", r"SUMMARY:Plan\, again\nand again"))).title
        == "Plan, again and again"
    )
    assert only(feed(event("DTSTART:20260302T100000Z"))).title == "e1"


# --- bad ones among good ones --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["SUMMARY:No start"], "DTSTART"),
        (["DTSTART:BANANA"], "its DTSTART cannot be read: BANANA"),
        (["DTSTART:20261332T100000Z"], "DTSTART"),
        (["DTSTART:20260302T100000Z", "DTSTART:20260303T100000Z"], "more than one DTSTART"),
        (["DTSTART:20260302T100000Z", "DTEND:20260301T100000Z"], "ends before it starts"),
        (["DTSTART:20260302T100000Z", "DTEND;VALUE=DATE:20260303"], "one is a day"),
        (["DTSTART:20260302T100000Z", "RRULE:FREQ=SOMETIMES"], "RRULE"),
        (["DTSTART:20260302T100000Z", "RRULE:FREQ=DAILY;INTERVAL=0"], "interval"),
        (["DTSTART:20260302T100000Z", "RRULE:FREQ=SECONDLY"], "too often"),
        (["DTSTART:20260302T100000Z", "RRULE:FREQ=MINUTELY;COUNT=2"], "too often"),
        (["DTSTART:20260302T100000Z", f"RRULE:FREQ=DAILY;BYMINUTE={','.join(map(str, range(60)))}"], "24 times a day"),
        (["DTSTART:20200302T100000Z", "RRULE:FREQ=HOURLY"], "more than 1000 times"),
        (["DTSTART:20260302T100000Z", "EXDATE:soon"], "EXDATE"),
        (["DTSTART:99991231T235959Z", "DURATION:P9W"], "its DTSTART is in the year 9999"),
        (["DTSTART:00010101T000000", "DURATION:P1D"], "its DTSTART is in the year 1"),
        (["DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=WEEKLY"], "its DTSTART is in the year 1"),
        (["DTSTART:20260302T100000Z", "DTEND:99991231T235959Z"], "its DTEND is in the year 9999"),
        (["DTSTART:20260302T100000Z", "DURATION:P2600000D"], "its end is in the year 9144"),
        (["DTSTART:20260302T100000Z", "RECURRENCE-ID:00010101T000000"], "its RECURRENCE-ID is in the year 1"),
        (["DTSTART:20260302T100000Z", "BEGIN:VALARM"], "end"),
        (["DTSTART:20260302T100000Z", *["ATTENDEE:mailto:a@example.com"] * 2001], "invited"),
    ],
)
def test_a_bad_event_is_named_and_the_others_are_read(lines: list[str], reason: str) -> None:
    good = event("DTSTART:20260302T100000Z", uid="good")

    told = reading(feed(event(*lines, uid="bad"), good), limits=Limits(occurrences=1000))

    assert [found.uid for found in told.events] == ["good"]
    (record,) = told.set_aside
    assert record.remote_id == "bad"
    assert reason in record.reason


def test_an_event_whose_end_is_missing_is_named_and_the_next_is_read() -> None:
    unfinished = event("DTSTART:20260302T100000Z", uid="bad")[:-1]

    told = reading(feed(unfinished, event("DTSTART:20260302T100000Z", uid="good")))

    assert [found.uid for found in told.events] == ["good"]
    assert [record.remote_id for record in told.set_aside] == ["bad"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (1, "line 3: reading it takes too long"),
        (3, "working out when it repeats takes too long"),  # its occurrences put together
        (4, "working out when it repeats takes too long"),
    ],
)
def test_what_takes_too_long_is_named_and_the_others_are_read(step: int, reason: str) -> None:
    steps = iter(range(1, 100))

    @contextmanager
    def impatient() -> Iterator[None]:
        taken = next(steps)
        yield
        if taken == step:
            raise TimeoutError

    told = read(
        take_apart(feed(event("DTSTART:20260302T100000Z"), event("DTSTART:20260302T100000Z", uid="good"))),
        source="team",
        calendar="team",
        window=SPRING,
        zone=BERLIN,
        patience=impatient,
    )

    assert [found.uid for found in told.events] == ["good"]
    assert [(record.remote_id, record.reason) for record in told.set_aside] == [("e1", reason)]


def test_a_fault_in_putting_a_series_together_costs_that_series(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(uid: str, entries: Sequence[Entry]) -> list[Series]:
        if uid == "e1":
            raise OverflowError("date value out of range")
        return gather(uid, entries)

    monkeypatch.setattr(ical, "gather", fail)

    told = reading(feed(event("DTSTART:20260302T100000Z"), event("DTSTART:20260302T100000Z", uid="good")))

    assert [found.uid for found in told.events] == ["good"]
    assert [record.reason for record in told.set_aside] == [
        "when it repeats cannot be worked out (date value out of range)"
    ]


def test_dates_at_the_ends_of_time_are_no_exceptions_and_no_further_dates() -> None:
    content = feed(event(*WEEKLY, "EXDATE:00010101T000000", "EXDATE:20260309T090000Z", "RDATE:99991231T235959Z"))

    assert starts(content) == ["03-02 09:00", "03-16 09:00", "03-23 09:00"]


# --- too much of it ------------------------------------------------------------------------------------------------


def guests(number: int) -> list[str]:
    return [f"ATTENDEE:mailto:{n:04}@example.com" for n in range(number)]


def test_guests_count_with_each_time_that_the_event_takes_place() -> None:
    #  four Mondays of 100 guests are some 21 kB, and one of 300 guests 16 kB
    weekly, once = event(*WEEKLY, *guests(100), uid="weekly"), event(WEEKLY[0], *guests(300), uid="once")

    told = reading(feed(weekly, once), limits=Limits(said=20_000))

    assert [found.uid for found in told.events] == ["once"]
    assert [record.remote_id for record in told.set_aside] == ["weekly"]
    assert "texts and guests" in told.set_aside[0].reason
    assert len(reading(feed(weekly, once)).events) == 5


def test_what_would_be_too_much_with_the_others_is_named_and_what_still_fits_is_read() -> None:
    parts = [event(*WEEKLY, *guests(100), uid=f"crowd-{n}") for n in range(3)]

    told = reading(feed(*parts, event(*WEEKLY, uid="small")), limits=Limits(said_in_all=50_000))

    assert {found.uid for found in told.events} == {"crowd-0", "crowd-1", "small"}
    assert [record.remote_id for record in told.set_aside] == ["crowd-2"]


def test_long_titles_count_as_guests_do() -> None:
    long = event(*WEEKLY, "SUMMARY:" + "x" * 900)

    assert reading(feed(long), limits=Limits(said=3000)).events == ()
    assert len(reading(feed(long), limits=Limits(said=6000)).events) == 4


def test_a_very_long_uid_becomes_a_shorter_one_that_is_its_own() -> None:
    start = "DTSTART:20260302T100000Z"
    told = reading(feed(event(start, uid="x" * 9000), event(start, uid="x" * 8999 + "y"), event(start, uid="z" * 500)))

    uids = [found.uid for found in told.events]
    assert [len(uid) for uid in uids] == [233, 233, 500]
    assert len(set(uids)) == 3
    assert uids[0].startswith("x" * 200 + "-")


def test_an_address_or_a_reason_without_end_is_not_kept() -> None:
    long = "a" * 400 + "@example.com"
    found = only(feed(event("DTSTART:20260302T100000Z", f"ORGANIZER;CN=Ana:mailto:{long}", f"ATTENDEE:mailto:{long}")))
    told = reading(feed(event("DTSTART:" + "x" * 5000)))

    assert (found.organizer, found.attendances) == ("Ana", ())
    assert len(told.set_aside[0].reason) == 1000


def test_millions_of_empty_lines_are_passed_over_at_once() -> None:
    content = feed(event("DTSTART:20260302T100000Z")).replace(b"\r\n", b"\n" + b"\n" * 100_000, 3)
    begun = time.process_time()

    assert only(content).uid == "e1"
    assert time.process_time() - begun < 2


def test_more_than_the_limits_allow_is_refused() -> None:
    many = feed(*(event(*WEEKLY, uid=str(n)) for n in range(10)))

    with pytest.raises(NotACalendar, match="more than 9 events"):
        reading(many, limits=Limits(events=9))
    with pytest.raises(NotACalendar, match="more than 39 times"):
        reading(many, limits=Limits(in_all=39))
    assert len(reading(many, limits=Limits(events=10, in_all=40)).events) == 40


def test_a_line_that_cannot_be_read_is_told_and_costs_nothing_else() -> None:
    content = feed(event("DTSTART:20260302T100000Z", "GEO:somewhere", "no line at all"), head=('NAME;A="b',))

    told = reading(content)

    assert [found.uid for found in told.events] == ["e1"]
    assert told.warnings[0] == "lines of events that cannot be read and were passed over: 2"
    assert told.warnings[1].startswith("a line of the calendar itself cannot be read")


def recorded(test_data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((test_data / "ical").rglob("*.ics"))]


def attempt(content: bytes) -> Reading | NotACalendar:
    """What a recorded calendar holds, or why it is none."""
    window = Window(from_at=datetime(1995, 1, 1, tzinfo=UTC), until_at=datetime(2030, 1, 1, tzinfo=UTC))
    try:
        return reading(content, window)
    except NotACalendar as error:
        return error


def test_every_recorded_calendar_is_read_or_refused_with_a_reason(test_data: Path) -> None:
    told = [attempt(content) for content in recorded(test_data)]

    refused = [str(error) for error in told if isinstance(error, NotACalendar)]
    read_ones = [one for one in told if isinstance(one, Reading)]
    assert (len(refused), len(read_ones)) == (101, 184)
    assert all(refused)
    assert sum(len(one.events) for one in read_ones) == 9_892
    assert sum(len(one.set_aside) for one in read_ones) == 49


def test_recorded_single_components_are_read_or_named_in_a_calendar_of_their_own(test_data: Path) -> None:
    bare = [content for content in recorded(test_data) if b"BEGIN:VCALENDAR" not in content]

    told = [attempt(b"BEGIN:VCALENDAR\n" + content + b"\nEND:VCALENDAR\n") for content in bare]

    events = [one.events for one in told if isinstance(one, Reading)]
    assert all(len({(found.uid, found.recurrence_start) for found in some}) == len(some) for some in events)
    assert sum(map(len, events)) == 333


@pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
def test_every_recorded_calendar_that_the_library_fails_on_is_named(test_data: Path) -> None:
    named = 0
    for content in recorded(test_data):
        try:
            Calendar.from_ical(content, multiple=True)
        except ValueError:
            told = attempt(content)
            assert isinstance(told, NotACalendar) or told.warnings or told.set_aside
            named += 1

    assert named == 14


def test_a_zone_that_nothing_needs_is_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out = set()

    def to_tz(zone: Timezone, *_: object, **__: object) -> tzinfo:
        worked_out.add(str(zone["TZID"]))
        return UTC

    monkeypatch.setattr(Timezone, "to_tz", to_tz)
    unused = [line.replace("Our Own", "Another") for line in CUSTOM_ZONE]
    broken = [line.replace("Our Own", "Broken").replace("+0300", "+9900") for line in CUSTOM_ZONE]

    told = reading(feed(list(CUSTOM_ZONE), unused, broken, event("DTSTART;TZID=Our Own:20260302T100000")))

    assert worked_out == {"Our Own"}
    assert [found.uid for found in told.events] == ["e1"]
    assert [warning.partition(" is defined")[0] for warning in told.warnings] == ["the time zone Broken"]


def test_a_zone_that_takes_too_long_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def endless(zone: Timezone, *_: object, **__: object) -> tzinfo:
        tries.append(zone)
        raise TimeoutError

    monkeypatch.setattr(Timezone, "to_tz", endless)
    start = "DTSTART;TZID=Our Own:20260302T100000"

    told = reading(feed(list(CUSTOM_ZONE), event(start, uid="first"), event(start, uid="second")))

    assert len(tries) == 1
    assert [record.remote_id for record in told.set_aside] == ["first"]
    assert [(found.uid, found.zone_guessed) for found in told.events] == [("second", True)]
    assert told.warnings[-1] == "the time zone Our Own is defined in a way that cannot be read (it takes too long)"


def test_zones_are_looked_up_once() -> None:
    zones = Zones(take_apart(feed(list(CUSTOM_ZONE))).blocks)

    assert zones.find("Our Own") is zones.find("Our Own")
    assert zones.find("nowhere") is None
