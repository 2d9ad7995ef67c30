"""KPIs of flow: how long items take and how many get finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from core.history.period import monday_of
from core.kpi.declare import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    Evidence,
    LeftOut,
    Result,
    Scope,
    Undated,
    kpi,
    percentiles,
    spread,
)
from core.kpi.facts import ItemFacts
from core.model import Category, Unit

THROUGHPUT = "throughput"


def _closing(item: ItemFacts) -> datetime | Undated | None:
    """When the item was closed, None while it is open.

    One that is done without a date was so at some time until its last update: a period that began later is sure not to
    hold its finish.
    """
    if item.category is Category.DONE and item.finished_at is None:
        latest = max(item.work.item.updated_at, item.created_at)
        return Undated(item.work.history.spans[0].entered_at, latest, LeftOut("no_completion_date"))
    return item.closed_at


@kpi(
    "lead_time",
    of=ItemFacts,
    leaves=True,
    in_period=_closing,
    aggregate=percentiles,
    unit=Unit.SECONDS,
    target=LOWER_IS_BETTER,
    rule=None,
    missing=lambda scope: scope.no_items("nothing_finished"),
    smallest=5,
    definition="v2",
    source="Kanban Guide; Vacanti, Actionable Agile Metrics",
)
def lead_time(item: ItemFacts, _rule: None, _at: datetime) -> Evidence | LeftOut:
    """Elapsed seconds from the start of the item's first todo span to its finish."""
    if item.finished_at is None:
        return LeftOut("cancelled")
    return Evidence(value=max((item.finished_at - item.waiting_since).total_seconds(), 0.0))


def _by_week(rows: Sequence[Evidence], scope: Scope[ItemFacts, None]) -> Result:
    """The median of the weekly counts; numerator: items, denominator: weeks of the period that have begun.

    Weeks run from Monday and are cut at the ends of the period. Zero weeks are kept: a week in which nothing was
    finished is an observation like the others. One that ended before it was read to its end is none, unless something
    was seen in it; nor is one that began after the last reading.
    """
    if not scope.subjects or scope.at <= scope.period.start_at:
        return Result(None, None, None, {})
    calendar = scope.subjects[0].calendar
    last_on = min(scope.period.end_on, calendar.day_of(scope.at - timedelta(microseconds=1)))
    monday = monday_of(scope.period.start_on)
    finished = Counter(row.value for row in rows)
    counts = []
    while monday <= last_on:
        ended_at = calendar.end_of_day(min(monday + timedelta(days=6), scope.period.end_on))
        begun_at = calendar.end_of_day(monday - timedelta(days=1))
        read = ended_at <= scope.read_until if ended_at <= scope.at else begun_at < scope.read_until
        if count := finished[_week(monday)]:
            counts.append(float(count))
        elif read:
            counts.append(0.0)
        monday += timedelta(days=7)
    if not counts:
        return Result(None, None, None, {})
    statistics = spread(counts)
    return Result(statistics["p50"], float(len(rows)), float(len(counts)), statistics)


def _week(day: date) -> float:
    """The ISO week of the day as a number: 2026-W07 is 202607."""
    year, week, _ = day.isocalendar()
    return float(year * 100 + week)


def week_label(number: float) -> str:
    """The week of such a number as people write it: 2026-W07."""
    year, week = divmod(int(number), 100)
    return f"{year}-W{week:02}"


def _no_week(scope: Scope[ItemFacts, None]) -> str:
    return scope.no_items("not_read" if scope.at > scope.period.start_at else "period_not_started")


@kpi(
    THROUGHPUT,
    of=ItemFacts,
    leaves=True,
    in_period=_closing,
    aggregate=_by_week,
    unit=Unit.COUNT,
    target=HIGHER_IS_BETTER,
    rule=None,
    missing=_no_week,
    smallest=0,  # nothing finished is an observation too
    definition="v2",
    source="Kanban Guide; Vacanti, Actionable Agile Metrics",
)
def throughput(item: ItemFacts, _rule: None, _at: datetime) -> Evidence | LeftOut:
    """The ISO week in which the item was finished, as 202607, so that the rows alone give the weekly counts.

    The value of the period is the median of these counts, because items divided by weeks would be a mean, and a mean
    is never shown alone; both of its parts are there as numerator and denominator.
    """
    if item.finished_at is None:
        return LeftOut("cancelled")
    return Evidence(value=_week(item.calendar.day_of(item.finished_at)))
