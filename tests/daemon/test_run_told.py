"""Two hundred hours of trouble: every turn comes, nothing is doubled or heaps up, and everybody tells the truth."""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import SOAK
from tests.daemon.days import FAILS, HANGS, HTML, LIMITED, Days, Trouble, check_turns, check_writes, days_in
from tests.daemon.laid_out import CONFIGURATION, EVERY, PLANS, agendas, holds
from tests.daemon.told import Watcher

HOURS = 200
LOOK_EVERY = 1 if SOAK else 4
"""Hours between two looks at everything that tells how it is."""
TROUBLES = (
    Trouble("calendar", FAILS, 0, 1.2),
    Trouble("code", FAILS, 10, 20),
    Trouble("code", HANGS, 40, 44),
    Trouble("code", HANGS, 48.9, 52),
    Trouble("code", HTML, 85, 91),
    Trouble("calendar", FAILS, 90, 170),
    Trouble("code", LIMITED, 100, 105),
    Trouble("tracker", FAILS, 120, 128.5),
    Trouble("code", HANGS, 129.5, 131),
)
MOST_OBJECTS = 3000
"""By how many the objects of the process may grow in 150 hours: caches fill up, and nothing may heap up."""
MOST_BYTES = 16 * 2**20
"""By how much its memory may."""


@pytest.fixture
def days() -> Iterator[Days]:
    """The service with its troubles."""
    with days_in(
        *TROUBLES,
        configuration=CONFIGURATION,
        plans=PLANS,
        holds=holds,
        agendas=agendas,
        step=60.0,
    ) as days:
        yield days


@pytest.fixture
def watcher(days: Days) -> Iterator[Watcher]:
    """Who looks at it."""
    with closing(Watcher(days)) as watcher:
        yield watcher


def used() -> tuple[int, int]:
    """The objects of this process, and its bytes in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return len(gc.get_objects()), pages * resource.getpagesize()


def live_until(hour: float, days: Days, watcher: Watcher) -> None:
    """Let the service live until then, and look at it in the middle of hours."""
    while (now := days.hour(days.clock.now)) < hour:
        half = int(now - 0.5) + 1.5 if now >= 0.5 else 0.5
        days.pass_by(min(half, hour) - now)
        if half <= hour and int(half) % LOOK_EVERY == 0:
            watcher.look()


def stop_for(hours: float, days: Days, watcher: Watcher, *, killed: bool = False) -> None:
    """The process ends, and another begins so much later; meanwhile the pages and `status` are looked at."""
    now = days.hour(days.clock.now)
    watcher.ended(killed=killed)
    days.end(killed=killed)
    days.gaps.append((now, now + hours))
    while days.hour(days.clock.now) + LOOK_EVERY < now + hours:
        days.clock.pass_by(LOOK_EVERY * 3600)
        watcher.look()
    days.clock.pass_by((now + hours - days.hour(days.clock.now)) * 3600)
    days.begin()
    watcher.begun()


def test_two_hundred_hours_with_sources_in_trouble_two_restarts_and_a_bad_file(days: Days, watcher: Watcher) -> None:
    watcher.look()  # before anything was read
    live_until(50, days, watcher)
    assert days.work.busy() == ["code"]
    objects, size = used()
    stop_for(27, days, watcher)  # given up in the midst of a reading

    live_until(97, days, watcher)
    days.sighup(CONFIGURATION.replace("kind: jira", "kind: gira"))
    watcher.refused = watcher.broken = "gira"
    live_until(105, days, watcher)
    days.config.write_text(CONFIGURATION, encoding="utf-8")  # and nobody tells the service
    watcher.broken = None
    live_until(117, days, watcher)
    days.sighup(CONFIGURATION)
    watcher.refused = None
    live_until(130.6, days, watcher)
    assert days.work.busy() == ["code"]
    stop_for(0.1, days, watcher, killed=True)  # in the midst of a reading
    live_until(HOURS, days, watcher)

    grown_objects, grown_size = used()
    assert grown_objects - objects < MOST_OBJECTS
    assert grown_size - size < MOST_BYTES
    for source, every in EVERY.items():
        check_turns(days, source, every)
        check_late(days, source)
    check_writes(days)
    assert watcher.looks >= HOURS // LOOK_EVERY
    # Each state was told at some hour.
    assert watcher.states == {"unread", "ok", "failed", "stopped", "stale"}
    # Whoever recovered was read again, and by the end all is well.
    assert {watcher.state(source) for source in EVERY} == {"ok"}
    assert days.health.snapshot().faults == 0


def check_late(days: Days, source: str) -> None:
    """Late only because an earlier one hung, of which nothing may be stored, or no process ran, and by no more."""
    for before, run in pairwise(days.runs(source)):
        late, hour = timedelta(seconds=run.counts["late_seconds"]), days.hour(run.started_at)
        gone = sum(ends - begins for begins, ends in days.gaps if begins < hour < ends + 0.1)
        took = sum(
            (
                one.ended_at - one.began_at
                for one in days.visits
                if one.source == source and before.started_at <= one.began_at < run.started_at
            ),
            timedelta(hours=gone, seconds=2 * days.step),
        )
        assert late <= took, (source, run)
