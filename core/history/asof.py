"""An item's history as it was known at an earlier moment."""

from __future__ import annotations

from datetime import datetime

from core.history.spans import UNDATED, read_spans
from core.model import History, Span


def at(history: History, instant: datetime) -> History | None:
    """The history with only what was true at the instant, or None where the item did not exist yet.

    Its last span is open. A history that is incomplete stays so; one that is done at the instant without a change
    that tells since when becomes so.
    """
    spans = history.spans
    if spans[0].entered_at > instant:
        return None
    if spans[-1].entered_at <= instant:
        return history
    known = [span for span in spans if span.entered_at <= instant]
    last = known[-1]
    known[-1] = Span(
        status=last.status,
        status_id=last.status_id,
        category=last.category,
        assignee=last.assignee,
        entered_at=last.entered_at,
        left_at=None,
    )
    told = read_spans(known)
    problem = UNDATED if told.undated and history.problem is None else history.problem
    if history.problem == UNDATED and not told.undated:
        problem = None
    return History(
        category=last.category,
        spans=tuple(known),
        started_at=told.started_at,
        finished_at=told.finished_at,
        reopened=told.reopened,
        complete=problem is None,
        problem=problem,
    )
