"""Which items are about the same work, whichever of them tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event

from core.model import Category, Kind, Link, Provenance, Tie, WorkItem
from core.store import items, ties
from core.store.engine import Store
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, history, item, whole

SOURCES = ["github", "jira"]
OPEN, DONE = history(Category.TODO), history(Category.TODO, Category.DONE, finished_at=TUESDAY)


def pull(number: int = 7) -> WorkItem:
    found = item(number, kind=Kind.PULL_REQUEST, key=f"acme/erp#{number}")
    return replace(found, source="github")


def save(store: Store, found: WorkItem, *links: Link, done: bool = False) -> None:
    lived = DONE if done else OPEN
    with store.write() as conn:
        page = [whole(found, links=links)]
        items.save_snapshots(conn, found.source, page, {found.remote_id: lived}, MONDAY)


def at(host: str, key: str, source: str | None = None) -> Link:
    """A mention by an address."""
    return Link(remote_id=f"url:{host}/{key}", kind="mentions", to_source=source, to_key=key, provenance=Provenance.URL)


def to(key: str, kind: str = "mentions", source: str | None = None, how: Provenance = Provenance.KEY) -> Link:
    return Link(remote_id=f"{kind} {key}", kind=kind, to_source=source, to_key=key, provenance=how)


def found(store: Store, since: datetime = MONDAY, sources: list[str] = SOURCES) -> list[Tie]:
    with store.read() as conn:
        return ties.ties(conn, sources, since)


def test_a_key_in_a_text_ties_to_whatever_item_has_it(store: Store) -> None:
    save(store, pull(), to("ERP-1"), to("ERP-99"), to("SHA-256"))
    save(store, item(1))

    assert found(store) == [Tie(part=("github", "acme/erp#7"), whole=("jira", "ERP-1"), provenance=Provenance.KEY)]
    assert found(store, sources=["github"]) == []


def test_an_issue_and_its_pull_request_tell_of_one_tie(store: Store) -> None:
    issue = replace(item(3, key="acme/erp#3"), source="github")
    save(store, pull(), to("acme/erp#3", "closes", "github", Provenance.NATIVE))
    save(store, issue, to("acme/erp#7", "closed by", "github", Provenance.NATIVE))

    assert found(store) == [
        Tie(part=("github", "acme/erp#7"), whole=("github", "acme/erp#3"), provenance=Provenance.NATIVE)
    ]


def test_other_links_and_links_to_itself_tie_nothing(store: Store) -> None:
    save(store, item(1), to("ERP-2", "blocks", "jira"), to("ERP-1"))
    save(store, item(2))

    assert found(store) == []


def test_an_issue_that_names_others_is_no_part_of_them(store: Store) -> None:
    report = replace(item(9, key="acme/erp#9"), source="github")
    issue = replace(item(3, key="acme/erp#3"), source="github")
    named = [at("github.example", key, "github") for key in ("acme/erp#7", "acme/erp#3")]
    save(store, report, *named, to("ERP-1"))
    save(store, pull(7), done=True)
    save(store, issue, done=True)
    save(store, item(1), to("ERP-2"))
    save(store, item(2))

    assert found(store) == []


def test_a_pull_request_that_names_another_is_no_part_of_it(store: Store) -> None:
    save(store, pull(8), at("github.example", "acme/erp#7", "github"))
    save(store, pull(7))

    assert found(store) == []


def test_a_key_with_an_address_ties_to_the_item_at_that_host_only(store: Store) -> None:
    save(store, pull(7), at("issues.apache.example", "ERP-1"), at("jira.example.org", "ERP-1"))
    save(store, pull(8), at("jira.example", "ERP-2"))
    save(store, item(1))
    save(store, item(2))

    assert found(store) == [Tie(part=("github", "acme/erp#8"), whole=("jira", "ERP-2"), provenance=Provenance.URL)]


def test_of_several_ties_of_two_items_the_most_certain_is_told(store: Store) -> None:
    save(store, pull(), to("ERP-1"), at("jira.example", "ERP-1"))
    save(store, item(1))

    assert [tie.provenance for tie in found(store)] == [Provenance.URL]


def test_what_both_ended_long_ago_is_left_out_and_one_that_is_open_brings_the_other(store: Store) -> None:
    save(store, pull(7), to("ERP-1"), done=True)
    save(store, pull(8), to("ERP-2"))
    save(store, item(1), done=True)
    save(store, item(2), done=True)

    assert [tie.part for tie in found(store, TUESDAY)] == [("github", "acme/erp#7"), ("github", "acme/erp#8")]
    assert [tie.part for tie in found(store, WEDNESDAY)] == [("github", "acme/erp#8")]
    with store.read() as conn:
        assert ties.tied_ids(conn, SOURCES, WEDNESDAY) == {"github": {"8"}, "jira": {"2"}}


def test_each_key_is_looked_up_and_not_searched_for_among_all_items(store: Store) -> None:
    asked: list[tuple[str, Any]] = []
    with store.read() as conn:
        if conn.dialect.name != "sqlite":
            pytest.skip("SQLite has no statistics of its own; PostgreSQL finds the way by its own")
        event.listen(conn, "before_cursor_execute", lambda _c, _cur, text, given, *_: asked.append((text, given)))
        ties.ties(conn, SOURCES, MONDAY)

        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])]

    assert "SEARCH named USING INDEX ix_items_source_key (source=? AND key=?)" in plan
