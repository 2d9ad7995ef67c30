"""The floor of storing: the same rows written with nothing around it, in the same process and on the same machine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TABLES = ("items", "changes", "comments", "spans")


def store_floor(store: Path, copy: Path, tables: Sequence[str] = TABLES) -> tuple[float, int]:
    """Processor seconds and rows of writing the stored rows with the bare driver, a page a transaction."""
    source = sqlite3.connect(store)
    target = sqlite3.connect(copy, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    rows: dict[str, Sequence[Any]] = {}
    for table in tables:
        (schema,) = source.execute("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", (table,)).fetchone()
        target.execute(schema)
        rows[table] = source.execute(f"SELECT * FROM {table}").fetchall()
    source.close()
    total = sum(len(of_table) for of_table in rows.values())
    begun = time.process_time()
    pages = max(1, len(rows["items"]) // 1000)
    for page in range(pages):
        target.execute("BEGIN IMMEDIATE")
        for table in tables:
            size = -(-len(rows[table]) // pages)
            part = rows[table][page * size : (page + 1) * size]
            if part:
                marks = ",".join("?" * len(part[0]))
                target.executemany(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", part)
        target.execute("COMMIT")
    seconds = time.process_time() - begun
    target.close()
    return seconds, total
