"""Claims: what only one process at a time may do. A claim ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError


@contextmanager
def on_file(path: Path) -> Iterator[bool]:
    """Whether the claim is ours while the context lasts: an exclusive lock on a file of its own beside the database."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)  # and with it the lock


@contextmanager
def on_server(engine: Engine, name: str) -> Iterator[bool]:
    """Whether the claim is ours while the context lasts: an advisory lock of a connection that serves nothing else."""
    key = int.from_bytes(hashlib.sha256(f"planward {name}".encode()).digest()[:8], signed=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
        # The server notices a moment late that a connection is gone: until then nobody else would get the claim.
        with suppress(DBAPIError):  # a connection that broke has let go of it already
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
    finally:
        # Not returned to the pool: there it would stay open, and the lock with it.
        connection.invalidate()
        connection.close()
