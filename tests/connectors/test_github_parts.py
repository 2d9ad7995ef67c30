"""A part of GitHub that is hidden, broken or too heavy harms nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.secret import Secret
from connectors.github.fetch import GithubSource
from core.errors import AccessDenied, NotThere, PlanwardError, RateLimited, SourceUnavailable
from core.history.spans import StatusMapping, derive
from core.model import Snapshot
from tests.connectors.contract import Mirror, updates
from tests.connectors.github_site import PLANTED, REPOSITORY, US, grow, new_source, reading, truth
from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.server import Answer, Request

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OPS = "acme/ops"
BOTH = (REPOSITORY, OPS)
TEAM = "acme/platform"
Told = dict[str, Any]


@pytest.fixture
def source(github: GithubSandbox) -> Iterator[GithubSource]:
    """A source that reads the repository, quick to try again."""
    made = new_source(github)
    yield made
    made.close()


@pytest.fixture
def answered(github: GithubSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes what the sandbox tells of queries that begin so: `change` may return another answer with its status."""

    def install(begins: str, change: Callable[[Told, Told], tuple[int, Told] | None]) -> None:
        sound = github.server.app

        def app(request: Request) -> Answer:
            answer = sound(request)
            body = request.body
            if request.path.endswith("/graphql") and body["query"].startswith(begins):
                told = json.loads(answer.body)
                answer.status, told = change(body["variables"], told) or (answer.status, told)
                answer.body = json.dumps(told).encode()
            return answer

        monkeypatch.setattr(github.server, "app", app)

    return install


def queries(github: GithubSandbox) -> list[str]:
    """The documents that were sent, each as often as it was."""
    return [request.body["query"] for request in github.requests if request.path.endswith("/graphql")]


def held(mirror: Mirror, key: str) -> Snapshot:
    (found,) = (snapshot for snapshot in mirror.snapshots.values() if snapshot.item.key == key)
    return found


# --- teams that are hidden --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fine_grained", [True, False], ids=["Members permission", "read:org scope"])
def test_a_review_of_a_team_that_we_may_not_know_is_asked_of_somebody(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, fine_grained: bool
) -> None:
    github_state.permit(US, PLANTED, teams=False, fine_grained=fine_grained)
    github_state.add_user(TEAM, kind="Team")
    grow(github_state, 3)
    asked = github_state.open_pull_request(REPOSITORY, "Ask the team", author="ana")
    answered = github_state.open_pull_request(REPOSITORY, "Asked the team", author="ana")
    for key in (asked, answered):
        github_state.clock.advance(MINUTE)
        github_state.request_review(key, TEAM, "ana")
        github_state.request_review(key, "bo", "ana")
    github_state.clock.advance(MINUTE)
    github_state.review(asked, "bo", "COMMENTED")
    github_state.remove_review_request(answered, TEAM, "ana")
    mirror = Mirror()

    pages = mirror.pull(source)

    assert pages[-1].complete
    assert updates(mirror) == truth(github_state)
    assert (held(mirror, asked).item.status_id, held(mirror, answered).item.status_id) == ("review_requested",) * 2
    statuses = {status.status_id: status for status in source.lists()}
    for snapshot in mirror.snapshots.values():
        assert derive(snapshot.item, snapshot.changes, statuses, StatusMapping(), whole=True).problem is None
    told = [(c.field, c.to_id) for c in held(mirror, asked).changes or () if c.field.startswith("review_")]
    assert told == [("review_request", "bo")]


def test_that_teams_are_hidden_is_found_out_once_and_forgotten_with_all_the_rest(
    github: GithubSandbox, github_state: GithubState
) -> None:
    github_state.permit(US, PLANTED, teams=False, fine_grained=False)
    github_state.add_user(TEAM, kind="Team")
    keys = grow(github_state, 3)
    github_state.request_review(keys[2], TEAM, "ana")
    mirror = Mirror()
    for number in range(3):
        with reading(github) as source:
            mirror.pull(source)
        github_state.clock.advance(HOUR)
        github_state.rename(keys[2], f"Touched {number}", "bo")
    assert sum("on Team" in query for query in queries(github)) == 1
    assert held(mirror, keys[2]).item.status_id == "review_requested"

    github_state.permit(US, PLANTED, teams=True, fine_grained=False)
    with reading(github) as source:
        (*_, last) = source.pull(None, Mirror().known)

    (snapshot,) = (snapshot for snapshot in last.snapshots if snapshot.item.key == keys[2])
    assert TEAM in [change.to_id for change in snapshot.changes or ()]


