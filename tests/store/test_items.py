"""Pages of items are saved whole, only where they differ, and come back as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from core.model import (
    Category,
    Change,
    Enrolment,
    Identity,
    Kind,
    Provenance,
    Role,
    SetAside,
    Snapshot,
    Status,
)
from core.store import items, lists, plans
from core.store.engine import Store
from tests.store.samples import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    comment,
    contents,
    histories,
    history,
    item,
    link,
    started,
    whole,
    writes,
)

FULL = item(
    7,
    kind=Kind.PULL_REQUEST,
    project="acme/erp",
    type="Bug",
    resolution="Fixed",
    priority="High",
    assignee="li",
    reporter="wang",
    parent_id="1",
    parent_key="ERP-1",
    milestone="M1",
    labels=("数据", "a,b"),
    fix_versions=("1.0",),
    resolved_at=WEDNESDAY,
    due_on=date(2026, 3, 31),
    start_on=date(2026, 3, 1),
)


def save(store: Store, *snapshots: Snapshot, at: datetime = MONDAY, **known: Any) -> items.Saved:
    with store.write() as conn:
        return items.save_snapshots(conn, "jira", snapshots, known.get("histories", histories(*snapshots)), at)


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_an_item_comes_back_as_it_was_saved(store: Store) -> None:
    snapshot = whole(FULL, changes=(started(100), started(101, WEDNESDAY, position=2)))

    save(store, snapshot)

    with store.read() as conn:
        assert items.items(conn, "jira", ["7"]) == [FULL]
        assert items.load_snapshots(conn, "jira") == [replace(snapshot, comments=None, links=None)]


def test_a_page_tells_what_is_new_and_what_really_changed(store: Store) -> None:
    first = save(store, whole(item(1)), whole(item(2)))
    #                  touched only                       retitled
    second = save(
        store,
        whole(item(1, updated_at=TUESDAY)),
        whole(item(2, updated_at=TUESDAY, title="New title")),
        whole(item(3)),
    )

    assert (first.new, first.changed, first.changes, first.comments) == (frozenset({"1", "2"}), frozenset(), 2, 2)
    assert (second.new, second.changed) == (frozenset({"3"}), frozenset({"2"}))
    assert (second.changes, second.comments) == (1, 1)
    assert rows(store, "SELECT updated_at FROM items WHERE remote_id = '1'") == [(1772528400000000,)]


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ({}, False),
        ({"changes": (started(100), started(101, TUESDAY))}, True),
        ({"links": ()}, True),
        ({"links": (link(900, kind="relates to"),)}, True),
        ({"comments": (comment(500), comment(501, TUESDAY))}, False),
        ({"comments": None, "changes": None, "links": None}, False),
    ],
)
def test_new_history_and_links_are_a_change_of_the_item_and_comments_are_not(
    store: Store, later: dict[str, Any], changed: bool
) -> None:
    save(store, whole())

    saved = save(store, whole(item(updated_at=TUESDAY), **later))

    assert saved.changed == (frozenset({"1"}) if changed else frozenset())


def test_another_category_by_the_history_is_a_change_of_the_item(store: Store) -> None:
    save(store, whole())

    saved = save(store, whole(), histories={"1": history(Category.TODO, Category.DONE)})

    assert saved.changed == frozenset({"1"})
    assert rows(store, "SELECT category, finished_at FROM items") == [("done", 1772528400000000)]


def test_a_page_that_is_there_rewrites_no_row(store: Store) -> None:
    page = [whole(item(number, labels=("a",), due_on=date(2026, 3, 31))) for number in range(1, 460)]
    save(store, *page)

    with store.write() as conn:
        before = writes(conn)
        saved = items.save_snapshots(conn, "jira", page, histories(*page), TUESDAY)
        after = writes(conn)

    assert after == before
    assert saved == items.Saved(new=frozenset(), changed=frozenset(), changes=0, comments=0)


def test_of_an_item_that_came_twice_the_later_one_counts_with_what_only_the_earlier_brought(store: Store) -> None:
    earlier = whole(item(title="Before"))
    later = Snapshot(item=item(title="After"), comments=(comment(500), comment(501)))

    saved = save(store, earlier, later)

    assert (saved.new, saved.changes, saved.comments) == (frozenset({"1"}), 1, 2)
    assert rows(store, "SELECT title, history_held, comments_held FROM items") == [("After", True, True)]


def test_changes_that_the_tracker_no_longer_lists_stay(store: Store) -> None:
    save(store, whole(changes=(started(100), started(101, TUESDAY))))

    save(store, whole(changes=(started(100),)))

    assert rows(store, "SELECT remote_id FROM changes ORDER BY remote_id") == [("100",), ("101",)]


def test_changes_of_one_instant_come_back_in_the_order_of_their_ids(store: Store) -> None:
    changes = (started(9), started(10), started(10, position=1), started(100))
    save(store, whole(changes=tuple(reversed(changes))))

    with store.read() as conn:
        (loaded,) = items.load_snapshots(conn, "jira")

    assert loaded.changes == changes


def test_comments_that_are_gone_are_marked_and_return(store: Store) -> None:
    save(store, whole(comments=(comment(500), comment(501))))

    gone = save(store, whole(comments=(comment(501),)), at=TUESDAY)
    marked = rows(store, "SELECT remote_id, deleted_at FROM comments ORDER BY remote_id")
    again = save(store, whole(comments=(comment(501),)), at=WEDNESDAY)
    unmoved = rows(store, "SELECT remote_id, deleted_at FROM comments ORDER BY remote_id")
    back = save(store, whole(comments=(comment(500), comment(501))), at=WEDNESDAY)

    assert [saved.comments for saved in (gone, again, back)] == [1, 0, 1]
    assert marked == unmoved == [("500", 1772528400000000), ("501", None)]
    assert rows(store, "SELECT count(*) FROM comments WHERE deleted_at IS NULL") == [(2,)]


def test_links_that_are_gone_are_removed_and_the_others_stay_untouched(store: Store) -> None:
    save(store, whole(links=(link(900), link(901, provenance=Provenance.URL))))

    with store.write() as conn:
        before = writes(conn)
        items.save_snapshots(conn, "jira", [whole(links=(link(900),))], {"1": history()}, MONDAY)
        moved = writes(conn) - before if isinstance(before, int) else 1

    assert moved == 1
    assert rows(store, "SELECT remote_id FROM links") == [("900",)]


def test_spans_are_replaced_by_those_of_the_present_history(store: Store) -> None:
    save(store, whole(), histories={"1": history(Category.TODO, Category.ACTIVE, Category.DONE)})

    save(store, whole(), histories={"1": history(Category.TODO, Category.DONE)})

    assert rows(store, "SELECT position, category FROM spans ORDER BY position") == [(0, "todo"), (1, "done")]


def test_spans_with_a_gap_between_them_keep_their_own_instants(store: Store) -> None:
    lived = history(Category.TODO, Category.ACTIVE, Category.DONE)
    first, second, third = lived.spans
    gapped = replace(lived, spans=(first, replace(second, entered_at=second.entered_at + timedelta(hours=5)), third))
    place = Enrolment(source="jira", remote_id="1", role=Role.TASK, deliverable=None)
    save(store, whole(), histories={"1": gapped})

    with store.write() as conn:
        plans.save_enrolments(conn, "erp", "jira", [place])
        (found,) = items.enrolled(conn, "erp")

    assert found.history == gapped


def test_only_items_with_history_and_comments_of_their_present_state_are_held(store: Store) -> None:
    save(store, whole(item(1)), whole(item(2), comments=None), whole(item(3), changes=None), whole(item(4)))

    save(store, whole(item(4, updated_at=TUESDAY), changes=None))  # moved on, and its history did not come
    save(store, Snapshot(item=item(1)))  # listed as it was

    with store.read() as conn:
        assert items.held(conn, "jira", ["1", "2", "3", "4", "5"]) == {"1": MONDAY}
        assert items.held(conn, "github", ["1"]) == {}


def test_a_cut_history_is_held_and_says_so(store: Store) -> None:
    save(store, whole(history_whole=False))

    with store.read() as conn:
        (loaded,) = items.load_snapshots(conn, "jira")
        held = items.held(conn, "jira", ["1"])

    assert held == {"1": MONDAY}
    assert loaded.changes == (started(),)
    assert not loaded.history_whole


def test_a_history_that_the_item_outgrew_is_loaded_as_not_whole(store: Store) -> None:
    save(store, whole())
    save(store, whole(item(updated_at=TUESDAY), changes=None))

    with store.read() as conn:
        (loaded,) = items.load_snapshots(conn, "jira")

    assert loaded.changes == (started(),)
    assert not loaded.history_whole


def test_an_item_without_history_is_loaded_without_changes(store: Store) -> None:
    save(store, Snapshot(item=item(1)), whole(item(2), changes=()))

    with store.read() as conn:
        first, second = items.load_snapshots(conn, "jira")

    assert (first.changes, second.changes) == (None, ())


def test_everything_is_loaded_once_in_pages_while_histories_are_saved(store: Store) -> None:
    save(store, *(whole(item(number)) for number in range(1, 8)))

    with store.write() as conn:
        sizes = []
        after = None
        while page := items.load_snapshots(conn, "jira", after=after, size=3):
            sizes.append(len(page))
            after = page[-1].item.remote_id
            derived = {snapshot.item.remote_id: history(Category.ACTIVE) for snapshot in page}
            changed = items.save_histories(conn, "jira", derived, TUESDAY)
            assert changed == derived.keys()
            assert items.save_histories(conn, "jira", derived, WEDNESDAY) == frozenset()

    assert sizes == [3, 3, 1]
    assert rows(store, "SELECT DISTINCT category FROM items") == [("active",)]


def test_saving_a_history_leaves_the_rest_of_the_item_alone(store: Store) -> None:
    save(store, whole(FULL))

    with store.write() as conn:
        items.save_histories(conn, "jira", {"7": history(Category.DONE), "unknown": history()}, TUESDAY)

    with store.read() as conn:
        assert list(items.items(conn, "jira", ["7", "unknown"])) == [FULL]
        assert items.held(conn, "jira", ["7"]) == {"7": MONDAY}


def test_more_ids_than_any_engine_takes_parameters(store: Store) -> None:
    save(store, whole(item(1)))
    ids = [str(number) for number in range(70_000)]

    with store.read() as conn:
        assert items.held(conn, "jira", ids) == {"1": MONDAY}
        assert len(list(items.items(conn, "jira", ids))) == 1
        assert items.urls(conn, [("jira", "ERP-1"), *(("jira", number) for number in ids)]) == {
            ("jira", "ERP-1"): "https://jira.example/browse/ERP-1"
        }


def test_times_without_a_zone_are_refused_and_nothing_is_kept(store: Store) -> None:
    naive = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - what is refused

    with pytest.raises(ValueError, match="without a zone"):
        save(store, whole(item(1)), whole(item(2), comments=(comment(created_at=naive),)))

    assert rows(store, "SELECT count(*) FROM items") == [(0,)]


def test_enrolled_items_come_with_history_and_place(store: Store) -> None:
    lived = history(Category.TODO, Category.ACTIVE, Category.DONE, started_at=TUESDAY, reopened=2, problem="gap")
    save(store, whole(FULL), whole(item(1)), histories={"7": lived, "1": history()})
    places = [
        Enrolment(source="jira", remote_id="7", role=Role.PROBLEM, deliverable="D1"),
        Enrolment(source="jira", remote_id="1", role=Role.TASK, deliverable=None),
    ]

    with store.write() as conn:
        first = plans.save_enrolments(conn, "erp", "jira", places)
        again = plans.save_enrolments(conn, "erp", "jira", places)
        found = items.enrolled(conn, "erp")
        elsewhere = items.enrolled(conn, "crm")

    assert (first, again) == ({"1", "7"}, set())
    assert [(one.item, one.history, one.enrolment) for one in found] == [
        (item(1), history(), places[1]),
        (FULL, lived, places[0]),
    ]
    assert elsewhere == []


def test_settled_items_are_left_out_by_the_end_of_their_work(store: Store) -> None:
    #    ended:        never     Wednesday     cancelled, touched Tuesday
    lives = {
        "1": history(Category.ACTIVE),
        "2": history(Category.TODO, Category.ACTIVE, Category.DONE),
        "3": history(Category.CANCELLED),
    }
    save(store, *(whole(item(int(number), updated_at=TUESDAY)) for number in lives), histories=lives)
    with store.write() as conn:
        plans.save_enrolments(
            conn,
            "erp",
            "jira",
            [Enrolment(source="jira", remote_id=number, role=Role.TASK, deliverable=None) for number in lives],
        )

    def found(since: datetime) -> list[str]:
        with store.read() as conn:
            return [one.item.remote_id for one in items.enrolled(conn, "erp", open_or_since=since)]

    assert found(TUESDAY) == ["1", "2", "3"]
    assert found(WEDNESDAY) == ["1", "2"]
    assert found(WEDNESDAY + timedelta(seconds=1)) == ["1"]


def test_enrolments_of_other_sources_are_forgotten(store: Store) -> None:
    save(store, whole(item(1)))
    with store.write() as conn:
        plans.save_enrolments(
            conn, "erp", "jira", [Enrolment(source="jira", remote_id="1", role=Role.TASK, deliverable=None)]
        )

        kept = plans.forget_enrolments(conn, "erp", keep=["jira"])
        forgotten = plans.forget_enrolments(conn, "erp", keep=["github"])
        left = items.enrolled(conn, "erp")

    assert (kept, forgotten, left) == (0, 1, [])


def test_what_was_set_aside_stays_until_its_item_is_understood(store: Store) -> None:
    broken = [SetAside(remote_id=number, key=None, reason="no status") for number in ("1", "2")]
    with store.write() as conn:
        counts = [items.save_set_aside(conn, "jira", broken, at) for at in (MONDAY, TUESDAY)]

    save(store, whole(item(1)))

    with store.read() as conn:
        assert counts == [2, 0]
        assert items.set_aside(conn, "jira") == [broken[1]]


def test_a_status_remembers_until_when_it_had_which_category(store: Store) -> None:
    review = Status(status_id="4", name="Review", category=None)
    listings = [
        ([review], MONDAY, True),
        ([replace(review, category=Category.ACTIVE)], MONDAY, True),
        ([replace(review, category=Category.ACTIVE)], TUESDAY, False),
        ([replace(review, category=Category.DONE)], TUESDAY, True),
        ([replace(review, category=None)], WEDNESDAY, False),
        ([replace(review, name="Reviewed", category=Category.DONE)], WEDNESDAY, True),
        ([], WEDNESDAY, False),
        ([replace(review, name="Reviewed", category=Category.WAITING)], MONDAY, True),  # the clock was set back
    ]

    with store.write() as conn:
        changed = [items.save_statuses(conn, "jira", listed, at) for listed, at, _ in listings]
        held = items.statuses(conn, "jira")

    assert changed == [expected for *_, expected in listings]
    earlier = ((TUESDAY, Category.ACTIVE), (TUESDAY, Category.DONE))
    assert held == {"4": Status(status_id="4", name="Reviewed", category=Category.WAITING, earlier=earlier)}


def test_a_sighting_of_an_account_does_not_take_away_what_is_known_of_it(store: Store) -> None:
    known = Identity(source="jira", account_id="li", name="Li Wei", email="li@example.com")
    with store.write() as conn:
        first = items.save_identities(conn, [known, Identity(source="github", account_id="li", bot=True)])
        again = items.save_identities(conn, [Identity(source="jira", account_id="li")])
        gone = items.save_identities(conn, [Identity(source="jira", account_id="li", active=False)])
        held = lists.identities(conn, "jira")

    assert (first, again, gone) == (2, 0, 1)
    assert held == {"li": replace(known, active=False)}


def test_former_keys_are_told_oldest_first(store: Store) -> None:
    def renamed(number: int, before: str, at: datetime) -> Change:
        return started(number, at, field="key", from_value=before)

    save(store, whole(item(1), changes=(renamed(102, "CRM-1", TUESDAY), renamed(101, "OLD-1", MONDAY), started())))

    with store.read() as conn:
        assert items.former_keys(conn, "jira", ["1", "2"]) == {"1": ("OLD-1", "CRM-1")}
        assert items.former_keys(conn, "jira", ["2"]) == {}
        assert items.former_keys(conn, "github", ["1"]) == {}


def test_items_are_counted_and_whatever_was_written_since_is_found_by_its_mark(store: Store) -> None:
    def mark() -> int:
        with store.read() as conn:
            return items.last_writing(conn, "jira")

    marks = [mark()]
    # The last three are written by a host whose clock was set back.
    for page, at in (
        ([item(1), item(2)], TUESDAY),
        ([item(1, title="New")], MONDAY),
        ([item(number) for number in (1, 4, 5, 6)], MONDAY),
        ([item(2, title="New")], MONDAY),
    ):
        save(store, *map(whole, page), at=at)
        marks.append(mark())
    save(store, whole(item(2, title="New")), at=WEDNESDAY)

    assert mark() == marks[-1]
    with store.read() as conn:
        found = [list(items.written(conn, "jira", begin, end, 2)) for begin, end in pairwise(marks)]
        everything = list(items.written(conn, "jira", 0, marks[-1], 2))
        assert items.count(conn) == {"jira": 5}
    assert found == [[], [], [["1", "4"], ["5", "6"]], [["2"]]]
    assert everything == [["1", "4"], ["5", "6"], ["2"]]


def test_the_same_page_makes_the_same_store_on_both_engines(store: Store) -> None:
    save(store, whole(FULL), whole(item(1), history_whole=False), histories={"7": history(Category.DONE)})

    with store.read() as conn:
        held = contents(conn)

    assert [row[:3] for row in held["items"]] == [("jira", "1", "ERP-1"), ("jira", "7", "ERP-7")]
    assert held["changes"][0][5] == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert [len(held[name]) for name in ("changes", "comments", "links", "spans")] == [2, 2, 2, 1]
