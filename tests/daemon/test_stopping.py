"""Ctrl-C once lets the page in hand finish, twice ends at once; either way the next run goes on from there."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from core.daemon import cycling
from core.store.engine import Store
from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox.server import Request

LATE = 5.0
"""Seconds by which the tracker's answer is late: long enough to press a key twice."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


@pytest.fixture
def late() -> float:
    """Seconds by which the tracker's answer is late."""
    return LATE


@pytest.fixture
def reading(place: Workplace, late: float) -> Iterator[subprocess.Popen[str]]:
    """A sync that waits for the tracker's answer about histories."""
    asked = Event()

    def histories(request: Request) -> bool:
        meant = "/changelog/bulkfetch" in request.path
        if meant:
            asked.set()
        return meant

    place.jira.faults.add(what="delay", where=histories, seconds=late)
    process = place.start("sync")
    assert asked.wait(30)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def ends_well(place: Workplace) -> None:
    """The store is whole, and the next run does the rest."""
    assert place.planward("db", "check").code == 0
    again = place.planward("sync")
    assert again.code == 0, again.err
    assert len(place.ours()) == 1


def test_the_first_says_that_the_page_is_finished_and_how_to_end_at_once(
    place: Workplace, reading: subprocess.Popen[str]
) -> None:
    reading.send_signal(signal.SIGINT)
    _, err = reading.communicate(timeout=60)

    assert reading.returncode == 1
    assert "stopping after this page; press again to stop at once" in err
    assert "Traceback" not in err
    ends_well(place)


def test_a_source_that_we_stopped_is_shown_as_stopped_and_not_as_failed(
    place: Workplace, reading: subprocess.Popen[str]
) -> None:
    reading.send_signal(signal.SIGINT)
    _, err = reading.communicate(timeout=60)
    shown = place.planward("status")

    assert "planward: stopped before acme-jira was read to its end" in err
    assert "Check the address" not in err
    (line,) = [line for line in shown.out.splitlines() if line.lstrip().startswith("acme-jira")]
    assert "stopped" in line
    assert "failed" not in shown.out
    told = place.planward("status", "--json").json["sources"]["acme-jira"]
    assert (told["state"], told["ok"], told["error"]) == ("stopped", False, None)


def test_a_cycle_that_was_stopped_before_its_first_request_has_not_done_its_work(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def stopped() -> Iterator[Event]:
        stop = Event()
        stop.set()
        yield stop

    monkeypatch.setattr(cycling, "stopping", stopped)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    assert cycling.sync(place.config, only=[], full=False, as_json=False) == 1
    assert "planward: stopped before acme-jira was read to its end" in capsys.readouterr().err
    assert place.jira.requests == []


def test_the_second_ends_at_once(place: Workplace, reading: subprocess.Popen[str]) -> None:
    reading.send_signal(signal.SIGINT)
    begun = time.monotonic()
    time.sleep(0.3)
    reading.send_signal(signal.SIGINT)
    out, err = reading.communicate(timeout=60)

    assert time.monotonic() - begun < LATE - 1
    assert reading.returncode == 130
    assert "stopped at once" in err
    assert "Traceback" not in out + err
    ends_well(place)


def test_a_service_manager_is_not_told_to_press_keys(place: Workplace, reading: subprocess.Popen[str]) -> None:
    reading.send_signal(signal.SIGTERM)
    _, err = reading.communicate(timeout=60)

    assert "stopping after this page\n" in err
    assert "press" not in err
    ends_well(place)


@pytest.mark.parametrize("late", [25.0])
def test_a_tracker_that_does_not_answer_holds_up_no_stop(place: Workplace, reading: subprocess.Popen[str]) -> None:
    begun = time.monotonic()
    reading.send_signal(signal.SIGTERM)
    _, err = reading.communicate(timeout=60)

    assert time.monotonic() - begun < 10
    assert reading.returncode == 130
    assert "stopped at once" in err
    place.jira.faults.clear()
    ends_well(place)


def test_a_locked_database_holds_up_no_stop(tmp_path: Path) -> None:
    path = tmp_path / "planward.db"
    Store.open(f"sqlite:///{path}", create=True).close()
    program = (
        "import sys\n"
        "from core.daemon.stopping import stopping\n"
        "from core.store.engine import Store\n"
        "with stopping(), Store.open(sys.argv[1]) as store:\n"
        "    print('waits', flush=True)\n"
        "    with store.write(): pass\n"
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = subprocess.Popen(
            [sys.executable, "-c", program, f"sqlite:///{path}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waits\n"
        time.sleep(0.3)
        begun = time.monotonic()
        waiting.send_signal(signal.SIGTERM)
        _, err = waiting.communicate(timeout=60)

    assert time.monotonic() - begun < 10
    assert waiting.returncode == 130
    assert "stopped at once" in err


@pytest.mark.parametrize("late", [10.0])
def test_whoever_presses_a_key_once_gets_the_page_finished_however_long_it_takes(
    place: Workplace, reading: subprocess.Popen[str]
) -> None:
    reading.send_signal(signal.SIGINT)
    _, err = reading.communicate(timeout=60)

    assert reading.returncode == 1
    assert "stopped at once" not in err
