"""The service lives through days of trouble: each reading comes or is recorded as late, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.daemon.running import Beat, setup_of
from core.errors import StoreUnreachable
from core.sync.drain import drain
from tests.conftest import SOAK
from tests.daemon.days import (
    CONFIGURATION_FILE,
    FAILS,
    HANGS,
    HTML,
    LIMITED,
    Days,
    Trouble,
    check_turns,
    check_writes,
    days_in,
)

EVERY = {"steady": timedelta(hours=1), "troubled": timedelta(minutes=20), "daily": timedelta(hours=24)}


@pytest.fixture
def begin_days() -> Iterator[Callable[..., Days]]:
    """Begins the days with the troubles that a test lays out."""
    with ExitStack() as stack:
        yield lambda *troubles: stack.enter_context(days_in(*troubles))


def test_a_daily_reading_happens_although_the_service_restarts_every_ten_minutes(
    begin_days: Callable[..., Days],
) -> None:
    days = begin_days()

    while days.hour(days.clock.now) < 25:
        days.pass_by(1 / 6)
        days.restart(after=0.01)

    assert len(days.runs("daily")) == 2
    assert [run.counts["late_seconds"] < 120 for run in days.runs("daily")] == [True] * 2


def test_a_rate_limit_is_kept_to_the_second_and_holds_up_nobody_else(begin_days: Callable[..., Days]) -> None:
    days = begin_days(Trouble("troubled", LIMITED, 1, 7))

    days.pass_by(10)

    hours = [days.hour(at) for source, at in days.starts if source == "troubled"]
    asked = [hour for hour in hours if hour >= 1]
    assert asked[0] < 1.4
    assert 7 <= asked[1] < 7.01
    assert len(days.runs("steady")) == 10
    assert max(run.counts["late_seconds"] for run in days.runs("steady")) <= days.step


def test_a_source_that_hangs_is_waited_for_by_nobody(begin_days: Callable[..., Days]) -> None:
    days = begin_days(Trouble("troubled", HANGS, 0, 30))

    days.pass_by(20)

    assert days.work.busy() == ["troubled"]
    assert len(days.runs("steady")) == 20
    assert days.tracker.calls.count("create") == 1  # the project of the source that was never read says nothing yet
    assert days.health.snapshot().sources["troubled"].began_at is not None


def test_what_failed_is_asked_at_once_when_the_configuration_is_read_anew(begin_days: Callable[..., Days]) -> None:
    days = begin_days(Trouble("daily", FAILS, 0, 1.9))
    days.pass_by(2)
    tried = len(days.runs("daily"))

    days.sighup(CONFIGURATION_FILE)
    days.pass_by(0.01)

    assert len(days.runs("daily")) == tried + 1
    assert days.runs("daily")[-1].ok


def test_sources_come_go_and_change_with_the_file(begin_days: Callable[..., Days]) -> None:
    days = begin_days()
    days.pass_by(1)
    steady = "  steady: {kind: jira, url: https://steady.example, token: {env: TOKEN}, projects: [ERP], every: 1h}\n"
    added = steady.replace("steady", "added")
    days.sighup(
        CONFIGURATION_FILE.replace(steady, steady + added)
        .replace("every: 24h", "every: 30m")
        .replace("    sources: [steady]", "    sources: [steady, added]")
    )

    days.pass_by(2)

    assert len(days.runs("added")) == 2
    assert len(days.runs("daily")) >= 4
    assert max(run.counts["late_seconds"] for run in days.runs("daily")) <= days.step  # by the old interval, in time
    assert set(days.health.snapshot().sources) == {"steady", "troubled", "daily", "added"}

    days.sighup(CONFIGURATION_FILE)
    days.pass_by(2)

    assert len(days.runs("added")) == 2
    assert set(days.health.snapshot().sources) == {"steady", "troubled", "daily"}


def test_a_source_that_comes_back_with_the_file_is_known_as_it_was(begin_days: Callable[..., Days]) -> None:
    days = begin_days()
    days.pass_by(1)
    daily = "  daily: {kind: jira, url: https://daily.example, token: {env: TOKEN}, projects: [HR], every: 24h}\n"
    days.sighup(CONFIGURATION_FILE.replace(daily, "").replace("[troubled, daily]", "[troubled]"))
    days.pass_by(1)

    days.sighup(CONFIGURATION_FILE)
    days.pass_by(0.1)

    (run,) = days.runs("daily")
    assert days.health.snapshot().sources["daily"].last_success == run.finished_at
    assert days.health.snapshot().unread == []


def test_what_another_process_read_is_known_soon(begin_days: Callable[..., Days]) -> None:
    days = begin_days(Trouble("daily", FAILS, 0, 2.5))
    days.pass_by(3)
    tried = len(days.runs("daily"))
    assert days.health.snapshot().sources["daily"].failing

    job = setup_of(days.settings, days.stop, days.refusals).sources["daily"]
    drain(days.store, job, full=False, now=days.clock, stop=days.stop, progress=lambda *_: None)
    days.pass_by(0.3)

    *_, run = days.runs("daily")
    seen = days.health.snapshot()
    assert len(days.runs("daily")) == tried + 1
    assert (seen.sources["daily"].last_success, seen.sources["daily"].failing) == (run.finished_at, False)
    assert seen.projects["ops"].measurements


def test_a_project_is_held_as_soon_as_its_day_is_over(begin_days: Callable[..., Days]) -> None:
    days = begin_days()  # which begin at 22:45 in Chatham
    plan = "name: ERP\ndeliverables: [{id: D1, name: Test, due: 2026-03-02, work: {jira: ERP-99}}]\n"
    (days.folder / "plan.yaml").write_text(plan, encoding="utf-8")
    configuration = CONFIGURATION_FILE.replace("name: ERP\n", "name: ERP\n    plan: plan.yaml\n")
    days.sighup(f"timezone: Pacific/Chatham\n{configuration}")
    days.pass_by(1.24)
    assert "overdue" not in days.health.snapshot().projects["erp"].findings

    days.pass_by(0.01)

    assert days.health.snapshot().projects["erp"].findings["overdue"] == 1


def test_what_takes_a_restart_is_refused(begin_days: Callable[..., Days]) -> None:
    days = begin_days()

    days.sighup(CONFIGURATION_FILE.replace("planward.db", "other.db"))

    assert "`store` changed, which takes a restart" in days.health.snapshot().problems[0]
    assert days.settings.store.endswith("planward.db")


def test_a_plan_that_becomes_wrong_is_refused_and_the_one_before_stays(begin_days: Callable[..., Days]) -> None:
    days = begin_days()
    plan = days.folder / "plan.yaml"
    plan.write_text(
        "name: ERP\ndeliverables: [{id: D1, name: Test, due: 2026-02-27, work: {jira: ERP-99}}]\n", encoding="utf-8"
    )
    days.sighup(CONFIGURATION_FILE.replace("name: ERP\n", "name: ERP\n    plan: plan.yaml\n"))
    days.pass_by(1.1)
    assert dict(days.health.snapshot().projects["erp"].findings)["overdue"] == 1

    plan.write_text("name: ERP\ndeliverables: [{id: D1, nam: Test}]\n", encoding="utf-8")
    days.pass_by(2)

    assert dict(days.health.snapshot().projects["erp"].findings)["overdue"] == 1
    assert any("nam" in problem for problem in days.health.snapshot().problems)

    plan.write_text(
        "name: ERP\ndeliverables: [{id: D1, name: Test, due: 2026-09-01, work: {jira: ERP-99}}]\n", encoding="utf-8"
    )
    days.pass_by(2)

    assert "overdue" not in days.health.snapshot().projects["erp"].findings
    assert days.health.snapshot().problems == ()


def test_a_clock_set_back_stops_nothing(begin_days: Callable[..., Days]) -> None:
    days = begin_days()
    days.pass_by(5)

    days.clock.pass_by(-4 * 3600)
    days.pass_by(3)
    at = [at for source, at in days.starts if source == "steady"]

    assert len(at) == 5 + 3
    assert len([one for source, one in days.starts if source == "daily"]) == 1
    assert max(run.counts["late_seconds"] for run in days.runs("steady")) <= days.step


def test_what_was_read_is_held_right_away(begin_days: Callable[..., Days], monkeypatch: pytest.MonkeyPatch) -> None:
    days = begin_days()
    held: list[str] = []
    monkeypatch.setattr(days.health, "held", lambda project, _: held.append(project))

    days.pass_by(3)

    assert held.count("ops") >= len(days.runs("troubled")) >= 9
    assert held.count("erp") >= 3


def test_a_loop_that_meets_a_fault_does_not_count_as_alive(
    begin_days: Callable[..., Days], monkeypatch: pytest.MonkeyPatch
) -> None:
    days = begin_days()
    beat = Beat(days.work, days.health)

    def round_with(error: Exception) -> bool:
        def tick() -> None:
            raise error

        monkeypatch.setattr(days.work, "tick", tick)
        days.clock.pass_by(120)
        beat()
        return days.health.is_alive()

    assert not round_with(ValueError("a fault of ours"))
    assert days.health.snapshot().faults == 1
    assert round_with(StoreUnreachable("the server is away"))  # which a restart would not bring back


troubles = st.lists(
    st.builds(
        lambda source, what, begins, lasts: Trouble(source, what, begins, begins + lasts),
        st.sampled_from(list(EVERY)),
        st.sampled_from([FAILS, HANGS, HTML, LIMITED]),
        st.floats(0, 24),
        st.floats(0.1, 6),
    ),
    max_size=5,
)


@settings(max_examples=200 if SOAK else 2, suppress_health_check=[HealthCheck.too_slow])
@given(troubles=troubles, restarts=st.lists(st.tuples(st.floats(0.5, 12), st.floats(0, 5)), max_size=3))
def test_whatever_happens_every_turn_comes(
    troubles: list[Trouble],
    restarts: list[tuple[float, float]],
) -> None:
    with days_in(*troubles) as days:
        for lasts, gap in restarts:
            days.pass_by(lasts)
            days.restart(after=gap)
        days.pass_by(12)

        for source, every in EVERY.items():
            check_turns(days, source, every)
        check_writes(days)
        assert days.health.snapshot().faults == 0
