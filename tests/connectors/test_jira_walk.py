"""Where a walk stands and goes on: for any answers, it ends, and the next one overlaps it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira import walk
from connectors.jira.walk import OVERLAP_MS, Place, anew, begin, go_on
from core.errors import BadAnswer
from core.model import Cursor

NOON = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)

places = st.builds(
    Place,
    scope=st.just("s"),
    since=st.none() | st.integers(0, NOON),
    started=st.none() | st.integers(0, NOON),
    window=st.none() | st.integers(0, NOON),
    token=st.none() | st.text(min_size=1),
    reached=st.none() | st.integers(0, NOON),
    count=st.integers(0, 50_000),
    pages=st.integers(0, 500),
    doubtful=st.booleans(),
)


@given(places)
def test_a_place_survives_being_kept_as_a_cursor(place: Place) -> None:
    assert begin(place.cursor, "s", wide=False) == place


@given(places, st.integers(0, NOON), st.integers(0, 100))
def test_at_its_end_a_walk_leaves_the_time_when_it_began_less_the_overlap(place: Place, at: int, issues: int) -> None:
    end = go_on(place, at=at, token=None, issues=issues, reached=None, doubtful=False)

    started = at if place.started is None else place.started
    assert end == Place("s", since=place.since if place.doubtful else started - OVERLAP_MS)


@given(places, st.integers(0, NOON), st.integers(0, NOON))
def test_on_the_way_the_beginning_is_kept_and_the_window_never_goes_back(place: Place, at: int, reached: int) -> None:
    token = "x" + (place.token or "")

    onward = go_on(place, at=at, token=token, issues=1, reached=reached, doubtful=False)

    assert onward.since == place.since
    assert onward.started == (at if place.started is None else place.started)
    assert onward.window == place.window or onward.window == reached - reached % 60_000
    assert onward.token in (token, None)


def test_a_doubtful_page_makes_the_whole_walk_doubtful() -> None:
    place = go_on(Place("s", since=5), at=NOON, token="a", issues=1, reached=1, doubtful=True)

    end = go_on(place, at=NOON, token=None, issues=1, reached=2, doubtful=False)

    assert end == Place("s", since=5)


def test_the_same_token_again_and_pages_without_end_are_bad_answers() -> None:
    with pytest.raises(BadAnswer):
        go_on(Place("s", token="a"), at=NOON, token="a", issues=1, reached=1, doubtful=False)
    with pytest.raises(BadAnswer):
        go_on(Place("s", pages=walk.MOST_PAGES), at=NOON, token="a", issues=0, reached=None, doubtful=False)


def test_a_new_window_begins_with_the_minute_that_was_reached() -> None:
    place = Place("s", since=1, started=2, window=3, token="a", reached=NOON + 61_000, count=9, pages=4)

    assert anew(place) == Place("s", since=1, started=2, window=NOON + 60_000, reached=NOON + 61_000)


@pytest.mark.parametrize("token", ["", "null", "{}", "[]", '{"scope": 1}', '{"scope": "other", "since": 5}'])
def test_a_cursor_that_is_not_ours_means_everything(token: str) -> None:
    assert begin(Cursor(token=token), "s", wide=False) == Place("s")


def test_wide_starts_a_day_earlier_and_cannot_widen_everything() -> None:
    held = Place("s", since=NOON)

    assert begin(held.cursor, "s", wide=True) == Place("s", since=NOON - 24 * 3_600_000, wide=True)
    assert begin(Place("s", started=NOON, token="a").cursor, "s", wide=True) == Place("s", started=NOON, token="a")


def test_a_wide_walk_that_was_broken_off_goes_on_and_widens_no_further() -> None:
    place = begin(Place("s", since=NOON).cursor, "s", wide=True)
    place = go_on(place, at=NOON, token="a", issues=100, reached=NOON, doubtful=False)

    again = begin(place.cursor, "s", wide=True)
    ended = go_on(again, at=NOON, token=None, issues=1, reached=NOON, doubtful=True)

    assert again == place
    assert ended == Place("s", since=NOON)


def test_the_query_is_bounded_and_absolute() -> None:
    place = Place("s", since=1_763_800_000_000, window=1_700_000_000_000)

    jql = place.jql('project in ("ERP") OR text ~ "x"')

    assert jql == ('(project in ("ERP") OR text ~ "x") AND updated >= 1763800000000 AND created >= 1700000000000')
