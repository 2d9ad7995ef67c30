"""A project held against its plan over time: what is measured, when a period is frozen, and what stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.errors import SourceUnavailable
from core.history.calendar import WorkingCalendar
from core.history.period import period_at
from core.model import Basis, Measurement, Page, Period, PeriodKind, Plan, Role, Snapshot
from core.plan.match import RoleRule
from core.projects import Held, ProjectJob, hold, reconstruct, stale_sources
from core.store import items, plans, results
from core.store.engine import Store
from tests.builders import DONE, OFFICE, OPEN, change, deliverable, in_status, issue, moment, plan
from tests.sync.source import PagedSource, page, read, snapshot

MARCH = period_at(PeriodKind.MONTH, moment("2026-03-10 00:00"), OFFICE.zone)
APRIL = period_at(PeriodKind.MONTH, moment("2026-04-10 00:00"), OFFICE.zone)
ONE = snapshot("ERP-1", ("2026-03-02 09:00", OPEN))


@dataclass
class Desk:
    """A project and its store. `cycle` reads pages and holds the project at a moment."""

    store: Store
    plan: Plan | None = None
    calendar: WorkingCalendar = OFFICE

    @property
    def job(self) -> ProjectJob:
        return ProjectJob(
            id="erp",
            name="ERP",
            read_plan=lambda: self.plan,
            kinds={"jira": "jira"},
            patience={"jira": timedelta(minutes=15)},
            roles={Role.PROBLEM: RoleRule(types=("Bug",))},
            calendar=self.calendar,
            period=PeriodKind.MONTH,
            rules={},
            topics=(),
            people=(),
            language="en",
        )

    def cycle(self, at: str, *pages: Page) -> Held:
        read(self.store, at, *(pages or (page(),)))
        return hold(self.store, self.job, moment(at))

    def approve(self, approved: Plan, at: str, *, recorded: str | None = None) -> None:
        with self.store.write() as connection:
            plans.approve(
                connection,
                "erp",
                approved,
                by="lead@example.com",
                reason=None,
                approved_at=moment(at),
                recorded_at=moment(recorded or at),
            )

    def numbers(self, period: Period) -> dict[str, tuple[Measurement, bool]]:
        with self.store.read() as connection:
            return {one.kpi: (one, frozen) for one, frozen in results.measurements(connection, "erp", period)}

    def frozen(self, period: Period) -> set[str]:
        return {kpi for kpi, (_, frozen) in self.numbers(period).items() if frozen}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Store.open(f"sqlite:///{tmp_path}/planward.db", create=True) as store:
        yield Desk(store)


def test_a_period_that_ended_is_frozen_once_everything_was_read_after_it(desk: Desk) -> None:
    desk.cycle("2026-03-10 09:00", page(ONE))
    assert desk.frozen(MARCH) == set()

    desk.cycle("2026-04-01 00:30")  # within the hour in which a tracker may still index what happened before
    assert desk.frozen(MARCH) == set()

    desk.cycle("2026-04-01 01:00")
    assert desk.frozen(MARCH) == {"lead_time", "throughput", "delivered_on_time", "problems_resolved_in_time"}


def test_a_reading_that_began_before_the_end_freezes_nothing(desk: Desk) -> None:
    desk.cycle("2026-03-10 09:00", page(ONE))
    times = iter([moment("2026-03-31 23:50")] * 4 + [moment("2026-04-01 03:00")] * 50)

    read(desk.store, lambda: next(times), page())
    hold(desk.store, desk.job, moment("2026-04-01 03:01"))

    assert desk.frozen(MARCH) == set()


def test_a_doubtful_reading_freezes_nothing_and_is_shown_as_stale(desk: Desk) -> None:
    desk.cycle("2026-03-10 09:00", page(ONE))

    desk.cycle("2026-04-01 09:00", page(complete=False, warnings=("truncated",)))

    with desk.store.read() as connection:
        stale = stale_sources(connection, desk.job.patience, moment("2026-04-01 09:00"))
    assert desk.frozen(MARCH) == set()
    assert stale == ("jira",)
    assert desk.numbers(APRIL)["lead_time"][0].stale_sources == ("jira",)


def test_periods_in_which_nothing_ran_are_measured_and_frozen_afterwards(desk: Desk) -> None:
    solved = snapshot("ERP-2", ("2026-04-06 09:00", OPEN), ("2026-04-07 09:00", DONE))
    desk.cycle("2026-03-10 09:00", page(ONE))

    desk.cycle("2026-06-10 09:00", page(solved))

    may = period_at(PeriodKind.MONTH, moment("2026-05-10 00:00"), OFFICE.zone)
    assert "lead_time" in desk.frozen(MARCH) & desk.frozen(APRIL) & desk.frozen(may)
    assert [desk.numbers(month)["lead_time"][0].sample for month in (MARCH, APRIL, may)] == [0, 1, 0]
    february = period_at(PeriodKind.MONTH, moment("2026-02-10 00:00"), OFFICE.zone)
    assert desk.numbers(february) == {}  # nobody was there yet


def test_years_without_a_run_are_taken_up_a_few_months_at_a_time_and_not_for_ever(desk: Desk) -> None:
    desk.cycle("2016-01-10 09:00", page(ONE))

    desk.cycle("2026-06-10 09:00")
    with desk.store.read() as connection:
        days = results.measured_days(connection, "erp", PeriodKind.MONTH)

    assert [str(day) for day in days] == ["2016-01-01", "2025-12-01", *(f"2026-0{month}-01" for month in range(1, 7))]


def test_months_of_the_plan_before_anybody_was_there_are_rebuilt_from_history_and_say_so(desk: Desk) -> None:
    #        January    February    March    April
    # plan   begins 12th
    # ERP-2             ──────────────done
    # held                                   first on the 10th
    desk.plan = plan(deliverable("D1", "2026-06-20"), start_on=date(2026, 1, 12))
    solved = snapshot("ERP-2", ("2026-02-02 09:00", OPEN), ("2026-03-10 09:00", DONE))

    desk.cycle("2026-04-10 09:00", page(ONE, solved))
    with desk.store.read() as connection:
        days = results.measured_days(connection, "erp", PeriodKind.MONTH)
        past = results.frozen_before(connection, "erp", APRIL)

    assert [str(day) for day in days] == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
    assert [one.sample for one in past if one.kpi == "lead_time"] == [0, 0, 1]
    assert {one.basis for one in past} == {Basis.HISTORY}

    desk.cycle("2026-05-02 09:00")
    assert {one.basis for one, _ in desk.numbers(APRIL).values()} == {Basis.FROZEN}


def test_a_host_whose_clock_runs_ahead_freezes_nothing_that_the_source_has_not_reached(desk: Desk) -> None:
    def told(at: str) -> Page:
        return replace(page(ONE), answered_at=moment(at))

    desk.cycle("2026-03-10 09:00", told("2026-03-10 09:00"))
    desk.cycle("2031-03-10 09:00", told("2026-03-10 09:05"))
    ahead = desk.frozen(MARCH)
    desk.cycle("2031-04-01 09:00", told("2026-04-01 02:00"))

    assert ahead == set()
    assert "lead_time" in desk.frozen(MARCH)
    assert desk.frozen(APRIL) == set()


def test_a_frozen_number_does_not_change_with_what_happens_later(desk: Desk) -> None:
    finished = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE))
    desk.cycle("2026-03-30 09:00", page(finished))
    desk.cycle("2026-04-01 09:00")
    before = desk.numbers(MARCH)
    reopened = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE), ("2026-04-02 09:00", OPEN))

    desk.cycle("2026-04-03 09:00", page(reopened))

    assert before["throughput"][0].numerator == 1
    assert desk.numbers(MARCH) == before


def test_a_pending_problem_is_decided_and_then_frozen(desk: Desk) -> None:
    #                        opened          period ends            48 h are over
    # ERP-1                  31 March 12:00  1 April 00:00          2 April 12:00
    desk.cycle("2026-03-31 13:00", page(snapshot("ERP-1", ("2026-03-31 12:00", OPEN), type="Bug")))

    desk.cycle("2026-04-01 09:00")
    number, frozen = desk.numbers(MARCH)["problems_resolved_in_time"]
    assert (number.value, dict(number.excluded), frozen) == (None, {"pending": 1}, False)

    desk.cycle("2026-04-02 13:00")
    number, frozen = desk.numbers(MARCH)["problems_resolved_in_time"]
    assert (number.value, number.sample, frozen) == (0.0, 1, True)


def test_a_plan_edited_after_the_end_does_not_change_the_frozen_number(desk: Desk) -> None:
    agreed = plan(deliverable("D1", "2026-03-20"), deliverable("D2", "2026-03-25"))
    desk.plan = agreed
    desk.approve(agreed, "2026-03-01 00:00")
    done = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE), labels=("d1",))
    desk.cycle("2026-03-30 13:00", page(done))

    desk.plan = plan(deliverable("D1", "2026-03-20"), deliverable("D2", "2026-12-25"))
    desk.cycle("2026-04-01 09:00")

    number, frozen = desk.numbers(MARCH)["delivered_on_time"]
    assert frozen
    assert (number.value, number.statistics["latest"]) == (0.5, 0.5)


def test_an_approval_that_was_told_later_is_unknown_to_a_frozen_number(desk: Desk) -> None:
    agreed = plan(deliverable("D1", "2026-03-20"))
    desk.plan = agreed
    desk.approve(agreed, "2026-03-01 00:00")
    desk.cycle("2026-03-30 13:00", page(snapshot("ERP-1", ("2026-03-02 09:00", OPEN), labels=("d1",))))

    desk.approve(plan(deliverable("D1", "2026-04-20")), "2026-03-15 00:00", recorded="2026-04-01 00:30")
    desk.cycle("2026-04-01 09:00")

    number, frozen = desk.numbers(MARCH)["delivered_on_time"]
    assert frozen
    assert (number.numerator, number.denominator) == (0, 1)


def test_a_plan_that_went_back_holds_again(desk: Desk) -> None:
    early, late = plan(deliverable("D1", "2026-03-05")), plan(deliverable("D1", "2026-12-20"))
    desk.approve(early, "2026-03-01 00:00")
    work = page(snapshot("ERP-1", ("2026-03-02 09:00", OPEN), labels=("d1",)))
    for at, held in (("2026-03-02 10:00", early), ("2026-03-03 10:00", late), ("2026-03-04 10:00", early)):
        desk.plan = held
        desk.cycle(at, work)

    numbers = {one.kpi: one for one in reconstruct(desk.store, desk.job, MARCH, moment("2026-03-10 09:00"))}

    assert numbers["delivered_on_time"].statistics["latest"] == 0.0


def test_a_host_clock_that_was_set_back_loses_no_item_and_breaks_nothing(desk: Desk) -> None:
    desk.cycle("2026-03-31 23:59", page(ONE))
    desk.cycle("2026-04-01 09:00")
    frozen = desk.numbers(MARCH)

    desk.cycle("2026-03-31 23:58", page(snapshot("ERP-2", ("2026-03-02 09:00", OPEN))))

    with desk.store.read() as connection:
        assert [one.item.key for one in items.enrolled(connection, "erp")] == ["ERP-1", "ERP-2"]
    assert desk.numbers(MARCH) == frozen


def test_a_zone_that_was_moved_west_breaks_nothing(desk: Desk) -> None:
    desk.calendar = WorkingCalendar(ZoneInfo("Asia/Shanghai"))
    desk.cycle("2026-03-30 09:00", page(ONE))
    desk.cycle("2026-03-31 18:00")

    desk.calendar = OFFICE

    assert desk.cycle("2026-03-31 19:00").measurements == 4


@pytest.mark.parametrize(
    "life",
    [
        snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE)),
        snapshot("ERP-1", ("2026-03-02 09:00", DONE)),
        snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE), type="Bug"),
        Snapshot(  # an import, finished before it was created here
            item=in_status(issue("ERP-1", "2026-04-05 09:00", type="Bug"), DONE),
            changes=(change("2026-03-01 09:00", "status", "Open", "Done", entry=1),),
            comments=(),
            links=(),
        ),
    ],
    ids=["finished before", "done without a date", "problem of another month", "import"],
)
def test_what_is_stored_is_what_the_whole_history_gives(desk: Desk, life: Snapshot) -> None:
    at = "2026-04-10 09:00"
    desk.cycle(at, page(life, snapshot("ERP-2", ("2026-03-02 09:00", OPEN))))

    stored = {kpi: number for kpi, (number, _) in desk.numbers(APRIL).items()}
    whole = {one.kpi: one for one in reconstruct(desk.store, desk.job, APRIL, moment(at))}

    for kpi, number in whole.items():
        assert (stored[kpi].value, stored[kpi].reason) == (number.value, number.reason)
        assert (stored[kpi].sample, dict(stored[kpi].excluded)) == (number.sample, dict(number.excluded))


def test_a_source_is_stale_after_some_failures_and_not_after_one(desk: Desk) -> None:
    def stale(at: str) -> tuple[str, ...]:
        with desk.store.read() as connection:
            return stale_sources(connection, desk.job.patience, moment(at))

    def fail(at: str) -> None:
        def fault(number: int) -> None:
            raise SourceUnavailable("the line is down")

        read(desk.store, at, source=PagedSource(pages=[page()], fault=fault))

    assert stale("2026-03-10 09:00") == ("jira",)

    read(desk.store, "2026-03-10 09:00", page())
    fail("2026-03-10 09:05")
    assert stale("2026-03-10 09:05") == ()

    fail("2026-03-10 09:20")
    assert stale("2026-03-10 09:20") == ("jira",)

    read(desk.store, "2026-03-10 09:25", page())
    assert stale("2026-03-10 09:25") == ()


def test_what_nobody_has_read_for_more_than_a_day_is_stale_although_nothing_failed(desk: Desk) -> None:
    desk.cycle("2026-03-10 09:00", page(ONE))

    def stale(at: str) -> tuple[str, ...]:
        with desk.store.read() as connection:
            return stale_sources(connection, desk.job.patience, moment(at))

    assert stale("2026-03-11 09:00") == ()  # a timer may run us once a day
    assert stale("2026-03-11 09:01") == ("jira",)


def test_a_source_that_is_to_be_read_every_few_days_may_be_as_old_as_that(desk: Desk) -> None:
    desk.cycle("2026-03-10 09:00", page(ONE))

    with desk.store.read() as connection:
        assert stale_sources(connection, {"jira": timedelta(days=6)}, moment("2026-03-16 09:00")) == ()
        assert stale_sources(connection, {"jira": timedelta(days=6)}, moment("2026-03-16 09:01")) == ("jira",)


def test_weeks_that_nobody_has_read_are_no_weeks_in_which_nothing_was_finished(desk: Desk) -> None:
    solved = snapshot("ERP-2", ("2026-03-02 09:00", OPEN), ("2026-03-03 09:00", DONE))
    desk.cycle("2026-03-11 09:00", page(ONE, solved))

    def weekly(period: Period, at: str) -> Measurement:
        found = {one.kpi: one for one in reconstruct(desk.store, desk.job, period, moment(at))}
        return found["throughput"]

    # The 1st alone and the week of the 2nd were read whole; that of the 9th until the 11th.
    assert weekly(MARCH, "2026-03-11 09:00").denominator == 3
    assert weekly(MARCH, "2026-04-01 00:00").denominator == 2
    unread = weekly(APRIL, "2026-04-25 09:00")
    assert (unread.value, unread.reason, unread.stale_sources) == (None, "not_read", ("jira",))


def test_nothing_is_found_or_measured_before_a_source_was_read_to_its_end(desk: Desk) -> None:
    desk.plan = plan(deliverable("D1", "2026-03-01"))

    held = desk.cycle("2026-03-10 09:00", page(ONE, complete=False, warnings=("truncated",)))

    with desk.store.read() as connection:
        assert results.open_findings(connection, "erp") == []
    assert (held.findings, held.measurements, held.wanted) == (0, 0, ())
    assert desk.numbers(MARCH) == {}
