"""SIGKILL at any moment of saving: data and cursor agree afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

from core.store import items, runs
from core.store.engine import Store
from tests.conftest import SOAK

KILLS = 200 if SOAK else 4

# Saves pages of 50 items for ever; the cursor says how many were saved, and each page says its number in its titles.
WRITER = """
import sys
from core.model import Cursor
from core.store import items, runs
from core.store.engine import Store
from tests.store.samples import MONDAY, histories, item, whole

with Store.open(sys.argv[1]) as store:
    while True:
        with store.write() as conn:
            held = runs.cursor(conn, "jira", "items")
            turn = 1 + (int(held[0].token) if held else 0)
            page = [whole(item(number, title=str(turn))) for number in range(50)]
            items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
            runs.save_cursor(conn, "jira", "items", Cursor(token=str(turn)), "scope", MONDAY)
        print("wrote", flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_data_and_cursor_agreeing(url: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    last = 0

    for _ in range(KILLS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "wrote\n"
        time.sleep(chance.uniform(0.02, 0.2))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

        with Store.open(url) as store, store.read() as conn:
            held = runs.cursor(conn, "jira", "items")
            titles = {one.item.title for one in items.load_snapshots(conn, "jira")}
        assert titles == ({held[0].token} if held else set())
        turn = int(held[0].token) if held else 0
        assert turn >= last
        last = turn

    assert last > 0
