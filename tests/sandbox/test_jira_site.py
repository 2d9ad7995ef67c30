"""Who may call the sandbox, what it says of itself, its limits, and the sandbox as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT
from tests.sandbox.jira_calls import LI, START, Caller, add_issues, document, site


@pytest.fixture
def state() -> JiraState:
    return site()


@pytest.fixture
def jira(state: JiraState) -> Iterator[JiraSandbox]:
    with JiraSandbox(state) as sandbox:
        yield sandbox


def test_a_wrong_token_is_refused(jira: JiraSandbox, state: JiraState) -> None:
    with Caller(jira, token="wrong") as wrong, Caller(jira) as right:
        refused = wrong.send("GET", "myself")
        known = right.get("myself")
        state.revoke_token(jira.token)
        expired = right.send("GET", "myself")

    assert (refused.status_code, expired.status_code) == (401, 401)
    assert known["accountId"] == SERVICE_ACCOUNT


def test_on_a_public_site_a_wrong_token_is_nobody_with_200(state: JiraState) -> None:
    add_issues(state, 1)
    state.add_project("PUB", "Public", public=True)
    add_issues(state, 1, "PUB")

    with JiraSandbox(state, public=True) as jira, Caller(jira, token="wrong") as nobody:
        found = nobody.found("key is not EMPTY or project = PUB")
        me = nobody.send("GET", "myself")

    assert found == ["PUB-1"]
    assert me.status_code == 401


def test_an_account_sees_the_projects_that_it_may_browse(state: JiraState, jira: JiraSandbox) -> None:
    state.add_project("OPS", "Operations")
    add_issues(state, 1)
    add_issues(state, 1, "OPS")
    state.permit(SERVICE_ACCOUNT, browse=["OPS"])

    with Caller(jira) as caller:
        found = caller.found("created > 0")
        answers = [caller.send("GET", "issue/ERP-1"), caller.send("GET", "project/ERP")]
        query = caller.send("POST", "search/jql", {"jql": "project = ERP"})
        projects = [project["key"] for project in caller.get("project/search")["values"]]

    assert found == ["OPS-1"]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert query.status_code == 400
    assert projects == ["OPS"]


def test_the_date_of_answers_is_the_clocks(state: JiraState, jira: JiraSandbox) -> None:
    state.clock.set(datetime(2026, 10, 25, 1, 30, 15, tzinfo=UTC))

    with Caller(jira) as caller:
        answer = caller.send("GET", "serverInfo")

    assert answer.headers["Date"] == "Sun, 25 Oct 2026 01:30:15 GMT"
    assert answer.json()["serverTime"] == "2026-10-25T02:30:15.000+0100"
    assert answer.json()["deploymentType"] == "Cloud"


def test_a_closed_accounts_name_goes_and_its_id_stays(state: JiraState, jira: JiraSandbox) -> None:
    key = add_issues(state, 1)[0]
    state.close_user(LI)

    with Caller(jira) as caller:
        reporter = caller.get(f"issue/{key}")["fields"]["reporter"]

    assert (reporter["accountId"], reporter["displayName"], reporter["active"]) == (LI, "Former user", False)
    assert "emailAddress" not in reporter


def test_too_many_writes_to_one_issue_are_held_back_and_others_are_not(state: JiraState, jira: JiraSandbox) -> None:
    first, second = add_issues(state, 2)

    with Caller(jira) as caller:
        answers = [caller.send("POST", f"issue/{first}/comment", {"body": document(f"{n}")}) for n in range(21)]
        other = caller.send("POST", f"issue/{second}/comment", {"body": document("x")})
        state.clock.advance(timedelta(seconds=2))
        later = caller.send("POST", f"issue/{first}/comment", {"body": document("x")})

    limited = answers[-1]
    assert [answer.status_code for answer in answers] == [201] * 20 + [429]
    assert (limited.headers["RateLimit-Reason"], limited.headers["Retry-After"]) == ("jira-per-issue-on-write", "2")
    assert limited.text.startswith("<html>")
    assert (other.status_code, later.status_code) == (201, 201)


def test_a_burst_is_limited_by_endpoint_and_method(state: JiraState) -> None:
    with JiraSandbox(state, burst=5, html_429=False) as jira, Caller(jira) as caller:
        answers = [caller.send("GET", "status") for _ in range(6)]
        other = caller.send("GET", "field")

    near, limited = answers[4], answers[5]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert near.headers["X-RateLimit-NearLimit"] == "true"
    assert limited.headers["RateLimit-Reason"] == "jira-burst-based"
    assert limited.headers["X-RateLimit-Reset"] == "2026-03-02T09:01Z"
    assert other.status_code == 200


def test_answers_are_packed_when_asked_for(state: JiraState, jira: JiraSandbox) -> None:
    with Caller(jira) as caller:
        packed = caller.send("GET", "field")
        caller.session.headers["Accept-Encoding"] = "identity"
        plain = caller.send("GET", "field")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_requests_are_logged_with_what_they_said(jira: JiraSandbox) -> None:
    with Caller(jira) as caller:
        caller.send("POST", "search/jql", {"jql": "project = ERP"})
        caller.get("project/search", keys="ERP")

    method, path, query, body = jira.requests[0]
    assert (method, path, query, body) == ("POST", "/rest/api/3/search/jql", {}, {"jql": "project = ERP"})
    assert jira.requests[1].query == {"keys": ["ERP"]}


def test_a_bug_of_the_sandbox_is_raised_and_does_not_pass_for_a_fault(state: JiraState) -> None:
    def broken() -> None:
        with JiraSandbox(state) as jira, Caller(jira) as caller:
            jira.server.app = lambda request: 1 / 0  # type: ignore[assignment,return-value]
            assert caller.send("GET", "myself").status_code == 500

    with pytest.raises(ZeroDivisionError):
        broken()


def test_a_state_comes_back_as_it_was_saved(state: JiraState, tmp_path: Path) -> None:
    first, second = add_issues(state, 2)
    state.transition(first, "Done", LI, START, resolution="Done")
    state.add_comment(first, LI, "Note", properties={"planward": {"id": 1}})
    state.link("Blocks", first, second, LI)
    state.add_project("OPS", "Operations")
    state.move_issue(second, "OPS", LI)
    state.delete_issue(state.add_issue("ERP", summary="Gone"))
    state.permit(SERVICE_ACCOUNT, browse=["ERP"])

    again = JiraState.load(state.save(tmp_path / "state.json"))

    assert again.snapshot() == state.snapshot()
    assert again.find(second) == state.find("OPS-1")
    assert again.comments(first) == state.comments(first)
    assert again.add_issue("ERP", summary="Next") == "ERP-4"


def test_the_sandbox_runs_as_a_process_that_can_be_steered(state: JiraState, tmp_path: Path) -> None:
    key = add_issues(state, 1)[0]
    path = state.save(tmp_path / "state.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.jira", "--state", str(path), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        steer = f"{url}/__sandbox__"
        with requests.Session() as session:
            session.auth = (state.service.email, state.service.secret)
            moved = session.post(f"{steer}/transition", json={"key": key, "status": "Done", "author": LI}, timeout=10)
            clock = session.post(f"{steer}/clock", json={"advance": 60}, timeout=10).json()
            session.post(f"{steer}/faults", json={"what": "status", "where": "myself", "code": 503}, timeout=10)
            faulty = [session.get(f"{url}/rest/api/3/myself", timeout=10).status_code for _ in range(2)]
            session.post(f"{url}/rest/api/3/issue/{key}/comment", json={"body": document("Hello")}, timeout=10)
            comments = session.get(f"{steer}/comments", params={"issue": key}, timeout=10).json()
            counts = session.get(f"{steer}/counts", timeout=10).json()
            nonsense = session.post(f"{steer}/transition", json={"key": "ERP-99", "status": "Done"}, timeout=10)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close() if process.stdout else None

    assert moved.ok
    assert clock["now"] == (START + timedelta(minutes=1)).isoformat()
    assert faulty == [503, 200]
    assert [comment["author"]["accountId"] for comment in comments] == [SERVICE_ACCOUNT]
    assert counts == {"issues": 1, "comments": 1, "changes": 1, "mails": 1, "requests": 3}
    assert nonsense.status_code == 400


def test_a_running_clock_goes_on() -> None:
    clock = Clock(START, running=True)

    first, second = clock.now(), clock.now()
    clock.set(START + timedelta(days=1))

    assert START <= first <= second
    assert clock.now() >= START + timedelta(days=1)
