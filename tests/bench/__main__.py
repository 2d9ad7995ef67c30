"""`make bench`: speed and memory beside the goals. Ratios count; seconds are this machine's."""

from __future__ import annotations

import gc
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from core.history.spans import StatusMapping, derive
from core.model import Snapshot
from core.store import items
from core.store.engine import Store
from tests.bench.floors import fetch_floor, store_floor
from tests.bench.process import planward, run, served

ISSUES = int(os.environ.get("PLANWARD_BENCH_ISSUES", "10000"))
FEW = max(ISSUES // 10, 100)
CONFIG = """
store: sqlite:///planward.db
sources:
  jira:
    kind: jira
    url: "{url}"
    user: "{user}"
    token: {{env: JIRA_TOKEN}}
    private_address: true
    projects: [BULK]
projects:
  bulk:
    name: Bulk
    sources: [jira]
    roles: {{problem: {{type: [Bug]}}}}
"""
IMPORTS = (
    "import core.daemon.cycling, core.daemon.compose, connectors.jira.fetch, connectors.jira.write, alembic.command"
)


def main() -> None:
    """Measure and print a table."""
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores")
    imports = run([sys.executable, "-c", IMPORTS])
    print(f"imports alone: {imports.cpu:.2f} s CPU, {imports.peak:.0f} MiB")
    peaks = {issues: first_sync(issues, imports.peak) for issues in (FEW, ISSUES)}
    print(
        f"peak above imports: {', '.join(f'{issues:,}: {peak:.0f} MiB' for issues, peak in peaks.items())} (goal <= 64)"
    )
    cost = min((planward("--help") for _ in range(3)), key=lambda cost: cost.cpu)
    print(f"--help: {cost.cpu:.2f} s CPU (goal <= 0.25)")


def first_sync(issues: int, imports: float) -> float:
    """Print what syncing that many issues costs, once from nothing and then again. Returns peak MiB above imports."""
    print(f"\n{issues:,} issues, {issues * 8:,} changes, {issues * 3:,} comments, into SQLite")
    with tempfile.TemporaryDirectory() as name, served(issues) as (url, user, token):
        folder = Path(name)
        config = folder / "planward.yaml"
        config.write_text(CONFIG.format(url=url, user=user), encoding="utf-8")
        env = {"JIRA_TOKEN": token}
        first = planward("sync", "--json", "-c", str(config), env=env)
        told = json.loads(first.out)["sources"]["jira"]
        assert (told["items"], told["changes"], told["comments"]) == (issues, issues * 8, issues * 3), told
        asked, upkeep = told["requests"], told["requests_upkeep"]
        print(
            f"  first sync: {asked} requests and {upkeep} of upkeep: {asked * 1000 / issues:.1f} per 1,000 (goal <= 13)"
        )
        print(f"  {first.wall:.1f} s, {first.cpu:.2f} s CPU, peak {first.peak:.0f} MiB")
        fetching, sent, walked = fetch_floor(url, user, token)
        storing, rows = store_floor(folder / "planward.db", folder / "copy.db")
        assert walked == issues, walked
        goal = 2.5 * (fetching + storing) + 0.8 * issues / 10_000
        # What a process costs before it does anything is not the sync's.
        net = first.cpu - run([sys.executable, "-c", IMPORTS]).cpu
        print(f"  floors: fetch {fetching:.2f} s CPU ({sent} requests), store {storing:.2f} s CPU ({rows:,} rows)")
        print(f"  sync without imports {net:.2f} s CPU; goal <= 2.5 x floors + 0.8 s per 10,000 = {goal:.2f}")
        quiet = [planward("sync", "--json", "-c", str(config), env=env) for _ in range(3)]
        told = json.loads(quiet[-1].out)["sources"]["jira"]
        assert told["items"] == 0, told
        cost = min(cost.cpu for cost in quiet)
        print(f"  quiet poll: {told['requests']} request (goal 1), {cost:.2f} s CPU as a command (goal <= 0.8)")
        changed = min(100, issues)
        for number in range(1, changed + 1):
            transition(url, f"BULK-{number}")
        few = planward("sync", "--json", "-c", str(config), env=env)
        told = json.loads(few.out)["sources"]["jira"]
        assert told["items"] == changed, told
        print(
            f"  {changed} changed items: {told['requests']} requests (goal <= {1 + 2 * -(-changed // 100)}),"
            f" {few.cpu:.2f} s CPU"
        )
        rooms(folder)
        return first.peak - imports


def rooms(folder: Path) -> None:
    """Print what deriving and storing cost by themselves, in this process, for the issues that were synced."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the command sets it
    with Store.open(f"sqlite:///{folder / 'planward.db'}") as synced, synced.read() as connection:
        snapshots: list[Snapshot] = []
        while page := items.load_snapshots(
            connection, "jira", after=snapshots[-1].item.remote_id if snapshots else None
        ):
            snapshots.extend(page)
        statuses = items.statuses(connection, "jira")
    begun = time.process_time()
    histories = {
        one.item.remote_id: derive(one.item, one.changes, statuses, StatusMapping(), whole=one.history_whole)
        for one in snapshots
    }
    deriving = time.process_time() - begun
    print(f"  spans: {deriving:.2f} s CPU; {deriving * 100_000 / len(snapshots):.1f} s per 100,000 items (goal <= 8)")

    seconds = []
    with Store.open(f"sqlite:///{folder / 'stored.db'}", create=True) as store:
        for _ in ("first", "again"):
            begun = time.process_time()
            for number in range(0, len(snapshots), 1000):
                with store.write() as connection:
                    page = snapshots[number : number + 1000]
                    items.save_snapshots(connection, "jira", page, histories, datetime.now(UTC))
            seconds.append(time.process_time() - begun)
    floor, rows = store_floor(folder / "stored.db", folder / "bare.db", ("items", "changes", "spans"))
    print(f"  store: {seconds[0]:.2f} s CPU, again {seconds[1]:.2f}; bare driver {floor:.2f} ({rows:,} rows):", end=" ")
    print(f"{seconds[0] / floor:.1f} x (goal <= 1.5)")


def transition(url: str, key: str) -> None:
    """Move an issue of the stand-in to another status."""
    import requests

    answer = requests.post(f"{url}/__sandbox__/transition", json={"key": key, "status": "In Progress"}, timeout=10)
    answer.raise_for_status()


if __name__ == "__main__":
    main()
