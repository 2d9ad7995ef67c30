"""Opening, locking, copying: what cannot be done is said in one sentence of the right class, without secrets."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.errors import (
    StoreError,
    StoreFull,
    StoreMissing,
    StoreOutdated,
    StoreReadOnly,
    StoreTooNew,
    StoreUnreachable,
)
from core.store import engine, items, runs
from core.store.engine import Store
from core.store.migrations import HEAD
from tests.store.samples import MONDAY, histories, item, whole

AT_ONCE = timedelta(milliseconds=50)


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Permissions count for the test, even when root runs it."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(empty_file: Path) -> Iterator[Path]:
    """A folder that everybody may enter (pytest's own are closed to others), with a store in it."""
    folder = Path("/tmp") / f"planward-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    shutil.copy(empty_file, folder / "planward.db")
    yield folder
    shutil.rmtree(folder)


def sentence(caught: pytest.ExceptionInfo[StoreError]) -> str:
    """The text of the error, which is one line and has advice beside it."""
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.advice
    return said


def note(store: Store, value: str) -> None:
    with store.write() as conn:
        runs.set_note(conn, "jira", "note", value)


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_missing_until_it_is_created_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "planward.db"

    with pytest.raises(StoreMissing) as caught:
        Store.open(f"sqlite:///{path}")
    Store.open(f"sqlite:///{path}", create=True).close()

    assert sentence(caught) == f"there is no database file {path} yet"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Store.open(f"sqlite:///{path}") as store:
        assert store.info().schema == HEAD


def test_an_empty_file_as_left_by_a_killed_creation_is_missing_and_can_be_created(tmp_path: Path) -> None:
    path = tmp_path / "planward.db"
    path.touch()

    with pytest.raises(StoreMissing) as caught:
        Store.open(f"sqlite:///{path}")
    with Store.open(f"sqlite:///{path}", create=True) as store:
        schema = store.info().schema

    assert "holds no data yet" in sentence(caught)
    assert schema == HEAD


def test_an_empty_server_database_is_missing_until_it_is_created(postgres_url: str) -> None:
    with pytest.raises(StoreMissing) as caught:
        Store.open(postgres_url)
    with Store.open(postgres_url, create=True) as store:
        schema = store.info().schema

    assert "holds no data yet" in sentence(caught)
    assert schema == HEAD


@pytest.mark.parametrize("create", [False, True])
def test_a_missing_folder_is_unreachable(tmp_path: Path, create: bool) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        Store.open(f"sqlite:///{tmp_path}/nowhere/planward.db", create=create)

    assert sentence(caught) == f"the folder {tmp_path}/nowhere of the database file does not exist"


def test_a_folder_is_no_database_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        Store.open(f"sqlite:///{tmp_path}", create=True)

    assert "is a folder" in sentence(caught)


@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a list of things to do, longer than the header of a database " * 20)
    before = path.read_bytes()

    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{path}", create=create)

    assert sentence(caught) == f"the database file {path} is not a database"
    assert path.read_bytes() == before


def test_a_damaged_file_is_told(file_store: Store) -> None:
    path = file_store.path
    assert path is not None
    file_store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))

    with pytest.raises(StoreError) as caught, Store.open(f"sqlite:///{path}") as store:
        note(store, "x")

    assert "is damaged" in sentence(caught)


def test_the_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()

    with pytest.raises(StoreError, match="another program") as caught:
        Store.open(f"sqlite:///{path}", create=True)

    assert caught.value.advice == "Name another file in `store:`."


@pytest.mark.parametrize(("mode", "place"), [(0o444, "planward.db"), (0o555, "")])
def test_a_read_only_file_or_folder_is_told_at_once(open_folder: Path, mode: int, place: str) -> None:
    path = open_folder / "planward.db"
    path.chmod(0o666)
    open_folder.chmod(0o777)
    (open_folder / place).chmod(mode)

    euid = os.geteuid()
    if euid == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(StoreReadOnly) as caught:
            Store.open(f"sqlite:///{path}")
    finally:
        os.seteuid(euid)

    assert sentence(caught) == f"{open_folder / place} cannot be written"


def test_a_store_cannot_be_created_where_nothing_may_be_written(open_folder: Path, as_nobody: None) -> None:
    with pytest.raises(StoreReadOnly) as caught:
        Store.open(f"sqlite:///{open_folder}/new.db", create=True)

    assert sentence(caught) == f"{open_folder}/new.db cannot be written"


def test_where_a_store_could_not_be_created_it_is_not_said_to_be_only_missing(
    open_folder: Path, as_nobody: None
) -> None:
    with pytest.raises(StoreReadOnly) as caught:
        Store.open(f"sqlite:///{open_folder}/new.db")

    assert sentence(caught) == f"{open_folder} cannot be written"


