"""What a database driver's exception means to the operator: one StoreError, in one sentence, without secrets."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from core.errors import StoreError, StoreFull, StoreReadOnly, StoreUnreachable
from core.store import connecting

LOCKED = "Wait until the other command or program is done with it, then run this one again."
DAMAGED = "Name another file in `store:`, or restore the latest backup over this one."
RIGHTS = "Make this user the owner of the database, or grant it the rights to create and write tables there."
STANDBY = "Name the primary server in `store:`, and see that `default_transaction_read_only` is off for this user."
NO_SPACE = 1 << 20  # SQLite reports some failures for want of space as I/O errors; below this many free bytes it is one


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what the driver raises inside into the StoreError that it means; faults of the program pass as they are."""
    try:
        yield
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        fault = None
        if isinstance(cause, sqlite3.Error):
            fault = of_sqlite(cause, url)
        elif type(cause).__module__.startswith("psycopg"):
            fault = of_postgresql(cause, url)
        if fault is None:
            raise
        raise fault from error


def name_of(url: URL) -> str:
    """How the operator knows the database: its file, or its server and name; never a password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"the database {url.database or ''} on {url.host or 'this host'}{port}".replace("  ", " ")


def of_sqlite(error: sqlite3.Error, url: URL) -> StoreError | None:  # noqa: PLR0911 - one line for each kind
    """The StoreError that an exception of the sqlite3 module means, or None when it is a fault of ours."""
    name = name_of(url)
    # The low byte is the kind of error, the rest its detail: https://www.sqlite.org/rescode.html
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StoreFull(f"the disk is full: {name} cannot grow")
        case sqlite3.SQLITE_IOERR if shutil.disk_usage(Path(url.database or ".").parent).free < NO_SPACE:
            return StoreFull(f"the disk is full: {name} cannot grow")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StoreReadOnly(f"{name} cannot be written")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{name} was locked by another program for too long", advice=LOCKED)
        case sqlite3.SQLITE_NOTADB:
            return StoreError(f"{name} is not a database", advice=DAMAGED)
        case sqlite3.SQLITE_CORRUPT:
            return StoreError(f"{name} is damaged", advice=DAMAGED)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR:
            return StoreUnreachable(f"{name} cannot be opened, read or written")
    return None


def of_postgresql(error: BaseException | None, url: URL) -> StoreError | None:  # noqa: PLR0911 - as above
    """The StoreError that an exception of psycopg means, or None when it is a fault of ours."""
    import psycopg

    name = name_of(url)
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    state = getattr(error, "sqlstate", None) or ""
    match state:
        case "53100":
            return StoreFull(f"the disk is full: {name} cannot grow")
        case "25006":
            return StoreReadOnly(f"{name} takes no writes", advice=STANDBY)
        case "42501":
            return StoreReadOnly(f"{name} cannot be written by this user", advice=RIGHTS)
        case "55P03" | "40P01" | "40001":
            return StoreError(f"{name} was locked by another program for too long", advice=LOCKED)
    if (fault := connecting.fault_of(error, state, url, name)) is not None:
        return fault
    if state[:2] in {"08", "53", "57"} or (not state and isinstance(error, psycopg.OperationalError)):
        return StoreUnreachable(f"{name} cannot be reached: {connecting.first_line(str(error), url)}")
    return None


def of_system(error: OSError, path: Path) -> StoreError:
    """The StoreError that a failure of the file system means."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(f"the disk is full: {path} cannot be written")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StoreReadOnly(f"{path} cannot be written")
    return StoreUnreachable(f"{path} cannot be opened: {(error.strerror or 'unknown reason').lower()}")
