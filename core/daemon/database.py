"""Looking after the database: `planward db`."""

from __future__ import annotations

from pathlib import Path

from config.load import load
from core.daemon.tables import Column, print_table
from core.daemon.terminal import print_json, say
from core.store import integrity
from core.store.engine import Store

ROWS = (Column("table"), Column("rows"))
DAMAGED = (
    "Restore the latest good backup. Without one, name a new database in `store:`, approve the plan again and run"
    " `planward sync`: the trackers still hold their part; only earlier sign-offs and frozen numbers are lost."
)


def upgrade(config: Path, *, as_json: bool) -> int:
    """Create the database or bring its schema up to date."""
    settings = load(config)
    store = Store.open(settings.store, create=True, check=False)
    try:
        copy = store.upgrade()
    except BaseException:
        store.close()
        raise
    sentence = "The database is up to date." if copy is None else f"Upgraded. The database as it was before: {copy}"
    return _show(store, sentence, settings.language, as_json=as_json)


def info(config: Path, *, as_json: bool) -> int:
    """Show what is in the database."""
    settings = load(config)
    store = Store.open(settings.store, check=False)
    return _show(store, None, settings.language, as_json=as_json)


def check(config: Path, *, as_json: bool) -> int:
    """Say what is wrong with what is stored. 1 when anything is."""
    with Store.open(load(config).store) as store, store.read() as connection:
        found = integrity.problems(connection)
    if as_json:
        print_json({"ok": not found, "problems": found})
    elif not found:
        say("Everything that is stored fits together.")
    else:
        for problem in found:
            say(problem)
        say(DAMAGED)
    return 1 if found else 0


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


def _show(store: Store, sentence: str | None, language: str, *, as_json: bool) -> int:
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
        print_table(None, ROWS, [[name, f"{count:,}"] for name, count in facts.rows.items()], language)
    return 0
