"""The sandbox as a state that is kept and as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests

from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.github.primary import SERVICE_TOKEN
from tests.sandbox.github_calls import ERP, START, Caller, open_issues, site


@pytest.fixture
def state() -> GithubState:
    return site()


def test_node_ids_look_like_githubs_and_hold_their_numbers(state: GithubState) -> None:
    state.add_repository("acme/known", database_id=1300192)
    key = state.open_issue("acme/known", "Plan", database_id=1234567890)

    assert state.repository("acme/known").id == "R_kgDOABPW4A"
    assert state.item(key).id == "I_kwDOABPW4M5JlgLS"


def test_a_state_comes_back_as_it_was_saved(state: GithubState, tmp_path: Path) -> None:
    state.add_milestone(ERP, "Go-live", due_on=date(2026, 7, 1))
    first, second = open_issues(state, 2)
    state.label(first, "bug", "ana")
    comment = state.comment(first, "ana", "Hello")
    state.edit_comment(comment, "Changed")
    pull = state.open_pull_request(ERP, "Work", body="Fixes #1", author="ana", reviewers=["li-wei"])
    state.review(pull, "li-wei", "CHANGES_REQUESTED")
    pending = state.review(pull, "li-wei", "PENDING")
    state.delete_issue(second)
    state.rename_repository(ERP, "erp-next")
    state.delete_user("ana")

    again = GithubState.load(state.save(tmp_path / "state.json"))

    assert again.save(tmp_path / "again.json").read_bytes() == (tmp_path / "state.json").read_bytes()
    assert again.comments[comment] == state.comments[comment]
    for known in (state, again):
        known.submit_review(pending)
    assert again.open_issue("acme/erp-next", "Next") == "acme/erp-next#4"
    with GithubSandbox(state) as one, GithubSandbox(again) as other, Caller(one) as a, Caller(other) as b:
        assert a.send("GET", f"/repos/{ERP}").status_code == b.send("GET", f"/repos/{ERP}").status_code == 301
        assert a.timeline(1) == b.timeline(1) != []


def test_a_bug_of_the_sandbox_is_raised_and_does_not_pass_for_a_fault(state: GithubState) -> None:
    key = state.open_issue(ERP, "Plan")
    state.item(key).labels.append("no such label")

    def ask() -> None:
        with GithubSandbox(state) as github, Caller(github) as caller:
            document = (
                '{ repository(owner: "acme", name: "erp") { issue(number: 1) { labels(first: 1) { totalCount } } } }'
            )
            assert caller.send("POST", "/graphql", {"query": document}).status_code == 500

    with pytest.raises(KeyError):
        ask()


def test_the_sandbox_runs_as_a_process_that_can_be_steered(state: GithubState, tmp_path: Path) -> None:
    key = open_issues(state, 1)[0]
    path = state.save(tmp_path / "state.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.github", "--state", str(path), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        steer = f"{url}/__sandbox__"
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"token {SERVICE_TOKEN}"
            done = session.post(f"{steer}/do", json={"what": "comment", "key": key, "author": "ana", "body": "Hello"})
            clock = session.post(f"{steer}/clock", json={"advance": 60}, timeout=10).json()
            session.post(f"{steer}/faults", json={"what": "status", "where": "/user", "code": 503}, timeout=10)
            faulty = [session.get(f"{url}/user", timeout=10).status_code for _ in range(2)]
            session.post(f"{steer}/manners", json={"page_ceiling": 1}, timeout=10)
            document = '{ repository(owner: "acme", name: "erp") { issues(first: 2) { totalCount } } }'
            slow = session.post(f"{url}/graphql", json={"query": document}, timeout=10)
            comments = session.get(f"{steer}/comments", params={"item": key}, timeout=10).json()
            counts = session.get(f"{steer}/counts", timeout=10).json()
            nonsense = session.post(f"{steer}/do", json={"what": "close", "key": "acme/erp#99"}, timeout=10)
            forbidden = session.post(f"{steer}/do", json={"what": "forget", "item": key}, timeout=10)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close() if process.stdout else None

    assert done.json()["done"] == comments[0]["id"]
    assert clock["now"] == (START + timedelta(minutes=1)).isoformat()
    assert (faulty, slow.status_code) == ([503, 200], 502)
    assert comments[0]["user"]["login"] == "ana"
    assert counts == {"requests": 3, "core_points": 1, "graphql_points": 2}
    assert (nonsense.status_code, forbidden.status_code) == (400, 400)
