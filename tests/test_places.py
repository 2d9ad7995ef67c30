"""Places are worked out again only for what was written, and are the same as if all of them were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Change, Deliverable, Plan, Role, Snapshot, WorkItem, WorkSelector
from core.places import keep_places
from core.plan.match import RoleRule
from core.store import items, plans
from core.store.engine import Store
from tests.builders import deliverable, issue, moment, plan

KINDS = {"jira": "jira"}
ROLES = {Role.PROBLEM: RoleRule(types=("Bug",))}
PLAN = plan(
    deliverable("D1", work=WorkSelector(labels=("one",))),
    deliverable("D2", work=WorkSelector(keys={"jira": ("ERP-2", "OPS-3")}, parents=("ERP-4",))),
)
Place = tuple[str, Role, str | None]


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://", create=True) as store:
        yield store


def save(store: Store, *found: WorkItem, former: str | None = None) -> None:
    """Save the items as one page; with `former` they had that key before."""
    renaming = Change(
        remote_id="1", position=0, field="key", changed_at=moment("Mon 09:00"), from_value=former, to_value="?"
    )
    page = [Snapshot(item=item, changes=(renaming,) if former else ()) for item in found]
    with store.write() as connection:
        items.save_snapshots(connection, "jira", page, {}, moment("Mon 09:00"))


def keep(store: Store, project: str = "erp", wanted: Plan = PLAN, version: int = 1) -> list[str]:
    """The keys of the items that were enrolled anew or elsewhere, in order."""
    before = places(store, project)
    with store.write() as connection:
        keep_places(connection, project, wanted, version, ROLES, KINDS)
    return [place[0] for place in places(store, project) if place not in before]


def places(store: Store, project: str) -> list[Place]:
    """Each item's key, role and deliverable."""
    with store.read() as connection:
        found = items.enrolled(connection, project)
    return sorted((one.item.key, one.enrolment.role, one.enrolment.deliverable) for one in found)


def looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the items that were enrolled, also where nothing came of it, while the places are kept."""
    seen: list[str] = []
    save_enrolments = plans.save_enrolments

    def watch(conn: Any, project: str, source: str, enrolments: Any) -> set[str]:
        seen.extend(one.remote_id for one in enrolments)
        return save_enrolments(conn, project, source, enrolments)

    with monkeypatch.context() as patch:
        patch.setattr(plans, "save_enrolments", watch)
        keep(store)
    return seen


def test_only_what_was_written_is_looked_at_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(store, issue("ERP-1"), issue("ERP-5"), issue("ERP-6", parent_id="5"))

    assert looked_at(store, monkeypatch) == ["1", "5", "6"]
    assert looked_at(store, monkeypatch) == []
    save(store, issue("ERP-5", title="Another title"))
    assert looked_at(store, monkeypatch) == ["5"]


def test_what_lies_below_an_item_follows_it_to_another_deliverable(store: Store) -> None:
    save(store, issue("ERP-5"), issue("ERP-6", parent_id="5"), issue("ERP-7", parent_id="6"), issue("ERP-8"))
    keep(store)

    save(store, issue("ERP-5", labels=("one",)))

    assert keep(store) == ["ERP-5", "ERP-6", "ERP-7"]
    assert {place[2] for place in places(store, "erp") if place[0] != "ERP-8"} == {"D1"}


def test_a_parent_that_comes_after_its_children_takes_them_along(store: Store) -> None:
    save(store, issue("ERP-6", parent_id="5"))
    keep(store)

    save(store, issue("ERP-5", labels=("one",)))

    assert keep(store) == ["ERP-5", "ERP-6"]


def test_children_stay_with_a_parent_that_was_moved_away(store: Store) -> None:
    save(store, issue("ERP-2"), issue("ERP-6", parent_id="2", parent_key="ERP-2"))
    keep(store)

    save(store, issue("OPS-9", remote_id="2"), former="ERP-2")

    keep(store)
    assert {place[2] for place in places(store, "erp")} == {"D2"}


def test_another_plan_or_other_rules_give_every_item_its_place_anew(store: Store) -> None:
    save(store, issue("ERP-1", labels=("one",)), issue("ERP-9", type="Bug"))
    keep(store)

    moved = keep(store, wanted=plan(deliverable("D9", work=WorkSelector(labels=("one",)))), version=2)

    assert moved == ["ERP-1"]
    assert places(store, "erp") == [("ERP-1", Role.TASK, "D9"), ("ERP-9", Role.PROBLEM, None)]


def test_a_project_without_sources_holds_nothing_any_more(store: Store) -> None:
    save(store, issue("ERP-1"))
    keep(store)

    with store.write() as connection:
        keep_places(connection, "erp", PLAN, 1, ROLES, {})

    assert places(store, "erp") == []


WORK = st.builds(
    issue,
    st.sampled_from([f"ERP-{number}" for number in range(1, 7)]),
    parent_id=st.sampled_from([None, "1", "2", "3", "4", "5", "6"]),
    labels=st.sampled_from([(), ("one",)]),
    type=st.sampled_from(["Task", "Bug"]),
)
PLANS: list[tuple[Deliverable, ...]] = [PLAN.deliverables, PLAN.deliverables[:1], ()]


@given(
    steps=st.lists(
        st.tuples(
            st.lists(WORK, max_size=4, unique_by=lambda item: item.remote_id), st.sampled_from([None, "ERP-2", "OPS-3"])
        ),
        max_size=6,
    ),
    versions=st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=6, max_size=6),
)
def test_whatever_comes_in_whatever_order_the_places_are_those_of_working_out_all(
    steps: list[tuple[list[WorkItem], str | None]], versions: list[int]
) -> None:
    with Store.open("sqlite://", create=True) as store:
        version = 0
        for (page, former), version in zip(steps, versions, strict=False):
            save(store, *page, former=former)
            keep(store, wanted=plan(*PLANS[version]), version=version)

        keep(store, "afresh", wanted=plan(*PLANS[version]), version=version)

        assert places(store, "erp") == places(store, "afresh")
