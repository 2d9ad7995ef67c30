"""The stand-in calendar server: that it publishes what people do, as servers publish it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from tests.sandbox.calendar import CalendarSandbox, CalendarState, Clock
from tests.sandbox.calendar.render import folded

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEN = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - by the wall clock of the zone


@pytest.fixture
def state() -> CalendarState:
    state = CalendarState(Clock(START))
    state.add_calendar("team", zone="Europe/Berlin")
    state.add_meeting(
        "team", "Weekly", TEN, zone="Europe/Berlin", rule="FREQ=WEEKLY", uid="w", guests=("ana@x.example",)
    )
    return state


@pytest.fixture
def calendars(state: CalendarState) -> Iterator[CalendarSandbox]:
    with CalendarSandbox(state) as sandbox:
        yield sandbox


def lines(calendars: CalendarSandbox) -> list[str]:
    return requests.get(calendars.address("team"), timeout=5).text.splitlines()


def test_a_meeting_is_written_as_calendars_write_it(calendars: CalendarSandbox) -> None:
    told = lines(calendars)

    assert told[0] == "BEGIN:VCALENDAR"
    assert told[-1] == "END:VCALENDAR"
    assert 'DTSTART;TZID="Europe/Berlin":20260302T100000' in told
    assert "RRULE:FREQ=WEEKLY" in told
    assert 'ATTENDEE;CN="ana";PARTSTAT=NEEDS-ACTION:mailto:ana@x.example' in told


def test_a_changed_occurrence_is_an_entry_of_its_own(calendars: CalendarSandbox, state: CalendarState) -> None:
    state.move("team", "w", TEN + timedelta(hours=4), original=TEN)
    state.skip("team", "w", TEN + timedelta(days=7))

    told = lines(calendars)

    assert told.count("UID:w") == 2
    assert 'RECURRENCE-ID;TZID="Europe/Berlin":20260302T100000' in told
    assert 'DTSTART;TZID="Europe/Berlin":20260302T140000' in told
    assert 'EXDATE;TZID="Europe/Berlin":20260309T100000' in told


@pytest.mark.parametrize(
    ("style", "line"), [("outlook", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"), ("google", "SUMMARY:Out of office")]
)
def test_an_absence_has_days_and_its_programs_way_of_saying_so(
    calendars: CalendarSandbox, state: CalendarState, style: str, line: str
) -> None:
    state.add_absence("team", "bo@x.example", date(2026, 3, 9), date(2026, 3, 13), style=style)

    told = lines(calendars)

    assert "DTSTART;VALUE=DATE:20260309" in told
    assert "DTEND;VALUE=DATE:20260314" in told
    assert line in told


def test_long_lines_are_folded_at_75_octets_even_within_a_character() -> None:
    pieces = folded("SUMMARY:" + "ä" * 100).split(b"\r\n")

    assert max(map(len, pieces)) == 75
    assert b"".join(pieces).replace(b" ", b"").decode() == "SUMMARY:" + "ä" * 100


@pytest.mark.parametrize(("validators", "names"), [("both", 2), ("etag", 1), ("modified", 1), ("none", 0)])
def test_an_unchanged_feed_is_304_by_the_versions_that_the_server_tells(
    state: CalendarState, validators: str, names: int
) -> None:
    with CalendarSandbox(state, validators=validators) as calendars:
        first = requests.get(calendars.address("team"), timeout=5)
        named = {
            ours: first.headers[theirs]
            for ours, theirs in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
            if theirs in first.headers
        }
        again = requests.get(calendars.address("team"), headers=named, timeout=5)
        state.clock.advance(timedelta(minutes=5))
        state.edit("team", "w", title="Weekly, again")
        changed = requests.get(calendars.address("team"), headers=named, timeout=5)

    assert len(named) == names
    assert again.status_code == (304 if names else 200)
    assert changed.status_code == 200


def test_a_restless_server_writes_the_same_anew_each_time(state: CalendarState) -> None:
    state.add_meeting("team", "Kick-off", TEN, uid="k")
    with CalendarSandbox(state, restless=True, validators="none") as calendars:
        first, again = lines(calendars), lines(calendars)

    assert first != again
    steady = [[x for x in told if not x.startswith(("DTSTAMP", "CREATED", "PRODID"))] for told in (first, again)]
    assert sorted(steady[0]) == sorted(steady[1])


def test_a_guessed_address_leads_nowhere(calendars: CalendarSandbox) -> None:
    assert requests.get(f"{calendars.url}/calendars/guessed/team.ics", timeout=5).status_code == 404
