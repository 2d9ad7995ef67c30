"""The sandbox's search has the real one's manners: opaque tokens, short pages, a lagging index, zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.sandbox.clock import to_milliseconds
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira_calls import LI, START, Caller, add_issues, document, site


@pytest.fixture
def state() -> JiraState:
    return site()


@pytest.fixture
def jira(state: JiraState) -> Iterator[JiraSandbox]:
    with JiraSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def caller(jira: JiraSandbox) -> Iterator[Caller]:
    with Caller(jira) as client:
        yield client


def test_pages_follow_one_another_by_token_and_the_last_has_none(state: JiraState, caller: Caller) -> None:
    keys = add_issues(state, 250)

    first = caller.page("project = ERP order by created", maxResults=5000)
    found = caller.found("project = ERP order by created", maxResults=100)

    assert (len(first["issues"]), first["isLast"]) == (100, False)
    assert "total" not in first
    assert found == keys


def test_without_fields_there_is_an_id_and_nothing_else(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]

    page = caller.post("search/jql", {"jql": "project = ERP"})

    assert page == {"issues": [{"id": state.issue(key).id}], "isLast": True}


def test_pages_of_ids_may_be_long_and_pages_of_everything_are_short(state: JiraState, caller: Caller) -> None:
    add_issues(state, 120)

    sizes = [
        len(caller.page("project = ERP", fields=fields, maxResults=5000)["issues"]) for fields in (["id"], ["*all"])
    ]

    assert sizes == [120, 50]


def test_a_token_serves_its_own_query_only_and_seven_days(state: JiraState, caller: Caller) -> None:
    add_issues(state, 3)
    token = caller.page("project = ERP", maxResults=1)["nextPageToken"]

    other = caller.send("POST", "search/jql", {"jql": "project = ERP and key != ERP-9", "nextPageToken": token})
    again = [caller.page("project = ERP", maxResults=1, nextPageToken=token)["issues"] for _ in range(2)]
    state.clock.advance(timedelta(days=7, seconds=1))
    late = caller.send("POST", "search/jql", {"jql": "project = ERP", "nextPageToken": token})

    assert other.status_code == 400
    assert again[0] == again[1]
    assert late.status_code == 400


def test_an_issue_hidden_from_us_makes_a_page_short_and_not_the_last(state: JiraState, caller: Caller) -> None:
    keys = add_issues(state, 6)
    state.hide(keys[1])

    page = caller.page("project = ERP order by key", maxResults=2)

    assert [issue["key"] for issue in page["issues"]] == [keys[0]]
    assert page["isLast"] is False
    assert caller.found("project = ERP order by key", maxResults=2) == [keys[0], *keys[2:]]


def test_ragged_pages_lose_nothing(state: JiraState) -> None:
    keys = add_issues(state, 57)

    with JiraSandbox(state, ragged=True) as jira, Caller(jira) as caller:
        sizes = {len(caller.page("project = ERP", maxResults=10)["issues"])}
        found = caller.found("project = ERP order by id", maxResults=10)

    assert sizes != {10}
    assert found == keys


def test_an_issue_touched_between_pages_is_met_again_when_ordered_by_updated(state: JiraState, caller: Caller) -> None:
    keys = add_issues(state, 4)

    first = caller.page("project = ERP order by updated", maxResults=2)
    state.edit(keys[0], author=LI, summary="Touched")
    second = caller.page("project = ERP order by updated", maxResults=5, nextPageToken=first["nextPageToken"])

    assert [issue["key"] for issue in first["issues"]] == keys[:2]
    assert [issue["key"] for issue in second["issues"]] == [*keys[2:], keys[0]]


def test_the_index_learns_of_a_change_later_than_the_primary_store(state: JiraState) -> None:
    key = add_issues(state, 1)[0]
    state.edit(key, author=LI, summary="New")

    with JiraSandbox(state, index_lag=timedelta(minutes=3)) as jira, Caller(jira) as caller:
        stale = caller.page("project = ERP")["issues"][0]["fields"]["summary"]
        fresh = caller.get(f"issue/{key}")["fields"]["summary"]
        reconciled = caller.page("project = ERP", reconcileIssues=[int(state.issue(key).id)])["issues"][0]["fields"][
            "summary"
        ]
        missed = caller.found(f"project = ERP and updated >= {to_milliseconds(START)}")
        state.clock.advance(timedelta(minutes=3))
        later = caller.page("project = ERP")["issues"][0]["fields"]["summary"]

    assert (stale, fresh, reconciled, missed, later) == ("Work 0", "New", "New", [], "New")


def test_one_issue_may_be_indexed_much_later_than_others(state: JiraState, caller: Caller) -> None:
    slow, quick = add_issues(state, 2)
    state.stall_indexing(slow, START + timedelta(hours=1))
    state.clock.advance(timedelta(minutes=1))
    for key in (slow, quick):
        state.edit(key, author=LI, summary="New")
    since = f"project = ERP and updated > {to_milliseconds(START)} order by id"

    before = caller.found(since)
    state.clock.set(START + timedelta(hours=1))
    after = caller.found(since)

    assert before == [quick]
    assert after == [slow, quick]


def test_a_deleted_issue_lives_on_in_a_lagging_index(state: JiraState) -> None:
    key = add_issues(state, 1)[0]
    state.delete_issue(key)

    with JiraSandbox(state, index_lag=timedelta(minutes=1)) as jira, Caller(jira) as caller:
        found = caller.found("project = ERP")
        answer = caller.send("GET", f"issue/{key}")

    assert (found, answer.status_code) == ([key], 404)


@pytest.mark.parametrize(
    ("zone", "text", "found"),
    [
        ("UTC", "2026/03/02 08:30", True),
        ("UTC", "2026/03/02 08:31", False),
        ("America/Los_Angeles", "2026/03/02 08:30", False),  # UTC text asks about the future
        ("America/Los_Angeles", "2026/03/02 00:30", True),
        ("Asia/Tokyo", "2026-03-02 17:30", True),
        ("Asia/Tokyo", "2026-03-02 17:31", False),
    ],
)
def test_a_quoted_time_is_read_in_the_zone_of_the_account(zone: str, text: str, found: bool) -> None:
    state = site(zone)
    key = add_issues(state, 1)[0]
    state.edit(key, author=LI, at=START - timedelta(minutes=30), summary="New")

    with JiraSandbox(state) as jira, Caller(jira) as caller:
        keys = caller.found(f'project = ERP and updated >= "{text}"')
        shown = caller.get("myself")["timeZone"]

    assert keys == ([key] if found else [])
    assert shown == zone


def test_a_number_is_milliseconds_and_the_index_is_no_finer_than_a_second(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.clock.advance(timedelta(milliseconds=700))
    state.edit(key, author=LI, summary="New")
    start = to_milliseconds(START)

    found = [caller.found(f"project = ERP and updated >= {start + more}") for more in (0, 500, 1000)]

    assert found == [[key], [], []]  # the second hit is lost by the coarse index: overlap


def test_a_period_counts_back_from_the_servers_minute(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.edit(key, author=LI, at=START, summary="New")
    state.clock.set(START + timedelta(minutes=15, seconds=59))

    found = [
        caller.found(f"project = ERP and updated >= {period}")
        for period in ("-15m", '"-15m"', "-14m", "-1h", '"-1d 2h"')
    ]

    assert found == [[key], [key], [], [key], [key]]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = ERP", "1234"),
        ("project in (ERP, OPS)", "12345"),
        ("project not in (OPS)", "1234"),
        ("key in (ERP-1, ERP-3)", "13"),
        ("issuekey = erp-2", "2"),
        ("project = ERP and not key = ERP-1", "234"),
        ("project = ERP AND (status = Done OR labels = urgent)", "23"),
        ("project = ERP && status != Done", "124"),
        ('status in ("In Progress", 6)', "13"),
        ("statusCategory = Done", "3"),
        ("labels is not EMPTY", "2"),
        ("project = ERP and labels is empty", "134"),
        ("parent = ERP-1", "4"),
        ('summary ~ "work 2"', "3"),
        ("assignee = currentUser()", "1"),
        ("project = ERP and assignee is EMPTY order by key desc", "432"),
        ("resolution = Unresolved and project = ERP", "124"),
        ("project = 'ERP upgrade'", "1234"),
        ("key >= ERP-3 order by key", "34"),
        ("project in (ERP, OPS) order by project desc, key", "51234"),
        ("created <= 1769850060000", "125"),
    ],
)
def test_the_query_language(state: JiraState, caller: Caller, jql: str, keys: str) -> None:
    add_issues(state, 4)
    state.add_project("OPS", "Operations")
    add_issues(state, 1, "OPS")
    state.transition("ERP-1", "In Progress", LI, START)
    state.transition("ERP-3", "Done", LI, START, resolution="Done")
    state.edit("ERP-2", author=LI, labels=["Urgent", "x"])
    state.edit("ERP-4", author=LI, parent="ERP-1")
    state.edit("ERP-1", author=LI, assignee="712020:0f5bbd4b-planward")

    found = caller.found(jql if "order by" in jql else f"{jql} order by id")

    assert found == [f"ERP-{n}" if n != "5" else "OPS-1" for n in keys]


@pytest.mark.parametrize(
    "jql",
    [
        "",
        "order by created",
        "project = NOPE",
        "key = ERP-999",
        "id in (1)",
        "nonsense = 1",
        "project = ERP and",
        "(project = ERP",
        "project = ERP status = Done",
        "updated >= yesterday",
        "project = ERP order by nonsense",
        "project = ERP order by created, key, id, updated, status, priority, summary, project",
        "project ~ ERP",
        "status = Nowhere",
        'project = "ERP',
    ],
)
def test_a_query_that_jira_refuses_is_refused_with_a_reason(state: JiraState, caller: Caller, jql: str) -> None:
    add_issues(state, 1)

    answer = caller.send("POST", "search/jql", {"jql": jql})

    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "project = ERP", "startAt": 0},
        {"jql": "project = ERP", "total": True},
        {"jql": "project = ERP", "fields": "summary"},
        {"jql": "project = ERP", "maxResults": "50"},
        {"jql": "project = ERP", "expand": ["changelog"]},
        {"jql": "project = ERP", "reconcileIssues": list(range(51))},
        {"jql": 5},
        [],
    ],
)
def test_a_body_that_the_description_does_not_allow_is_refused(state: JiraState, caller: Caller, body: object) -> None:
    add_issues(state, 1)

    assert caller.send("POST", "search/jql", body).status_code == 400


def test_the_old_search_is_gone(caller: Caller) -> None:
    answers = [
        caller.send("GET", "search", jql="project = ERP"),
        caller.send("POST", "search", {"jql": "project = ERP"}),
    ]

    assert [answer.status_code for answer in answers] == [410, 410]


def test_histories_and_comments_in_a_search_are_cut(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    for n in range(60):
        state.edit(key, author=LI, at=START + timedelta(seconds=n), summary=f"Title {n}")
    for n in range(25):
        state.add_comment(key, LI, f"Note {n}")

    issue = caller.page("project = ERP", expand="changelog", fields=["comment"])["issues"][0]

    assert (len(issue["changelog"]["histories"]), issue["changelog"]["total"]) == (40, 60)
    assert issue["changelog"]["histories"][0]["items"][0]["toString"] == "Title 59"
    assert (len(issue["fields"]["comment"]["comments"]), issue["fields"]["comment"]["total"]) == (20, 25)
    assert len(caller.get(f"issue/{key}")["fields"]["comment"]["comments"]) == 25


def test_a_walk_by_get_is_the_same(state: JiraState, caller: Caller) -> None:
    keys = add_issues(state, 3)

    first = caller.get("search/jql", jql="project = ERP order by id", fields="summary,status", maxResults=2)
    second = caller.get(
        "search/jql",
        jql="project = ERP order by id",
        fields="summary",
        maxResults=2,
        nextPageToken=first["nextPageToken"],
    )

    assert [issue["key"] for page in (first, second) for issue in page["issues"]] == keys
    assert set(first["issues"][0]["fields"]) == {"summary", "status"}
    assert caller.send("GET", "search/jql", jql="project = ERP", startAt=0).status_code == 400


def test_a_moved_issue_is_found_by_its_old_key_until_another_takes_it(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    held = state.issue(key).id
    state.add_project("OPS", "Operations")
    new = state.move_issue(key, "OPS", LI)

    by_old = [caller.get(f"issue/{key}"), caller.post("issue/bulkfetch", {"issueIdsOrKeys": [key]})["issues"][0]]
    taker = state.add_issue("ERP", summary="Takes the key over", key=key)

    assert [(issue["id"], issue["key"]) for issue in by_old] == [(held, new)] * 2
    assert caller.get(f"issue/{taker}")["id"] != held
    assert caller.found("key = OPS-1") == [new]
    state.delete_issue(new)
    assert caller.found(f"key = {taker}") == [taker]


def test_a_bulk_fetch_names_what_it_did_not_find(state: JiraState, caller: Caller) -> None:
    keys = add_issues(state, 2)

    answer = caller.post("issue/bulkfetch", {"issueIdsOrKeys": [*keys, "ERP-77"], "fields": ["summary"]})
    too_many = caller.send("POST", "issue/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(101)]})

    assert [issue["key"] for issue in answer["issues"]] == keys
    assert [error["id"] for error in answer["issueErrors"]] == ["ERP-77"]
    assert too_many.status_code == 400


def test_a_comment_moves_the_issues_updated(state: JiraState, caller: Caller) -> None:
    key = add_issues(state, 1)[0]
    state.clock.advance(timedelta(hours=1))

    comment = caller.post(f"issue/{key}/comment", {"body": document("Hello")})
    state.clock.advance(timedelta(hours=1))
    caller.send("PUT", f"issue/{key}/comment/{comment['id']}", {"body": document("Hello")})
    updated = caller.get(f"issue/{key}", fields="updated")["fields"]["updated"]

    assert comment["created"] == "2026-03-02T11:00:00.000+0100"
    assert updated == "2026-03-02T12:00:00.000+0100"


def test_a_count_is_of_the_index(state: JiraState, caller: Caller) -> None:
    add_issues(state, 3)

    assert caller.post("search/approximate-count", {"jql": "project = ERP"}) == {"count": 3}
    assert caller.send("POST", "search/approximate-count", {"jql": "order by key"}).status_code == 400
