"""Every test of this room runs on both engines, each on a store of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core.store.engine import Store
from core.store.tables import metadata

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    Store.open(f"sqlite:///{path}", create=True).close()
    return path


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL database with the schema, emptied by those who use it."""
    server = os.environ.get("PLANWARD_TEST_POSTGRES")
    if not server:
        pytest.skip("needs PostgreSQL: set PLANWARD_TEST_POSTGRES to its URL")
    import psycopg  # an extra, not there on a bare machine

    name = f"planward_test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = server.rsplit("/", 1)[0] + "/" + name
    Store.open(url, create=True).close()
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, on one engine and then on the other."""
    if request.param == "sqlite":
        path = tmp_path / "planward.db"
        shutil.copy(request.getfixturevalue("empty_file"), path)
        return f"sqlite:///{path}"
    server: str = request.getfixturevalue("server_url")
    with Store.open(server) as store, store.write() as conn:
        for table in reversed(metadata.sorted_tables):  # for a few rows much faster than TRUNCATE
            conn.execute(table.delete())
    return server


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store, on one engine and then on the other."""
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def file_store(empty_file: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    path = tmp_path / "planward.db"
    shutil.copy(empty_file, path)
    with Store.open(f"sqlite:///{path}") as opened:
        yield opened
