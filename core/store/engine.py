"""The store: one SQLite file or one PostgreSQL database, opened safely, read and written in whole transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from core.errors import StoreError, StoreMissing, StoreReadOnly, StoreUnreachable
from core.store import claims, faults, schema
from core.store.migrations import HEAD, REVISIONS
from core.store.tables import metadata

PATIENCE = timedelta(seconds=30)
OLDEST_SQLITE = (3, 35)
"""The first that drops columns; it takes 32,766 parameters in a statement as well."""
CONNECT_SECONDS = 10
ADDRESSES = "Write `sqlite:///FILE` or `postgresql://USER@HOST/NAME` in `store:`."


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """What a store is and holds. `schema` is None while it is empty; `rows` counts by table; `size` is in bytes."""

    url: str
    dialect: str
    schema: str | None
    head: str
    size: int
    rows: dict[str, int]


class Store:
    """An open store. Transactions are short and hold no remote call; a failed one leaves nothing behind."""

    def __init__(self, url: URL, patience: timedelta) -> None:
        self.url = url
        self.path = _path(url)
        self._claims: set[str] = set()
        with faults.translated(url):
            self._engine = _engine(url, self.path, patience)

    @classmethod
    def open(cls, url: str, *, create: bool = False, check: bool = True, patience: timedelta = PATIENCE) -> Self:
        """An open store with this program's schema.

        `create` makes what is not there yet, `check=False` takes a schema of any age (to upgrade or describe it), and
        `patience` is how long to wait for another program's lock. `sqlite://` is a store in memory for tests: one
        transaction at a time. Raises StoreMissing, StoreOutdated, StoreTooNew, StoreReadOnly, StoreFull,
        StoreUnreachable, or StoreError for a file that is no store of ours.
        """
        parsed = _parse(url)
        path = _path(parsed)
        if path is not None:
            _prepare(path, create)
        store = cls(parsed, patience)
        try:
            found = store._version()
            if found is None and create:
                store.upgrade()
            elif check:
                schema.require_head(found, faults.name_of(parsed))
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, undone by any exception. Raises StoreError."""
        with faults.translated(self.url), self._engine.connect() as conn, conn.execution_options(writes=True).begin():
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store throughout and cannot write. Raises StoreError."""
        one_state: dict[str, Any] = {}
        if self._engine.dialect.name == "postgresql":
            one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with faults.translated(self.url), self._engine.connect() as conn, conn.execution_options(**one_state).begin():
            yield conn

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Whether only we do what is named, while the context lasts; False where somebody else does it now.

        The claim ends with its process. Raises StoreError.
        """
        if self.path is not None:
            with faults.translated(self.url):
                claim = claims.on_file(self.path.with_name(f"{self.path.name}-{name}-lock"))
        elif self._engine.dialect.name == "postgresql":
            claim = claims.on_server(self._engine, name)
        else:
            claim = self._claim_in_memory(name)
        with claim as ours:
            yield ours

    @contextmanager
    def _claim_in_memory(self, name: str) -> Iterator[bool]:
        free = name not in self._claims
        self._claims.add(name)
        try:
            yield free
        finally:
            if free:
                self._claims.discard(name)

    def upgrade(self) -> Path | None:
        """Bring the schema up to this program's; the copy of the file that was made before, if there was data in it.

        Does nothing when it is up to date. Raises StoreTooNew, and leaves the old schema whole when a step fails.
        """
        found = self._version()
        if found == HEAD:
            return None
        copy = None
        if found is not None:
            if found not in REVISIONS:
                schema.require_head(found, faults.name_of(self.url))
            if self.path is not None:
                copy = _free_name(self.path.with_name(f"{self.path.name}.before-{HEAD}"))
                self.backup(copy)
        with faults.translated(self.url):
            schema.migrate(self._engine, schema.SCRIPTS)
        return copy

    def check(self) -> None:
        """Pass when the store answers and has this program's schema. Raises StoreError."""
        schema.require_head(self._version(), faults.name_of(self.url))

    def info(self) -> StoreInfo:
        """What the store is and holds, whatever the age of its schema. Counts every row, so it can take a while."""
        found = self._version()
        with self.read() as conn:
            present = set(inspect(conn).get_table_names())
            rows = {
                table.name: conn.scalar(select(func.count()).select_from(table)) or 0
                for table in metadata.sorted_tables
                if table.name in present
            }
            if conn.dialect.name == "postgresql":
                size = conn.scalar(text("SELECT pg_database_size(current_database())"))
            else:
                size = conn.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
        return StoreInfo(
            url=masked(self.url),
            dialect=self._engine.dialect.name,
            schema=found,
            head=HEAD,
            size=size or 0,
            rows=dict(sorted(rows.items())),
        )

    def backup(self, path: Path) -> None:
        """Copy the whole store, as of now, to a new file that only its owner may read.

        Raises StoreError when the file exists or the store is not a file, StoreFull, StoreReadOnly, StoreUnreachable.
        """
        if self.path is None:
            raise StoreError(
                f"{faults.name_of(self.url)} cannot be copied to a file by Planward",
                advice="Use PostgreSQL's own `pg_dump`, which may run while the database is in use.",
            )
        if path.exists():
            raise StoreError(f"{path} exists already", advice="Name a new file.")
        # Under another name until it is whole: half a backup must not look like one.
        part = path.with_name(path.name + ".part")
        try:
            part.unlink(missing_ok=True)
            _touch(part)
            self._copy_to(part)
            part.rename(path)
        except OSError as error:
            raise faults.of_system(error, path) from error
        finally:
            with suppress(OSError):  # where it could not be made, it cannot be removed either
                part.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _copy_to(self, path: Path) -> None:
        with faults.translated(self.url), self._engine.connect() as conn:
            ours = cast("sqlite3.Connection", conn.connection.dbapi_connection)
            with faults.translated(URL.create("sqlite", database=str(path))):
                copy = sqlite3.connect(path)
                try:
                    ours.backup(copy)
                finally:
                    copy.close()

    def _version(self) -> str | None:
        with self.read() as conn:
            return schema.version(conn)


