from __future__ import annotations

from datetime import date

from core.model import Finding, Severity
from core.plan import across, reconcile
from core.report.urgency import KINDS, urgency

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def finding(subject: str, kind: str, severity: Severity = Severity.WARNING, **facts: str) -> Finding:
    return Finding(kind=kind, severity=severity, subject=subject, facts=facts)


def order(*found: tuple[Finding, date]) -> list[str]:
    return [one.subject for one, _ in sorted(found, key=lambda row: urgency(*row))]


def test_what_endangers_a_date_comes_before_what_is_out_of_order() -> None:
    assert order(
        (finding("ERP-9", "shadow_work"), MONDAY),
        (finding("D2", "ghost"), MONDAY),
        (finding("ERP-3", "contradiction", since_on="2026-02-01"), MONDAY),
        (finding("D4", "due_soon", due_on="2026-03-20"), TUESDAY),
        (finding("ERP-8", "shadow_work", Severity.CRITICAL), TUESDAY),
    ) == ["ERP-8", "D4", "ERP-3", "D2", "ERP-9"]


def test_of_one_kind_the_earliest_date_comes_first_and_then_the_longest_open() -> None:
    assert order(
        (finding("D10", "overdue", due_on="2026-02-20"), MONDAY),
        (finding("D9", "overdue", due_on="2026-02-20"), MONDAY),
        (finding("D3", "overdue", due_on="2026-02-20"), TUESDAY),
        (finding("D7", "overdue", due_on="2026-02-13"), TUESDAY),
    ) == ["D7", "D9", "D10", "D3"]


def test_a_kind_that_has_no_place_comes_last() -> None:
    assert order((finding("X", "something_new"), MONDAY), (finding("ERP-9", "shadow_work"), MONDAY)) == ["ERP-9", "X"]


def test_every_kind_that_is_found_has_a_place() -> None:
    named = {
        value
        for module in (across, reconcile)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }

    assert named >= {"overdue", "contradiction", "owner_away"}
    assert named <= set(KINDS)
