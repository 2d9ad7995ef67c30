"""GraphQL on the sandbox: pages, prices, limits, and errors inside HTTP 200."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.github import OLD_LACKS, GithubSandbox, GithubState
from tests.sandbox.github_calls import ERP, START, Caller, open_issues, site

PAGE = """query($after: String, $since: DateTime) { repository(owner: "acme", name: "erp") {
  issues(first: 2, after: $after, filterBy: {since: $since}, orderBy: {field: UPDATED_AT, direction: ASC}) {
    totalCount pageInfo { hasNextPage endCursor } nodes { number }
} } }"""
COST = "rateLimit { cost nodeCount remaining limit resetAt }"


@pytest.fixture
def state() -> GithubState:
    return site()


@pytest.fixture
def github(state: GithubState) -> Iterator[GithubSandbox]:
    with GithubSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def caller(github: GithubSandbox) -> Iterator[Caller]:
    with Caller(github) as client:
        yield client


def issues(told: dict[str, Any]) -> Any:
    return told["data"]["repository"]["issues"]


def numbers(told: dict[str, Any]) -> list[int]:
    return [node["number"] for node in issues(told)["nodes"]]


def types(told: dict[str, Any]) -> list[str]:
    return [fault.get("type") for fault in told["errors"]]


def test_pages_follow_each_other_by_cursors(state: GithubState, caller: Caller) -> None:
    open_issues(state, 5)
    after, found = None, []

    while True:
        told = caller.ask(PAGE, after=after)
        found.append(numbers(told))
        if not issues(told)["pageInfo"]["hasNextPage"]:
            break
        after = issues(told)["pageInfo"]["endCursor"]

    assert found == [[1, 2], [3, 4], [5]]
    assert issues(told)["totalCount"] == 5


def test_an_issue_that_moves_meanwhile_is_seen_again_and_none_is_missed(state: GithubState, caller: Caller) -> None:
    first = open_issues(state, 5)[0]
    told = caller.ask(PAGE)
    state.comment(first, "ana", "Moved to the end")
    rest = []

    while issues(told)["pageInfo"]["hasNextPage"]:
        told = caller.ask(PAGE, after=issues(told)["pageInfo"]["endCursor"])
        rest += numbers(told)

    assert rest == [3, 4, 5, 1]


def test_the_newest_change_comes_first_when_asked_for(state: GithubState, caller: Caller) -> None:
    keys = [state.open_pull_request(ERP, f"Work {n}", author="ana") for n in range(3)]
    state.clock.advance(timedelta(minutes=1))
    state.review(keys[1], "li-wei")

    def read(after: str | None) -> Any:
        bounds = "first: 2, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}"
        page = "pageInfo { endCursor hasNextPage } nodes { number }"
        return caller.erp(f"pullRequests({bounds}) {{ {page} }}", after=after)["pullRequests"]

    first = read(None)
    second = read(first["pageInfo"]["endCursor"])

    assert [node["number"] for node in first["nodes"] + second["nodes"]] == [2, 3, 1]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_since_includes_its_own_second_in_any_zone(state: GithubState, caller: Caller) -> None:
    open_issues(state, 3)  # a minute apart from 2026-01-31 09:00 UTC

    assert numbers(caller.ask(PAGE, since="2026-01-31T09:01:00Z")) == [2, 3]
    assert numbers(caller.ask(PAGE, since="2026-01-31T18:01:00+09:00")) == [2, 3]
    assert numbers(caller.ask(PAGE, since="2026-01-31T09:01:01Z")) == [3]


def test_pull_requests_are_no_issues_and_share_their_numbers(state: GithubState, caller: Caller) -> None:
    open_issues(state, 1)
    state.open_pull_request(ERP, "Work", author="ana")

    found = caller.erp("issues(first: 9) { nodes { number } } pullRequests(first: 9) { nodes { number } }")

    assert found == {"issues": {"nodes": [{"number": 1}]}, "pullRequests": {"nodes": [{"number": 2}]}}


def test_a_price_is_the_requests_by_hundreds(caller: Caller) -> None:
    #  issues: 1 request, 100 issues; comments: 100 requests, 5000; labels: 100 requests, 2000
    inside = "nodes { comments(first: 50) { totalCount } labels(first: 20) { totalCount } }"
    told = caller.ask(f'{{ {COST} repository(owner: "acme", name: "erp") {{ issues(first: 100) {{ {inside} }} }} }}')
    cheap = caller.ask("{ viewer { login } rateLimit { cost nodeCount remaining } }")

    assert told["data"]["rateLimit"] == {
        "cost": 2,
        "nodeCount": 7100,
        "remaining": 4998,
        "limit": 5000,
        "resetAt": "2026-03-02T10:00:00Z",
    }
    assert cheap["data"]["rateLimit"] == {"cost": 1, "nodeCount": 0, "remaining": 4997}


def test_a_price_counts_fragments_and_variables(caller: Caller) -> None:
    told = caller.ask(
        """query($size: Int!) { rateLimit { cost nodeCount } repository(owner: "acme", name: "erp") { ...all } }
        fragment all on Repository { issues(first: $size) { nodes { ... on Issue { ...worn } } } }
        fragment worn on Labelable { labels(last: 3) { totalCount } }""",
        size=60,
    )

    assert told["data"]["rateLimit"] == {"cost": 1, "nodeCount": 240}


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [("", "MISSING_PAGINATION_BOUNDARIES"), ("(first: 101)", "EXCESSIVE_PAGINATION")],
)
def test_a_page_needs_a_size_of_at_most_a_hundred(caller: Caller, bounds: str, reason: str) -> None:
    told = caller.ask(f'{{ repository(owner: "acme", name: "erp") {{ issues{bounds} {{ totalCount }} }} }}')

    assert (told["data"], types(told)) == (None, [reason])


def test_more_than_half_a_million_nodes_are_refused(caller: Caller) -> None:
    inside = "nodes { comments(first: 100) { nodes { userContentEdits(first: 50) { totalCount } } } }"
    told = caller.ask(f'{{ repository(owner: "acme", name: "erp") {{ issues(first: 100) {{ {inside} }} }} }}')

    assert types(told) == ["MAX_NODE_LIMIT_EXCEEDED"]
    assert "510,100" in told["errors"][0]["message"]


def test_an_unknown_word_refuses_the_whole_query(caller: Caller) -> None:
    told = caller.ask("{ viewer { login } rateLimit { price } }")

    assert "data" not in told
    assert "price" in told["errors"][0]["message"]


def test_an_old_server_refuses_events_that_it_does_not_know_and_says_which_it_knows(state: GithubState) -> None:
    open_issues(state, 1)
    wanted = "timelineItems(first: 1, itemTypes: [CLOSED_EVENT, SUB_ISSUE_ADDED_EVENT]) { totalCount }"
    document = f'{{ repository(owner: "acme", name: "erp") {{ issue(number: 1) {{ {wanted} }} }} }}'
    words = '{ __type(name: "IssueTimelineItemsItemType") { enumValues { name } } }'

    with GithubSandbox(state, lacks=OLD_LACKS) as old, Caller(old) as caller:
        refused, known = caller.ask(document), caller.ask(words)
        old.manners.lacks = frozenset()
        answered = caller.ask(document)

    names = [value["name"] for value in known["data"]["__type"]["enumValues"]]
    assert "data" not in refused
    assert "CLOSED_EVENT" in names
    assert "SUB_ISSUE_ADDED_EVENT" not in names
    assert "errors" not in answered


def test_what_is_not_there_or_not_to_be_seen_is_not_found_with_200(state: GithubState, github: GithubSandbox) -> None:
    state.add_repository("acme/secret")
    state.permit(token="narrow", repositories=[ERP])
    secret = state.repository("acme/secret").id

    with Caller(github, "narrow") as caller:
        hidden = caller.ask('{ viewer { login } repository(owner: "acme", name: "secret") { id } }')
        missing = caller.ask('{ repository(owner: "acme", name: "erp") { issue(number: 7) { id } } }')
        by_id = caller.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[state.repository(ERP).id, secret])

    assert hidden["data"] == {"viewer": {"login": "planward-bot"}, "repository": None}
    assert hidden["errors"][0]["path"] == ["repository"]
    assert types(hidden) == types(missing) == types(by_id) == ["NOT_FOUND"]
    assert by_id["data"]["nodes"] == [{"id": state.repository(ERP).id}, None]


def test_a_token_without_the_permission_is_forbidden_with_200(state: GithubState, github: GithubSandbox) -> None:
    state.permit(token="blind", issues="none")

    with Caller(github, "blind") as caller:
        told = caller.ask('{ repository(owner: "acme", name: "erp") { id issues(first: 1) { totalCount } } }')

    assert (told["data"], types(told)) == ({"repository": None}, ["FORBIDDEN"])


def test_the_primary_limit_is_200_until_the_hour_is_over(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    caller.ask("{ viewer { login } }")
    github.exhaust()
    limited = caller.send("POST", "/graphql", {"query": "{ viewer { login } }"})
    other = caller.send("GET", "/user")
    state.clock.advance(timedelta(hours=1))
    later = caller.ask("{ viewer { login } }")

    assert (limited.status_code, types(limited.json())) == (200, ["RATE_LIMITED"])
    assert limited.headers["x-ratelimit-remaining"] == "0"
    assert int(limited.headers["x-ratelimit-reset"]) == int((START + timedelta(hours=1)).timestamp())
    assert other.status_code == 200
    assert "errors" not in later


def test_a_secondary_limit_is_403_with_a_time_to_wait_or_200(github: GithubSandbox, caller: Caller) -> None:
    github.hold_back("/graphql")
    held = caller.send("POST", "/graphql", {"query": "{ viewer { login } }"})
    github.hold_back("/graphql", status=200, retry_after=None)
    told = caller.ask("{ viewer { login } }")

    assert (held.status_code, held.headers["Retry-After"]) == (403, "60")
    assert "secondary rate limit" in held.json()["message"]
    assert [(error.get("type"), "rate limit" in error["message"]) for error in told["errors"]] == [(None, True)]
    assert "errors" not in caller.ask("{ viewer { login } }")


def test_a_query_that_needs_too_much_has_holes(state: GithubState, github: GithubSandbox, caller: Caller) -> None:
    for key in open_issues(state, 3):
        state.comment(key, "ana", "One")
        state.comment(key, "ana", "Two")
    github.manners.resources = 6  # three issues, and the comments of one

    inside = "nodes { comments(first: 9) { totalCount } }"
    told = caller.ask(f'{{ repository(owner: "acme", name: "erp") {{ issues(first: 9) {{ {inside} }} }} }}')

    assert issues(told)["nodes"] == [{"comments": {"totalCount": 2}}, None, None]
    assert types(told) == ["RESOURCE_LIMITS_EXCEEDED"] * 2
    assert told["errors"][0]["path"] == ["repository", "issues", "nodes", 1, "comments"]


def test_a_page_that_takes_too_long_is_a_502_and_paid_twice(github: GithubSandbox, caller: Caller) -> None:
    github.manners.page_ceiling = 25
    document = 'query($n: Int) { repository(owner: "acme", name: "erp") { issues(first: $n) { totalCount } } }'

    slow = caller.send("POST", "/graphql", {"query": document, "variables": {"n": 26}})
    github.manners.ceiling_status = 504
    slower = caller.send("POST", "/graphql", {"query": document, "variables": {"n": 50}})
    paid = github.counts()["graphql_points"]
    fine = caller.send("POST", "/graphql", {"query": document, "variables": {"n": 25}})

    assert (slow.status_code, slower.status_code, fine.status_code) == (502, 504, 200)
    assert paid == 4


def test_inner_lists_do_not_make_a_page_too_long(state: GithubState, github: GithubSandbox, caller: Caller) -> None:
    github.manners.page_ceiling = 25
    open_issues(state, 1)

    found = caller.erp("issues(first: 25) { nodes { comments(first: 100) { totalCount } } }")

    assert found == {"issues": {"nodes": [{"comments": {"totalCount": 0}}]}}


def test_documents_and_bodies_are_kept(github: GithubSandbox, caller: Caller) -> None:
    caller.ask(PAGE)
    caller.ask(PAGE, after=None)
    caller.get("/user")

    assert github.documents == [PAGE]
    assert github.requests[1].body == {"query": PAGE, "variables": {"after": None}}
    assert github.counts() == {
        "requests": 3,
        "graphql": 2,
        "rest": 1,
        "writes": 0,
        "graphql_points": 2,
        "rest_points": 1,
    }


REVIEWERS = """{ repository(owner: "acme", name: "erp") { pullRequests(first: 10) { nodes {
  reviewRequests(first: 10) { nodes { requestedReviewer { __typename ... on User { login } %s } } }
} } } }"""
OF_TEAM = "... on Team { combinedSlug }"


@pytest.mark.parametrize("asked", [OF_TEAM, ""])
def test_a_team_is_hidden_where_it_stands_from_a_token_that_may_not_know_members(
    state: GithubState, caller: Caller, asked: str
) -> None:
    state.add_user("bo")
    state.add_user("acme/core", kind="Team")
    state.permit(teams=False)
    state.open_pull_request(ERP, "A", author="ana", reviewers=["bo", "acme/core"])

    told = caller.ask(REVIEWERS % asked)

    (pull,) = told["data"]["repository"]["pullRequests"]["nodes"]
    assert [request["requestedReviewer"] for request in pull["reviewRequests"]["nodes"]] == [
        {"__typename": "User", "login": "bo"},
        None,
    ]
    path = ["repository", "pullRequests", "nodes", 0, "reviewRequests", "nodes", 1, "requestedReviewer"]
    assert [(error["type"], error["path"]) for error in told["errors"]] == [("FORBIDDEN", path)]


def test_a_classic_token_without_the_scope_gets_no_answer_that_could_name_a_team(
    state: GithubState, caller: Caller
) -> None:
    state.add_user("acme/core", kind="Team")
    state.permit(teams=False, fine_grained=False)
    state.open_pull_request(ERP, "A", author="ana", reviewers=["acme/core"])

    refused = caller.ask(REVIEWERS % OF_TEAM)
    told = caller.ask(REVIEWERS % "")

    assert (types(refused), "data" in refused) == (["INSUFFICIENT_SCOPES"], False)
    (pull,) = told["data"]["repository"]["pullRequests"]["nodes"]
    assert pull["reviewRequests"]["nodes"] == [{"requestedReviewer": {"__typename": "Team"}}]
