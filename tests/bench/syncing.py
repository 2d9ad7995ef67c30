"""What reading a tracker costs as a command: from nothing, with nothing changed, and with a few items changed."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.floors import store_floor
from tests.bench.process import Cost, planward, run
from tests.bench.rooms import rooms

MOST = 64
"""MiB above the imports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a bare walk through everything took: processor seconds, requests, and how many items it met."""

    cpu: float
    requests: int
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """A stand-in that is served now, and what must arrive of it.

    `token` is an environment variable and its value. `imports` is what a process imports that reads it; `walk` reads it
    with nothing around, `change` moves its item with that number. `told` prints what only this tracker tells after the
    first sync, and `points` is what it has charged so far, if it charges.
    """

    source: str
    config: str
    token: tuple[str, str]
    imports: str
    items: int
    changes: int
    comments: int
    goal: int
    walk: Callable[[], Walked]
    change: Callable[[int], None]
    told: Callable[[], None] | None = None
    points: Callable[[], int] | None = None


def measure(tracker: Tracker) -> float:
    """Print what syncing costs, once from nothing and then again. Returns the peak MiB above the imports."""
    imports = run([sys.executable, "-c", tracker.imports])
    print(f"  imports alone: {imports.cpu:.2f} s CPU, {imports.peak:.0f} MiB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "planward.yaml").write_text(tracker.config, encoding="utf-8")
        first, told = _sync(tracker, folder)
        assert (told["items"], told["changes"], told["comments"]) == (
            tracker.items,
            tracker.changes,
            tracker.comments,
        ), told
        _first(tracker, first, told)
        walked = tracker.walk()
        assert walked.items == tracker.items, walked
        storing, rows = store_floor(folder / "planward.db", folder / "copy.db")
        goal = 2.5 * (walked.cpu + storing) + 0.8 * tracker.items / 10_000
        # What a process costs before it does anything is not the sync's.
        net = first.cpu - run([sys.executable, "-c", tracker.imports]).cpu
        print(
            f"  floors: fetch {walked.cpu:.2f} s CPU ({walked.requests} requests), store {storing:.2f} ({rows:,} rows)"
        )
        print(f"  sync without imports {net:.2f} s CPU; goal <= 2.5 x floors + 0.8 s per 10,000 = {goal:.2f}")
        _quiet(tracker, folder)
        _changed(tracker, folder)
        rooms(folder, tracker.source)
        return first.peak - imports.peak


def flatness(peaks: dict[int, float]) -> None:
    """Print the peaks of several sizes side by side."""
    told = ", ".join(f"{items:,}: {peak:.0f} MiB" for items, peak in peaks.items())
    print(f"peak above imports: {told} (goal <= {MOST})")


def _first(tracker: Tracker, cost: Cost, told: dict[str, Any]) -> None:
    asked, each = told["requests"], told["requests"] * 1000 / tracker.items
    print(f"  first sync: {asked} requests and {told['requests_upkeep']} of upkeep:", end=" ")
    print(f"{each:.1f} per 1,000 (goal <= {tracker.goal})")
    print(f"  {cost.wall:.1f} s, {cost.cpu:.2f} s CPU, peak {cost.peak:.0f} MiB")
    if tracker.told is not None:
        tracker.told()


def _quiet(tracker: Tracker, folder: Path) -> None:
    before = _points(tracker)
    quiet = [_sync(tracker, folder) for _ in range(3)]
    told = quiet[-1][1]
    assert told["items"] == 0, told
    cpu = min(cost.cpu for cost, _ in quiet)
    print(f"  quiet poll: {told['requests']} request (goal 1), {cpu:.2f} s CPU as a command (goal <= 0.8)", end="")
    print("" if tracker.points is None else f", {_points(tracker) - before} points (goal 0)")


def _changed(tracker: Tracker, folder: Path) -> None:
    changed, before = min(100, tracker.items), _points(tracker)
    for number in range(1, changed + 1):
        tracker.change(number)
    cost, told = _sync(tracker, folder)
    assert told["items"] == changed, told
    print(f"  {changed} changed items: {told['requests']} requests (goal <= {1 + 2 * -(-changed // 100)}),", end=" ")
    print(f"{cost.cpu:.2f} s CPU" + ("" if tracker.points is None else f", {_points(tracker) - before} points"))


def _sync(tracker: Tracker, folder: Path) -> tuple[Cost, dict[str, Any]]:
    """The cost of one cycle, and what it tells of the source."""
    cost = planward("sync", "--json", "-c", str(folder / "planward.yaml"), env=dict([tracker.token]))
    return cost, json.loads(cost.out)["sources"][tracker.source]


def _points(tracker: Tracker) -> int:
    return 0 if tracker.points is None else tracker.points()
