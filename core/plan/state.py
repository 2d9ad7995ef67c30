"""How far the plan is at a moment: what its items' histories say of every deliverable and milestone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.history import asof
from core.history.spans import CLOSED, last_entry
from core.model import Category, Deliverable, Enrolment, History, Kind, Plan, WorkItem


class Enrolled(Protocol):
    """An item of a project as the store gives it: what it is now, all of its history, its place."""

    @property
    def item(self) -> WorkItem:
        """The item."""

    @property
    def history(self) -> History:
        """Its whole history."""

    @property
    def enrolment(self) -> Enrolment:
        """Its place in the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An item as it stood at a moment.

    `history` is cut there. `category` is None where nobody knows what the status means, and where the item is closed
    today and neither its history nor the tracker's later resolution date leave it closed at the moment. `finished_at`
    is from the history; where no change tells, the tracker's resolution date; None where there is none either.
    """

    item: WorkItem
    history: History
    enrolment: Enrolment
    category: Category | None
    finished_at: datetime | None
    cancelled_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it was neither finished nor cancelled."""
        return self.category not in CLOSED


class Standing(StrEnum):
    """Where a deliverable or milestone stands.

    UNKNOWN: the plan does not say what its work is. EMPTY: it says so, and nothing matches. CANCELLED: all of it was.
    """

    UNKNOWN = "unknown"
    EMPTY = "empty"
    OPEN = "open"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A deliverable or milestone at a moment.

    `finished_at` is when the last of its items that were not cancelled finished; None also where nobody knows when.
    `items` and `finished_items` count units of work, so no parent beside its sub-tasks and nothing cancelled. `works`
    are the items that the standing was read from. `incomplete` when the history of one of them is.
    """

    standing: Standing
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None
    items: int = 0
    finished_items: int = 0
    works: tuple[Work, ...] = ()
    incomplete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """The states of all deliverables and milestones by id."""

    deliverables: Mapping[str, State]
    milestones: Mapping[str, State]


def work_at(enrolled: Iterable[Enrolled], at: datetime) -> list[Work]:
    """The items that existed at the moment, as they stood then."""
    found = []
    for one in enrolled:
        history = asof.at(one.history, at)
        if history is not None:
            found.append(_work(one.item, history, one.enrolment, at))
    return found


def _work(item: WorkItem, history: History, enrolment: Enrolment, at: datetime) -> Work:
    category = history.category
    finished_at = cancelled_at = None
    if category in CLOSED:
        told = history.finished_at if category is Category.DONE else last_entry(history.spans, Category.CANCELLED)
        if told is None and item.resolved_at is not None and item.resolved_at > at:
            category = None  # no change tells when it was closed, but the tracker says that it was later
        elif category is Category.DONE:
            finished_at = told or item.resolved_at
        else:
            cancelled_at = told or item.resolved_at
    return Work(
        item=item,
        history=history,
        enrolment=enrolment,
        category=category,
        finished_at=finished_at,
        cancelled_at=cancelled_at,
    )


def parents_of(works: Iterable[Work]) -> frozenset[tuple[str, str]]:
    """The parents named by items that are not cancelled, as (source, remote id) and (source, key)."""
    named = set()
    for work in works:
        if work.category is not Category.CANCELLED:
            if work.item.parent_id:
                named.add((work.item.source, work.item.parent_id))
            if work.item.parent_key:
                named.add((work.item.source, work.item.parent_key))
    return frozenset(named)


def is_parent(work: Work, parents: frozenset[tuple[str, str]]) -> bool:
    """Whether the item is one of these parents: its sub-tasks are counted and it is not."""
    source = work.item.source
    return (source, work.item.remote_id) in parents or (source, work.item.key) in parents


def state_of(plan: Plan | None, baseline: Plan | None, works: Iterable[Work]) -> PlanState:
    """The states of all entries of the plan, and of those that only the approved baseline still holds."""
    entries: dict[str, Deliverable] = {}
    for deliverable in (*(plan.deliverables if plan else ()), *(baseline.deliverables if baseline else ())):
        entries.setdefault(deliverable.id, deliverable)
    by_deliverable: dict[str, list[Work]] = {}
    for work in works:
        if work.enrolment.deliverable is not None:
            by_deliverable.setdefault(work.enrolment.deliverable, []).append(work)
    deliverables = {
        identity: _deliverable_state(deliverable, by_deliverable.get(identity, ()))
        for identity, deliverable in entries.items()
    }
    milestones: dict[str, State] = {}
    for milestone in (*(plan.milestones if plan else ()), *(baseline.milestones if baseline else ())):
        if milestone.id not in milestones:
            parts = [deliverables[one.id] for one in entries.values() if one.milestone == milestone.id]
            milestones[milestone.id] = _milestone_state(parts)
    return PlanState(deliverables=deliverables, milestones=milestones)


def _deliverable_state(deliverable: Deliverable, works: Sequence[Work]) -> State:
    if not works:
        return State(standing=Standing.UNKNOWN if deliverable.work is None else Standing.EMPTY)
    named = frozenset(
        key.casefold() for keys in (deliverable.work.keys.values() if deliverable.work else ()) for key in keys
    )
    # A pull request is how an issue gets done, not more work beside it: unless the plan names it, or nothing else.
    issues = [work for work in works if work.item.kind is Kind.ISSUE or work.item.key.casefold() in named]
    works = issues or works
    parents = parents_of(works)
    units = [work for work in works if not is_parent(work, parents)]
    counted = [work for work in units if work.category is not Category.CANCELLED]
    # An item that the plan names by its key has to be finished itself, whatever its sub-tasks say.
    decisive = [
        work
        for work in works
        if work.category is not Category.CANCELLED
        and (not is_parent(work, parents) or work.item.key.casefold() in named)
    ]
    if not decisive:
        times = [work.cancelled_at for work in works if work.category is Category.CANCELLED]
        return State(
            standing=Standing.CANCELLED, cancelled_at=_latest(times), works=tuple(works), incomplete=_doubtful(works)
        )
    finished = [work for work in decisive if work.category is Category.DONE]
    whole = len(finished) == len(decisive)
    return State(
        standing=Standing.FINISHED if whole else Standing.OPEN,
        finished_at=_latest([work.finished_at for work in finished]) if whole else None,
        items=len(counted),
        finished_items=sum(work.category is Category.DONE for work in counted),
        works=tuple(decisive),
        incomplete=_doubtful(decisive),
    )


def _milestone_state(parts: Sequence[State]) -> State:
    counted = [part for part in parts if part.standing is not Standing.CANCELLED]
    standings = {part.standing for part in counted}
    works = {(work.item.source, work.item.remote_id): work for part in parts for work in part.works}
    finished_at = cancelled_at = None
    if not parts:
        standing = Standing.UNKNOWN
    elif not counted:
        standing, cancelled_at = Standing.CANCELLED, _latest([part.cancelled_at for part in parts])
    elif standings & {Standing.OPEN, Standing.EMPTY}:
        standing = Standing.OPEN
    elif Standing.UNKNOWN in standings:
        standing = Standing.UNKNOWN
    else:
        standing, finished_at = Standing.FINISHED, _latest([part.finished_at for part in counted])
    return State(
        standing=standing,
        finished_at=finished_at,
        cancelled_at=cancelled_at,
        items=sum(part.items for part in counted),
        finished_items=sum(part.finished_items for part in counted),
        works=tuple(works.values()),
        incomplete=any(part.incomplete for part in parts),
    )


def _latest(times: Sequence[datetime | None]) -> datetime | None:
    """The last of them; None where one is unknown, because it may be later than all the others."""
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _doubtful(works: Iterable[Work]) -> bool:
    return any(not work.history.complete for work in works)
