"""Recorded Jira projects in the sandbox: the answers counted from them are those that come with the recording."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator.titanium import PROJECTS, Recorded, load


@pytest.fixture(scope="module")
def site(test_data: Path) -> tuple[JiraState, dict[str, Recorded]]:
    """A site with the three projects, and their answers."""
    state = JiraState(Clock(datetime(2026, 1, 1, tzinfo=UTC)))
    return state, load(state, test_data)


def printed(test_data: Path, row: str) -> list[list[int]]:
    """The numbers of a row of the table in INDEX.md, by project in the order of its columns (DAEMON, MOD, ALOY)."""
    lines = (test_data / "INDEX.md").read_text(encoding="utf-8").splitlines()
    cells = next(line for line in lines if line.startswith(f"| {row}")).strip().strip("|").split("|")[1:]
    return [[int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", cell)] for cell in cells]


def test_the_answers_are_those_printed_with_the_recording(
    site: tuple[JiraState, dict[str, Recorded]], test_data: Path
) -> None:
    _, answers = site

    columns = [answers[project] for project in PROJECTS]

    assert printed(test_data, "issues |") == [[a.issues] for a in columns]
    assert printed(test_data, "resolved ") == [[a.resolved] for a in columns]
    assert printed(test_data, "sum of lead minutes") == [[a.lead_minutes] for a in columns]
    assert printed(test_data, "median lead minutes") == [[a.median_lead_minutes] for a in columns]
    assert printed(test_data, "status category done") == [
        [a.categories.get(name, 0) for name in ("done", "indeterminate", "new")] for a in columns
    ]
    assert printed(test_data, "in category done without") == [[len(a.done_without_date)] for a in columns]
    assert printed(test_data, "comments |") == [[a.comments] for a in columns]
    assert [row[0] for row in printed(test_data, "links /")] == [a.links for a in columns]
    assert printed(test_data, "links to an issue outside") == [[a.links_outside] for a in columns]
    assert printed(test_data, "issues with `parent`") == [[a.with_parent] for a in columns]


def test_the_site_holds_all_of_it(site: tuple[JiraState, dict[str, Recorded]]) -> None:
    state, answers = site

    counts = state.counts()

    assert counts["issues"] == sum(answer.issues for answer in answers.values())
    assert counts["comments"] == sum(answer.comments for answer in answers.values())
    assert counts["changes"] == 0
    issues = [record.issue for record in state.records.values() if record.issue is not None]
    assert sum(len(issue.links) for issue in issues) == sum(answer.links for answer in answers.values())
    assert sum(issue.resolved is not None for issue in issues) == sum(answer.resolved for answer in answers.values())
    assert sum(issue.parent_id is not None for issue in issues) == sum(a.with_parent for a in answers.values())


def test_a_done_issue_without_a_resolution_date_gets_none(site: tuple[JiraState, dict[str, Recorded]]) -> None:
    state, answers = site

    undated = {key for answer in answers.values() for key in answer.done_without_date}

    assert len(undated) == 5
    assert all(state.issue(key).resolved is None for key in undated)


def test_loading_twice_changes_nothing(site: tuple[JiraState, dict[str, Recorded]], test_data: Path) -> None:
    state, answers = site
    before = state.counts()

    again = load(state, test_data)

    assert again == answers
    assert state.counts() == before