def test_what_is_hidden_beside_a_team_is_not_believed(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    github_state.permit(US, PLANTED, teams=False)
    github_state.add_user(TEAM, kind="Team")
    github_state.request_review(grow(github_state, 3)[2], TEAM, "ana")

    def hide(_: Told, told: Told) -> None:
        path = ["repository", "pullRequests", "nodes", 0, "comments"]
        told["errors"] = [*told.get("errors", []), {"type": "FORBIDDEN", "path": path, "message": "No."}]

    answered("query Listing", hide)
    mirror = Mirror()

    with pytest.raises(AccessDenied):
        mirror.pull(source)

    assert mirror.snapshots == {}


# --- one repository of several ----------------------------------------------------------------------------------


def forbidden(variables: Told, told: Told) -> tuple[int, Told] | None:
    if variables.get("name") != "erp":
        return None
    error = {"type": "FORBIDDEN", "path": ["repository"], "message": "Resource protected by SAML enforcement."}
    return 200, {"data": {"repository": None}, "errors": [error]}


def too_heavy(variables: Told, told: Told) -> tuple[int, Told] | None:
    return (502, {"message": "Server Error"}) if variables.get("name") == "erp" else None


@pytest.mark.parametrize(("fault", "error"), [(forbidden, AccessDenied), (too_heavy, SourceUnavailable)])
def test_a_repository_that_we_may_not_read_or_that_is_too_heavy_does_not_starve_the_next(
    github: GithubSandbox,
    github_state: GithubState,
    answered: Callable[..., None],
    fault: Callable[[Told, Told], tuple[int, Told] | None],
    error: type[PlanwardError],
) -> None:
    github_state.add_repository(OPS)
    github_state.open_issue(OPS, "Elsewhere", author="ana")
    grow(github_state, 2)
    answered("query Listing", fault)
    mirror = Mirror()

    with reading(github, repositories=BOTH) as source, pytest.raises(error, match="acme/erp"):
        mirror.pull(source)

    assert [snapshot.item.key for snapshot in mirror.snapshots.values()] == ["acme/ops#1"]


def test_a_repository_that_is_added_and_not_there_does_not_hold_up_the_others(
    github: GithubSandbox, github_state: GithubState
) -> None:
    github_state.add_repository(OPS)
    github_state.open_issue(OPS, "Elsewhere", author="ana")
    (key, *_) = grow(github_state, 2)
    mirror = Mirror()
    with reading(github) as source:
        mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(key, "Touched", "bo")

    for _ in range(2):
        named = ("acme/nope", REPOSITORY, OPS)
        with reading(github, repositories=named) as source, pytest.raises(NotThere, match="acme/nope"):
            mirror.pull(source)

    assert updates(mirror) == truth(github_state)


def test_a_limit_is_everybodys(github: GithubSandbox, github_state: GithubState) -> None:
    github_state.add_repository(OPS)
    keys = grow(github_state, 2)
    mirror = Mirror()
    with reading(github, repositories=BOTH) as source:
        mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(keys[0], "Touched", "bo")
    github.hold_back("/graphql", times=None, status=200, retry_after=None)
    before = len(github.requests)

    with reading(github, repositories=BOTH) as source, pytest.raises(RateLimited):
        mirror.pull(source)

    assert len(github.requests) - before == 2


# --- what comes by its id ---------------------------------------------------------------------------------------


def test_issues_that_pull_requests_close_are_asked_for_by_as_many_as_github_manages(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    for number in range(30):
        github_state.open_issue(REPOSITORY, f"Issue {number}", author="ana")
    github_state.clock.advance(MINUTE)
    mirror, asked = Mirror(), list[int]()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    for number in range(30):
        github_state.open_pull_request(REPOSITORY, f"Change {number}", author="ana", body=f"Fixes #{number + 1}")

    def slow(variables: Told, told: Told) -> tuple[int, Told] | None:
        asked.append(len(variables["ids"]))
        return (502, {"message": "Server Error"}) if asked[-1] > 10 else None

    answered("query ById", slow)

    mirror.pull(source)

    assert {s.item.status_id for s in mirror.snapshots.values() if s.item.kind == "issue"} == {"in_progress"}
    assert asked == [30, 25, 10, 10, 10]


def test_they_are_asked_for_in_the_size_that_the_repository_is_read_in(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    for number in range(20):
        github_state.open_issue(REPOSITORY, f"Issue {number}", author="ana")
    github_state.clock.advance(MINUTE)
    github.manners.page_ceiling = 10
    mirror, asked = Mirror(), list[int]()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    for number in range(1, 11):
        body = f"Fixes #{number} and fixes #{number + 10}"
        github_state.open_pull_request(REPOSITORY, f"Change {number}", author="ana", body=body)

    answered("query ById", lambda variables, told: asked.append(len(variables["ids"])))

    mirror.pull(source)

    assert asked == [10, 10]


def test_one_of_them_that_cannot_be_read_is_set_aside(
    source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    issue = github_state.open_issue(REPOSITORY, "Plan it", author="ana")
    github_state.clock.advance(MINUTE)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="ana", body="Fixes #1")

    def spoil(_: Told, told: Told) -> None:
        for node in told["data"]["nodes"]:
            node["title"] = None

    answered("query ById", spoil)

    pages = mirror.pull(source)

    assert pages[-1].complete
    assert set(mirror.set_aside) == {github_state.item(issue).id}
    assert held(mirror, pull).item.status_id == "review"


def test_a_pull_request_whose_times_have_no_offset_is_set_aside(
    source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    key = github_state.open_pull_request(REPOSITORY, "Do it", author="ana")

    def spoil(_: Told, told: Told) -> None:
        for node in (told["data"]["repository"].get("pullRequests") or {"nodes": ()})["nodes"]:
            node["createdAt"] = "2026-03-02T09:00:00"

    answered("query Listing", spoil)

    pages = mirror.pull(source)

    assert pages[-1].complete
    assert set(mirror.set_aside) == {github_state.item(key).id}


def test_a_null_in_a_list_is_what_we_may_not_see_and_no_broken_record(
    source: GithubSource, github_state: GithubState, answered: Callable[..., None]
) -> None:
    grow(github_state, 2)

    def hide(_: Told, told: Told) -> None:
        if issues := told["data"]["repository"].get("issues"):
            issues["nodes"].insert(0, None)

    answered("query Listing", hide)
    mirror = Mirror()

    mirror.pull(source)

    assert mirror.set_aside == {}
    assert updates(mirror) == truth(github_state)


# --- who writes -------------------------------------------------------------------------------------------------


def test_what_another_account_writes_for_us_is_no_work_and_no_comment(
    github: GithubSandbox, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "write-token")
    github_state.add_user("planward-writer")
    github_state.permit("planward-writer", "write-token")
    key = github_state.open_issue(REPOSITORY, "Work", author="ana")
    ours = "<!-- planward:01J -->\nOn course."
    github_state.open_issue(REPOSITORY, "Dashboard", author="planward-writer", body=ours)
    for author in ("planward-writer", US, "bo"):
        github_state.comment(key, author, ours)
    github_state.comment(key, "planward-writer", "By hand")
    write_token, mirror = Secret(env="WRITE_TOKEN"), Mirror()

    with reading(github, write_token=write_token) as source:
        mirror.pull(source)
    github_state.clock.advance(HOUR)
    before = len(github.requests)
    with reading(github, write_token=write_token) as source:
        mirror.pull(source)

    (snapshot,) = mirror.snapshots.values()
    assert snapshot.item.key == key
    assert {comment.author for comment in snapshot.comments or ()} == {"bo", "planward-writer"}
    assert len(snapshot.comments or ()) == 2
    assert len(github.requests) - before == 1  # who that is, is known by now


def test_who_writes_is_asked_again_now_and_then_and_who_wrote_is_not_forgotten(
    github: GithubSandbox, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, key = Mirror(), github_state.open_issue(REPOSITORY, "Work", author="ana")
    for login in ("first-writer", "second-writer"):
        monkeypatch.setenv("WRITE_TOKEN", login)
        github_state.add_user(login)
        github_state.permit(login, login)
        with reading(github, write_token=Secret(env="WRITE_TOKEN")) as source:
            mirror.pull(source, wide=True)
        github_state.clock.advance(HOUR)
    github_state.revoke_token("second-writer")
    for login in ("first-writer", "second-writer"):
        github_state.comment(key, login, "<!-- planward:01J -->\nOn course.")

    with reading(github, write_token=Secret(env="WRITE_TOKEN")) as source:
        mirror.pull(source, wide=True)

    assert held(mirror, key).comments == ()
