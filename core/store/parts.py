"""An item and its parts as rows of the base tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

import msgspec

from core.model import (
    Category,
    Change,
    Comment,
    History,
    Kind,
    Link,
    Snapshot,
    Span,
    WorkItem,
)
from core.store.tables import instant, instant_or_none, items, json_text, micros, micros_or_none
from core.store.text import clean
from core.store.upsert import Row

_NAMES = [column.name for column in items.columns]
ITEM = slice(0, _NAMES.index("category"))  # key and what the tracker says
FACTS = slice(_NAMES.index("category"), _NAMES.index("deleted_at"))
MEANING = slice(0, _NAMES.index("updated_at"))  # a difference behind it is no change of the item
WRITTEN = slice(0, _NAMES.index("saved_at"))
DELETED_AT = _NAMES.index("deleted_at")
UPDATED_AT = _NAMES.index("updated_at")
CREATED_AT = _NAMES.index("created_at")
RESOLVED_AT = _NAMES.index("resolved_at")
HISTORY_HELD = _NAMES.index("history_held")
HISTORY_WHOLE = _NAMES.index("history_whole")
COMMENTS_HELD = _NAMES.index("comments_held")

# An enum's value is looked up by Python code at every access; a page has tens of thousands of them.
_TEXT: dict[Category | None, str | None] = {None: None, **{category: category.value for category in Category}}
_CATEGORY: dict[str | None, Category | None] = {text: category for category, text in _TEXT.items()}
_KIND = {kind: kind.value for kind in Kind}
_NO_TEXTS = "[]"
_UNSETTLED = frozenset({Category.TODO.value, Category.ACTIVE.value, Category.WAITING.value, None})


def item_row(source: str, snapshot: Snapshot, history: History | None, stored: Row | None, at: datetime) -> Row:
    """The row of an item. What the snapshot did not bring stays as it is stored, while the item did not move on."""
    item = snapshot.item
    created_at, updated_at = micros(item.created_at), micros(item.updated_at)
    unmoved = stored if stored is not None and stored[UPDATED_AT] == updated_at else None
    history_held = snapshot.changes is not None or bool(unmoved and unmoved[HISTORY_HELD])
    comments_held = snapshot.comments is not None or bool(unmoved and unmoved[COMMENTS_HELD])
    if snapshot.changes is not None or stored is None:
        history_whole = snapshot.history_whole
    else:
        history_whole = bool(stored[HISTORY_WHOLE])
    if history is not None:
        facts = facts_of(history)
    elif stored is not None:
        facts = stored[FACTS]
    else:
        facts = (_TEXT[item.tracker_category], None, None, 0, False, None)
    return (
        source,
        item.remote_id,
        item.key,
        item.url,
        _KIND[item.kind],
        item.project,
        item.type,
        item.title,
        item.status,
        item.status_id,
        _TEXT[item.tracker_category],
        item.resolution,
        item.priority,
        item.assignee,
        item.reporter,
        item.parent_id,
        item.parent_key,
        item.milestone,
        _texts_json(item.labels),
        _texts_json(item.fix_versions),
        created_at,
        micros_or_none(item.resolved_at),
        item.due_on.isoformat() if item.due_on else None,
        item.start_on.isoformat() if item.start_on else None,
        *facts,
        None,
        updated_at,
        history_held,
        history_whole,
        comments_held,
        _settled_at(facts, updated_at, created_at, resolved=item.resolved_at is not None),
        micros(at),
    )


def with_history(stored: Row, history: History, at: datetime) -> Row:
    """The stored row of an item with the facts of another history."""
    facts = facts_of(history)
    return (
        *stored[ITEM],
        *facts,
        *stored[FACTS.stop : COMMENTS_HELD + 1],
        _settled_at(facts, stored[UPDATED_AT], stored[CREATED_AT], resolved=stored[RESOLVED_AT] is not None),
        micros(at),
    )


def facts_of(history: History) -> Row:
    """The columns that a history fills, in their order."""
    return (
        _TEXT[history.category],
        micros_or_none(history.started_at),
        micros_or_none(history.finished_at),
        history.reopened,
        history.complete,
        history.problem,
    )


def _settled_at(facts: Row, updated_at: int, created_at: int, *, resolved: bool) -> int | None:
    """The latest instant at which the item can have begun to be of the past.

    None while it is open, and where it is done and nobody knows since when: periods leave it out by name. An
    import can have been finished before it was created here, and belongs to the period of its creation as well.
    """
    if facts[0] in _UNSETTLED:
        return None
    finished_at: int | None = facts[2]
    if finished_at is None and facts[0] == Category.DONE.value and not resolved:
        return None
    return updated_at if finished_at is None else max(finished_at, created_at)


def work_item(row: Row) -> WorkItem:
    """The item of a row of `items`."""
    return WorkItem(
        source=row[0],
        remote_id=row[1],
        key=row[2],
        url=row[3],
        kind=Kind(row[4]),
        project=row[5],
        type=row[6],
        title=row[7],
        status=row[8],
        status_id=row[9],
        tracker_category=_CATEGORY[row[10]],
        resolution=row[11],
        priority=row[12],
        assignee=row[13],
        reporter=row[14],
        parent_id=row[15],
        parent_key=row[16],
        milestone=row[17],
        labels=_texts(row[18]),
        fix_versions=_texts(row[19]),
        created_at=instant(row[20]),
        resolved_at=instant_or_none(row[21]),
        due_on=_day(row[22]),
        start_on=_day(row[23]),
        updated_at=instant(row[UPDATED_AT]),
    )


def history_of(row: Row, spans: Iterable[Row]) -> History:
    """The history of a row of `items` and the item's rows of `spans`, in order."""
    category, started_at, finished_at, reopened, complete, problem = row[FACTS]
    return History(
        category=_CATEGORY[category],
        spans=tuple(_spans(spans)),
        started_at=instant_or_none(started_at),
        finished_at=instant_or_none(finished_at),
        reopened=reopened,
        complete=bool(complete),
        problem=problem,
    )


