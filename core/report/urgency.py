"""Which finding to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.model import Finding, Severity
from core.report.words import natural

SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
KINDS: Sequence[str] = (
    "overdue",
    "due_soon",
    "capacity_short",
    "owner_away",
    "contradiction",
    "review_waiting",
    "ghost",
    "meeting_missing",
    "unknown_status",
    "shadow_work",
)
"""What endangers a date, then what is in somebody's way, then what is out of order in the plan or the trackers."""

Urgency = tuple[int, int, str, str, date, tuple[str | int, ...]]


def urgency(finding: Finding, opened_on: date) -> Urgency:
    """What to sort findings by: severity, kind, the date that they are about (the earliest first), the longest open."""
    facts = finding.facts
    dates = (facts[name] for name in ("due_on", "until_on", "since_on") if facts.get(name))
    about = next(dates, "~")
    rank = KINDS.index(finding.kind) if finding.kind in KINDS else len(KINDS)
    return SEVERITIES.index(finding.severity), rank, finding.kind, str(about), opened_on, natural(finding.subject)
