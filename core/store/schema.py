"""The schema of a store: which one it has, and bringing it up to this program's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy import column as column_named
from sqlalchemy import table as table_named

from core.errors import StoreError, StoreMissing, StoreOutdated, StoreTooNew
from core.store import views
from core.store.migrations import HEAD, REVISIONS
from core.store.upsert import serialise

SCRIPTS = Path(__file__).with_name("migrations")
VERSION_TABLE = "alembic_version"


def version(conn: Connection) -> str | None:
    """The revision of the schema, or None when there is none yet. Raises StoreError for a stranger's database."""
    names = set(inspect(conn).get_table_names())
    if VERSION_TABLE in names:
        found = conn.scalar(select(column_named("version_num")).select_from(table_named(VERSION_TABLE)))
        if found is not None:
            return str(found)
    # A PostgreSQL database is often shared; a file that holds something else was surely named by mistake.
    if names - {VERSION_TABLE} and conn.dialect.name == "sqlite":
        raise StoreError(
            "the database file holds the tables of another program", advice="Name another file in `store:`."
        )
    return None


def require_head(found: str | None, name: str) -> None:
    """Nothing, when the schema is this program's. Raises StoreMissing, StoreOutdated or StoreTooNew."""
    if found == HEAD:
        return
    if found is None:
        raise StoreMissing(f"{name} holds no data yet")
    if found in REVISIONS:
        raise StoreOutdated(f"{name} has schema {found}, and this program needs {HEAD}")
    raise StoreTooNew(f"{name} has schema {found}, which is newer than this program's {HEAD}")


def migrate(engine: Engine, scripts: Path = SCRIPTS) -> None:
    """Bring the schema to the newest revision and the views with it: all in one transaction, or nothing of it."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    on_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as conn:
        raw = conn.connection.dbapi_connection
        assert raw is not None
        if on_sqlite:
            # Rebuilding a table drops the old one, which would cascade; the switch only works outside a transaction.
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with conn.execution_options(writes=True).begin():
                serialise(conn, "schema")
                config.attributes["connection"] = conn
                if on_sqlite:
                    views.drop(conn)
                command.upgrade(config, "head")
                views.create(conn)
                if on_sqlite and conn.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StoreError("the upgraded tables contradict each other, so the old ones were kept")
        finally:
            if on_sqlite:
                raw.execute("PRAGMA foreign_keys=ON")
