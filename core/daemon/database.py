"""Looking after the database: `planward db`."""

from __future__ import annotations

from pathlib import Path

from config.load import load
from core.daemon.terminal import print_json, print_table, say
from core.store.engine import Store


def upgrade(config: Path, *, as_json: bool) -> int:
    """Create the database or bring its schema up to date."""
    store = Store.open(load(config).store, create=True, check=False)
    try:
        copy = store.upgrade()
    except BaseException:
        store.close()
        raise
    sentence = "The database is up to date." if copy is None else f"Upgraded. The database as it was before: {copy}"
    return _show(store, sentence, as_json=as_json)


def info(config: Path, *, as_json: bool) -> int:
    """Show what is in the database."""
    store = Store.open(load(config).store, check=False)
    return _show(store, None, as_json=as_json)


def backup(config: Path, to: Path, *, as_json: bool) -> int:
    """Copy the database to a new file while it may be in use."""
    store = Store.open(load(config).store)
    try:
        store.backup(to)
    finally:
        store.close()
    if as_json:
        print_json({"backup": str(to), "bytes": to.stat().st_size})
    else:
        say(f"Copied to {to} ({to.stat().st_size:,} bytes).")
    return 0


def _show(store: Store, sentence: str | None, *, as_json: bool) -> int:
    try:
        facts = store.info()
    finally:
        store.close()
    if as_json:
        print_json(
            {
                "url": facts.url,
                "dialect": facts.dialect,
                "schema": facts.schema,
                "head": facts.head,
                "bytes": facts.size,
                "rows": dict(facts.rows),
            }
        )
        return 0
    if sentence:
        say(sentence)
    say(f"{facts.url}: schema {facts.schema} (this version's: {facts.head}), {facts.size:,} bytes")
    if any(facts.rows.values()):
        print_table(None, ["table", "rows"], [[name, f"{count:,}"] for name, count in facts.rows.items()])
    return 0
