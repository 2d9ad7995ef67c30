"""What every test may ask for, and the promises that hold for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import socket_allow_hosts

SOAK = bool(os.environ.get("PLANWARD_SOAK"))

settings.register_profile("test", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("soak" if SOAK else "test")


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    """No test reaches beyond this machine."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Soak-only tests are left to `make soak`."""
    for item in items:
        if item.get_closest_marker("soak") and not SOAK:
            item.add_marker(pytest.mark.skip(reason="the full count runs in `make soak`"))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of recorded data from outside."""
    folder = os.environ.get("PLANWARD_TEST_DATA")
    if not folder:
        pytest.skip("needs recorded data: set PLANWARD_TEST_DATA to its folder")
    return Path(folder)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of its own, dropped afterwards."""
    server = os.environ.get("PLANWARD_TEST_POSTGRES")
    if not server:
        pytest.skip("needs PostgreSQL: set PLANWARD_TEST_POSTGRES to its URL")
    import psycopg

    name = f"planward_test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # the name is ours
    yield server.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