def test_a_server_that_only_reads_is_told(server_url: str) -> None:
    def write_where_nothing_may_be_written(store: Store) -> None:
        with store.write() as conn:
            conn.execute(text("SET TRANSACTION READ ONLY"))
            runs.set_note(conn, "jira", "note", "x")

    with Store.open(server_url) as store, pytest.raises(StoreReadOnly) as caught:
        write_where_nothing_may_be_written(store)

    assert "takes no writes" in sentence(caught)
    assert "primary" in caught.value.advice
    assert "file" not in caught.value.advice


def test_a_user_without_rights_is_told_which(server_url: str) -> None:
    def write_as_somebody_else(store: Store) -> None:
        with store.write() as conn:
            conn.execute(text("SET LOCAL ROLE pg_monitor"))
            runs.set_note(conn, "jira", "note", "x")

    with Store.open(server_url) as store, pytest.raises(StoreReadOnly) as caught:
        write_as_somebody_else(store)

    assert "cannot be written by this user" in sentence(caught)
    assert "owner of the database" in caught.value.advice
    assert "file" not in caught.value.advice


@pytest.mark.parametrize(
    ("found", "refusal"), [("0000", StoreOutdated), ("9999", StoreTooNew), ("5f3a9c1b7d2e", StoreTooNew)]
)
def test_a_schema_of_another_age_is_refused(
    url: str, found: str, refusal: type[StoreError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.schema.REVISIONS", ("0000", HEAD))
    with Store.open(url) as store, store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})

    try:
        with pytest.raises(refusal) as caught:
            Store.open(url, create=True)
        with Store.open(url, check=False) as store:
            info = store.info()
    finally:
        with Store.open(url, check=False) as store, store.write() as conn:
            conn.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})

    assert found in sentence(caught)
    assert (info.schema, info.head) == (found, HEAD)


def test_a_newer_schema_is_not_upgraded(file_store: Store) -> None:
    with file_store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreTooNew):
        file_store.upgrade()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://planward:hunter2@127.0.0.1:1/planward",
        "mysql://planward:hunter2@db/planward",
        "postgresql://planward:hunter2@127.0.0.1:port/planward",
        "hunter2",
        "",
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(address: str) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        Store.open(address, create=True)

    error: BaseException | None = caught.value
    sentence(caught)
    while error is not None:
        assert "hunter2" not in str(error)
        error = error.__cause__ or error.__context__


def test_a_database_that_the_server_does_not_have_is_unreachable(server_url: str) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        Store.open(server_url + "_nowhere")

    assert "127.0.0.1" in sentence(caught)


def test_an_absent_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise ImportError("No module named 'psycopg'")

    monkeypatch.setattr(engine, "create_engine", absent)

    with pytest.raises(StoreUnreachable) as caught:
        Store.open("postgresql://planward@db/planward")

    assert "extra `postgresql`" in caught.value.advice


def test_a_password_is_masked_wherever_it_stands(server_url: str) -> None:
    with Store.open(server_url) as store:
        assert store.info().dialect == "postgresql"

    masked = engine.masked(engine._parse("postgresql://me:hunter2@db/planward?password=hunter2&sslmode=require"))

    assert "hunter2" not in masked
    assert "sslmode=require" in masked


# --- transactions ----------------------------------------------------------------------------------------------------


def test_a_failed_transaction_leaves_nothing_behind(store: Store) -> None:
    def fail_after_writing() -> None:
        with store.write() as conn:
            runs.set_note(conn, "jira", "note", "x")
            raise KeyError("a fault of ours")

    with pytest.raises(KeyError, match="a fault of ours"):
        fail_after_writing()

    with store.read() as conn:
        assert runs.get_note(conn, "jira", "note") is None


