"""Stored values of a project to make pages from, without a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.dashboard import page
from core.dashboard.page import PageInputs, ProjectPage
from core.model import Basis, Direction, EvidenceRow, Finding, Measurement, Period, PeriodKind, Severity, Unit
from core.plan.state import Standing
from core.report.inputs import DeliverableLine, Freshness, MilestoneLine, OpenFinding, StatusInputs

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 20)
NOW = datetime(2026, 3, 20, 14, 5, tzinfo=SHANGHAI)


def month(number: int) -> Period:
    """A month of 2026 in Shanghai."""
    first = datetime(2026, number, 1, tzinfo=SHANGHAI)
    after = datetime(2026, number + 1, 1, tzinfo=SHANGHAI)
    return Period(
        kind=PeriodKind.MONTH,
        start_on=first.date(),
        end_on=(after - timedelta(days=1)).date(),
        start_at=first.astimezone(UTC),
        end_at=after.astimezone(UTC),
    )


def row(key: str, value: float | None, *, source: str | None = "jira", reason: str | None = None) -> EvidenceRow:
    """A row of evidence; an item's leads to its tracker."""
    url = None if source is None else f"https://acme.example/browse/{key}"
    return EvidenceRow(source=source, key=key, url=url, value=value, weight=1.0, reason=reason)


DELIVERED = Measurement(
    kpi="delivered_on_time",
    definition="v1",
    period=month(3),
    as_of=NOW.astimezone(UTC),
    unit=Unit.SHARE,
    direction=Direction.UP,
    value=5 / 6,
    reason=None,
    target=0.9,
    met=False,
    numerator=5,
    denominator=6,
    sample=6,
    statistics={"first": 0.5, "latest": 1.0},
    excluded={"pending": 2},
    incomplete_items=0,
    stale_sources=(),
    basis=Basis.HISTORY,
    restates=None,
    evidence=(
        *(row(f"D{number}", 1.0, source=None) for number in range(1, 6)),
        row("D6", 0.0, source=None),
        row("D7", None, source=None, reason="pending"),
        row("D8", None, source=None, reason="pending"),
    ),
)
PROBLEMS = replace(
    DELIVERED,
    kpi="problems_resolved_in_time",
    value=0.95,
    met=True,
    numerator=19,
    denominator=20,
    sample=20,
    statistics={"p50": 7200.0},
    excluded={},
    evidence=tuple(row(f"ERP-{number}", 0.0 if number == 7 else 1.0) for number in range(1, 21)),
)
LEAD_TIME = replace(
    DELIVERED,
    kpi="lead_time",
    unit=Unit.SECONDS,
    direction=Direction.DOWN,
    value=187200.0,
    reason="small_sample",
    target=None,
    met=None,
    numerator=None,
    denominator=None,
    sample=3,
    statistics={"p50": 187200.0, "p85": 360000.0},
    excluded={"cancelled": 1},
    evidence=(
        row("ERP-1", 90000.0),
        row("ERP-2", 187200.0),
        row("ERP-3", 360000.0),
        row("ERP-4", None, reason="cancelled"),
    ),
)
UNKNOWN = replace(
    DELIVERED,
    kpi="reviews_passed",
    value=None,
    reason="nothing_due",
    met=None,
    numerator=0,
    denominator=0,
    sample=0,
    statistics={},
    excluded={},
    evidence=(),
)
FINDINGS = (
    OpenFinding(
        finding=Finding(
            kind="shadow_work",
            severity=Severity.INFO,
            subject="jira:ERP-9",
            facts={"key": "ERP-9", "name": "Side job", "source": "jira", "owner": "5b10a2844c20165700ede21g"},
            evidence=(("jira", "ERP-9"),),
        ),
        opened_on=date(2026, 3, 2),
    ),
    OpenFinding(
        finding=Finding(
            kind="overdue",
            severity=Severity.CRITICAL,
            subject="D6",
            facts={
                "entry": "deliverable",
                "name": "Data migration",
                "owner": "li.wei@acme.example",
                "due_on": "2026-03-10",
                "items": 4,
                "finished_items": 3,
            },
            evidence=(("jira", "ERP-7"),),
        ),
        opened_on=date(2026, 3, 11),
    ),
)
MILESTONES = (
    MilestoneLine(
        id="M1",
        name="Requirements agreed",
        baseline_due_on=date(2026, 1, 30),
        due_on=date(2026, 1, 30),
        finished_on=date(2026, 2, 9),
    ),
    MilestoneLine(id="M2", name="Migrated", baseline_due_on=date(2026, 3, 10), due_on=date(2026, 4, 3)),
    MilestoneLine(id="M3", name="Go-live", baseline_due_on=date(2026, 6, 26), due_on=date(2026, 6, 26)),
)
DELIVERABLES = (
    DeliverableLine(
        id="D1",
        name="Requirements 需求说明",
        milestone="M1",
        owner="li.wei@acme.example",
        baseline_due_on=date(2026, 1, 30),
        due_on=date(2026, 1, 30),
        finished_on=date(2026, 2, 9),
        items=3,
        finished_items=3,
        standing=Standing.FINISHED,
    ),
    DeliverableLine(
        id="D6",
        name="Data migration",
        milestone="M2",
        owner="Li.Wei@acme.example",
        baseline_due_on=date(2026, 3, 10),
        due_on=date(2026, 4, 3),
        items=4,
        finished_items=3,
    ),
    DeliverableLine(
        id="D7",
        name="Training",
        milestone="M3",
        owner="sun.qi@acme.example",
        due_on=date(2026, 6, 12),
        items=2,
        finished_items=0,
    ),
)
STATUS = StatusInputs(
    name="ERP upgrade 系统升级",
    period=month(3),
    measurements=(LEAD_TIME, PROBLEMS, DELIVERED, UNKNOWN),
    findings=FINDINGS,
    milestones=MILESTONES,
    deliverables=DELIVERABLES,
    freshness=(Freshness(source="jira", fresh=True, read_on=TODAY),),
    urls={
        ("jira", "ERP-7"): "https://acme.example/browse/ERP-7",
        ("jira", "ERP-9"): "https://acme.example/browse/ERP-9",
    },
    people={"li.wei@acme.example": "Li Wei"},
)


def past(measured: Measurement, *values: float | None) -> Iterator[Measurement]:
    """Frozen numbers of the months before March, the last one of February."""
    for number, value in enumerate(values, start=3 - len(values)):
        yield replace(measured, period=month(number), value=value, basis=Basis.FROZEN, evidence=())


def inputs(status: StatusInputs = STATUS, **changed: Any) -> PageInputs:
    """What the page of the sample project is made from."""
    return replace(
        PageInputs(
            project="erp-upgrade",
            status=status,
            as_of=NOW,
            today=TODAY,
            past=(*past(DELIVERED, 1.0, 0.75), *past(PROBLEMS, None, 0.8)),
            names={("", "D6"): "Data migration", ("jira", "ERP-7"): "Interface times out"},
        ),
        **changed,
    )


def composed(status: StatusInputs = STATUS, *, language: str = "en", **changed: Any) -> ProjectPage:
    """The page of the sample project."""
    return page.compose(inputs(status, **changed), language)
