"""Periods are half-open stretches of whole days in the project's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.history.period import label, parse_period, period_at, previous
from core.model import PeriodKind
from tests.builders import moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("2026-03", PeriodKind.MONTH, "2026-03-01", "2026-03-31"),
        ("2028-02", PeriodKind.MONTH, "2028-02-01", "2028-02-29"),  # a leap day
        ("2026-12", PeriodKind.MONTH, "2026-12-01", "2026-12-31"),
        ("2026-W07", PeriodKind.WEEK, "2026-02-09", "2026-02-15"),
        ("2026-w01", PeriodKind.WEEK, "2025-12-29", "2026-01-04"),
        ("2026-Q1", PeriodKind.QUARTER, "2026-01-01", "2026-03-31"),
        ("2026-q4", PeriodKind.QUARTER, "2026-10-01", "2026-12-31"),
    ],
)
def test_a_period_is_read_as_it_is_written(text: str, kind: PeriodKind, first: str, last: str) -> None:
    period = parse_period(text, SHANGHAI)

    assert (period.kind, period.start_on.isoformat(), period.end_on.isoformat()) == (kind, first, last)
    assert label(period) == text.upper()


@pytest.mark.parametrize(
    "text", ["", "March", "2026", "2026-13", "2026-00", "2026-W54", "2026-Q5", "2026-3", "0000-01"]
)
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_period(text, SHANGHAI)

    assert "2026-W07" in refused.value.advice


def test_a_period_begins_and_ends_at_midnight_in_the_zone() -> None:
    march = parse_period("2026-03", BERLIN)

    assert march.start_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert march.end_at == datetime(2026, 3, 31, 22, tzinfo=UTC)  # summer time by then


def test_the_day_in_the_zone_decides_the_period() -> None:
    late = moment("2026-03-31 17:00")  # 1 April in Shanghai

    assert label(period_at(PeriodKind.MONTH, late, SHANGHAI)) == "2026-04"
    assert label(period_at(PeriodKind.MONTH, late, BERLIN)) == "2026-03"


@given(
    st.sampled_from(list(PeriodKind)),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")]),
)
def test_periods_follow_each_other_without_gap_and_hold_their_moment(
    kind: PeriodKind, wall: datetime, zone: ZoneInfo
) -> None:
    instant = wall.replace(tzinfo=UTC)
    period = period_at(kind, instant, zone)

    assert period.start_at <= instant < period.end_at
    assert previous(period, zone).end_at == period.start_at
    assert previous(period, zone).end_on == period.start_on - timedelta(days=1)
    assert parse_period(label(period), zone) == period
