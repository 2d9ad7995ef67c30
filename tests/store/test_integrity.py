"""What does not fit together in a store is found, whoever brought it about; a healthy one has nothing to say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import StoreError
from core.model import Measurement
from core.store import integrity, items, plans, results, tables
from core.store.engine import Store
from tests.builders import plan
from tests.store.samples import MONDAY, counted, histories, item, measurement, started, whole

HALF: Measurement = measurement(
    counted("ERP-1", 1.0), counted("ERP-2", 0.0), counted("ERP-3", None, reason="pending"),
    value=0.5, numerator=1.0, denominator=2.0, sample=2, excluded={"pending": 1}, incomplete_items=0,
)  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """A store that holds a little of everything."""
    page = [whole(item(number), changes=(started(),)) for number in (1, 2, 3)]
    with store.write() as conn:
        items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
        conn.execute(
            tables.enrolments.insert().values(
                project="erp", source="jira", item_id=page[0].item.remote_id, role="task", deliverable=None
            )
        )
        plans.approve(conn, "erp", plan(), by="a@b.c", reason=None, approved_at=MONDAY, recorded_at=MONDAY)
        results.save_measurement(conn, "erp", HALF, False)
    return store


def found(store: Store) -> list[str]:
    with store.read() as conn:
        return integrity.problems(conn)


def harm(store: Store, statement: str) -> None:
    """Change what is stored behind our back, as a hand or a fault would, with nobody looking at foreign keys."""
    if store.path is not None:
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute(statement)
        return
    with store.write() as conn:
        conn.execute(text("SET LOCAL session_replication_role = replica"))
        conn.execute(text(statement))


def test_a_healthy_store_has_nothing_to_say(filled: Store) -> None:
    assert found(filled) == []


@pytest.mark.parametrize("table", ["changes", "comments", "links", "spans"])
def test_parts_whose_item_is_gone_are_counted(filled: Store, table: str) -> None:
    with filled.read() as conn:
        orphaned = conn.scalar(text(f"SELECT count(*) FROM {table} GROUP BY item_id ORDER BY item_id LIMIT 1"))

    harm(filled, f"UPDATE {table} SET item_id = 'gone' WHERE item_id = (SELECT min(item_id) FROM {table})")

    assert found(filled) == [f"{orphaned} rows of {table} belong to no row of items"]


def test_an_enrolment_whose_item_is_gone_is_found(filled: Store) -> None:
    harm(filled, "UPDATE enrolments SET item_id = 'gone'")

    assert found(filled) == ["1 rows of enrolments belong to no row of items"]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE evidence SET value = 1.0 WHERE key = 'ERP-2'",
        "DELETE FROM evidence WHERE key = 'ERP-3'",
        "UPDATE evidence SET incomplete = NOT incomplete WHERE key = 'ERP-1'",
        "UPDATE measurements SET sample = 3",
        "UPDATE measurements SET denominator = 4",
        "DELETE FROM evidence",
    ],
)
def test_a_number_that_its_evidence_does_not_bear_out_is_named(filled: Store, fault: str) -> None:
    harm(filled, fault)

    assert found(filled) == [f"{HALF.kpi} of erp from {HALF.period.start_on} is not the sum of its evidence"]


def test_evidence_of_nothing_is_found(filled: Store) -> None:
    harm(filled, "DELETE FROM measurements")

    assert found(filled) == ["3 rows of evidence belong to no row of measurements"]


def test_what_sqlite_finds_in_its_file_is_told(file_store: Store) -> None:
    for statement in (
        "INSERT INTO identities (source, account_id, active, bot) VALUES ('jira', '5b10', 1, 0)",
        "UPDATE sqlite_schema SET sql = replace(sql, 'email TEXT', 'email TEXT NOT NULL') WHERE name = 'identities'",
    ):
        with closing(sqlite3.connect(file_store.path or "")) as connection, connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(statement)

    with Store.open(file_store.url.render_as_string()) as opened:
        told = found(opened)

    assert told == ["the file is damaged: NULL value in identities.email"]


def test_a_damaged_file_is_told(file_store: Store, tmp_path: Path) -> None:
    page = [whole(item(number)) for number in range(300)]
    with file_store.write() as conn:
        items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
    copy = tmp_path / "copy.db"
    file_store.backup(copy)
    content = bytearray(copy.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\0" * 4096
    copy.write_bytes(bytes(content))

    def looked_at() -> list[str]:
        with Store.open(f"sqlite:///{copy}") as damaged:
            return found(damaged)

    told = outcome(looked_at)

    assert "damaged" in told


def outcome(look: Callable[[], list[str]]) -> str:
    """What was found, or the sentence of the error that ended the search: both are answers."""
    try:
        return "; ".join(look())
    except StoreError as error:
        return str(error)
