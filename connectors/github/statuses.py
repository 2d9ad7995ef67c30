"""The statuses that we make for GitHub, which has none. Pure."""

from __future__ import annotations

from core.model import Category, Status

OPEN = Status(status_id="open", name="Open", category=Category.TODO)
IN_PROGRESS = Status(status_id="in_progress", name="In progress", category=Category.ACTIVE)
COMPLETED = Status(status_id="completed", name="Completed", category=Category.DONE)
NOT_PLANNED = Status(status_id="not_planned", name="Not planned", category=Category.CANCELLED)
DUPLICATE = Status(status_id="duplicate", name="Duplicate", category=Category.CANCELLED)
DRAFT = Status(status_id="draft", name="Draft", category=Category.ACTIVE)
REVIEW = Status(status_id="review", name="Open", category=Category.ACTIVE)
REVIEW_REQUESTED = Status(status_id="review_requested", name="Review requested", category=Category.WAITING)
MERGED = Status(status_id="merged", name="Merged", category=Category.DONE)
CLOSED = Status(status_id="closed", name="Closed", category=Category.CANCELLED)

OF_ISSUES = (OPEN, IN_PROGRESS, COMPLETED, NOT_PLANNED, DUPLICATE)
OF_PULL_REQUESTS = (DRAFT, REVIEW, REVIEW_REQUESTED, MERGED, CLOSED)
STATUSES = (*OF_ISSUES, *OF_PULL_REQUESTS)

_REASONS = {"NOT_PLANNED": NOT_PLANNED, "DUPLICATE": DUPLICATE}


def closed_as(reason: str | None) -> Status:
    """The status of an issue that was closed for this reason. Before there were reasons, closed meant done."""
    return _REASONS.get(reason or "", COMPLETED)
