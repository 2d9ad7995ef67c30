"""What was promised: the first, the approved and the latest date of every entry, and what two plans differ in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.model import Baseline, Basis, Deliverable, Milestone, Plan


class Entry(StrEnum):
    """The kinds of plan entry that carry a promised date."""

    DELIVERABLE = "deliverable"
    MILESTONE = "milestone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A dated entry of the plan or of an approved baseline, with every date that counts.

    `first_on` is its date in the first approved baseline that holds it, `committed_on` in the one in force, `latest_on`
    in the present plan; None where it is in none. `name`, `owner` and `milestone` are the latest known.
    """

    entry: Entry
    id: str
    name: str
    owner: str | None
    milestone: str | None
    first_on: date | None
    committed_on: date | None
    latest_on: date | None


class PlanChange(StrEnum):
    """What a new plan did to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One change between two plans. `before`/`after` are ISO dates (due dates), for a new name the names."""

    change: PlanChange
    entry: Entry
    id: str
    name: str
    before: str | None
    after: str | None


def approved_by(baselines: Iterable[Baseline], at: datetime, basis: Basis = Basis.HISTORY) -> list[Baseline]:
    """The baselines approved by that moment, oldest approval first. For frozen numbers: and known of by then."""
    approved = [
        baseline
        for baseline in baselines
        if baseline.approved_at <= at and (basis is not Basis.FROZEN or baseline.recorded_at <= at)
    ]
    return sorted(approved, key=lambda baseline: (baseline.approved_at, baseline.number))


def in_force(baselines: Iterable[Baseline], at: datetime, basis: Basis = Basis.HISTORY) -> Baseline | None:
    """The baseline approved last at that moment, or None where nothing was approved yet."""
    approved = approved_by(baselines, at, basis)
    return approved[-1] if approved else None


def promises(
    baselines: Iterable[Baseline], plan: Plan | None, at: datetime, basis: Basis = Basis.HISTORY
) -> list[Promise]:
    """Every deliverable and milestone of the plan and of the baseline in force, in plan order, then what only it has.

    What an earlier baseline had and a later approved one dropped is no promise any more.
    """
    approved = approved_by(baselines, at, basis)
    first: dict[tuple[Entry, str], date] = {}
    for baseline in approved:
        for entry, planned in _dated(baseline.plan):
            first.setdefault((entry, planned.id), planned.due_on)
    committed = {(entry, planned.id): planned for entry, planned in _dated(approved[-1].plan)} if approved else {}
    latest = {(entry, planned.id): planned for entry, planned in _dated(plan)} if plan else {}
    found = []
    for key in [*latest, *(key for key in committed if key not in latest)]:
        entry, identity = key
        planned = latest[key] if key in latest else committed[key]
        found.append(
            Promise(
                entry=entry,
                id=identity,
                name=planned.name,
                owner=planned.owner if isinstance(planned, Deliverable) else None,
                milestone=planned.milestone if isinstance(planned, Deliverable) else None,
                first_on=first.get(key),
                committed_on=committed[key].due_on if key in committed else None,
                latest_on=latest[key].due_on if key in latest else None,
            )
        )
    return found


def diff(old: Plan, new: Plan) -> list[Difference]:
    """What the new plan added, removed, moved and renamed, in the order of the plans."""
    before = {(entry, planned.id): planned for entry, planned in _dated(old)}
    after = {(entry, planned.id): planned for entry, planned in _dated(new)}
    found = []
    for (entry, identity), planned in after.items():
        earlier = before.get((entry, identity))
        if earlier is None:
            found.append(_difference(PlanChange.ADDED, entry, planned, None, planned.due_on.isoformat()))
            continue
        if earlier.due_on != planned.due_on:
            dates = earlier.due_on.isoformat(), planned.due_on.isoformat()
            found.append(_difference(PlanChange.MOVED, entry, planned, *dates))
        if earlier.name != planned.name:
            found.append(_difference(PlanChange.RENAMED, entry, planned, earlier.name, planned.name))
    found += [
        _difference(PlanChange.REMOVED, entry, planned, planned.due_on.isoformat(), None)
        for (entry, identity), planned in before.items()
        if (entry, identity) not in after
    ]
    return found


def _dated(plan: Plan) -> Sequence[tuple[Entry, Deliverable | Milestone]]:
    milestones = [(Entry.MILESTONE, milestone) for milestone in plan.milestones]
    return [*((Entry.DELIVERABLE, deliverable) for deliverable in plan.deliverables), *milestones]


def _difference(
    change: PlanChange, entry: Entry, planned: Deliverable | Milestone, before: str | None, after: str | None
) -> Difference:
    return Difference(change=change, entry=entry, id=planned.id, name=planned.name, before=before, after=after)
