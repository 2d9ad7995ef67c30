"""Findings open and close; measurements keep their evidence, and frozen ones never change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.model import Finding, Measurement, Period, PeriodKind, Publication, PublicationState, Severity
from core.store import outbox, results
from core.store.engine import Store
from core.store.results import StoredFinding
from tests.store.samples import MARCH, MONDAY, TUESDAY, WEDNESDAY, counted, measurement, writes

LATE = Finding(
    kind="overdue",
    severity=Severity.WARNING,
    subject="D1",
    facts={"due_on": "2026-03-01", "open": 2, "share": 0.5, "owner": None},
    evidence=(("jira", "ERP-1"), ("github", "acme/erp#1")),
)
GHOST = Finding(kind="ghost", severity=Severity.INFO, subject="D2")


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_findings_open_close_and_return_as_new_ones(store: Store) -> None:
    steps = [
        ([(LATE, "late"), (GHOST, "ghost")], MONDAY, (2, 0)),
        ([(LATE, "late")], TUESDAY, (0, 1)),
        ([(LATE, "late"), (GHOST, "again")], WEDNESDAY, (1, 0)),
    ]

    with store.write() as conn:
        moved = [results.sync_findings(conn, "erp", found, at) for found, at, _ in steps]
        standing = results.open_findings(conn, "erp")

    assert moved == [expected for *_, expected in steps]
    assert standing == [
        StoredFinding(finding=GHOST, detail="again", opened_at=WEDNESDAY),
        StoredFinding(finding=LATE, detail="late", opened_at=MONDAY),
    ]
    assert rows(store, "SELECT count(*) FROM findings WHERE kind = 'ghost'") == [(2,)]


def test_a_finding_that_stays_is_brought_up_to_date_in_place(store: Store) -> None:
    worse = replace(LATE, severity=Severity.CRITICAL, facts={"open": 3})

    with store.write() as conn:
        results.sync_findings(conn, "erp", [(LATE, "late")], MONDAY)
        moved = results.sync_findings(conn, "erp", [(worse, "very late")], TUESDAY)
        standing = results.open_findings(conn, "erp")

    assert moved == (0, 0)
    assert standing == [StoredFinding(finding=worse, detail="very late", opened_at=MONDAY)]


def test_the_same_findings_write_nothing(store: Store) -> None:
    with store.write() as conn:
        results.sync_findings(conn, "erp", [(LATE, "late"), (LATE, "late"), (GHOST, "ghost")], MONDAY)
        before = writes(conn)
        results.sync_findings(conn, "erp", [(GHOST, "ghost"), (LATE, "late")], TUESDAY)

        assert writes(conn) == before


def test_findings_of_another_project_are_its_own(store: Store) -> None:
    with store.write() as conn:
        results.sync_findings(conn, "erp", [(LATE, "late")], MONDAY)
        results.sync_findings(conn, "crm", [], MONDAY)

        assert len(results.open_findings(conn, "erp")) == 1


def saved(store: Store, one: Measurement, frozen: bool = False) -> bool:
    with store.write() as conn:
        return results.save_measurement(conn, "erp", one, frozen)


def stored(store: Store) -> list[tuple[Measurement, bool]]:
    with store.read() as conn:
        return results.measurements(conn, "erp", MARCH)


def test_a_measurement_comes_back_with_its_evidence_in_the_order_of_keys(store: Store) -> None:
    late = counted("ERP-2", None, reason="cancelled", incomplete=True)
    plan_row = counted("D1", 0.5, source=None, url=None)

    first = saved(store, measurement(late, counted("ERP-1"), plan_row, counted("ERP-1", 0.0)))

    assert first
    assert stored(store) == [(measurement(plan_row, counted("ERP-1"), counted("ERP-1", 0.0), late), False)]


def test_another_instant_alone_is_no_news_and_touches_no_evidence(store: Store) -> None:
    saved(store, measurement(counted("ERP-1"), counted("ERP-2")))

    with store.write() as conn:
        before = writes(conn)
        news = results.save_measurement(
            conn, "erp", measurement(counted("ERP-2"), counted("ERP-1"), as_of=TUESDAY), False
        )
        after = writes(conn)

    assert not news
    assert after != before
    assert stored(store)[0][0].as_of == TUESDAY
    if isinstance(before, dict):
        assert after["evidence"] == before["evidence"]
    else:
        assert after - before == 1


@pytest.mark.parametrize(
    "other",
    [
        measurement(counted("ERP-1"), counted("ERP-2"), value=0.8),
        measurement(counted("ERP-1"), counted("ERP-2", 0.0)),
        measurement(counted("ERP-1")),
        measurement(counted("ERP-1"), counted("ERP-2"), counted("ERP-2")),
        measurement(counted("ERP-1"), counted("ERP-2"), stale_sources=()),
    ],
)
def test_any_other_difference_is_news(store: Store, other: Measurement) -> None:
    saved(store, measurement(counted("ERP-1"), counted("ERP-2")))

    news = saved(store, other)

    assert news
    assert stored(store) == [(other, False)]


def test_one_more_row_of_evidence_writes_one_row(file_store: Store) -> None:
    evidence = [counted(f"ERP-{number:03}") for number in range(200)]
    saved(file_store, measurement(*evidence[1:]))

    with file_store.write() as conn:
        before = writes(conn)
        results.save_measurement(conn, "erp", measurement(*evidence), False)

        assert writes(conn) - before == 1


def test_a_frozen_measurement_is_never_changed(store: Store) -> None:
    saved(store, measurement(counted("ERP-1")))
    saved(store, measurement(counted("ERP-1")), frozen=True)

    for attempt in (measurement(value=0.1), measurement(value=0.1, restates=TUESDAY)):
        with pytest.raises(ValueError, match="frozen"):
            saved(store, attempt)

    assert stored(store) == [(measurement(counted("ERP-1")), True)]


def test_a_restatement_stands_beside_what_it_restates(store: Store) -> None:
    frozen = measurement(counted("ERP-1"))
    restated = measurement(counted("ERP-1", 0.0), value=0.5, as_of=TUESDAY, restates=MONDAY)
    saved(store, frozen, frozen=True)

    news = [saved(store, restated), saved(store, restated), saved(store, replace(restated, value=0.6), frozen=True)]

    assert news == [True, False, True]
    assert stored(store) == [(frozen, True), (replace(restated, value=0.6), True)]
    assert rows(store, "SELECT value FROM planward_measurements") == [(0.6,)]


def test_periods_that_ended_and_are_not_frozen_are_told(store: Store) -> None:
    april = Period(
        kind=PeriodKind.MONTH,
        start_on=date(2026, 4, 1),
        end_on=date(2026, 4, 30),
        start_at=MARCH.end_at,
        end_at=MARCH.end_at + timedelta(days=30),
    )
    saved(store, measurement())
    saved(store, measurement(kpi="lead_time"))
    saved(store, measurement(period=april))

    with store.write() as conn:
        ended = results.open_periods(conn, "erp", ended_by=MARCH.end_at)
        for one, _ in results.measurements(conn, "erp", MARCH):
            results.save_measurement(conn, "erp", one, True)
        left = results.open_periods(conn, "erp", ended_by=april.end_at)

    assert ended == [MARCH]
    assert left == [april]


def test_a_publication_is_kept_by_project_target_and_topic(store: Store) -> None:
    wanted = Publication(
        id="p1",
        project="erp",
        source="jira",
        target="ERP-1",
        topic="status",
        marker="planward:p1",
        state=PublicationState.PENDING,
        digest="d1",
    )
    sent = replace(
        wanted,
        state=PublicationState.SENT,
        sent_digest="d1",
        remote_id="9",
        remote_digest="r1",
        attempted_at=MONDAY,
        sent_at=TUESDAY,
        attempts=1,
        error="slow",
    )

    with store.write() as conn:
        written = [outbox.save(conn, one) for one in (wanted, sent, sent)]
        outbox.save(conn, replace(wanted, id="p2", project="crm"))

        assert written == [True, True, False]
        assert outbox.get(conn, "erp", "jira", "ERP-1", "status") == sent
        assert outbox.get(conn, "erp", "jira", "ERP-1", "dashboard") is None
        assert [one.id for one in outbox.all(conn)] == ["p2", "p1"]
        assert outbox.all(conn, "erp") == [sent]
