"""What single rooms cost by themselves, in this process: deriving spans, and storing."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime
from pathlib import Path

from core.history.spans import StatusMapping, derive
from core.model import Snapshot
from core.store import items
from core.store.engine import Store
from tests.bench.floors import store_floor


def rooms(folder: Path, source: str) -> None:
    """Print what deriving and storing cost by themselves, in this process, for the items that a source brought."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the command sets it
    with Store.open(f"sqlite:///{folder / 'planward.db'}") as synced, synced.read() as connection:
        snapshots: list[Snapshot] = []
        while page := items.load_snapshots(
            connection, source, after=snapshots[-1].item.remote_id if snapshots else None
        ):
            snapshots.extend(page)
        statuses = items.statuses(connection, source)
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
                    items.save_snapshots(connection, source, page, histories, datetime.now(UTC))
            seconds.append(time.process_time() - begun)
    floor, rows = store_floor(folder / "stored.db", folder / "bare.db", ("items", "changes", "spans"))
    print(f"  store: {seconds[0]:.2f} s CPU, again {seconds[1]:.2f}; bare driver {floor:.2f} ({rows:,} rows):", end=" ")
    print(f"{seconds[0] / floor:.1f} x (goal <= 1.5)")
