"""Which role an item plays, and which deliverable it works for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Deliverable, Enrolment, Plan, Role, WorkItem, WorkSelector
from core.plan.match import RoleRule, enrol_all
from tests.builders import deliverable, issue, plan

KINDS = {"jira": "jira", "github": "github"}


def enrolled(item: WorkItem, wanted: Plan | None, roles: Mapping[Role, RoleRule]) -> Enrolment:
    """The item's place, without relatives."""
    (place,) = enrol_all([item], wanted, roles, KINDS)
    return place


def place_of(item: WorkItem, *deliverables: Deliverable) -> str | None:
    """The deliverable that the item works for."""
    return enrolled(item, plan(*deliverables), {}).deliverable


def by(identity: str, **selected: Any) -> Deliverable:
    """A deliverable that selects its work so."""
    return deliverable(identity, work=WorkSelector(**selected))


# --- roles ---


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"type": "Bug"}, Role.PROBLEM),
        ({"type": "incident"}, Role.PROBLEM),
        ({"type": "Story"}, Role.REQUIREMENT),
        ({"type": "Task", "labels": ("Retro-Action",)}, Role.IMPROVEMENT),
        ({"type": "Task"}, Role.TASK),
        ({"type": None}, Role.TASK),
    ],
)
def test_an_item_plays_the_role_whose_type_or_label_it_has(fields: dict[str, Any], role: Role) -> None:
    roles = {
        Role.REQUIREMENT: RoleRule(types=("Requirement", "Story")),
        Role.PROBLEM: RoleRule(types=("Bug", "Incident")),
        Role.IMPROVEMENT: RoleRule(labels=("retro-action",)),
    }

    assert enrolled(issue(**fields), None, roles).role is role


def test_the_first_role_that_fits_is_played() -> None:
    item = issue(type="Bug", labels=("retro-action",))
    problem, improvement = RoleRule(types=("Bug",)), RoleRule(labels=("retro-action",))

    assert enrolled(item, None, {Role.PROBLEM: problem, Role.IMPROVEMENT: improvement}).role is Role.PROBLEM
    assert enrolled(item, None, {Role.IMPROVEMENT: improvement, Role.PROBLEM: problem}).role is Role.IMPROVEMENT


# --- deliverables ---


@pytest.mark.parametrize(
    ("selected", "fields"),
    [
        ({"keys": {"jira": ("ERP-1",)}}, {}),
        ({"keys": {"jira": ("erp-1",)}}, {}),
        ({"parents": ("ERP-40",)}, {"parent_key": "ERP-40"}),
        ({"milestones": ("Go-live",)}, {"milestone": "go-live"}),
        ({"fix_versions": ("2.0",)}, {"fix_versions": ("1.9", "2.0")}),
        ({"labels": ("requirements",)}, {"labels": ("x", "Requirements")}),
    ],
)
def test_an_item_belongs_to_what_selects_it_in_any_way(selected: dict[str, Any], fields: dict[str, Any]) -> None:
    assert place_of(issue("ERP-1", **fields), by("D1", **selected)) == "D1"
    assert place_of(issue("ERP-2"), by("D1", **selected)) is None


def test_a_key_belongs_to_its_kind_of_source() -> None:
    wanted = by("D1", keys={"github": ("acme/erp#17",)})

    assert place_of(issue("acme/erp#17", source="github"), wanted) == "D1"
    assert place_of(issue("acme/erp#17", source="jira"), wanted) is None


def test_of_several_deliverables_the_most_specific_gets_the_item_and_then_the_first() -> None:
    item = issue("ERP-1", parent_key="ERP-40", milestone="Go-live", fix_versions=("2.0",), labels=("b", "a"))
    selections = [
        by("label", labels=("a",)),
        by("label too", labels=("b",)),
        by("version", fix_versions=("2.0",)),
        by("milestone", milestones=("Go-live",)),
        by("parent", parents=("ERP-40",)),
        by("key", keys={"jira": ("ERP-1",)}),
    ]

    assert place_of(item, *selections) == "key"
    assert place_of(item, *selections[:5]) == "parent"
    assert place_of(item, *selections[:4]) == "milestone"
    assert place_of(item, *selections[:3]) == "version"
    assert place_of(item, *selections[:2]) == "label"
    assert place_of(item, *reversed(selections[:2])) == "label too"


def test_the_parent_that_the_plan_names_belongs_to_the_deliverable_too() -> None:
    assert place_of(issue("ERP-40"), by("D1", parents=("ERP-40",))) == "D1"


def test_an_item_moved_to_another_project_is_still_found_by_its_old_key() -> None:
    wanted = plan(by("D1", keys={"jira": ("ERP-1",)}))
    moved = issue("OPS-7", remote_id="1001")

    assert enrolled(moved, wanted, {}).deliverable is None
    child = issue("OPS-8", parent_id="1001", parent_key="OPS-7")
    found = enrol_all([moved, child], wanted, {}, KINDS, former_keys={("jira", "1001"): ("ERP-1",)})
    assert [one.deliverable for one in found] == ["D1", "D1"]


def test_sub_tasks_belong_where_their_parents_do_unless_something_selects_them() -> None:
    wanted = plan(by("D1", parents=("ERP-40",)), by("D2", labels=("migration",)))
    items = [
        issue("ERP-40"),
        issue("ERP-41", parent_id="40", parent_key="ERP-40"),
        issue("ERP-42", parent_id="41", parent_key="ERP-41"),
        issue("ERP-43", parent_id="41", parent_key="ERP-41", labels=("migration",)),
        issue("ERP-44", parent_id="42"),
        issue("ERP-50"),
    ]

    places = [one.deliverable for one in enrol_all(items, wanted, {}, KINDS)]
    below = [one.deliverable for one in enrol_all(items[4:], wanted, {}, KINDS, ancestors=items[:3])]

    assert places == ["D1", "D1", "D1", "D2", "D1", None]
    assert below == places[4:]


def test_parents_in_a_circle_end() -> None:
    items = [issue("ERP-1", parent_id="2"), issue("ERP-2", parent_id="1")]

    assert [one.deliverable for one in enrol_all(items, plan(by("D1", labels=("x",))), {}, KINDS)] == [None, None]


def test_a_deliverable_without_work_selects_nothing() -> None:
    assert place_of(issue(labels=("d1",)), deliverable("D1", work=None)) is None


def test_an_item_in_two_projects_has_a_place_in_each() -> None:
    item = issue(labels=("a", "b"), type="Bug")
    first, second = plan(by("D1", labels=("a",))), plan(by("E9", labels=("b",)))

    assert enrolled(item, first, {Role.PROBLEM: RoleRule(types=("Bug",))}).deliverable == "D1"
    assert enrolled(item, second, {}).deliverable == "E9"


@given(st.permutations([issue(f"ERP-{n}", parent_id=str(n // 2) if n > 1 else None) for n in range(1, 9)]))
def test_the_order_of_the_items_does_not_matter(items: list[WorkItem]) -> None:
    wanted: Plan = plan(by("D1", keys={"jira": ("ERP-2",)}), by("D2", keys={"jira": ("ERP-3",)}))

    found = {one.remote_id: one.deliverable for one in enrol_all(items, wanted, {}, KINDS)}

    # 1 is the parent of 2 and 3; 4, 5 and 8 are below 2; 6 and 7 are below 3.
    assert found == {"1": None, "2": "D1", "4": "D1", "5": "D1", "8": "D1", "3": "D2", "6": "D2", "7": "D2"}
