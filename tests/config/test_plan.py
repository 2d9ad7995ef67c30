"""A plan file is read into the values of the model, or refused with all of its problems at their places."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.model import (
    Deliverable,
    Dependency,
    Meeting,
    Milestone,
    Plan,
    PlannedDocument,
    Requirement,
    Resource,
    Retrospective,
    Risk,
    WorkSelector,
)
from tests.config.conftest import Desk, marked

CONTRACT = """\
name: ERP upgrade
owner: li.wei@acme.com
start: 2026-01-05
due: 2026-07-03
plan_due: 2026-01-16                    # when the approved plan had to be submitted
milestones:
  - {id: M1, name: Requirements agreed, due: 2026-02-13}
  - {id: M2, name: Go-live, due: 2026-06-26}
deliverables:
  - id: D1
    name: Requirement specification
    milestone: M1
    owner: li.wei@acme.com
    start: 2026-01-12
    due: 2026-02-06
    effort: 15d
    work: {jira: "ERP-12", label: requirements}      # keys, label, parent, milestone, fix_version or query: any of them
  - {id: D2, name: Data migration, milestone: M2, due: 2026-05-29, effort: 40d,
     depends_on: [D1, {id: D3, kind: SS, lag: 5d}], work: {parent: ERP-40}}
  - {id: D3, name: Test environment, milestone: M2, due: 2026-04-10, work: {github: "acme/erp#17"}}
requirements:
  - {id: R1, name: Month-end close within one day, source: finance department, priority: high,
     acceptance: "closing run under 24 h", specification: docs/spec.md, deliverable: D2, work: {jira: ERP-7}}
resources:
  - {who: li.wei@acme.com, allocation: 60%}
  - {what: test cluster, from: 2026-04-01, until: 2026-06-30}
documents:
  - {id: P1, name: Progress report, kind: progress_report, every: week, owner: li.wei@acme.com}
meetings:
  - {id: W1, name: Weekly meeting, match: "ERP weekly*", every: week, minutes_within: 2d}
risks:
  - {id: K1, name: Vendor delivers late, probability: high, impact: high, response: second source,
     owner: li.wei@acme.com, due: 2026-03-31}
retrospectives:
  - {id: T1, name: Review after go-live, after: M2, within: 10d}
"""


def test_the_plan_of_the_contract_is_read_with_every_value(desk: Desk) -> None:
    li = "li.wei@acme.com"

    plan = desk.plan(CONTRACT)

    assert plan == Plan(
        name="ERP upgrade",
        owner=li,
        start_on=date(2026, 1, 5),
        due_on=date(2026, 7, 3),
        plan_due_on=date(2026, 1, 16),
        milestones=(
            Milestone(id="M1", name="Requirements agreed", due_on=date(2026, 2, 13)),
            Milestone(id="M2", name="Go-live", due_on=date(2026, 6, 26)),
        ),
        deliverables=(
            Deliverable(
                id="D1",
                name="Requirement specification",
                milestone="M1",
                owner=li,
                start_on=date(2026, 1, 12),
                due_on=date(2026, 2, 6),
                effort_days=15.0,
                work=WorkSelector(keys={"jira": ("ERP-12",)}, labels=("requirements",)),
            ),
            Deliverable(
                id="D2",
                name="Data migration",
                milestone="M2",
                due_on=date(2026, 5, 29),
                effort_days=40.0,
                depends_on=(Dependency(on="D1"), Dependency(on="D3", kind="SS", lag_days=5.0)),
                work=WorkSelector(parents=("ERP-40",)),
            ),
            Deliverable(
                id="D3",
                name="Test environment",
                milestone="M2",
                due_on=date(2026, 4, 10),
                work=WorkSelector(keys={"github": ("acme/erp#17",)}),
            ),
        ),
        requirements=(
            Requirement(
                id="R1",
                name="Month-end close within one day",
                source="finance department",
                priority="high",
                acceptance="closing run under 24 h",
                specification="docs/spec.md",
                deliverable="D2",
                work=WorkSelector(keys={"jira": ("ERP-7",)}),
            ),
        ),
        resources=(
            Resource(who=li, allocation=0.6),
            Resource(what="test cluster", from_on=date(2026, 4, 1), until_on=date(2026, 6, 30)),
        ),
        documents=(PlannedDocument(id="P1", name="Progress report", kind="progress_report", every="week", owner=li),),
        meetings=(
            Meeting(
                id="W1", name="Weekly meeting", match="ERP weekly*", every="week", minutes_within=timedelta(days=2)
            ),
        ),
        risks=(
            Risk(
                id="K1",
                name="Vendor delivers late",
                probability="high",
                impact="high",
                response="second source",
                owner=li,
                due_on=date(2026, 3, 31),
            ),
        ),
        retrospectives=(Retrospective(id="T1", name="Review after go-live", after="M2", within=timedelta(days=10)),),
    )


def test_a_plan_needs_nothing_but_a_name(desk: Desk) -> None:
    plan = desk.plan("name: ERP\n")

    assert plan == Plan(name="ERP")


@pytest.mark.parametrize(("written", "days"), [("5d", 5.0), ("-2d", -2.0), ("0.5d", 0.5)])
def test_a_lag_is_a_number_of_working_days(desk: Desk, written: str, days: float) -> None:
    plan = desk.plan(
        f"""\
