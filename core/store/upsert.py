"""Rows in and out: the one upsert, and its counterparts that read and remove.

Rows are tuples of plain values in the order of the table's columns, so they go through the driver without a type
conversion per value: that makes a page cost what the bare driver costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    TableClause,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import column as column_named
from sqlalchemy import table as table_named
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

from core.store.tables import json_text

Row = tuple[Any, ...]

# Columns that say when a row was written; alone they are no reason to write it again.
STAMPS = frozenset({"saved_at", "set_aside_at"})


# From here on PostgreSQL takes rows by COPY, for a fifth of the work on our side, although that needs a table for them.
MANY = 50

# SQLite takes so many rows a statement, for three quarters of the work: what it does around a statement is done once.
# 200 rows of the widest table are 7,200 parameters; it takes 32,766.
BLOCK = 200


def serialise(conn: Connection, name: str) -> None:
    """Wait until no other write transaction holds this name; held until the transaction ends.

    SQLite has one writer at a time anyway. On PostgreSQL it makes "read what is there, write what differs" sound.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0, type_=BigInteger))))


def upsert(conn: Connection, table: Table, rows: Iterable[Row], *, keep_first: bool = False) -> int:
    """How many rows were written. A row that is there already and equal is not touched.

    Of several rows with one key the last one counts. With `keep_first` a row that is there stays as it is.
    """
    return _write(conn, table, list(by_key(table, rows).values()), keep_first)


def remove(conn: Connection, table: Table, keys: Collection[Row]) -> int:
    """How many rows were removed, given their whole keys."""
    if not keys:
        return 0
    return conn.exec_driver_sql(_remove_sql(table, conn.dialect.name), list(keys)).rowcount


def replace(conn: Connection, table: Table, stored: Iterable[Row], wanted: Iterable[Row]) -> list[Row]:
    """The rows written and the keys removed to make the stored rows the wanted ones; what is equal is left alone."""
    before = by_key(table, stored)
    after = by_key(table, wanted)
    # Nothing is stored of new items: there is nothing to compare with.
    differing = [row for key, row in after.items() if before.get(key) != row] if before else list(after.values())
    gone = [key for key in before if key not in after]
    remove(conn, table, gone)
    _write(conn, table, differing)
    return differing + gone


def add(conn: Connection, table: Table, stored: Collection[Row], wanted: Iterable[Row]) -> list[Row]:
    """The wanted rows whose keys are not among the stored keys, now written. Rows that are there stay as they are."""
    distinct = by_key(table, wanted)
    missing = [row for key, row in distinct.items() if key not in stored] if stored else list(distinct.values())
    _write(conn, table, missing, keep_first=True)
    return missing


def by_key(table: Table, rows: Iterable[Row]) -> dict[Row, Row]:
    """The rows by their keys; of several with one key the last."""
    width = len(table.primary_key)
    return {row[:width]: row for row in rows}


def rows_of(conn: Connection, table: Table, source: str, ids: Collection[str], *columns: str) -> list[Row]:
    """The stored rows of these items of a source, whole or the named columns of them, in the order of their keys."""
    if not ids:
        return []
    of_item = table.c.item_id if "item_id" in table.c else table.c.remote_id
    chosen = [table.c[name] for name in columns] if columns else table.c
    query = select(*raw(chosen)).where(table.c.source == source, among(conn, of_item, ids))
    return plain(conn, query.order_by(*table.primary_key))


def plain(conn: Connection, query: Select[Any]) -> list[Row]:
    """The rows of a query over `raw` columns, as the driver's own tuples."""
    result = conn.execute(query)
    # Past SQLAlchemy's own rows: a page that brings nothing new is mostly this.
    rows = cast("list[Row]", cast("Any", result.cursor).fetchall())
    result.close()
    return rows


def raw(columns: Iterable[Column[Any]]) -> list[ColumnElement[Any]]:
    """The columns as the driver gives them: integers for instants, text for days and JSON."""
    return [
        type_coerce(column, column.type.impl_instance) if isinstance(column.type, TypeDecorator) else column
        for column in columns
    ]


