"""The service lives through days of trouble: each reading comes or is recorded as late, and nothing is doubled."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.daemon.refusal import refused
from core.daemon.running import Beat
from core.daemon.ticking import WIDEST_SPREAD, pause
from core.errors import StoreUnreachable
from tests.conftest import SOAK
from tests.daemon.days import CONFIGURATION_FILE, FAILS, HANGS, HTML, LIMITED, Days, Trouble, days_in

EVERY = {"steady": timedelta(hours=1), "troubled": timedelta(minutes=20), "daily": timedelta(hours=24)}
HOURS = 200
MOST_OBJECTS = 3000
"""By how many the objects of the process may grow in days: caches fill up, and nothing may heap up."""


@pytest.fixture
def begin_days() -> Iterator[Callable[..., Days]]:
    """Begins the days with the troubles that a test lays out."""
    with ExitStack() as stack:
        yield lambda *troubles: stack.enter_context(days_in(*troubles))


def check_turns(days: Days, source: str) -> None:
    """Each reading came when it was its turn, or says by how much it was late."""
    failed = 0
    for before, after in pairwise(days.runs(source)):
        failed = 0 if before.ok else failed + 1
        wait = pause(EVERY[source], failed) if failed else EVERY[source]
        due_at = max(before.started_at + wait, before.not_before or before.started_at)
        told = timedelta(seconds=after.counts["late_seconds"])
        unexplained = after.started_at - due_at - told
        tick = timedelta(seconds=days.step)
        # What was failing when the process began is asked again at once, which is sooner.
        assert unexplained <= WIDEST_SPREAD + tick, (source, before, after)
        assert failed or unexplained >= -tick, (source, before, after)


def check_writes(days: Days) -> None:
    """One comment an item, written only when it has to say something else."""
    assert len({note.target for note in days.tracker.notes}) == len(days.tracker.notes)
    assert days.tracker.calls.count("create") == len(days.tracker.notes)


def test_two_hundred_hours_with_a_source_in_trouble_two_restarts_and_a_bad_file(
    begin_days: Callable[..., Days],
) -> None:
    days = begin_days(
        Trouble("troubled", FAILS, 10, 20),
        Trouble("troubled", HANGS, 40, 44),
        Trouble("troubled", HTML, 60, 64),
        Trouble("troubled", LIMITED, 90, 95),
        Trouble("troubled", HANGS, 130, 131),
    )

    days.pass_by(15)
    assert days.health.snapshot().sources["troubled"].failing
    assert not days.health.snapshot().sources["steady"].failing
    days.pass_by(27)
    assert days.work.busy() == ["troubled"]
    days.pass_by(8)
    objects = len(gc.get_objects())
    days.restart(after=3)
    days.pass_by(47)
    days.sighup(CONFIGURATION_FILE.replace("kind: jira", "kind: gira"))
    days.pass_by(20)
    assert len(days.health.snapshot().problems) == 5
    with days.store.read() as connection:
        found = refused(connection)
    assert found is not None
    assert "gira" in found[1][0]
    days.sighup(CONFIGURATION_FILE)
    assert days.health.snapshot().problems == ()
    days.pass_by(10.5)
    assert days.work.busy() == ["troubled"]
    days.restart(after=0.1)  # cut off in the midst of a reading
    days.pass_by(HOURS - days.hour(days.clock.now))
    gc.collect()

    assert len(gc.get_objects()) - objects < MOST_OBJECTS
    for source in EVERY:
        check_turns(days, source)
    check_writes(days)
    assert 10 < days.tracker.writes < 60  # every ten hours there is something to say, in two places
    for source in ("steady", "daily"):  # late only where no process ran, and by no more than that
        late = [run for run in days.runs(source) if run.counts["late_seconds"] > 60]
        gaps = {begins: ends - begins for begins, ends in days.gaps}
        assert len(late) <= len(gaps)
        for run in late:
            ((lasted, ended),) = [
                (gap, at + gap) for at, gap in gaps.items() if at < days.hour(run.started_at) < at + gap + 0.1
            ]
            assert run.counts["late_seconds"] / 3600 <= lasted + 0.01
            assert days.hour(run.started_at) - ended < 0.01
    assert any(run.counts["late_seconds"] > 2 * 3600 for run in days.runs("steady"))
    assert len(days.runs("daily")) == 9
    assert all(run.ok for run in days.runs("daily"))
    assert not days.health.snapshot().sources["troubled"].failing
    assert days.health.snapshot().faults == 0


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


@settings(max_examples=200 if SOAK else 5, suppress_health_check=[HealthCheck.too_slow])
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

        for source in EVERY:
            check_turns(days, source)
        check_writes(days)
        assert days.health.snapshot().faults == 0
