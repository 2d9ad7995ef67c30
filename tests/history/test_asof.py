"""An earlier moment shows only what was true then."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.history.asof import at
from core.history.spans import derive
from core.model import Category
from tests.builders import ACTIVE, DONE, MAPPING, MONDAY, OPEN, STATUSES, in_status, issue, lived, moment, moves
from tests.history.test_spans import STAYS, walk


def test_an_item_that_was_not_created_yet_is_not_there() -> None:
    _, history = lived("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", DONE))

    assert at(history, moment("Mon 08:59")) is None


def test_an_item_finished_later_was_open_then() -> None:
    _, history = lived("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", ACTIVE), ("Thu 09:00", DONE))

    then = at(history, moment("Wed 09:00"))

    assert then is not None
    assert (then.category, then.finished_at, then.spans[-1].left_at) == (ACTIVE, None, None)


def test_an_item_reopened_after_the_period_closed_was_finished_at_its_end() -> None:
    _, history = lived("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", DONE), ("2026-04-07 09:00", ACTIVE))

    then = at(history, moment("2026-04-01 00:00"))

    assert then is not None
    assert (then.category, then.finished_at, then.reopened) == (DONE, moment("Tue 09:00"), 0)
    assert history.finished_at is None


def test_what_happened_in_that_very_moment_is_known() -> None:
    _, history = lived("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", DONE), ("Thu 09:00", OPEN))

    then = at(history, moment("Tue 09:00"))

    assert then is not None
    assert then.finished_at == moment("Tue 09:00")


def test_the_present_is_the_whole_history() -> None:
    _, history = lived("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", DONE))

    assert at(history, moment("Fri 09:00")) == history


@given(STAYS, st.integers(-10, 200_000))
def test_an_earlier_moment_is_what_the_changes_up_to_it_tell(steps: list[tuple[int, Category]], seconds: int) -> None:
    stays = walk(steps)
    _, history = lived("ERP-1", *stays)
    instant = MONDAY + timedelta(seconds=seconds)

    then = at(history, instant)

    known = [stay for stay in stays if stay[0] <= instant]
    if not known:
        assert then is None
    else:
        item = in_status(issue("ERP-1", stays[0][0]), known[-1][1])
        assert then == derive(item, moves(*known), STATUSES, MAPPING)
