"""The log of the service is one line an event, without secrets and without what a terminal would obey."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from config import secret
from config.secret import Secret, hidden
from core.daemon import working
from core.daemon.journal import keep_journal
from core.daemon.terminal import LogFormat
from core.sync.drain import Drained

PLANTED = "planted/token+7f3a91"


@pytest.fixture(autouse=True)
def nothing_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests read secrets as well."""
    monkeypatch.setattr(secret, "_revealed", {})


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[LogFormat], io.StringIO]]:
    """Begins a log in that form, and gives what is written to it."""
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    handlers, level, raises = logging.root.handlers[:], logging.root.level, logging.raiseExceptions

    def begin(form: LogFormat) -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", written)
        keep_journal(form)
        return written

    yield begin
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.raiseExceptions = raises
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_json_is_one_object_a_line_with_time_and_level(journal: Callable[[LogFormat], io.StringIO]) -> None:
    written = journal(LogFormat.JSON)

    structlog.stdlib.get_logger("planward").info("read", source="jira", items=3, error=None)

    (line,) = lines(written)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "read", "level": "info", "logger": "planward", "source": "jira", "items": 3, "error": None}


def test_text_is_key_and_value_on_one_line(journal: Callable[[LogFormat], io.StringIO]) -> None:
    written = journal(LogFormat.TEXT)

    structlog.stdlib.get_logger("planward").warning("read", source="jira", error='two\nlines "quoted"')

    (line,) = written.getvalue().splitlines()
    assert line.startswith("at=")
    assert "level=warning event=read" in line
    assert 'error="two\\nlines \\"quoted\\""' in line


def test_no_secret_that_was_read_is_logged_wherever_it_stands(
    journal: Callable[[LogFormat], io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = journal(LogFormat.JSON)
    monkeypatch.setenv("PLANTED", PLANTED)
    Secret(env="PLANTED").reveal()

    try:
        raise ValueError(f"the server said {PLANTED}")
    except ValueError:
        logging.getLogger("anybody").exception("with %s", {"token": PLANTED})
    log = structlog.stdlib.get_logger("planward")
    log.info("asked", url=f"https://acme.example/?token={PLANTED.replace('/', '%2F').replace('+', '%2B')}")
    log.info("nested", problems=[PLANTED, {"in": PLANTED}])

    text = written.getvalue()
    assert len(lines(written)) == 3
    assert "7f3a91" not in text
    assert "ValueError: the server said ***" in lines(written)[0]["exception"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Basic dXNlcjp0b2tlbnRva2Vu", "Authorization: Basic ***"),
        ("bearer abcdefghijklmnopqrstuvwxyz.1-2_3 end", "bearer *** end"),
        ("postgresql://planward:hunter2@db/planward", "postgresql://planward:***@db/planward"),
        (
            "https://acme.example:8443/path and basic authentication",
            "https://acme.example:8443/path and basic authentication",
        ),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_what_a_terminal_would_obey_is_taken_out(journal: Callable[[LogFormat], io.StringIO]) -> None:
    written = journal(LogFormat.TEXT)

    structlog.stdlib.get_logger("planward").info("read", error="\x1b[31mred\x1b[0m\r\nat=2026 level=forged \u202eevil")

    (line,) = written.getvalue().splitlines()
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert "red" in line


def test_a_short_secret_hides_no_common_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "read")
    Secret(env="PLANTED").reveal()

    assert hidden("it was read") == "it was read"


def test_text_has_lists_as_people_write_them_and_nothing_empty(journal: Callable[[LogFormat], io.StringIO]) -> None:
    written = journal(LogFormat.TEXT)

    structlog.stdlib.get_logger("planward").info("started", sources=["jira", "team"], error=None, why="", items=0)
    logging.getLogger("anybody").warning("odd")

    ours, theirs = written.getvalue().splitlines()
    assert ours.endswith('event=started sources="jira, team" items=0')
    assert theirs.endswith("event=odd logger=anybody")


def test_a_reading_that_our_stop_cut_off_is_not_told_as_a_whole_one(
    journal: Callable[[LogFormat], io.StringIO],
) -> None:
    written = journal(LogFormat.JSON)
    at = datetime(2026, 3, 2, tzinfo=UTC)

    working.tell_read("jira", Drained(items=3, started_at=at, stopped=True))
    working.tell_read("jira", Drained(items=3, started_at=at))

    assert [line["event"] for line in lines(written)] == ["reading stopped", "read"]
