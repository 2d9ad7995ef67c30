"""Steps of the schema: from nothing, from the release before, and what happens when one fails."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from core.errors import StoreError, StoreOutdated
from core.model import Category
from core.store import engine, items, plans, schema, views
from core.store.engine import Store
from core.store.migrations import HEAD, REVISIONS
from core.store.tables import metadata
from tests.store.samples import MONDAY, contents, histories, item, whole

VIEWS_DIGEST = "b46babd977038040"

INDEXES = {
    "changes": {"ix_changes_renaming"},
    "events": {"ix_events_source_starts_at"},
    "enrolments": {"ix_enrolments_source_item_id", "ix_enrolments_planned"},
    "findings": {"uq_findings_open"},
    "items": {"ix_items_source_key", "ix_items_settled_at", "ix_items_source_saved_at", "ix_items_source_parent_id"},
    "links": {"ix_links_tying"},
    "spans": {"ix_spans_puzzling"},
}

NEXT = f"{int(HEAD) + 1:04}"
NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"


def upgrade() -> None:
    # rebuilds the table on SQLite, on which a view and a foreign key depend
    with op.batch_alter_table("items") as items:
        items.add_column(sa.Column("weight", sa.Integer()))
        items.alter_column("reopened", type_=sa.BigInteger())
    {more}
"""