name: ERP
deliverables:
  - {{id: D1, name: One, due: 2026-01-05}}
  - {{id: D2, name: Two, due: 2026-01-05, depends_on: [{{id: D1, lag: {written}}}]}}
"""
    )

    assert plan.deliverables[1].depends_on == (Dependency(on="D1", lag_days=days),)


def test_a_very_long_chain_of_dependencies_is_followed(desk: Desk) -> None:
    lines = [f"  - {{id: D{n}, name: Step, due: 2026-01-05, depends_on: [D{n + 1}]}}" for n in range(3000)]
    text = "\n".join(["name: ERP", "deliverables:", *lines, "  - {id: D3000, name: Step, due: 2026-01-05}"])

    plan = desk.plan(text)

    assert len(plan.deliverables) == 3001


HEAD = """\
name: ERP
milestones: [{id: M1, name: Go-live, due: 2026-06-26}]
deliverables:
  - {id: D1, name: One, due: 2026-01-05}
"""
NO_KEY = "is not the key of a Jira issue; write one like ERP-12"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  - {id: §D1, name: Two, due: 2026-01-05}", "the id `D1` is taken in line 4; choose another"),
        ("  - {id: §M1, name: Two, due: 2026-01-05}", "the id `M1` is taken in line 2; choose another"),
        ("  - §{id: D2, due: 2026-01-05}", "`name` is missing; write `name: Data migration`"),
        ("  - §{id: D2, name: Two}", "`due` is missing; write `due: 2026-06-26`"),
        ("  - §{name: Two, due: 2026-01-05}", "`id` is missing; write `id: D1`"),
        (
            "  - §two",
            "settings are needed here; write `deliverables: [{id: D1, name: Data migration, due: 2026-05-29}]`",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, milestone: §M11}",
            "the milestone `M11` is not in the plan; did you mean `M1`?",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [§D7]}",
            "the deliverable `D7` is not in the plan; write one of D1, D2",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [{id: §M1}]}",
            "the deliverable `M1` is not in the plan; write one of D1, D2",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [{id: D1, kind: §FST}]}",
            "`FST` is not known here; did you mean `FS`?",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [{id: D1, lag: §2w}]}",
            "`2w` is not a number of days; write it with a d, like 5d or 0.5d",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [§D2]}",
            "these wait for each other: D2 -> D2; remove one of the dependencies",
        ),
        (
            (
                "  - {id: D2, name: Two, due: 2026-01-05, depends_on: [D3]}\n"
                "  - {id: D3, name: Three, due: 2026-01-05, depends_on: [D1, {id: §D2, kind: SS}]}"
            ),
            "these wait for each other: D2 -> D3 -> D2; remove one of the dependencies",
        ),
        (
            "  - {id: D2, name: Two, start: 2026-01-06, due: §2026-01-05}",
            "`due` is before `start` (2026-01-06); write that day or a later one",
        ),
        ("  - {id: D2, name: Two, due: §soon}", "`soon` is not a date; write year-month-day, like 2026-07-03"),
        (
            "  - {id: D2, name: Two, due: §2026-01-05 12:00:00}",
            "`2026-01-05 12:00:00` is not a date; write year-month-day, like 2026-07-03",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, effort: §15}",
            "`15` is not a number of days; write it with a d, like 5d or 0.5d",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, effort: §0d}",
            "an effort is more than 0 days; write for example 15d",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, owner: §Li Wei}",
            "`Li Wei` is not an e-mail address; write one like li.wei@acme.example",
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, work: §{}}",
            "this selects no work; write one of jira, github, label, parent, milestone, fix_version",
        ),
        ("  - {id: D2, name: Two, due: 2026-01-05, work: {jira: [A-1, §12]}}", f"`12` {NO_KEY}"),
        ("  - {id: D2, name: Two, due: 2026-01-05, work: {jira: §a/b#1}}", f"`a/b#1` {NO_KEY}"),
        (
            '  - {id: D2, name: Two, due: 2026-01-05, work: {github: §"17"}}',
            '`17` is not a GitHub issue; write one like "acme/erp#17" (in quotes)',
        ),
        (
            "  - {id: D2, name: Two, due: 2026-01-05, work: {§lable: x}}",
            "the setting `lable` is not known here; did you mean `label`?",
        ),
        (
            "requirements: [{id: R1, name: R, deliverable: §D3}]",
            "the deliverable `D3` is not in the plan; write one of D1",
        ),
        ("requirements: [{id: R1, name: R, priority: §hihg}]", "`hihg` is not known here; did you mean `high`?"),
        (
            "resources: [§{allocation: 60%}]",
            "a resource is a person or a thing; write either `who: EMAIL` or `what: NAME`",
        ),
        (
            "resources: [§{who: a@b.example, what: cluster}]",
            "a resource is a person or a thing; write either `who: EMAIL` or `what: NAME`",
        ),
        ("resources: [{what: x, allocation: §60}]", "`60` is not between 0% and 100%; write a percentage, like 60%"),
        ("resources: [{what: x, allocation: §much}]", "`much` is not a share; write a percentage, like 60%"),
        (
            "resources: [{what: x, from: 2026-02-01, until: §2026-01-01}]",
            "`until` is before `from` (2026-02-01); write that day or a later one",
        ),
        (
            "documents: [§{id: P1, name: P, kind: report}]",
            "a document is due once or regularly; write either `due: DATE` or `every: week`",
        ),
        (
            "documents: [{id: P1, name: P, kind: report, every: §weekly}]",
            "`weekly` is not known here; did you mean `week`?",
        ),
        (
            "documents: [{id: P1, name: P, kind: §Progress Report, every: week}]",
            "`Progress Report` is not a kind of document; write one like progress_report",
        ),
        (
            "retrospectives: [{id: T1, name: T, after: §D1, within: 10d}]",
            "the milestone `D1` is not in the plan; write one of M1",
        ),
        ("§risk: []", "the setting `risk` is not known here; did you mean `risks`?"),
    ],
)
def test_a_problem_of_a_plan_is_told_once_at_its_place(desk: Desk, line: str, words: str) -> None:
    text, place = marked(HEAD + line + "\n")

    problems = desk.plan_problems(text)

    assert problems == [f"{place}: {words}"]