def among(conn: Connection, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """The condition that a text column has one of these values, as one parameter however many there are."""
    if conn.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(Text), unique=True))
    listed = bindparam(None, json_text(list(values)), type_=Text, unique=True)
    return column.in_(select(func.json_each(listed).table_valued("value").c.value))


def encoded(table: Table, **values: Any) -> Row:
    """A row of the table made from Python values by the types of its columns. Raises ValueError for a naive time."""
    return tuple(
        column.type.process_bind_param(values[column.name], _ANY_DIALECT)
        if isinstance(column.type, TypeDecorator)
        else values[column.name]
        for column in table.columns
    )


_ANY_DIALECT = sqlite.dialect()  # the types of the tables do the same on every engine


def _write(conn: Connection, table: Table, distinct: list[Row], keep_first: bool = False) -> int:
    if not distinct:
        return 0
    if conn.dialect.name == "postgresql" and len(distinct) >= MANY:
        return _copy_in(conn, table, distinct, keep_first)
    statement = _upsert_sql(table, conn.dialect.name, keep_first)
    in_blocks = len(distinct) // BLOCK * BLOCK if conn.dialect.name == "sqlite" else 0
    written = 0
    if in_blocks:
        starts = range(0, in_blocks, BLOCK)
        blocks = [tuple(chain.from_iterable(distinct[start : start + BLOCK])) for start in starts]
        written += conn.exec_driver_sql(_of_a_block(statement, len(table.columns)), blocks).rowcount
    if rest := distinct[in_blocks:]:
        written += conn.exec_driver_sql(statement, rest).rowcount
    return written


@cache
def _of_a_block(statement: str, columns: int) -> str:
    """The statement for one row as one for a block of rows; SQLAlchemy needs 75 ms to make the widest one."""
    row = f"({', '.join('?' * columns)})"
    before, after = statement.split(f"VALUES {row}")
    return f"{before}VALUES {', '.join([row] * BLOCK)}{after}"


def _copy_in(conn: Connection, table: Table, rows: list[Row], keep_first: bool) -> int:
    incoming = _incoming(table)
    conn.exec_driver_sql(f"CREATE TEMPORARY TABLE {incoming.name} (LIKE {table.name}) ON COMMIT DROP")
    cursor: Any = conn.connection.cursor()
    # By name: a step of the schema may have put a new column behind those that were there.
    names = ", ".join(column.name for column in table.columns)
    with cursor.copy(f"COPY {incoming.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    written = conn.exec_driver_sql(_upsert_sql(table, "postgresql", keep_first, copied=True)).rowcount
    conn.exec_driver_sql(f"DROP TABLE {incoming.name}")
    return written


def _incoming(table: Table) -> TableClause:
    return table_named(f"incoming_{table.name}", *(column_named(column.name) for column in table.columns))


@cache
def _upsert_sql(table: Table, engine: str, keep_first: bool, *, copied: bool = False) -> str:
    names = [column.name for column in table.columns]
    if copied:
        insert = _insert(table, engine).from_select(names, select(_incoming(table)))
    else:
        insert = _insert(table, engine).values({name: bindparam(name) for name in names})
    key = list(table.primary_key)
    if keep_first:
        return _text(insert.on_conflict_do_nothing(index_elements=key), engine)
    others = [column for column in table.columns if not column.primary_key]
    telling = [column for column in others if column.name not in STAMPS]
    return _text(
        insert.on_conflict_do_update(
            index_elements=key,
            set_={column.name: insert.excluded[column.name] for column in others},
            where=or_(*(column.is_distinct_from(insert.excluded[column.name]) for column in telling)),
        ),
        engine,
    )


@cache
def _remove_sql(table: Table, engine: str) -> str:
    return _text(delete(table).where(*(column == bindparam(column.name) for column in table.primary_key)), engine)


def _insert(table: Table, engine: str) -> sqlite.Insert:
    """The engine's own INSERT; both offer the same methods, so the rest of this module knows one of them."""
    if engine == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)


def _text(statement: ClauseElement, engine: str) -> str:
    if engine == "postgresql":
        from sqlalchemy.dialects.postgresql import psycopg  # costs every start on SQLite 25 ms otherwise

        return str(statement.compile(dialect=psycopg.dialect(paramstyle="format")))  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))
