"""However many rows there are, the one upsert writes those that differ, and counts them."""

from __future__ import annotations

import pytest

from core.store import tables
from core.store.engine import Store
from core.store.upsert import BLOCK, Row, rows_of, upsert
from tests.store.samples import writes

SIZES = [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5]


def set_aside(numbers: range, reason: str = "no status") -> list[Row]:
    """Rows that are in the order of their keys."""
    return [("jira", f"{number:04}", None, reason, 0) for number in numbers]


@pytest.mark.parametrize("size", SIZES)
def test_as_many_rows_as_wanted_are_written_once(store: Store, size: int) -> None:
    rows = set_aside(range(size))
    later = [(*row[:-1], 1) for row in rows]  # when a row was written is no reason to write it again

    with store.write() as conn:
        first = upsert(conn, tables.set_aside, rows)
        mark = writes(conn)
        again = upsert(conn, tables.set_aside, later)

        assert writes(conn) == mark
        assert rows_of(conn, tables.set_aside, "jira", [row[1] for row in rows]) == rows
    assert (first, again) == (size, 0)


@pytest.mark.parametrize("size", SIZES)
def test_of_many_rows_only_those_that_differ_are_written(store: Store, size: int) -> None:
    rows = set_aside(range(size))
    wanted = [*rows[:-1], *set_aside(range(size - 1, size + 2), "no type")]

    with store.write() as conn:
        upsert(conn, tables.set_aside, rows)
        kept = upsert(conn, tables.set_aside, wanted, keep_first=True)
        written = upsert(conn, tables.set_aside, wanted)

        assert rows_of(conn, tables.set_aside, "jira", [row[1] for row in wanted]) == wanted
    assert (kept, written) == (2, 1)


@pytest.mark.parametrize("size", SIZES)
def test_of_rows_with_one_key_the_last_one_counts(store: Store, size: int) -> None:
    rows = set_aside(range(size))
    other = [(*row[:3], "no type", 0) for row in rows]

    with store.write() as conn:
        written = upsert(conn, tables.set_aside, [*rows, *other])

        assert rows_of(conn, tables.set_aside, "jira", [row[1] for row in rows]) == other
    assert written == size
