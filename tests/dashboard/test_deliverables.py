"""The deliverables on the page of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.dashboard import render
from core.model import Severity
from core.plan.state import Standing
from core.report.inputs import DeliverableLine, OpenFinding
from tests.dashboard.markup import Element, read
from tests.dashboard.samples import DELIVERABLES, FINDINGS, MILESTONES, STATUS, composed

FINISHED, OVERDUE, OPEN = DELIVERABLES
"""D1 of M1, finished late; D6 of M2, overdue; D7 of M3, open."""


def sections(lines: Sequence[DeliverableLine], *findings: OpenFinding, language: str = "en") -> list[Element]:
    status = replace(STATUS, deliverables=tuple(lines), findings=findings or FINDINGS)
    html = render.project_page(composed(status, language=language), home=None, data="x.json", version="1.0")
    return [one for one in read(html).all("section") if one.attributes.get("aria-labelledby") == "deliverables"]


def stages(lines: Sequence[DeliverableLine], *findings: OpenFinding, language: str = "en") -> list[Element]:
    (section,) = sections(lines, *findings, language=language)
    return section.all("div", klass="stage")


def told(found: Element) -> list[str]:
    """The lines of deliverables in it."""
    return [row.text for row in found.all("tr") if "data-deliverable" in row.attributes]


def ids(found: Element) -> list[str]:
    return [row.attributes["data-deliverable"] for row in found.all("tr") if "data-deliverable" in row.attributes]


def folded(found: Element) -> dict[str, list[str]]:
    """What waits to be unfolded, by what is said of it."""
    return {one.one("summary").text: ids(one) for one in found.all("details")}


def named(line: DeliverableLine, *names: str, milestone: str | None = "M3") -> list[DeliverableLine]:
    return [replace(line, id=name, milestone=milestone) for name in names]


def test_each_deliverable_says_whose_it_is_when_it_is_due_and_how_far_it_is() -> None:
    first, second, third = stages(DELIVERABLES)

    assert first.one("div", klass="head").text == "M1 Requirements agreed finished late 1 of 1 finished"
    assert told(first) == ["D1 Requirements 需求说明 Li Wei 30 January 2026 3 of 3 finished late 9 February 2026"]
    assert second.one("div", klass="head").text == "M2 Migrated at risk 0 of 1 finished"
    assert told(second) == ["D6 Data migration Li Wei 10 March 2026 in the plan: 3 April 2026 3 of 4 overdue"]
    # Without an approved date the plan's is in force, and whom the configuration does not know is shown as planned.
    assert told(third) == ["D7 Training sun.qi@acme.example 12 June 2026 0 of 2 open"]


def test_a_bar_is_as_long_as_what_is_finished() -> None:
    bars = [one.all("rect", klass="part") for one in stages([FINISHED, OVERDUE, OPEN])]

    assert [(bar.attributes["width"], bar.attributes["class"]) for (bar,) in bars] == [
        ("100.0%", "part good"),
        ("75.0%", "part some"),
        ("0.0%", "part some"),
    ]


def test_without_work_items_there_is_a_dash_and_no_bar() -> None:
    (stage,) = stages([replace(OPEN, items=0, standing=Standing.EMPTY, owner=None)])

    assert told(stage) == ["D7 Training – 12 June 2026 – no work yet"]
    assert stage.all("svg", klass="gauge") == []


def test_the_states_come_with_the_colour_of_what_was_found() -> None:
    ghost = replace(FINDINGS[1], finding=replace(FINDINGS[1].finding, kind="ghost", severity=Severity.WARNING))
    lines = [OVERDUE, replace(OPEN, standing=Standing.CANCELLED), replace(FINISHED, finished_on=date(2026, 1, 30))]

    chips = [one.one("tbody").one("span", klass="chip") for one in stages(lines)]
    (warned,) = stages([replace(OVERDUE, standing=Standing.UNKNOWN)], ghost)

    assert [(chip.text, chip.attributes["class"]) for chip in chips] == [
        ("finished", "chip good"),
        ("overdue", "chip bad"),
        ("cancelled", "chip neutral"),
    ]
    assert warned.one("tbody").one("span", klass="chip").attributes["class"] == "chip warning"


def test_the_groups_come_in_the_order_of_the_milestones_and_what_has_none_comes_last() -> None:
    lines = [
        *named(OPEN, "D5", milestone=None),
        *named(OPEN, "D4", milestone="M9"),  # nobody knows of that one
        *named(OPEN, "D3", milestone="M3"),
        *named(OPEN, "D2", milestone="M1"),
    ]

    found = stages(lines)

    assert [one.one("h3").text for one in found] == ["M1 Requirements agreed", "M3 Go-live", "Without a milestone"]
    assert [ids(one) for one in found] == [["D2"], ["D3"], ["D4", "D5"]]
    assert found[-1].one("div", klass="head").all("span", klass="chip") == []


def test_in_a_group_the_worst_comes_first_then_the_earliest_and_what_is_closed_last() -> None:
    overdue = replace(OVERDUE, id="D6", milestone="M3")
    soon = replace(OPEN, id="D2", due_on=date(2026, 4, 1))
    lines = [
        *named(FINISHED, "D1"),
        *named(OPEN, "D10", "D9"),
        soon,
        replace(OPEN, id="D3", standing=Standing.CANCELLED),
        overdue,
    ]

    (stage,) = stages(lines)

    assert ids(stage) == ["D6", "D2", "D9", "D10", "D1", "D3"]
    # What was cancelled does not count.
    assert stage.one("div", klass="head").text == "M3 Go-live at risk 1 of 5 finished"
    assert folded(stage) == {}


def test_of_many_the_finished_ones_are_folded_and_still_counted() -> None:
    lines = [
        *named(FINISHED, *(f"D{number}" for number in range(1, 13)), milestone="M1"),
        *named(OPEN, "D20"),
        *named(replace(OPEN, standing=Standing.CANCELLED), "D21"),
    ]

    done, going = stages(lines)

    assert folded(done) == {"finished: 12": [f"D{number}" for number in range(1, 13)]}
    assert "12 of 12 finished" in done.one("div", klass="head").text
    assert folded(going) == {"finished or cancelled: 1": ["D21"]}
    assert ids(going) == ["D20", "D21"]


def test_of_many_unfinished_ones_those_that_need_attention_are_never_folded() -> None:
    numbers = range(10, 30)
    late = [f"D{number}" for number in numbers if number % 2]
    findings = [
        replace(FINDINGS[1], finding=replace(FINDINGS[1].finding, subject=name, severity=Severity.WARNING))
        for name in late
    ]

    (stage,) = stages(named(OPEN, *(f"D{number}" for number in numbers)), *findings)
    (calm,) = stages(named(OPEN, *(f"D{number}" for number in numbers)))

    assert ids(stage)[:10] == late
    assert folded(stage) == {"and 10 more": [f"D{number}" for number in numbers if number % 2 == 0]}
    assert folded(calm) == {"and 12 more": [f"D{number}" for number in range(18, 30)]}


def test_a_store_that_knows_of_no_deliverables_has_no_such_section() -> None:
    assert sections(()) == []


def test_it_speaks_the_readers_language() -> None:
    (section,) = sections([*DELIVERABLES, *named(FINISHED, *map(str, range(12)), milestone=None)], language="zh-CN")

    assert section.one("h2").text == "交付物"
    assert "M2 Migrated 有风险 已完成 0/1" in section.text
    assert "D6 Data migration Li Wei 2026年3月10日 计划：2026年4月3日 3/4 已逾期" in section.text
    assert "未归入里程碑" in section.text
    assert "已完成：12 项" in section.text


def test_every_milestone_of_the_page_has_the_state_of_its_group() -> None:
    page = composed(STATUS)

    assert page.timeline is not None
    assert [row.word for row in page.timeline.rows] == [group.word for group in page.deliverables]
    assert [group.milestone for group in page.deliverables] == list(MILESTONES)
