"""From an item and its changes to its life: gap-free spans of status, category and assignee, and what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from core.model import Category, Change, History, Span, Status, WorkItem

BOUNCE = timedelta(seconds=1)
"""A stay outside done shorter than this was no reopening: bulk moves walk an item through states within a second."""

CLOSED = frozenset({Category.DONE, Category.CANCELLED})
UNNAMED_STATUS = "?"
"""Stands for the status before the first change where that change does not say what it left."""

_READ = frozenset({"status", "assignee", "resolution"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMapping:
    """What the configuration says of a source's statuses.

    `overrides` maps a status, by its id or its casefolded name, to its category and wins over the tracker.
    `cancelled_resolutions` are the casefolded resolutions that turn done into cancelled.
    """

    overrides: Mapping[str, Category] = field(default_factory=dict)
    cancelled_resolutions: frozenset[str] = frozenset()


def derive(
    item: WorkItem,
    changes: Sequence[Change] | None,
    statuses: Mapping[str, Status],
    mapping: StatusMapping,
    *,
    whole: bool = True,
) -> History:
    """The item's life from its creation on, as its changes tell it, checked against its present state.

    `changes` may come in any order when their entry ids are numbers, else oldest first; None means that they are not
    known, `whole=False` that some are missing. `statuses` is the source's list by id. What is missing or contradicts
    itself makes the history incomplete, with the first such problem in words; it is never repaired by guessing.

    Categories, the first that applies: the configured one; the source's list; for the present status what the tracker
    says with the item. Where the tracker moved a status to another category, the span is split at that moment and its
    past stays. Done with a cancelled resolution is cancelled.
    """
    relevant = [change for change in changes or () if change.field in _READ]
    entries = _in_order(relevant)
    problem = _contradiction(item, entries)
    if problem and relevant and _numbered(relevant):
        # Servers whose clocks disagree stamp entries out of order; the entry ids still tell which came first.
        by_entry = sorted(relevant, key=lambda change: (int(change.remote_id), change.position))
        if _contradiction(item, by_entry) is None:
            entries, problem = by_entry, None
    if changes is None:
        problem = "the tracker did not give its history"
    elif not whole:
        problem = "the tracker gave only a part of its history"
    spans = _spans(item, entries, statuses, mapping)
    told = read_spans(spans)
    if told.undated and problem is None:
        problem = UNDATED
    return History(
        category=spans[-1].category,
        spans=spans,
        started_at=told.started_at,
        finished_at=told.finished_at,
        reopened=told.reopened,
        complete=problem is None,
        problem=problem,
    )


UNDATED = "no change tells when it was finished"


class Told(NamedTuple):
    """What spans tell. `undated`: it is done, but was so from its first span on, so that nothing tells since when."""

    started_at: datetime | None
    finished_at: datetime | None
    reopened: int
    undated: bool


def read_spans(spans: Iterable[Span]) -> Told:
    """When the item was started and finished (its last run of done spans, if it is in one), and how often reopened."""
    started_at: datetime | None = None
    run_at: datetime | None = None  # entry into the run of done spans that we are in
    dated = False  # whether a change tells that entry
    left_run_at = left_at = None  # the run that was left last, and when
    left_dated = left_counts = False
    reopened = 0
    first = True
    for span in spans:
        category = span.category
        if category is Category.DONE:
            if run_at is None:
                if left_at is not None and span.entered_at - left_at < BOUNCE:
                    run_at, dated = left_run_at, left_dated
                    reopened -= left_counts
                else:
                    run_at, dated = span.entered_at, not first
        else:
            if category is Category.ACTIVE and started_at is None:
                started_at = span.entered_at
            if run_at is not None:
                left_run_at, left_at, left_dated = run_at, span.entered_at, dated
                left_counts = category is not None and category is not Category.CANCELLED
                reopened += left_counts
                run_at = None
        first = False
    return Told(started_at, run_at if dated else None, reopened, run_at is not None and not dated)


def last_entry(spans: Sequence[Span], category: Category) -> datetime | None:
    """Entry into the last run of that category if the item is still in it; None where no change tells when."""
    entered_at = None
    for span in reversed(spans):
        if span.category is not category:
            return entered_at
        entered_at = span.entered_at
    return None


# --- order and proof ---


def _numbered(changes: Iterable[Change]) -> bool:
    return all(change.remote_id.isdecimal() for change in changes)


def _in_order(changes: list[Change]) -> list[Change]:
    """Oldest first; in the same instant by entry id where ids are numbers, else as they came."""
    if len(changes) < 2:
        return changes
    if _numbered(changes):
        return sorted(changes, key=lambda change: (change.changed_at, int(change.remote_id), change.position))
    return sorted(changes, key=lambda change: change.changed_at)


def _contradiction(item: WorkItem, entries: Sequence[Change]) -> str | None:
    """The first place where a change does not leave what stood there, or where the end is not the present state."""
    standing: dict[str, Change] = {}
    for change in entries:
        before = standing.get(change.field)
        if before is not None and not _same(before.to_id, before.to_value, change.from_id, change.from_value):
            return (
                f"the change of {change.field} at {change.changed_at:%Y-%m-%d %H:%M} UTC leaves "
                f"“{change.from_value or change.from_id}” where “{before.to_value or before.to_id}” stood"
            )
        if before is None and change.field == "status" and not (change.from_id or change.from_value):
            return "its first change of status does not say what it left"
        standing[change.field] = change
    last = standing.get("status")
    if last is not None and not _same(last.to_id, last.to_value, item.status_id, item.status):
        return f"its changes end in status “{last.to_value or last.to_id}” and it is in “{item.status}”"
    last = standing.get("assignee")
    if last is not None and item.assignee not in ({last.to_id, last.to_value} - {None, ""} or {None}):
        return "its changes end with another assignee than it has"
    last = standing.get("resolution")
    # Resolutions get renamed and items carry only the name, so only their presence is compared.
    if last is not None and bool(last.to_id or last.to_value) != bool(item.resolution):
        return "its changes end with another resolution than it has"
    return None


def _same(left_id: str | None, left: str | None, right_id: str | None, right: str | None) -> bool:
    """By id, else by name: a renamed status keeps its id, one made anew by moving the project keeps its name."""
    if left_id and left_id == right_id:
        return True
    if left and right:
        return left.casefold() == right.casefold()
    return not (left_id or left or right_id or right)


# --- spans ---


class _Stay(NamedTuple):
    """From `at` on this stood."""

    at: datetime
    status: str
    status_id: str | None
    assignee: str | None
    resolution: str | None


def _spans(
    item: WorkItem, entries: Sequence[Change], statuses: Mapping[str, Status], mapping: StatusMapping
) -> tuple[Span, ...]:
    stays, resolutions_told = _stays(item, entries)
    cancelling = mapping.cancelled_resolutions
    rows: list[tuple[datetime, str, str | None, Category | None, str | None]] = []
    last = len(stays) - 1
    for index, stay in enumerate(stays):
        until = stays[index + 1].at if index < last else None
        cancelled = resolutions_told and stay.resolution is not None and stay.resolution.casefold() in cancelling
        for at, meant in _meanings(stay, until, statuses, mapping.overrides):
            kept = item.tracker_category if meant is None and index == last else meant
            meaning = Category.CANCELLED if cancelled and kept is Category.DONE else kept
            if rows and rows[-1][1:] == (stay.status, stay.status_id, meaning, stay.assignee):
                continue
            rows.append((at, stay.status, stay.status_id, meaning, stay.assignee))
    if not resolutions_told and item.resolution is not None and item.resolution.casefold() in cancelling:
        for index in range(len(rows) - 1, -1, -1):
            at, status, status_id, meaning, assignee = rows[index]
            if meaning is not Category.DONE:
                break
            rows[index] = (at, status, status_id, Category.CANCELLED, assignee)
    ends = [row[0] for row in rows[1:]]
    return tuple(
        Span(status=status, status_id=status_id, category=meaning, assignee=assignee, entered_at=at, left_at=left_at)
        for (at, status, status_id, meaning, assignee), left_at in zip(rows, [*ends, None], strict=True)
    )


def _stays(item: WorkItem, entries: Sequence[Change]) -> tuple[list[_Stay], bool]:
    """What stood from when, one for each entry that changed anything, and whether changes tell of the resolution."""
    firsts: dict[str, Change] = {}
    for change in entries:
        if change.field not in firsts:
            firsts[change.field] = change
    status, status_id = item.status, item.status_id or None
    assignee, resolution = item.assignee, item.resolution
    if (change_of := firsts.get("status")) is not None:
        status = change_of.from_value or change_of.from_id or UNNAMED_STATUS
        status_id = change_of.from_id or None
    if (change_of := firsts.get("assignee")) is not None:
        assignee = change_of.from_id or change_of.from_value or None
    if (change_of := firsts.get("resolution")) is not None:
        resolution = change_of.from_value or change_of.from_id or None
    # Work before the creation date: an import was created here later than it was worked on there.
    at = min(item.created_at, entries[0].changed_at) if entries else item.created_at
    stays = [_Stay(at, status, status_id, assignee, resolution)]
    entry = None
    for change in entries:
        if change.field == "status":
            status = change.to_value or change.to_id or UNNAMED_STATUS
            status_id = change.to_id or None
        elif change.field == "assignee":
            assignee = change.to_id or change.to_value or None
        else:
            resolution = change.to_value or change.to_id or None
        at = max(at, change.changed_at)
        stay = _Stay(at, status, status_id, assignee, resolution)
        if change.remote_id == entry:
            stays[-1] = stay  # one entry changes all its fields at once
        else:
            stays.append(stay)
            entry = change.remote_id
    return stays, "resolution" in firsts


def _meanings(
    stay: _Stay, until: datetime | None, statuses: Mapping[str, Status], overrides: Mapping[str, Category]
) -> list[tuple[datetime, Category | None]]:
    """From when the stay meant what: once, and again for each time that the tracker moved its status meanwhile."""
    known = statuses.get(stay.status_id) if stay.status_id is not None else None
    if overrides:
        configured = overrides.get(stay.status.casefold())
        if configured is None and stay.status_id is not None:
            configured = overrides.get(stay.status_id)
        if configured is None and known is not None:
            configured = overrides.get(known.name.casefold())  # the present name of a renamed status
        if configured is not None:
            return [(stay.at, configured)]
    if known is None:
        return [(stay.at, None)]
    meanings: list[tuple[datetime, Category | None]] = []
    at = stay.at
    for ended_at, category in known.earlier:
        if until is not None and ended_at >= until:
            return [*meanings, (at, category)]
        if ended_at > at:
            meanings.append((at, category))
            at = ended_at
    return [*meanings, (at, known.category)]
