"""REST on the sandbox: lists and what tells them apart, writing, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.github_calls import ERP, START, Caller, open_issues, site

ISSUES = f"/repos/{ERP}/issues"
LATEST: dict[str, Any] = {"state": "all", "sort": "updated", "direction": "desc"}


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


def numbers(answer: requests.Response) -> list[int]:
    return [issue["number"] for issue in answer.json()]


# Lists


def test_pull_requests_are_among_the_issues_with_another_id(state: GithubState, caller: Caller) -> None:
    open_issues(state, 1)
    key = state.open_pull_request(ERP, "Work", draft=True)

    issue, pull = caller.get(ISSUES, direction="asc")

    item = state.item(key)
    assert item.pull is not None
    assert ("pull_request" in issue, "pull_request" in pull) == (False, True)
    assert pull["id"] == item.database_id != item.pull.database_id
    assert pull["draft"]


def test_a_list_is_filtered_ordered_and_cut_into_pages(state: GithubState, caller: Caller) -> None:
    keys = open_issues(state, 5)
    state.close(keys[1], "ana")

    opened = caller.send("GET", ISSUES)
    closed = caller.send("GET", ISSUES, state="closed")
    page = caller.send("GET", ISSUES, **LATEST, per_page="2", page="2")
    since = caller.send("GET", ISSUES, since="2026-01-31T09:03:00Z", state="all")
    state.assign(keys[2], "ana")
    state.open_issue(ERP, "Mine", author="ana", labels=["report", "x"])
    chosen = [
        numbers(caller.send("GET", f"{ISSUES}?{asked}"))
        for asked in ("creator=ana", "labels=report,x", "labels=y", "assignee=ana", "assignee=*")
    ]
    unassigned = numbers(caller.send("GET", ISSUES, assignee="none"))

    assert (numbers(opened), numbers(closed)) == ([5, 4, 3, 1], [2])
    assert numbers(page) == [4, 3]  # the closed one is the latest
    assert numbers(since) == [5, 4, 2]
    assert chosen == [[6], [6], [], [3], [3]]
    assert unassigned == [6, 5, 4, 1]


def test_links_lead_through_all_pages_and_keep_the_question(state: GithubState, caller: Caller) -> None:
    open_issues(state, 5)
    found, answer = [], caller.send("GET", ISSUES, state="all", direction="asc", per_page="2")

    found += numbers(answer)
    while "next" in answer.links:
        answer = caller.send("GET", answer.links["next"]["url"].removeprefix(caller.url))
        found += numbers(answer)

    assert found == [1, 2, 3, 4, 5]
    assert set(answer.links) == {"prev", "first"}


def test_page_numbers_lose_what_moves_across_their_border(state: GithubState, caller: Caller) -> None:
    keys = open_issues(state, 4)
    first = caller.send("GET", ISSUES, sort="updated", direction="asc", per_page="2")
    state.comment(keys[0], "ana", "Moves to the end")
    second = caller.send("GET", ISSUES, sort="updated", direction="asc", per_page="2", page="2")

    assert numbers(first) + numbers(second) == [1, 2, 4, 1]


def test_nothing_new_is_304_and_free(state: GithubState, github: GithubSandbox, caller: Caller) -> None:
    keys = open_issues(state, 2)
    first = caller.send("GET", ISSUES, **LATEST)
    known = {"If-None-Match": first.headers["ETag"]}

    same = caller.send("GET", ISSUES, headers=known, **LATEST)
    paid = github.counts()["rest_points"]
    state.comment(keys[0], "ana", "New")
    changed = caller.send("GET", ISSUES, headers=known, **LATEST)

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert paid == 1
    assert same.headers["x-ratelimit-used"] == "1"
    assert changed.status_code == 200


def test_another_token_of_the_same_account_is_told_another_tag(state: GithubState, github: GithubSandbox) -> None:
    open_issues(state, 2)
    state.permit(token="another")
    with Caller(github) as one, Caller(github, "another") as other:
        first = one.send("GET", ISSUES, **LATEST)
        second = other.send("GET", ISSUES, headers={"If-None-Match": first.headers["ETag"]}, **LATEST)

    assert second.status_code == 200
    assert second.content == first.content
    assert second.headers["ETag"] != first.headers["ETag"]


def test_304_costs_those_who_are_nobody(state: GithubState, github: GithubSandbox) -> None:
    state.add_repository("acme/open", private=False)
    open_issues(state, 1, "acme/open")

    with requests.Session() as session:
        session.trust_env = False
        first = session.get(f"{github.url}/repos/acme/open/issues", timeout=10)
        again = session.get(
            f"{github.url}/repos/acme/open/issues", headers={"If-None-Match": first.headers["ETag"]}, timeout=10
        )

    assert (again.status_code, again.headers["x-ratelimit-remaining"]) == (304, "58")


def test_a_change_on_the_second_page_is_not_seen_on_the_first(state: GithubState, caller: Caller) -> None:
    keys = open_issues(state, 4)
    first = caller.send("GET", ISSUES, per_page="2")
    state.label(keys[0], "bug")

    again = caller.send("GET", ISSUES, headers={"If-None-Match": first.headers["ETag"]}, per_page="2")

    # The number of pages is the same as well: only a list by time of change tells.
    assert again.status_code == 304


# Writing


def test_a_comment_is_posted_changed_and_deleted(state: GithubState, caller: Caller) -> None:
    key = open_issues(state, 1)[0]

    posted = caller.send("POST", f"{ISSUES}/1/comments", {"body": "Hello"})
    address = posted.json()["url"].removeprefix(caller.url)
    state.clock.advance(timedelta(minutes=1))
    changed = caller.send("PATCH", address, {"body": "Changed"})
    state.clock.advance(timedelta(minutes=1))
    same = caller.send("PATCH", address, {"body": "Changed"})
    found = caller.get(f"{ISSUES}/1/comments")
    deleted = caller.send("DELETE", address)
    gone = [caller.send(method, address, {"body": "x"}) for method in ("GET", "PATCH", "DELETE")]

    assert (posted.status_code, changed.status_code, deleted.status_code) == (201, 200, 204)
    assert posted.json()["issue_url"] == f"{caller.url}{ISSUES}/1"
    assert found == [same.json()]
    assert changed.json()["updated_at"] == "2026-03-02T09:01:00Z"
    assert same.json()["updated_at"] == "2026-03-02T09:02:00Z"  # an edit that changes nothing is one
    assert [answer.status_code for answer in gone] == [404, 404, 404]
    assert state.item(key).comments == []


def test_a_text_may_have_65536_characters(state: GithubState, caller: Caller) -> None:
    open_issues(state, 1)

    fits = caller.send("POST", f"{ISSUES}/1/comments", {"body": "ü" * 65_536})
    longer = caller.send("POST", f"{ISSUES}/1/comments", {"body": "ü" * 65_537})
    wrong = [caller.send("POST", f"{ISSUES}/1/comments", body) for body in ({"text": "x"}, {"body": " "}, {"body": 1})]

    assert (fits.status_code, longer.status_code) == (201, 422)
    assert "Body is too long" in longer.text
    assert [answer.status_code for answer in wrong] == [422, 422, 422]
    assert len(state.item(f"{ERP}#1").comments) == 1


def test_an_issue_is_opened_and_changed(state: GithubState, caller: Caller) -> None:
    state.add_milestone(ERP, "Go-live")
    opened = caller.send("POST", ISSUES, {"title": "Dashboard", "body": "First", "labels": ["report"]}).json()
    address = f"{ISSUES}/{opened['number']}"

    told = caller.send(
        "PATCH", address, {"title": "Status", "body": "Second", "assignees": ["ana"], "milestone": 1, "labels": []}
    ).json()
    closed = caller.send("PATCH", address, {"state": "closed", "state_reason": "not_planned"}).json()
    again = caller.send("PATCH", address, {"state": "open"}).json()

    assert (opened["user"]["login"], opened["labels"][0]["name"]) == ("planward-bot", "report")
    assert (told["title"], told["body"], told["labels"]) == ("Status", "Second", [])
    assert (told["assignees"][0]["login"], told["milestone"]["title"]) == ("ana", "Go-live")
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert (again["state"], again["state_reason"]) == ("open", "reopened")
    assert caller.kinds(1) == [
        "LabeledEvent",
        "RenamedTitleEvent",
        "UnlabeledEvent",
        "AssignedEvent",
        "MilestonedEvent",
        "ClosedEvent",
        "ReopenedEvent",
    ]


def test_issues_without_a_title_or_with_strangers_are_refused(caller: Caller) -> None:
    bodies = [{}, {"title": " "}, {"title": "x", "assignees": ["nobody"]}, {"title": "x", "milestone": 9}]

    assert [caller.send("POST", ISSUES, body).status_code for body in bodies] == [422] * 4
    assert caller.get(ISSUES) == []


def test_nobody_comments_on_what_is_archived_and_strangers_not_on_what_is_locked(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    key = open_issues(state, 1)[0]
    state.permit("ana", "stranger", collaborator=False)
    state.lock_conversation(key, "li-wei", reason="RESOLVED")

    with Caller(github, "stranger") as stranger:
        locked = stranger.send("POST", f"{ISSUES}/1/comments", {"body": "x"})
    allowed = caller.send("POST", f"{ISSUES}/1/comments", {"body": "x"})
    state.archive_repository(ERP)
    archived = caller.send("POST", f"{ISSUES}/1/comments", {"body": "x"})
    edited = caller.send("PATCH", allowed.json()["url"].removeprefix(caller.url), {"body": "y"})

    assert [answer.status_code for answer in (locked, allowed, archived, edited)] == [403, 201, 403, 403]
    assert "read-only" in archived.json()["message"]
    assert caller.get(f"/repos/{ERP}")["archived"]


def test_a_token_that_may_only_read_is_told_what_it_lacks(state: GithubState, github: GithubSandbox) -> None:
    open_issues(state, 1)
    state.permit(token="reader", issues="read")

    with Caller(github, "reader") as reader:
        read = reader.send("GET", ISSUES)
        refused = reader.send("POST", f"{ISSUES}/1/comments", {"body": "x"})

    assert (read.status_code, refused.status_code) == (200, 403)
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write"


def test_eighty_comments_a_minute_are_the_most(state: GithubState, caller: Caller) -> None:
    open_issues(state, 1)

    answers = [caller.send("POST", f"{ISSUES}/1/comments", {"body": f"{n}"}) for n in range(81)]
    state.clock.advance(timedelta(minutes=1))
    later = caller.send("POST", f"{ISSUES}/1/comments", {"body": "x"})

    limited = answers[-1]
    assert {answer.status_code for answer in answers[:80]} == {201}
    assert limited.status_code == 403
    assert "secondary rate limit" in limited.json()["message"]
    assert 0 < int(limited.headers["Retry-After"]) <= 60
    assert limited.headers["x-ratelimit-remaining"] != "0"
    assert later.status_code == 201


def test_asking_too_fast_is_held_back_and_writing_counts_five_times(state: GithubState) -> None:
    open_issues(state, 1)

    with GithubSandbox(state, paced=True, a_minute=None) as github, Caller(github) as caller:
        written = [caller.send("PATCH", f"{ISSUES}/1", {"title": f"{n}"}).status_code for n in range(180)]
        held = caller.send("GET", "/user")
        queried = caller.ask("{ viewer { login } }")
        state.clock.advance(timedelta(minutes=1))
        later = caller.send("GET", "/user")

    assert set(written) == {200}
    assert (held.status_code, int(held.headers["Retry-After"]) <= 60) == (403, True)
    assert "errors" not in queried
    assert later.status_code == 200


# What is elsewhere, gone or not to be seen


def test_an_old_name_leads_on_with_the_question(state: GithubState, caller: Caller) -> None:
    open_issues(state, 2)
    state.close(f"{ERP}#2")
    number = state.repository(ERP).database_id
    state.rename_repository(ERP, "newco/erp-next")
    with pytest.raises(KeyError):
        state.open_issue(ERP, "At the old name")

    moved = caller.send("GET", ISSUES, state="all")
    followed = caller.send("GET", moved.headers["Location"].removeprefix(caller.url))
    by_number = caller.get(f"/repositories/{number}")

    assert moved.status_code == 301
    assert len(followed.json()) == 2
    assert by_number["full_name"] == "newco/erp-next"
    assert caller.ask('{ repository(owner: "acme", name: "erp") { nameWithOwner } }')["data"] == {
        "repository": {"nameWithOwner": "newco/erp-next"}
    }


def test_an_old_name_can_be_taken_by_another_repository(state: GithubState, caller: Caller) -> None:
    first = caller.get(f"/repos/{ERP}")["id"]
    state.rename_repository(ERP, "erp-next")
    state.add_repository(ERP)

    assert caller.get(f"/repos/{ERP}")["id"] != first
    assert caller.get("/repos/acme/erp-next")["id"] == first


def test_what_may_not_be_seen_is_not_there(state: GithubState, github: GithubSandbox) -> None:
    state.add_repository("acme/secret")
    state.permit(token="narrow", repositories=[ERP])

    with Caller(github, "narrow") as caller:
        answers = [caller.send("GET", f"/repos/acme/{name}/issues") for name in ("secret", "nothing", "erp")]

    assert [answer.status_code for answer in answers] == [404, 404, 200]


def test_deleted_issues_are_410_and_transferred_ones_lead_on(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    first, second = open_issues(state, 2)
    state.add_repository("acme/ops")
    state.permit(token="narrow", repositories=[ERP])
    before = state.item(second).id
    state.delete_issue(first)
    state.comment(second, "ana", "Take it along")
    moved_to = state.transfer_issue(second, "acme/ops", "li-wei")

    deleted, moved = caller.send("GET", f"{ISSUES}/1"), caller.send("GET", f"{ISSUES}/2")
    followed = caller.get(moved.headers["Location"].removeprefix(caller.url))
    state.permit(token="broad", repositories=["acme/ops"])
    origin = "... on TransferredEvent { fromRepository { nameWithOwner } }"
    events = f"timelineItems(first: 9, itemTypes: [TRANSFERRED_EVENT]) {{ nodes {{ {origin} }} }}"
    document = f'{{ repository(owner: "acme", name: "ops") {{ issue(number: 1) {{ {events} }} }} }}'
    with Caller(github, "narrow") as narrow, Caller(github, "broad") as broad:
        unseen = narrow.send("GET", f"{ISSUES}/2")
        told = [
            client.ask(document)["data"]["repository"]["issue"]["timelineItems"]["nodes"][0]["fromRepository"]
            for client in (caller, broad)
        ]

    assert [answer.status_code for answer in (deleted, moved, unseen)] == [410, 301, 404]
    assert moved_to == "acme/ops#1"
    assert told == [{"nameWithOwner": ERP}, None]
    assert (followed["title"], followed["comments"]) == ("Work 1", 1)
    assert followed["node_id"] != before
    assert caller.send("GET", f"{ISSUES}/3").status_code == 404


# Who calls, and what is said around it


def test_a_wrong_token_is_401_and_the_right_one_somebody(state: GithubState, github: GithubSandbox) -> None:
    with Caller(github, "wrong") as wrong, Caller(github) as right:
        refused = [wrong.send("GET", "/user"), wrong.send("POST", "/graphql", {"query": "{ viewer { login } }"})]
        me = right.get("/user")
        state.revoke_token()
        revoked = right.send("GET", "/user")

    assert [answer.status_code for answer in (*refused, revoked)] == [401, 401, 401]
    assert refused[0].json()["message"] == "Bad credentials"
    assert me["login"] == "planward-bot"


def test_an_app_signs_for_a_token_that_lasts_an_hour(state: GithubState, github: GithubSandbox) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    app, installation = state.add_app("planward", public)
    signed = jwt.encode({"iss": str(app), "iat": 1000, "exp": 1300}, key, "RS256")
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode({"iss": str(app), "iat": 1000, "exp": 1300}, other_key, "RS256")
    lasting = jwt.encode({"iss": str(app), "iat": 1000, "exp": 9000}, key, "RS256")
    tokens = f"/app/installations/{installation}/access_tokens"

    with Caller(github, signed) as right:
        given, refused = right.send("POST", tokens, {}), [right.send("GET", "/user")]
    for signature in (lasting, forged):
        with Caller(github, signature) as wrong:
            refused.append(wrong.send("POST", tokens, {}))
    with Caller(github, given.json()["token"]) as bot:
        open_issues(state, 1)
        posted = bot.send("POST", f"{ISSUES}/1/comments", {"body": "Hello"}).json()
        comment = "comments(first: 1) { nodes { viewerDidAuthor author { __typename login } } }"
        told = bot.erp(f"issue(number: 1) {{ {comment} }}")["issue"]["comments"]["nodes"][0]
        viewer = bot.ask("{ viewer { login } }")["data"]["viewer"]["login"]
        state.clock.advance(timedelta(hours=1))
        late = bot.send("GET", ISSUES)

    assert (given.status_code, given.json()["expires_at"]) == (201, "2026-03-02T10:00:00Z")
    assert [answer.status_code for answer in (*refused, late)] == [401] * 4
    assert viewer == posted["user"]["login"] == "planward[bot]"
    assert told == {"viewerDidAuthor": True, "author": {"__typename": "Bot", "login": "planward"}}


def test_an_api_version_is_one_that_there_is(caller: Caller) -> None:
    answers = [
        caller.send("GET", "/user", headers={"X-GitHub-Api-Version": version})
        for version in ("2022-11-28", "2026-03-10", "2020-01-01")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400]


def test_the_primary_limit_is_403_until_the_hour_is_over(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    github.exhaust("core")
    limited = caller.send("GET", "/user")
    free = caller.get("/rate_limit")
    state.clock.advance(timedelta(hours=1))

    assert (limited.status_code, limited.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(limited.headers["x-ratelimit-reset"]) == int((START + timedelta(hours=1)).timestamp())
    assert free["resources"]["core"]["remaining"] == 0
    assert free["resources"]["graphql"]["remaining"] == 5000
    assert caller.send("GET", "/user").status_code == 200


def test_a_server_without_limits_tells_of_none(state: GithubState) -> None:
    with GithubSandbox(state, limits_told=False) as own, Caller(own) as caller:
        answers = [caller.send("GET", "/api/v3/user"), caller.send("GET", "/rate_limit")]
        query = caller.send("POST", "/api/graphql", {"query": "{ viewer { login } }"})

    assert [answer.status_code for answer in answers] == [200, 404]
    assert query.json() == {"data": {"viewer": {"login": "planward-bot"}}}
    assert not any("ratelimit" in name.casefold() for name in [*answers[0].headers, *query.headers])


def test_bots_have_another_name_here_and_those_who_are_gone_are_the_ghost(state: GithubState, caller: Caller) -> None:
    state.add_user("dependabot", kind="Bot")
    state.open_issue(ERP, "Bump", author="dependabot")
    state.open_issue(ERP, "By a ghost", author=None)

    users = [issue["user"] for issue in caller.get(ISSUES, direction="asc")]

    assert [(user["login"], user["type"]) for user in users] == [("dependabot[bot]", "Bot"), ("ghost", "User")]


def test_the_date_of_answers_is_the_clocks(state: GithubState, caller: Caller) -> None:
    state.clock.advance(timedelta(days=1, seconds=5))

    assert caller.send("GET", "/user").headers["Date"] == "Tue, 03 Mar 2026 09:00:05 GMT"


def test_a_comment_is_there_although_the_answer_was_lost(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    open_issues(state, 1)
    github.faults.add(what="cut_after_apply", where="POST .*/comments")

    with pytest.raises(requests.ConnectionError):
        caller.send("POST", f"{ISSUES}/1/comments", {"body": "Once"})

    assert [comment["body"] for comment in caller.get(f"{ISSUES}/1/comments")] == ["Once"]
