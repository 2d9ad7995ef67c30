"""What must hold for every page, on both engines alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Category, Change, Comment, History, Link, Snapshot, Span, WorkItem
from core.store import items
from core.store.engine import Store
from core.store.text import REPLACEMENT, clean
from tests.store.samples import MONDAY, writes

ZONES = [
    "UTC",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
]
PLACES = st.sampled_from([ZoneInfo(name) for name in ZONES])
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=PLACES)  # noqa: DTZ001 - zones are drawn
# Every character that trackers' JSON can hold: NUL and halves of surrogate pairs too.
TEXTS = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff\\\u0000'\"%�"), max_size=12)
IDS = st.sampled_from(["1", "2", "10", "3\x00", "4\ud800"])
CATEGORIES = st.none() | st.sampled_from(Category)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


WORK_ITEMS = st.builds(
    WorkItem,
    source=st.just("jira"),
    remote_id=IDS,
    key=TEXTS,
    url=TEXTS,
    title=TEXTS,
    status=TEXTS,
    status_id=TEXTS,
    created_at=INSTANTS,
    updated_at=INSTANTS,
    labels=several(TEXTS),
    resolved_at=some(INSTANTS),
    due_on=some(st.dates()),
    tracker_category=CATEGORIES,
)
CHANGES = st.builds(
    Change,
    remote_id=IDS,
    position=st.integers(0, 2),
    field=st.sampled_from(["status", "labels"]),
    changed_at=INSTANTS,
    author=some(TEXTS),
    from_value=some(TEXTS),
)
COMMENTS = st.builds(Comment, remote_id=IDS, author=some(TEXTS), created_at=INSTANTS, updated_at=INSTANTS)
LINKS = st.builds(Link, remote_id=IDS, kind=TEXTS, to_source=TEXTS, to_key=TEXTS)
SPANS = st.builds(
    Span,
    status=TEXTS,
    status_id=some(TEXTS),
    category=CATEGORIES,
    assignee=some(TEXTS),
    entered_at=INSTANTS,
    left_at=some(INSTANTS),
)
HISTORIES = st.builds(
    History,
    category=CATEGORIES,
    spans=several(SPANS),
    started_at=some(INSTANTS),
    finished_at=some(INSTANTS),
    reopened=st.integers(0, 9),
    problem=some(TEXTS),
)
PAGES = st.lists(
    st.builds(
        Snapshot,
        item=WORK_ITEMS,
        changes=some(several(CHANGES)),
        comments=some(several(COMMENTS)),
        links=some(several(LINKS)),
        history_whole=st.booleans(),
    ),
    max_size=4,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples of a property: each works on a source of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('properties')}/planward.db"
    else:
        url = request.getfixturevalue("server_url")
    with Store.open(url, create=True) as store:
        yield store


def in_utc(one: WorkItem) -> WorkItem:
    """The item with its instants in UTC: those in a gap or overlap of their zone equal none of another zone."""
    return replace(
        one,
        created_at=one.created_at.astimezone(UTC),
        updated_at=one.updated_at.astimezone(UTC),
        resolved_at=one.resolved_at and one.resolved_at.astimezone(UTC),
    )


SOURCES = (f"source {number}" for number in count())


@given(page=PAGES, lived=HISTORIES)
def test_saving_a_page_twice_changes_nothing(shared: Store, page: list[Snapshot], lived: History) -> None:
    source = next(SOURCES)
    histories = {snapshot.item.remote_id: lived for snapshot in page}

    with shared.write() as conn:
        first = items.save_snapshots(conn, source, page, histories, MONDAY)
        mark = writes(conn)
        second = items.save_snapshots(conn, source, page, histories, MONDAY)

        assert writes(conn) == mark
    assert first.new == frozenset(clean([snapshot.item.remote_id for snapshot in page]))
    assert second == items.Saved(new=frozenset(), changed=frozenset(), changes=0, comments=0)


@given(page=PAGES)
def test_what_was_saved_comes_back_clean_and_in_utc(shared: Store, page: list[Snapshot]) -> None:
    source = next(SOURCES)
    latest = {clean(snapshot.item.remote_id): snapshot.item for snapshot in page}

    with shared.write() as conn:
        items.save_snapshots(conn, source, page, {}, MONDAY)
        found = {one.remote_id: one for one in items.items(conn, source, latest)}

    assert found == {remote_id: in_utc(replace(clean(one), source=source)) for remote_id, one in latest.items()}
    assert all(one.created_at.tzinfo is UTC for one in found.values())


@given(page=PAGES)
def test_pages_that_overlap_save_each_change_once(shared: Store, page: list[Snapshot]) -> None:
    source = next(SOURCES)

    with shared.write() as conn:
        for begin in range(len(page)):
            items.save_snapshots(conn, source, page[begin : begin + 2], {}, MONDAY)
        loaded = items.load_snapshots(conn, source)

    brought: dict[str, set[tuple[str, int]]] = {}
    for snapshot in page:
        keys = {(clean(change.remote_id), change.position) for change in snapshot.changes or ()}
        brought.setdefault(clean(snapshot.item.remote_id), set()).update(keys)
    for snapshot in loaded:
        kept = [(change.remote_id, change.position) for change in snapshot.changes or ()]
        assert sorted(kept) == sorted(set(kept))
        assert set(kept) <= brought[snapshot.item.remote_id]


@given(value=st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)))
@settings(max_examples=200)
def test_cleaning_leaves_only_what_both_engines_take(value: Any) -> None:
    cleaned = clean(value)

    assert "\x00" not in str(cleaned)
    repr(cleaned).encode()
    assert clean(cleaned) is cleaned or "\\u0000" in str(cleaned)


def test_cleaning_replaces_only_what_is_refused() -> None:
    assert clean("a\x00b\ud83dc") == f"a{REPLACEMENT}b{REPLACEMENT}c"
    assert clean("数据 \N{GRINNING FACE} \\u0000") == "数据 \N{GRINNING FACE} \\u0000"
    assert clean((None, 3, MONDAY)) == (None, 3, MONDAY)
