"""The plan held against the work: what a person should know today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from core.model import Baseline, Finding, Plan, Severity, Tie
from core.plan.baseline import Entry, Promise, in_force, promises
from core.plan.match import enrol_all
from core.plan.state import Standing, State, Work, is_parent, parents_of, state_of

SOON = timedelta(days=7)

OVERDUE = "overdue"
DUE_SOON = "due_soon"
GHOST = "ghost"
SHADOW_WORK = "shadow_work"
UNKNOWN_STATUS = "unknown_status"


def reconcile(
    plan: Plan | None,
    baselines: Sequence[Baseline],
    work: Sequence[Work],
    kinds: Mapping[str, str],
    *,
    at: datetime,
    today: date,
    ties: Sequence[Tie] = (),
) -> list[Finding]:
    """All findings at the moment, whose day in the project's zone is `today`. `kinds` tells the kind of each source.

    - `overdue`: an unfinished deliverable or milestone whose date has passed; critical when it is the approved date.
    - `due_soon`: one whose next date is today or within seven days.
    - `ghost`: a deliverable that nothing works on, because nothing matches its `work` or because it names none; or one
      that was approved and is no longer in the plan, critical when its approved date has passed.
    - `shadow_work`: an open item that works for no deliverable of the plan. A part of another item, by the `ties`, does
      not speak for itself.
    - `unknown_status`: a status, one finding each, of which nobody knows the category.

    What cannot be known to be finished or not (no `work` named, or not in the plan any more) is never called overdue;
    it is a ghost. The open items of a deliverable that is not in the plan any more are told with it, and are no shadow
    work beside.
    """
    baseline = in_force(baselines, at)
    approved = baseline.plan if baseline else None
    state = state_of(plan, approved, work)
    dropped = _work_of_dropped(plan, approved, work, kinds)
    found: list[Finding] = []
    for promise in promises(baselines, plan, at):
        if promise.entry is Entry.DELIVERABLE and promise.latest_on is None:
            found.append(_dropped(promise, dropped.get(promise.id, ()), today))
            continue
        of_entry = state.deliverables if promise.entry is Entry.DELIVERABLE else state.milestones
        standing = of_entry[promise.id].standing
        if standing in {Standing.OPEN, Standing.EMPTY}:
            found += _dates(promise, of_entry[promise.id], today)
        if promise.entry is Entry.DELIVERABLE and standing in {Standing.UNKNOWN, Standing.EMPTY}:
            found.append(_ghost(promise, standing))
    if plan is not None and plan.deliverables:
        told = {_place(one) for works in dropped.values() for one in works} | {tie.part for tie in ties}
        found += _shadow_work(work, told)
    found += _unknown_statuses(work)
    return found


def _dates(promise: Promise, state: State, today: date) -> Iterable[Finding]:
    """An unfinished entry is overdue by the first of its dates that has passed, or else may be due soon."""
    late = promise.committed_on is not None and promise.committed_on < today
    if late:
        due_on = promise.committed_on
    else:
        due_on = min((on for on in (promise.committed_on, promise.latest_on) if on is not None), default=None)
    if due_on is None or due_on > today + SOON:
        return
    overdue = due_on < today
    yield Finding(
        kind=OVERDUE if overdue else DUE_SOON,
        severity=Severity.CRITICAL if late else Severity.WARNING,
        subject=promise.id,
        facts={
            "entry": promise.entry.value,
            "name": promise.name,
            "owner": promise.owner,
            "due_on": due_on.isoformat(),
            "committed_on": promise.committed_on.isoformat() if promise.committed_on else None,
            "planned_on": promise.latest_on.isoformat() if promise.latest_on else None,
            "items": state.items,
            "finished_items": state.finished_items,
        },
        evidence=_evidence(one for one in state.works if one.is_open),
    )


def _ghost(promise: Promise, standing: Standing) -> Finding:
    due_on = promise.latest_on or promise.committed_on
    return Finding(
        kind=GHOST,
        severity=Severity.WARNING,
        subject=promise.id,
        facts={
            "entry": promise.entry.value,
            "name": promise.name,
            "owner": promise.owner,
            "due_on": due_on.isoformat() if due_on else None,
            "cause": "no_work_named" if standing is Standing.UNKNOWN else "nothing_matches",
        },
    )


def _dropped(promise: Promise, works: Sequence[Work], today: date) -> Finding:
    late = promise.committed_on is not None and promise.committed_on < today
    return Finding(
        kind=GHOST,
        severity=Severity.CRITICAL if late else Severity.WARNING,
        subject=promise.id,
        facts={
            "entry": promise.entry.value,
            "name": promise.name,
            "owner": promise.owner,
            "due_on": promise.committed_on.isoformat() if promise.committed_on else None,
            "cause": "no_longer_planned",
        },
        evidence=_evidence(works),
    )


def _work_of_dropped(
    plan: Plan | None, approved: Plan | None, work: Sequence[Work], kinds: Mapping[str, str]
) -> Mapping[str, Sequence[Work]]:
    """The open items without a deliverable, by the approved one that would have them if it were still in the plan."""
    planned = {deliverable.id for deliverable in plan.deliverables} if plan else set()
    gone = tuple(one for one in (approved.deliverables if approved else ()) if one.id not in planned)
    if not gone:
        return {}
    places = enrol_all([one.item for one in work], Plan(name="", deliverables=gone), {}, kinds)
    found: dict[str, list[Work]] = {}
    for one, place in zip(work, places, strict=True):
        if place.deliverable is not None and one.is_open and one.enrolment.deliverable is None:
            found.setdefault(place.deliverable, []).append(one)
    return found


def _shadow_work(work: Sequence[Work], told: Collection[tuple[str, str]]) -> Iterable[Finding]:
    """Open items without a deliverable. A parent speaks only where none of its sub-tasks is open or planned."""
    parents = parents_of(one for one in work if one.is_open or one.enrolment.deliverable is not None)
    for one in sorted(work, key=_place):
        if _place(one) in told:
            continue
        if one.is_open and one.enrolment.deliverable is None and not is_parent(one, parents):
            yield Finding(
                kind=SHADOW_WORK,
                severity=Severity.INFO,
                subject=f"{one.item.source}:{one.item.key}",
                facts={
                    "key": one.item.key,
                    "name": one.item.title,
                    "source": one.item.source,
                    "owner": one.item.assignee,
                    "role": one.enrolment.role.value,
                    "status": one.history.spans[-1].status,
                },
                evidence=((one.item.source, one.item.key),),
            )


def _unknown_statuses(work: Sequence[Work]) -> Iterable[Finding]:
    names: dict[tuple[str, str], str] = {}
    items: dict[tuple[str, str], list[Work]] = {}
    for one in sorted(work, key=_place):
        for span in one.history.spans:
            if span.category is None:
                status = (one.item.source, span.status_id or span.status)
                names[status] = span.status
                held = items.setdefault(status, [])
                if not held or held[-1] is not one:
                    held.append(one)
    for status, holding in sorted(items.items()):
        source, identity = status
        yield Finding(
            kind=UNKNOWN_STATUS,
            severity=Severity.WARNING,
            subject=f"{source}:{identity}",
            facts={"source": source, "name": names[status], "status_id": identity, "items": len(holding)},
            evidence=tuple((one.item.source, one.item.key) for one in holding),
        )


def _evidence(works: Iterable[Work]) -> tuple[tuple[str, str], ...]:
    return tuple((work.item.source, work.item.key) for work in sorted(works, key=_place))


def _place(work: Work) -> tuple[str, str]:
    return work.item.source, work.item.key