def indexes(conn: Any) -> dict[str, set[str]]:
    found = {name: {index["name"] for index in inspect(conn).get_indexes(name)} for name in metadata.tables}
    unique = {f"uq_{name}" for name in ("plan_versions_project_digest", "publications_id")}
    return {name: kept for name, of in found.items() if (kept := of - unique)}


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes this program one with another step, ending in the given statement."""

    def make(more: str = "") -> None:
        scripts = tmp_path / "migrations"
        shutil.copytree(schema.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        step = NEXT_STEP.format(more=more, next=NEXT, head=HEAD)
        (scripts / "versions" / f"{NEXT}_next.py").write_text(step)
        monkeypatch.setattr(schema, "SCRIPTS", scripts)
        for module in (schema, engine):
            monkeypatch.setattr(module, "HEAD", NEXT)
            monkeypatch.setattr(module, "REVISIONS", (*REVISIONS, NEXT))

    return make


def test_the_newest_revision_is_the_one_written_down() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.SCRIPTS))
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [HEAD]
    assert [step.revision for step in script.walk_revisions()] == list(reversed(REVISIONS))


def test_the_steps_make_the_tables_that_the_program_knows(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
        unusual = conn.exec_driver_sql("PRAGMA foreign_key_check").all() if conn.dialect.name == "sqlite" else []

    assert differences == []
    assert unusual == []


def test_the_indexes_are_the_expected_ones(store: Store) -> None:
    with store.read() as conn:
        assert indexes(conn) == INDEXES


def test_keys_come_first_and_in_order_in_every_table() -> None:
    for table in metadata.tables.values():
        names = [column.name for column in table.columns]
        key = [column.name for column in table.primary_key]
        assert names[: len(key)] == key


def test_a_change_of_a_view_comes_with_a_new_revision() -> None:
    definitions = [views.definition(view, name) for view in views.VIEWS for name in ("sqlite", "postgresql")]
    digest = hashlib.sha256("\n".join(definitions).encode()).hexdigest()[:16]

    assert (digest, HEAD) == (VIEWS_DIGEST, "0004"), (
        "views are made when steps are taken: add one, then write both here"
    )


def test_opening_a_store_that_is_up_to_date_imports_no_alembic(file_store: Store) -> None:
    program = (
        "import sys\n"
        "from core.store.engine import Store\n"
        "from core.store import items, outbox, plans, results, runs\n"
        "with Store.open(sys.argv[1]) as store, store.read() as conn: runs.last_runs(conn)\n"
        "print([name for name in ('alembic', 'psycopg', 'sqlalchemy.orm') if name in sys.modules])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{file_store.path}"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_upgrading_a_store_that_is_up_to_date_does_nothing(store: Store) -> None:
    assert store.upgrade() is None


def test_a_file_is_copied_and_then_upgraded_with_its_data(file_store: Store, next_release: Any) -> None:
    page = [whole(item(number)) for number in range(5)]
    with file_store.write() as conn:
        items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
        before = contents(conn)
    next_release()

    with pytest.raises(StoreOutdated):
        Store.open(f"sqlite:///{file_store.path}")
    with Store.open(f"sqlite:///{file_store.path}", check=False) as store:
        copy = store.upgrade()
        info = store.info()
        with store.read() as conn:
            after = contents(conn)
            kept = indexes(conn)
            shown = conn.scalar(text("SELECT count(*) FROM planward_items"))
            enforced = conn.scalar(text("PRAGMA foreign_keys"))

    assert copy is not None
    assert copy.name == f"planward.db.before-{NEXT}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (info.schema, shown, enforced) == (NEXT, 5, 1)
    assert after == before
    assert kept == INDEXES
    old = sqlite3.connect(copy)
    assert old.execute("SELECT version_num, (SELECT count(*) FROM items) FROM alembic_version").fetchone() == (HEAD, 5)
    old.close()


def test_a_server_database_is_upgraded_in_place(postgres_url: str, next_release: Any) -> None:
    Store.open(postgres_url, create=True).close()
    next_release()

    with Store.open(postgres_url, check=False) as store:
        # the view reads the column whose type changes: such a step has to take the view away itself
        with store.write() as conn:
            conn.exec_driver_sql("DROP VIEW planward_items")
        copy = store.upgrade()
        with store.read() as conn:
            shown = conn.scalar(text("SELECT count(*) FROM planward_items"))

    assert (copy, shown) == (None, 0)


@pytest.mark.parametrize("more", ["raise RuntimeError('broken step')", "op.execute('SELECT nonsense FROM nowhere')"])
def test_a_step_that_fails_leaves_the_old_schema_whole(file_store: Store, next_release: Any, more: str) -> None:
    with file_store.read() as conn:
        before = conn.exec_driver_sql("SELECT type, name, sql FROM sqlite_master ORDER BY name").all()
    next_release(more)

    with Store.open(f"sqlite:///{file_store.path}", check=False) as store:
        with pytest.raises(Exception, match=r"broken step|nowhere"):
            store.upgrade()
        with store.read() as conn:
            after = conn.exec_driver_sql("SELECT type, name, sql FROM sqlite_master ORDER BY name").all()

    assert after == before


def test_a_step_that_breaks_a_reference_is_undone(file_store: Store, next_release: Any) -> None:
    with file_store.write() as conn:
        page = [whole()]
        items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
        conn.exec_driver_sql("INSERT INTO enrolments VALUES ('erp', 'jira', '1', 'task', NULL)")
    next_release("op.execute('DELETE FROM items')")

    with Store.open(f"sqlite:///{file_store.path}", check=False) as store:
        with pytest.raises(StoreError, match="contradict"):
            store.upgrade()
        assert store.info().schema == HEAD
        assert store.info().rows["items"] == 1


def test_an_earlier_copy_is_never_overwritten(file_store: Store, next_release: Any) -> None:
    assert file_store.path is not None
    earlier = file_store.path.with_name(f"planward.db.before-{NEXT}")
    earlier.write_text("from an upgrade that was taken back")
    next_release()

    with Store.open(f"sqlite:///{file_store.path}", check=False) as store:
        copy = store.upgrade()

    assert copy == file_store.path.with_name(f"planward.db.before-{NEXT}.1")
    assert earlier.read_text() == "from an upgrade that was taken back"


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_the_second_step_keeps_what_a_moved_status_meant_before(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/old.db" if name == "sqlite" else request.getfixturevalue("postgres_url")
    first = tmp_path / "migrations"
    shutil.copytree(schema.SCRIPTS, first, ignore=shutil.ignore_patterns("__pycache__", "000[2-9]*"))
    moved_at = 1_772_442_000_000_000  # Monday 2026-03-02 09:00 UTC
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", first)
        patch.setattr(engine, "HEAD", "0001")
        patch.setattr(views, "create", lambda _: None)  # it had those of its time
        Store.open(url, create=True).close()
    with Store.open(url, check=False) as store:
        with store.write() as conn:
            conn.exec_driver_sql(
                "INSERT INTO statuses (source, status_id, name, category, category_since) VALUES "
                f"('jira', '4', 'Review', 'done', {moved_at}), ('jira', '5', 'Unseen', 'done', {moved_at}), "
                f"('jira', '6', 'Open', 'todo', NULL), ('jira', '7', 'Backlog', 'active', {moved_at})"
            )
            conn.exec_driver_sql(
                "INSERT INTO changes (source, item_id, remote_id, position, field, changed_at, from_id, from_category, "
                "to_id, to_category) VALUES "
                "('jira', '1', '100', 0, 'status', 1, '7', 'todo', '4', 'active'), "
                "('jira', '1', '101', 0, 'status', 2, '6', 'todo', '4', 'waiting'), "
                "('jira', '1', '102', 0, 'status', 3, '6', 'todo', '4', 'done')"
            )

        store.upgrade()

        with store.read() as conn:
            statuses = items.statuses(conn, "jira")
            kept = items.changes(conn, "jira", ["1"])

    assert statuses["4"].earlier == ((MONDAY, Category.WAITING),)  # as it was seen last
    assert statuses["7"].earlier == ((MONDAY, Category.TODO),)  # items began in it and never entered it
    assert (statuses["5"].earlier, statuses["6"].earlier) == ((), ())
    assert [change.remote_id for change in kept["1"]] == ["100", "101", "102"]


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_the_fourth_step_gives_an_older_store_a_place_for_deliverables_and_keeps_the_rest(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/old.db" if name == "sqlite" else request.getfixturevalue("postgres_url")
    earlier = tmp_path / "migrations"
    shutil.copytree(schema.SCRIPTS, earlier, ignore=shutil.ignore_patterns("__pycache__", "000[4-9]*"))
    live = plans.MilestoneRow(key="M1", name="Live", due_on=date(2026, 6, 26))
    tested = plans.DeliverableRow(
        key="D1",
        name="Tested",
        milestone="M1",
        owner=None,
        due_on=date(2026, 5, 29),
        items=2,
        finished_items=1,
        standing="open",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", earlier)
        patch.setattr(engine, "HEAD", "0003")
        patch.setattr(views, "VIEWS", tuple(one for one in views.VIEWS if one.name != "planward_deliverables"))
        Store.open(url, create=True).close()
    with Store.open(url, check=False) as store:
        with store.write() as conn:
            plans.save_milestones(conn, "erp", [live])

        store.upgrade()

        with store.write() as conn:
            at_first = plans.deliverables(conn, "erp")
            plans.save_deliverables(conn, "erp", [tested])
            kept = plans.milestones(conn, "erp"), plans.deliverables(conn, "erp")
            shown = conn.scalar(text("SELECT count(*) FROM planward_deliverables"))

    assert (at_first, kept, shown) == ([], ([live], [tested]), 1)