def change_rows(source: str, item_id: str, changes: Sequence[Change]) -> list[Row]:
    """The rows of an item's changes."""
    return [
        (
            source,
            item_id,
            change.remote_id,
            change.position,
            change.field,
            micros(change.changed_at),
            change.author,
            change.from_value,
            change.to_value,
            change.from_id,
            change.to_id,
        )
        for change in changes
    ]


def change_of(row: Row) -> Change:
    """The change of a row of `changes`."""
    return Change(
        remote_id=row[2],
        position=row[3],
        field=row[4],
        changed_at=instant(row[5]),
        author=row[6],
        from_value=row[7],
        to_value=row[8],
        from_id=row[9],
        to_id=row[10],
    )


def comment_rows(source: str, item_id: str, comments: Sequence[Comment]) -> list[Row]:
    """The rows of an item's comments, all of them standing."""
    return [
        (
            source,
            item_id,
            comment.remote_id,
            comment.author,
            micros(comment.created_at),
            micros(comment.updated_at),
            None,
        )
        for comment in comments
    ]


def link_rows(source: str, item_id: str, links: Sequence[Link]) -> list[Row]:
    """The rows of the links that an item holds."""
    return [
        (source, item_id, link.remote_id, link.kind, link.to_source, link.to_key, link.provenance.value)
        for link in links
    ]


def span_rows(source: str, item_id: str, spans: Sequence[Span]) -> list[Row]:
    """The rows of an item's spans."""
    rows: list[Row] = []
    left_at: datetime | None = None
    left: int | None = None
    for position, span in enumerate(spans):
        # A span mostly begins where the one before it ended: an instant is worth sharing.
        entered = left if left is not None and span.entered_at is left_at else micros(span.entered_at)
        left_at = span.left_at
        left = None if left_at is None else micros(left_at)
        category = _TEXT[span.category]
        rows.append((source, item_id, position, span.status, span.status_id, category, span.assignee, entered, left))
    return rows


def _spans(rows: Iterable[Row]) -> Iterator[Span]:
    left: int | None = None
    left_at: datetime | None = None
    for _, _, _, status, status_id, category, assignee, entered, next_left in rows:
        entered_at = left_at if left_at is not None and entered == left else instant(entered)
        left, left_at = next_left, instant_or_none(next_left)
        yield Span(
            status=status,
            status_id=status_id,
            category=_CATEGORY[category],
            assignee=assignee,
            entered_at=entered_at,
            left_at=left_at,
        )


@lru_cache(maxsize=1024)  # items share most of their labels
def _texts_json(texts: tuple[str, ...]) -> str:
    return json_text(clean(texts))


def _texts(value: str) -> tuple[str, ...]:
    return () if value == _NO_TEXTS else msgspec.json.decode(value, type=tuple[str, ...])


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
