"""KPIs of responsibility 3, monitoring progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from core.kpi.declare import Evidence, LeftOut, Scope, Within, at_least, kpi, ratio, spread
from core.kpi.facts import ItemFacts, PlanFacts
from core.model import Category, Role, Unit
from core.plan.baseline import Promise
from core.plan.state import Standing


def delivered_by(entry: PlanFacts, due_on: date, at: datetime) -> Evidence | LeftOut:
    """1 when the entry was finished by the end of that day, 0 when it was not."""
    due_at = entry.ended(due_on)
    state = entry.state
    if state.standing is Standing.CANCELLED and state.cancelled_at is not None and state.cancelled_at < due_at:
        return LeftOut("cancelled")
    if at < due_at:
        # Also where it is finished already: counting the early ones before the late ones can fail would flatter.
        return LeftOut("pending")
    if state.standing is Standing.UNKNOWN:
        return LeftOut("no_work")
    if state.standing is Standing.FINISHED and state.finished_at is None:
        return LeftOut("no_completion_date")
    return Evidence(value=state.finished_at is not None and state.finished_at < due_at)


def _other_promises(scope: Scope[PlanFacts, None]) -> Mapping[str, float | None]:
    """The share against the first promise and against the latest date, each of the entries it has in the period."""
    return {
        "first": _share(scope, lambda promise: promise.first_on),
        "latest": _share(scope, lambda promise: promise.latest_on),
    }


def _share(scope: Scope[PlanFacts, None], date_of: Callable[[Promise], date | None]) -> float | None:
    judged = [
        delivered_by(entry, due_on, scope.at)
        for entry in scope.subjects
        if (due_on := date_of(entry.promise)) is not None and scope.period.start_on <= due_on <= scope.period.end_on
    ]
    return ratio([judgement for judgement in judged if isinstance(judgement, Evidence)], scope).value


def _nothing_delivered(scope: Scope[PlanFacts, None]) -> str:
    return "nothing_due" if any(entry.promise.committed_on for entry in scope.subjects) else "no_baseline"


@kpi(
    "delivered_on_time",
    of=PlanFacts,
    in_period=lambda entry: entry.promise.committed_on,
    aggregate=ratio,
    unit=Unit.SHARE,
    target=at_least(0.90),
    rule=None,
    missing=_nothing_delivered,
    statistics=_other_promises,
    source="mission 3",
)
def delivered_on_time(entry: PlanFacts, _rule: None, at: datetime) -> Evidence | LeftOut:
    """1 when the deliverable or milestone was finished by its approved date, 0 when it was not or is not."""
    if entry.promise.committed_on is None:
        return LeftOut("no_baseline")
    return delivered_by(entry, entry.promise.committed_on, at)


def _open_times(scope: Scope[ItemFacts, Within]) -> Mapping[str, float | None]:
    """How many are resolved, percentiles of how long they took in seconds, and how long the oldest other is open."""
    clock = scope.rule.clock
    resolved, unresolved = [], []
    for problem, judgement in scope.judged:
        if problem.finished_at is not None and isinstance(judgement, Evidence):
            resolved.append(problem.open_time(clock, scope.at).total_seconds())
        elif problem.work.is_open and judgement != LeftOut("parent"):
            unresolved.append(problem.open_time(clock, scope.at).total_seconds())
    return {**spread(resolved), "resolved": float(len(resolved)), "longest_open": max(unresolved, default=None)}


@kpi(
    "problems_resolved_in_time",
    of=ItemFacts,
    role=Role.PROBLEM,
    leaves=True,
    in_period=lambda problem: problem.created_at,
    aggregate=ratio,
    unit=Unit.SHARE,
    target=at_least(0.90),
    rule=Within(timedelta(hours=48)),
    missing=lambda scope: scope.no_items("nothing_identified"),
    statistics=_open_times,
    source="mission 3; ITIL 4 incident management",
)
def problems_resolved_in_time(problem: ItemFacts, rule: Within, at: datetime) -> Evidence | LeftOut:
    """1 when the problem's clock stopped within the limit, 0 when it ran past it."""
    if problem.category is Category.CANCELLED:
        return LeftOut("duplicate" if (problem.work.item.resolution or "").casefold() == "duplicate" else "cancelled")
    if problem.category is Category.DONE and problem.finished_at is None:
        return LeftOut("no_completion_date")
    if problem.work.history.category is None:
        return LeftOut("unknown_status")
    clock = problem.open_time(rule.clock, until=at)
    if problem.finished_at is None and clock <= rule.limit:
        return LeftOut("pending")
    return Evidence(value=clock <= rule.limit)
