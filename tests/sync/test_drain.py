"""Draining a source: what is kept, what counts as read, and what harms nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import AccessDenied, BadAnswer, NotThere, PlanwardError, RateLimited, SourceUnavailable, StoreFull
from core.model import Agenda, Category, Cursor, Page, SetAside, Status
from core.model import Event as Meeting
from core.store import events, items, runs
from core.store.engine import Store
from core.sync.drain import drain
from tests.builders import ACTIVE, DONE, OPEN, STATUSES, WAITING, moment
from tests.sync.source import PagedSource, job, page, read, snapshot

ONE = snapshot("ERP-1", ("2026-03-02 09:00", OPEN))
TWO = snapshot("ERP-2", ("2026-03-02 09:00", OPEN))
LIVED = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-03 09:00", ACTIVE), ("2026-03-04 09:00", DONE))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/planward.db", create=True) as store:
        yield store


def keys(store: Store) -> list[str]:
    with store.read() as connection:
        return [one.item.key for one in items.load_snapshots(connection, "jira")]


def test_pages_are_kept_with_the_cursor_behind_them(store: Store) -> None:
    drained = read(store, "2026-03-10 09:00", page(ONE, complete=False, token="1"), page(TWO, token="2"))

    with store.read() as connection:
        held = runs.cursor(connection, "jira", "items")
    assert drained.ok
    assert (drained.items, keys(store)) == (2, ["ERP-1", "ERP-2"])
    assert held is not None
    assert held[0] == Cursor(token="2")


def test_the_next_reading_goes_on_from_the_cursor(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(ONE, token="1"))
    source = PagedSource(pages=[page(token="2")])

    read(store, "2026-03-10 09:05", source=source)

    assert source.asked == [(Cursor(token="1"), False)]


def test_what_fails_in_the_middle_keeps_the_pages_before_it(store: Store) -> None:
    def fault(number: int) -> None:
        if number == 1:
            raise SourceUnavailable("the line is down")

    drained = read(
        store, "2026-03-10 09:00", source=PagedSource(pages=[page(ONE, complete=False), page(TWO)], fault=fault)
    )

    assert isinstance(drained.error, SourceUnavailable)
    assert keys(store) == ["ERP-1"]


def test_a_reading_that_was_stopped_is_no_success(store: Store) -> None:
    stop = Event()
    source = PagedSource(pages=[page(ONE, complete=False), page(TWO)], fault=lambda number: stop.set())

    drained = read(store, "2026-03-10 09:00", source=source, stop=stop)

    with store.read() as connection:
        last, success, checks = (
            runs.last_runs(connection),
            runs.last_success(connection),
            runs.checked_at(connection, "jira"),
        )
    assert (drained.ok, drained.stopped, drained.error) == (False, True, None)
    assert (last["jira"].ok, last["jira"].error) == (False, None)  # nothing is wrong there
    assert not success
    assert "reread" not in checks
    assert keys(store) == ["ERP-1"]


def test_a_request_that_was_given_up_because_we_stop_is_no_fault_of_the_source(store: Store) -> None:
    stop = Event()

    def fault(number: int) -> None:
        stop.set()
        raise SourceUnavailable("Planward is stopping; the request was not tried again.")

    drained = read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault), stop=stop)

    assert (drained.ok, drained.stopped, drained.error) == (False, True, None)


def test_what_is_really_wrong_is_told_although_we_stop(store: Store) -> None:
    stop = Event()

    def fault(number: int) -> None:
        stop.set()
        raise AccessDenied("the token was rejected")

    drained = read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault), stop=stop)

    assert isinstance(drained.error, AccessDenied)
    assert not drained.stopped


def test_a_source_that_doubts_its_own_answer_is_not_believed_to_be_read(store: Store) -> None:
    drained = read(store, "2026-03-10 09:00", page(ONE, complete=False, warnings=("the result was truncated",)))

    assert isinstance(drained.error, BadAnswer)
    assert "truncated" in str(drained.error)
    assert keys(store) == ["ERP-1"]


def test_the_wide_reading_comes_when_it_is_due_and_counts_as_upkeep(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(ONE))
    soon, later = PagedSource(pages=[page()]), PagedSource(pages=[page()])

    first = read(store, "2026-03-10 14:59", source=soon)
    second = read(store, "2026-03-10 15:00", source=later)

    assert [wide for _, wide in soon.asked + later.asked] == [False, True]
    assert (first.requests, first.requests_upkeep) == (1, 2)
    assert second.requests == 0


def test_what_was_set_aside_is_asked_for_with_the_wide_reading(store: Store) -> None:
    broken = Page(
        cursor=Cursor(token="t"), set_aside=(SetAside(remote_id="7", key="ERP-7", reason="x"),), complete=True
    )
    read(store, "2026-03-10 09:00", broken)
    soon, later = PagedSource(pages=[page()]), PagedSource(pages=[page()])

    read(store, "2026-03-10 09:05", source=soon)
    read(store, "2026-03-10 16:00", source=later)

    assert (soon.asked_again, later.asked_again) == ([()], [("7",)])


def test_everything_is_fetched_again_when_asked(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(ONE))
    usual, full = PagedSource(pages=[page(ONE)]), PagedSource(pages=[page(ONE)])

    read(store, "2026-03-10 09:05", source=usual)
    read(store, "2026-03-10 09:10", source=full, full=True)

    assert usual.held == [{ONE.item.remote_id: ONE.item.updated_at}]
    assert full.held == [{}]
    assert full.asked == [(None, False)]


def test_another_scope_is_read_from_its_beginning(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(ONE))
    source = PagedSource(pages=[page(TWO)])

    read(store, "2026-03-10 09:05", source=source, scope="project = CRM")

    assert source.asked == [(None, False)]


def test_another_account_reads_from_the_beginning(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(ONE))
    source = PagedSource(pages=[page(TWO)], account="somebody else")

    read(store, "2026-03-10 11:00", source=source)

    assert source.asked == [(None, False)]


def test_another_account_reads_from_the_beginning_also_when_the_first_try_brings_nothing(store: Store) -> None:
    def down(number: int) -> None:
        raise SourceUnavailable("the line is down")

    read(store, "2026-03-10 09:00", page(ONE))
    asked = []
    for at, fault in (("11:00", down), ("11:05", lambda number: None), ("11:10", lambda number: None)):
        source = PagedSource(pages=[page(TWO)], account="somebody else", fault=fault)
        read(store, f"2026-03-10 {at}", source=source)
        asked += source.asked

    assert asked == [(None, False), (None, False), (Cursor(token="t"), False)]


def test_what_is_missing_at_the_end_does_not_make_every_reading_a_wide_one(store: Store) -> None:
    def missing(number: int) -> None:
        if number == 1:
            raise NotThere("acme/erp is gone")

    pages, asked = [page(ONE, complete=False), page(TWO)], []
    for at in ("09:00", "14:59", "15:00", "15:05"):
        source = PagedSource(pages=pages, fault=missing)
        read(store, f"2026-03-10 {at}", source=source)
        asked += [wide for _, wide in source.asked]

    assert asked == [False, False, True, False]


def test_a_wide_reading_that_brings_nothing_is_due_again(store: Store) -> None:
    def down(number: int) -> None:
        raise SourceUnavailable("the line is down")

    read(store, "2026-03-10 09:00", page(ONE))
    read(store, "2026-03-10 15:00", source=PagedSource(pages=[page(TWO)], fault=down))
    source = PagedSource(pages=[page(TWO)])

    read(store, "2026-03-10 15:05", source=source)

    assert [wide for _, wide in source.asked] == [True]


def test_a_source_that_asked_to_be_left_alone_is(store: Store) -> None:
    def fault(number: int) -> None:
        raise RateLimited("wait", not_before=moment("2026-03-10 10:00"))

    read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault))
    early, late = PagedSource(pages=[page()]), PagedSource(pages=[page()])

    refused = read(store, "2026-03-10 09:05", source=early)
    taken = read(store, "2026-03-10 10:00", source=late)

    assert isinstance(refused.error, RateLimited)
    assert early.requests == 0
    assert taken.ok


def test_a_history_that_could_not_be_read_wipes_nothing(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(LIVED))
    touched = replace(LIVED.item, updated_at=moment("2026-03-11 09:00"))

    read(store, "2026-03-11 10:00", page(replace(LIVED, item=touched, changes=None, history_whole=False)))

    with store.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT finished_at, history_complete FROM planward_items").fetchall()
        spans = connection.exec_driver_sql("SELECT count(*) FROM planward_spans").scalar()
    assert row[0].startswith("2026-03-04T09:00")
    assert not row[1]
    assert spans == 3


def test_what_a_status_meant_when_its_change_was_seen_stays(store: Store) -> None:
    read(store, "2026-03-10 09:00", page(LIVED))
    moved = {**STATUSES, "3": Status(status_id="3", name="In Progress", category=Category.WAITING)}

    read(store, "2026-03-12 09:00", source=PagedSource(pages=[page(LIVED)], statuses=moved), full=True)

    with store.read() as connection:
        categories = connection.exec_driver_sql("SELECT category FROM planward_spans ORDER BY entered_at").fetchall()
    assert [category for (category,) in categories] == ["todo", "active", "done"]


def test_histories_are_worked_out_again_when_a_status_moves(store: Store) -> None:
    working = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-03 09:00", ACTIVE))
    read(store, "2026-03-10 09:00", page(working))
    moved = {**STATUSES, "3": Status(status_id="3", name="In Progress", category=Category.WAITING)}

    read(store, "2026-03-12 09:00", source=PagedSource(pages=[page()], statuses=moved))

    with store.read() as connection:
        spans = connection.exec_driver_sql("SELECT category, entered_at FROM planward_spans ORDER BY 2").fetchall()
    assert [category for category, _ in spans] == ["todo", "active", "waiting"]
    assert spans[2][1].startswith("2026-03-10T09:00")  # when it was seen last as it was


def test_a_status_that_another_process_saw_moved_meanwhile_means_what_it_means_now(store: Store) -> None:
    working = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-03 09:00", ACTIVE))
    moved = {**STATUSES, "3": replace(STATUSES["3"], category=WAITING)}

    def other(number: int) -> None:
        if number == 1:
            read(store, "2026-03-12 11:00", source=PagedSource(pages=[page()], statuses=moved))

    read(store, "2026-03-12 09:00", source=PagedSource(pages=[page(), page(working)], fault=other))

    with store.read() as connection:
        rows = connection.execute(text("SELECT category FROM planward_spans ORDER BY entered_at"))
        assert [row.category for row in rows] == ["todo", "active", "waiting"]


def test_a_status_that_was_moved_while_nobody_looked_meant_the_old_until_it_was_last_seen(store: Store) -> None:
    read(store, "2026-03-12 09:00", source=PagedSource(pages=[page()]))
    moved = {**STATUSES, "3": replace(STATUSES["3"], category=DONE)}
    entered = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-04-20 09:00", ACTIVE))

    read(store, "2026-06-10 09:00", source=PagedSource(pages=[page(entered)], statuses=moved))

    with store.read() as connection:
        (row,) = connection.execute(text("SELECT finished_at FROM planward_items"))
        assert row.finished_at == "2026-04-20T09:00:00.000000Z"


def test_a_fault_of_ours_in_one_source_is_told_and_stops_no_other(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(number: int) -> None:
        raise KeyError("a bug")

    drained = read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault))

    assert isinstance(drained.error, PlanwardError)
    assert "KeyError" in caplog.text


def test_a_broken_store_is_everybodys_problem(store: Store) -> None:
    def fault(number: int) -> None:
        raise StoreFull("the disk is full")

    with pytest.raises(StoreFull):
        read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault))


def test_a_rejected_token_is_a_failure_with_advice(store: Store) -> None:
    def fault(number: int) -> None:
        raise AccessDenied("the token was rejected")

    drained = read(store, "2026-03-10 09:00", source=PagedSource(pages=[page()], fault=fault))

    assert drained.error is not None
    assert "token" in drained.error.advice
    assert drained.seconds < timedelta(seconds=1).total_seconds()


def test_how_late_a_reading_began_is_recorded_with_it(store: Store) -> None:
    at = moment("2026-03-10 09:00")
    how: dict[str, Any] = {"full": False, "now": lambda: at, "stop": Event(), "progress": lambda *_: None}

    late = drain(store, job(PagedSource(pages=[page()])), due_at=at - timedelta(hours=2), **how)
    with store.read() as connection:
        recorded = runs.last_runs(connection)["jira"].counts["late_seconds"]
    early = drain(store, job(PagedSource(pages=[page()])), due_at=at + timedelta(hours=2), **how)

    assert late.late == timedelta(hours=2)
    assert recorded == 7200
    assert early.late == timedelta()


def test_a_calendar_that_was_read_whole_says_itself_what_is_set_aside_and_what_is_gone(store: Store) -> None:
    #  `spoilt` cannot be read any more and stands as it was, `gone` is gone, `mended` can be read again
    def calendar(*uids: str, aside: str) -> Page:
        begun = moment("2026-03-11 09:00")
        meetings = tuple(
            Meeting(
                source="jira",
                calendar="team",
                uid=uid,
                recurrence_start=None,
                title=uid,
                starts_at=begun,
                ends_at=begun + timedelta(hours=1),
            )
            for uid in uids
        )
        stretch = {"from_at": moment("2026-01-01 00:00"), "until_at": moment("2027-01-01 00:00")}
        agenda = Agenda(calendar="team", events=meetings, **stretch)
        unread = SetAside(remote_id=aside, key=None, reason="it cannot be read")
        return replace(page(token=aside), agendas=(agenda,), set_aside=(unread,))

    read(store, "2026-03-10 09:00", calendar("gone", "spoilt", aside="mended"))
    read(store, "2026-03-10 10:00", calendar("mended", aside="spoilt"))
    read(store, "2026-03-10 11:00", page(token="quiet"))

    with store.read() as connection:
        held = events.events(connection, ["jira"], moment("2026-03-11 00:00"), moment("2026-03-12 00:00"))
        assert [record.remote_id for record in items.set_aside(connection, "jira")] == ["spoilt"]
    assert sorted(event.uid for event in held) == ["mended", "spoilt"]
