"""Since when the service works, for `status`. Whether it does is told by its claim on the store, not by this."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection

from core.daemon.refusal import NOBODY
from core.errors import StoreError
from core.store import runs
from core.store.engine import Store

log = structlog.stdlib.get_logger("planward")

NOTE = "working since"


def begin(store: Store, at: datetime) -> None:
    """Note that the service works from now on. A store that does not take it holds up nothing."""
    try:
        with store.write() as connection:
            runs.set_note(connection, NOBODY, NOTE, at.isoformat())
    except StoreError as error:
        log.warning("it could not be noted in the store since when we work", error=str(error))


def since(connection: Connection) -> datetime | None:
    """When the service that works, or the last one that did, began. None: there never was one."""
    note = runs.get_note(connection, NOBODY, NOTE)
    return None if note is None else datetime.fromisoformat(note)