def masked(url: URL) -> str:
    """The address without its password."""
    query = {name: "***" if "pass" in name.lower() else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def _parse(url: str) -> URL:
    # None of these errors may repeat the address: it can hold a password.
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUnreachable("the address of the store cannot be understood", advice=ADDRESSES) from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreUnreachable(f"a store of kind {parsed.get_backend_name()} is not supported", advice=ADDRESSES)
    return parsed


def _path(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def _prepare(path: Path, create: bool) -> None:
    """Make the file, for its owner only, or say why it cannot be used."""
    if not path.parent.is_dir():
        raise StoreUnreachable(f"the folder {path.parent} of the database file does not exist")
    if path.is_dir():
        raise StoreUnreachable(f"{path} is a folder, not a database file")
    if not path.exists():
        if not create:
            _require_writable(path.parent)  # where it could not be made either
            raise StoreMissing(f"there is no database file {path} yet")
        try:
            _touch(path)
        except FileExistsError:
            pass  # another program was faster, and made it the same way
        except OSError as error:
            raise faults.of_system(error, path) from error
    # SQLite writes files beside the database, even to read it.
    for place in (path, path.parent):
        _require_writable(place)


def _require_writable(place: Path) -> None:
    if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreReadOnly(f"{place} cannot be written")


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _free_name(path: Path) -> Path:
    """The path, or the first with a number behind it that does not exist: an earlier copy may be the last good one."""
    number = 0
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free


def _engine(url: URL, path: Path | None, patience: timedelta) -> Engine:
    if url.get_backend_name() == "postgresql":
        return _postgresql(url, patience)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"this Python brings SQLite {sqlite3.sqlite_version}, and Planward needs {wanted} or newer",
            advice="Run it with a Python that has a newer SQLite, or name a PostgreSQL database in `store:`.",
        )
    engine = create_engine(
        "sqlite://",
        creator=_sqlite(path, patience),
        poolclass=StaticPool if path is None else QueuePool,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        # A transaction that reads before it writes fails at once when another writer was faster, whatever the time-out:
        # writers therefore take the lock first, and readers cannot become writers.
        writes = conn.get_execution_options().get("writes", False)
        conn.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _sqlite(path: Path | None, patience: timedelta) -> Callable[[], sqlite3.Connection]:
    # mode=rw: the file was made above with the right permissions, and must not appear anew where it was moved away.
    address = ":memory:" if path is None else f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        conn = sqlite3.connect(
            address,
            uri=path is not None,
            timeout=patience.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # FULL: a "sending" row of the outbox must survive a power failure, or a comment could be posted twice.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                conn.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            conn.close()
            raise
        return conn

    return connect


def _postgresql(url: URL, patience: timedelta) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            # Prepared statements break behind a pooler that shares connections between transactions (PgBouncer).
            connect_args={"connect_timeout": CONNECT_SECONDS, "prepare_threshold": None},
        )
    except ImportError as error:
        raise StoreUnreachable(
            "the PostgreSQL driver is not installed", advice="Install Planward with its extra `postgresql`."
        ) from error

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(f"SET lock_timeout = {int(patience.total_seconds() * 1000)}")
        connection.autocommit = False

    return engine
