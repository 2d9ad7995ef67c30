"""What is due is a pure function of the last readings and the present."""

from __future__ import annotations

import doctest
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.daemon import ticking
from core.daemon.ticking import LONGEST_PAUSE, WIDEST_SPREAD, Due, Reading, due, next_at, pause, spread
from tests.builders import moment

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGUN = moment("Mon 09:00")
LONG_AGO = moment("Mon 00:00")


def turns(now: str, **readings: Reading) -> list[str]:
    """The sources whose turn it is; each is read every ten minutes, the process began long ago."""
    every = dict.fromkeys(readings, 10 * MINUTE)
    return [one.source for one in due(every, readings, (), since=LONG_AGO, now=moment(now))]


def test_the_examples_hold() -> None:
    assert doctest.testmod(ticking).failed == 0


def test_a_source_that_was_never_read_is_due_since_the_process_began() -> None:
    assert due({"jira": HOUR}, {}, (), since=LONG_AGO, now=BEGUN) == [Due(source="jira", at=LONG_AGO)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("Mon 09:05", []),
        ("Mon 09:09:59", []),
        ("Mon 09:10:30", ["jira"]),  # the interval and the widest spread
        ("Mon 12:00", ["jira"]),  # missed turns come once
        ("Mon 08:00", ["jira"]),  # the clock was set back
    ],
)
def test_a_source_is_due_an_interval_after_its_last_reading_began(now: str, expected: list[str]) -> None:
    assert turns(now, jira=Reading(started_at=BEGUN)) == expected


@pytest.mark.parametrize(("now", "expected"), [("Mon 09:11", []), ("Mon 10:59:59", []), ("Mon 11:00", ["jira"])])
def test_nobody_is_asked_before_the_time_that_was_given(now: str, expected: list[str]) -> None:
    limited = Reading(started_at=BEGUN, failures=1, not_before=moment("Mon 11:00"))

    assert turns(now, jira=limited) == expected


def test_the_longer_it_fails_the_longer_it_is_left_alone() -> None:
    def waits(every: timedelta) -> list[timedelta]:
        return [pause(every, failures) for failures in range(1, 9)]

    assert waits(5 * MINUTE)[:5] == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, HOUR]
    assert waits(24 * HOUR)[:4] == [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR]  # sooner than tomorrow
    assert max(waits(24 * HOUR)) == 24 * HOUR


def test_what_failed_before_the_configuration_was_read_is_asked_at_once() -> None:
    failed = Reading(started_at=BEGUN, failures=7)
    anew = moment("Mon 09:01")

    assert next_at("jira", HOUR, failed, since=anew) == anew
    assert next_at("jira", HOUR, Reading(started_at=BEGUN), since=anew) >= BEGUN + HOUR


def test_who_is_busy_is_left_out_and_who_waits_longest_comes_first() -> None:
    readings = {name: Reading(started_at=moment(at)) for name, at in (("a", "Mon 08:00"), ("b", "Mon 07:00"))}
    every = {"a": MINUTE, "b": MINUTE, "c": MINUTE}

    found = due(every, readings, {"c"}, since=LONG_AGO, now=BEGUN)

    assert [one.source for one in found] == ["b", "a"]


def test_sources_that_began_together_do_not_stay_together() -> None:
    waits = {spread(f"source-{number}", BEGUN, HOUR) for number in range(20)}

    assert len(waits) > 15
    assert all(timedelta() <= wait <= WIDEST_SPREAD for wait in waits)


readings = st.builds(
    Reading,
    started_at=st.none()
    | st.datetimes(moment("Mon 00:00").replace(tzinfo=None)).map(lambda at: at.replace(tzinfo=BEGUN.tzinfo)),
    failures=st.integers(0, 10_000),
    not_before=st.none() | st.timedeltas(timedelta(), 48 * HOUR).map(lambda wait: BEGUN + wait),
)


@given(
    reading=readings,
    every=st.timedeltas(timedelta(seconds=1), 3660 * 24 * HOUR),
    wait=st.timedeltas(timedelta(), 72 * HOUR),
)
def test_a_turn_always_comes_and_stays_until_it_is_taken(reading: Reading, every: timedelta, wait: timedelta) -> None:
    now = BEGUN + wait
    found = due({"jira": every}, {"jira": reading}, (), since=LONG_AGO, now=now)

    limit = reading.not_before or LONG_AGO
    if found:
        assert limit <= now
        assert found[0].at <= now
        assert due({"jira": every}, {"jira": reading}, (), since=LONG_AGO, now=now + every)
    elif limit <= now:  # then its last reading is not long ago
        assert reading.started_at is not None
        assert reading.started_at <= now
        assert now - reading.started_at < max(every, LONGEST_PAUSE) + WIDEST_SPREAD
