"""Histories in the sandbox: whole, oldest first, with the names of then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.sandbox.clock import to_milliseconds
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira_calls import LI, START, Caller, add_issues, site


@pytest.fixture
def state() -> JiraState:
    return site()


@pytest.fixture
def caller(state: JiraState) -> Iterator[Caller]:
    with JiraSandbox(state) as jira, Caller(jira) as client:
        yield client


def test_a_bulk_history_is_oldest_first_across_issues_and_paged_by_token(state: JiraState, caller: Caller) -> None:
    first, second = add_issues(state, 2)
    for n in range(6):
        state.edit((first, second)[n % 2], author=LI, at=START + timedelta(minutes=n), summary=f"Title {n}")
    body = {"issueIdsOrKeys": [first, second], "maxResults": 4}

    page = caller.post("changelog/bulkfetch", body)
    rest = caller.post("changelog/bulkfetch", body | {"nextPageToken": page["nextPageToken"]})

    def titles(answer: dict[str, list[dict[str, list[dict[str, list[dict[str, str]]]]]]]) -> list[list[str]]:
        return [
            [change["items"][0]["toString"] for change in log["changeHistories"]] for log in answer["issueChangeLogs"]
        ]

    assert titles(page) == [["Title 0", "Title 2"], ["Title 1", "Title 3"]]
    assert titles(rest) == [["Title 4"], ["Title 5"]]
    assert "nextPageToken" not in rest


def test_times_in_a_bulk_history_are_numbers(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.transition(key, "Done", LI, START)

    bulk = caller.post("changelog/bulkfetch", {"issueIdsOrKeys": [key]})["issueChangeLogs"][0]["changeHistories"][0]
    single = caller.get(f"issue/{key}/changelog")["values"][0]

    assert bulk["created"] == to_milliseconds(START)
    assert single["created"] == "2026-03-02T10:00:00.000+0100"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("seconds", 1772442000), ("iso", "2026-03-02T09:00:00.000+0000"), ("milliseconds", 1772442000000)],
)
def test_their_shape_can_be_chosen(state: JiraState, shape: str, expected: object) -> None:
    key = add_issues(state, 1)[0]
    state.transition(key, "Done", LI, START)

    with JiraSandbox(state, history_times=shape) as jira, Caller(jira) as caller:
        bulk = caller.post("changelog/bulkfetch", {"issueIdsOrKeys": [key]})

    assert bulk["issueChangeLogs"][0]["changeHistories"][0]["created"] == expected


def test_issues_that_are_not_there_are_silently_absent(state: JiraState, caller: Caller) -> None:
    seen, hidden = add_issues(state, 2)
    for key in (seen, hidden):
        state.transition(key, "Done", LI, START)
    state.hide(hidden)

    answer = caller.post("changelog/bulkfetch", {"issueIdsOrKeys": [seen, hidden, "ERP-99", "4711"]})

    assert [log["issueId"] for log in answer["issueChangeLogs"]] == [state.issue(seen).id]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"issueIdsOrKeys": []},
        {"issueIdsOrKeys": [str(n) for n in range(1001)]},
        {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]},
        {"issueIdsOrKeys": ["1"], "maxResults": 10001},
        {"issueIdsOrKeys": ["1"], "startAt": 0},
        {"issueIdsOrKeys": ["1"], "nextPageToken": "made up"},
    ],
)
def test_a_bulk_request_beyond_the_limits_is_refused(caller: Caller, body: object) -> None:
    assert caller.send("POST", "changelog/bulkfetch", body).status_code == 400


def test_a_field_filter_leaves_out_entries_without_a_field_id(state: JiraState, caller: Caller) -> None:
    first, second = add_issues(state, 2)
    state.transition(first, "Done", LI, START)
    state.link("Blocks", first, second, LI, START)

    answer = caller.post("changelog/bulkfetch", {"issueIdsOrKeys": [first], "fieldIds": ["status", "issuelinks"]})

    items = [item for change in answer["issueChangeLogs"][0]["changeHistories"] for item in change["items"]]
    assert [item["field"] for item in items] == ["status"]


def test_one_issues_history_comes_a_hundred_at_a_time(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    for n in range(120):
        state.edit(key, author=LI, at=START + timedelta(seconds=n), summary=f"Title {n}")

    first = caller.get(f"issue/{key}/changelog", maxResults=1000)
    second = caller.get(f"issue/{key}/changelog", startAt=100)

    assert (len(first["values"]), first["total"], first["isLast"]) == (100, 120, False)
    assert (len(second["values"]), second["isLast"]) == (20, True)
    assert first["values"][0]["items"][0]["toString"] == "Title 0"


def test_what_history_says_of_each_kind_of_change(state: JiraState, caller: Caller) -> None:
    key, parent = add_issues(state, 2)
    state.transition(key, "In Progress", LI, START, resolution="Done")
    state.edit(
        key,
        author=LI,
        at=START + timedelta(minutes=1),
        assignee=LI,
        duedate="2026-03-09",
        labels=["a", "b"],
        parent=parent,
        priority="High",
        fixVersions=["1.0"],
        customfield_10015="2026-03-03",
        customfield_10021=[{"id": "10019", "value": "Impediment"}],
    )

    changes = caller.get(f"issue/{key}/changelog")["values"]

    told = [
        (item["field"], item.get("fieldId"), item["from"], item["fromString"], item["to"], item["toString"])
        for change in changes
        for item in change["items"]
    ]
    parent_id, version = state.issue(parent).id, state.named(state.versions, "1.0").id
    assert told == [
        ("status", "status", "1", "To Do", "3", "In Progress"),
        ("resolution", "resolution", None, None, state.named(state.resolutions, "Done").id, "Done"),
        ("assignee", "assignee", None, None, LI, "Li Wei"),
        ("duedate", "duedate", None, None, "2026-03-09", "2026-03-09 00:00:00.0"),
        ("labels", "labels", None, "", None, "a b"),
        ("IssueParentAssociation", None, None, None, parent_id, parent),
        ("priority", "priority", "10003", "Medium", "10002", "High"),
        ("Fix Version", "fixVersions", None, None, version, "1.0"),
        ("Start date", "customfield_10015", None, None, None, "2026-03-03"),
        ("Flagged", "customfield_10021", None, None, "[10019]", "Impediment"),
    ]


def test_a_renamed_status_keeps_its_old_name_in_history_and_touches_no_issue(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.transition(key, "In Progress", LI, START)
    before = caller.get(f"issue/{key}")["fields"]["updated"]
    state.clock.advance(timedelta(hours=1))
    state.rename_status("In Progress", "Doing")
    state.recategorise_status("Doing", "new")

    issue = caller.get(f"issue/{key}")["fields"]
    item = caller.get(f"issue/{key}/changelog")["values"][0]["items"][0]

    assert (issue["status"]["name"], issue["status"]["statusCategory"]["key"], issue["updated"]) == (
        "Doing",
        "new",
        before,
    )
    assert item["toString"] == "In Progress"


def test_field_names_may_be_translated_their_ids_are_not(state: JiraState, caller: Caller) -> None:
    state.field_names["status"] = "状态"
    key = add_issues(state, 1)[0]
    state.transition(key, "Done", LI, START)

    item = caller.get(f"issue/{key}/changelog")["values"][0]["items"][0]

    assert (item["field"], item["fieldId"]) == ("状态", "status")


def test_an_entry_by_a_deleted_account_has_no_author(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.transition(key, "Done", None, START)

    assert "author" not in caller.get(f"issue/{key}/changelog")["values"][0]


def test_a_moved_issues_history_tells_the_keys(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.add_project("OPS", "Operations")
    new = state.move_issue(key, "OPS", LI, START)

    items = caller.get(f"issue/{new}/changelog")["values"][0]["items"]

    assert [(item["field"], item["fromString"], item["toString"]) for item in items] == [
        ("project", "ERP upgrade", "Operations"),
        ("Key", key, new),
    ]


def test_a_link_shows_on_both_sides_and_moves_updated_on_one(state: JiraState, caller: Caller) -> None:
    first, second = add_issues(state, 2)
    before = caller.get(f"issue/{second}")["fields"]["updated"]
    state.link("Blocks", first, second, LI, START)

    here, there = (caller.get(f"issue/{key}")["fields"] for key in (first, second))

    assert here["issuelinks"][0]["outwardIssue"]["key"] == second
    assert there["issuelinks"][0]["inwardIssue"]["key"] == first
    assert there["updated"] == before != here["updated"]