def test_a_fault_of_ours_is_not_taken_for_a_fault_of_the_store(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as conn:
        conn.execute(text("INSERT INTO notes (source, key) VALUES ('jira', 'note')"))


def test_a_reader_cannot_write_and_the_next_writer_can(store: Store) -> None:
    with pytest.raises(StoreReadOnly), store.read() as conn:
        runs.set_note(conn, "jira", "note", "x")

    note(store, "y")

    with store.read() as conn:
        assert runs.get_note(conn, "jira", "note") == "y"


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    note(store, "before")

    with store.read() as conn:
        seen = [runs.get_note(conn, "jira", "note")]
        note(store, "after")
        seen.append(runs.get_note(conn, "jira", "note"))

    assert seen == ["before", "before"]


def test_two_writers_that_read_first_wait_for_each_other(store: Store) -> None:
    note(store, "0")
    faults: list[BaseException] = []

    def count_up() -> None:
        try:
            for _ in range(20):
                with store.write() as conn:
                    if conn.dialect.name == "postgresql":
                        conn.execute(text("SELECT value FROM notes FOR UPDATE"))
                    number = runs.get_note(conn, "jira", "note") or ""
                    runs.set_note(conn, "jira", "note", str(int(number) + 1))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as conn:
        assert (faults, runs.get_note(conn, "jira", "note")) == ([], "40")


def test_two_writers_of_one_page_never_harm_each_other(store: Store) -> None:
    pages = [[whole(item(number, title=title)) for number in range(60)] for title in ("one", "other")]
    faults: list[BaseException] = []

    def save_repeatedly(first: int) -> None:
        try:
            for turn in range(6):
                page = pages[(first + turn) % 2]
                with store.write() as conn:
                    items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=save_repeatedly, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.read() as conn:
        titles = {one.item.title for one in items.load_snapshots(conn, "jira")}
    assert faults == []
    assert len(titles) == 1


@pytest.mark.parametrize("attempt", [note, lambda store, _: store.write().__enter__()])
def test_a_lock_that_lasts_too_long_is_told(url: str, attempt: Callable[[Store, str], object]) -> None:
    with Store.open(url) as store, Store.open(url, patience=AT_ONCE) as other, store.write() as conn:
        runs.set_note(conn, "jira", "note", "held")
        if conn.dialect.name == "postgresql":
            attempt = note  # there, only the row is locked
        with pytest.raises(StoreError) as caught:
            attempt(other, "x")

    assert "was locked by another program for too long" in sentence(caught)


def test_a_full_disk_is_told_and_nothing_half_written_is_kept(file_store: Store) -> None:
    def fill() -> None:
        with file_store.write() as conn:
            # the same answer of SQLite as for a disk without space
            conn.execute(text(f"PRAGMA max_page_count = {conn.scalar(text('PRAGMA page_count'))}"))
            for number in range(2_000):
                runs.set_note(conn, "jira", str(number), "x" * 100)

    with pytest.raises(StoreFull) as caught:
        fill()

    with file_store.read() as conn:
        assert conn.scalar(text("SELECT count(*) FROM notes")) == 0
    assert sentence(caught) == f"the disk is full: the database file {file_store.path} cannot grow"


def test_a_server_that_goes_away_is_unreachable_and_found_again(server_url: str) -> None:
    def write_while_the_server_restarts(store: Store) -> None:
        with store.write() as conn, Store.open(server_url) as other:
            pid = conn.scalar(text("SELECT pg_backend_pid()"))
            with other.write() as killing:
                killing.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            runs.set_note(conn, "jira", "note", "x")

    with Store.open(server_url) as store:
        with pytest.raises(StoreUnreachable) as caught:
            write_while_the_server_restarts(store)
        note(store, "y")

    assert "cannot be reached" in sentence(caught)


def test_a_store_keeps_every_commit_through_a_power_failure_and_checks_foreign_keys(file_store: Store) -> None:
    with file_store.write() as conn:
        found = {name: conn.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")}

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_server_connection_speaks_utc(server_url: str) -> None:
    with Store.open(server_url) as store, store.read() as conn:
        assert conn.scalar(text("SHOW timezone")) == "UTC"


def test_a_store_in_memory_works_like_one_in_a_file() -> None:
    with Store.open("sqlite://", create=True) as store:
        note(store, "x")
        with store.read() as conn:
            assert runs.get_note(conn, "jira", "note") == "x"


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_store_for_its_owner_only(file_store: Store, tmp_path: Path) -> None:
    note(file_store, "x")
    copy = tmp_path / "backup.db"

    with file_store.write() as conn:
        runs.set_note(conn, "jira", "note", "not committed")
        file_store.backup(copy)

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part*"))
    with Store.open(f"sqlite:///{copy}") as restored, restored.read() as conn:
        assert runs.get_note(conn, "jira", "note") == "x"


def test_a_backup_never_overwrites(file_store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    copy.write_text("the last good one")

    with pytest.raises(StoreError) as caught:
        file_store.backup(copy)

    assert sentence(caught) == f"{copy} exists already"
    assert copy.read_text() == "the last good one"


def test_a_backup_into_a_missing_folder_is_told(file_store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        file_store.backup(tmp_path / "nowhere" / "backup.db")

    assert "no such file or directory" in sentence(caught)


def test_a_backup_where_nothing_can_be_made_is_told(file_store: Store, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")

    with pytest.raises(StoreError) as caught:
        file_store.backup(tmp_path / "no folder" / "backup.db")

    assert "not a directory" in sentence(caught)


def test_a_server_is_backed_up_by_its_own_tool(server_url: str, tmp_path: Path) -> None:
    with Store.open(server_url) as store, pytest.raises(StoreError) as caught:
        store.backup(tmp_path / "backup.db")

    assert "pg_dump" in caught.value.advice


def test_a_store_tells_what_it_holds(store: Store) -> None:
    page = [whole(item(1)), whole(item(2))]
    with store.write() as conn:
        items.save_snapshots(conn, "jira", page, histories(*page), MONDAY)

    info = store.info()

    assert (info.schema, info.head) == (HEAD, HEAD)
    assert (info.rows["items"], info.rows["changes"], info.rows["publications"]) == (2, 2, 0)
    assert info.size > 50_000


def test_a_python_with_an_old_sqlite_is_told_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))

    with pytest.raises(StoreError, match="SQLite") as caught:
        Store.open(f"sqlite:///{tmp_path}/planward.db", create=True)

    assert "PostgreSQL" in caught.value.advice
