"""How far each source was read and how its runs went."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.model import Cursor
from core.store import runs
from core.store.engine import Store
from core.store.runs import Run
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, writes


def test_a_cursor_is_kept_by_source_and_stream(store: Store) -> None:
    with store.write() as conn:
        runs.save_cursor(conn, "jira", "items", Cursor(token="a"), "scope", MONDAY)
        runs.save_cursor(conn, "jira", "items", Cursor(token="b"), "scope 2", TUESDAY)

        assert runs.cursor(conn, "jira", "items") == (Cursor(token="b"), "scope 2")
        assert runs.cursor(conn, "jira", "worklogs") is None
        assert runs.cursor(conn, "github", "items") is None


def test_the_same_cursor_is_not_written_again(store: Store) -> None:
    with store.write() as conn:
        runs.save_cursor(conn, "jira", "items", Cursor(token="a"), "scope", MONDAY)
        before = writes(conn)
        runs.save_cursor(conn, "jira", "items", Cursor(token="a"), "scope", TUESDAY)

        assert writes(conn) == before


def test_checks_and_notes_are_kept_by_source(store: Store) -> None:
    with store.write() as conn:
        runs.record_check(conn, "jira", "census", MONDAY)
        runs.record_check(conn, "jira", "census", TUESDAY)
        runs.record_check(conn, "jira", "lists", MONDAY)
        runs.set_note(conn, "jira", "account", "li")

        assert runs.checked_at(conn, "jira") == {"census": TUESDAY, "lists": MONDAY}
        assert runs.checked_at(conn, "github") == {}
        assert runs.get_note(conn, "jira", "account") == "li"
        assert runs.get_note(conn, "github", "account") is None


def test_the_last_run_and_the_last_success_are_told_apart(store: Store) -> None:
    good = Run(source="jira", started_at=MONDAY, finished_at=MONDAY, ok=True, counts={"items": 3})
    bad = Run(source="jira", started_at=TUESDAY, finished_at=TUESDAY, ok=False, error="down", not_before=WEDNESDAY)

    with store.write() as conn:
        runs.record_run(conn, good)
        runs.record_run(conn, bad)

        assert runs.last_runs(conn) == {"jira": bad}
        assert runs.last_success(conn) == {"jira": MONDAY}


def test_what_reading_or_writing_was_told_to_wait_for_holds_for_both(store: Store) -> None:
    def read(at: datetime, until: datetime | None) -> Run:
        return Run(source="jira", started_at=at, finished_at=at, ok=until is None, not_before=until)

    with store.write() as conn:
        assert runs.not_before(conn, "jira") is None
        runs.hold_back(conn, "jira", TUESDAY)
        assert (runs.not_before(conn, "jira"), runs.not_before(conn, "github")) == (TUESDAY, None)

        runs.record_run(conn, read(MONDAY, None))
        assert runs.last_runs(conn)["jira"].not_before == TUESDAY
        runs.record_run(conn, read(MONDAY, WEDNESDAY))
        assert runs.not_before(conn, "jira") == WEDNESDAY
        runs.record_run(conn, read(TUESDAY, None))
        assert runs.not_before(conn, "jira") is None


def test_old_runs_are_forgotten_save_the_last_success(store: Store) -> None:
    with store.write() as conn:
        for day in range(200):
            at = MONDAY + timedelta(days=day)
            runs.record_run(conn, Run(source="jira", started_at=at, finished_at=at, ok=day < 10))

        kept = conn.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
        success = runs.last_success(conn)

    assert kept == 92  # 90 days, today, and the last success
    assert success == {"jira": MONDAY + timedelta(days=9)}


def test_failures_are_counted_since_the_last_success(store: Store) -> None:
    def run(source: str, at: datetime, ok: bool) -> Run:
        return Run(source=source, started_at=at, finished_at=at, ok=ok)

    with store.write() as conn:
        for source, went in (
            ("recovered", (False, False, True)),
            ("broken", (True, False, False)),
            ("never", (False,)),
        ):
            for at, ok in zip((MONDAY, TUESDAY, WEDNESDAY), went, strict=False):
                runs.record_run(conn, run(source, at, ok))

        assert runs.failures(conn) == {"broken": 2, "never": 1}
