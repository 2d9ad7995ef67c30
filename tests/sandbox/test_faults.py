"""Each fault does what it says to a plain client, and no more often than asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from urllib3.response import BaseHTTPResponse

from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira_calls import START, Caller, add_issues, document, site

COMMENT = "issue/ERP-1/comment"


@pytest.fixture
def state() -> JiraState:
    state = site()
    add_issues(state, 3)
    return state


@pytest.fixture
def jira(state: JiraState) -> Iterator[JiraSandbox]:
    with JiraSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def caller(jira: JiraSandbox) -> Iterator[Caller]:
    with Caller(jira) as client:
        yield client


@pytest.mark.parametrize(("what", "applied"), [("cut_before", 0), ("cut_after_apply", 1)])
def test_a_cut_connection_leaves_the_outcome_to_be_found_out(
    state: JiraState, jira: JiraSandbox, caller: Caller, what: str, applied: int
) -> None:
    jira.faults.add(where=r"^POST .*/comment", what=what)

    with pytest.raises(requests.ConnectionError):
        caller.send("POST", COMMENT, {"body": document("Hello")})

    assert len(state.comments("ERP-1")) == applied
    assert caller.send("POST", COMMENT, {"body": document("Hello")}).status_code == 201


def test_a_body_may_end_before_its_length(state: JiraState, jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(where="comment", what="cut_body", keep=10)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        caller.send("POST", COMMENT, {"body": document("Hello")})

    assert len(state.comments("ERP-1")) == 1


@pytest.mark.parametrize("what", ["json_garbage", "truncated_json", "html_login_200"])
def test_an_answer_that_is_no_json_comes_with_200(jira: JiraSandbox, caller: Caller, what: str) -> None:
    jira.faults.add(where="search", what=what)

    answer = caller.send("POST", "search/jql", {"jql": "project = ERP"})

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_answer_may_be_null(jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(where="myself", what="null_json")

    assert caller.get("myself") is None


def test_a_status_may_come_instead_or_after_the_request_was_applied(
    state: JiraState, jira: JiraSandbox, caller: Caller
) -> None:
    jira.faults.add(where="POST", what="status", code=502, body="<html>bad gateway</html>")
    jira.faults.add(where="POST", what="status", code=504, applied=True, after=1)

    answers = [caller.send("POST", COMMENT, {"body": document("x")}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [502, 504, 201]
    assert answers[0].headers["Content-Type"].startswith("text/html")
    assert len(state.comments("ERP-1")) == 2


def test_a_fault_waits_and_ends_and_can_be_switched_off(jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(where="myself", what="status", code=503, after=1, times=2)
    jira.faults.add(where=lambda request: request.path.endswith("/status"), what="status", code=500, times=None)

    mine = [caller.send("GET", "myself").status_code for _ in range(4)]
    broken = [caller.send("GET", "status").status_code for _ in range(3)]
    jira.faults.clear()

    assert mine == [200, 503, 503, 200]
    assert broken == [500, 500, 500]
    assert caller.send("GET", "status").status_code == 200


@pytest.mark.parametrize(
    ("value", "header"),
    [(300, "300"), (START + timedelta(minutes=5), "Mon, 02 Mar 2026 09:05:00 GMT"), ("soon", "soon")],
)
def test_a_limit_tells_when_to_come_back(jira: JiraSandbox, caller: Caller, value: object, header: str) -> None:
    jira.faults.add(where="search", what="retry_after", value=value, reason="jira-quota-tenant-based")

    answer = caller.send("POST", "search/jql", {"jql": "project = ERP"})

    assert answer.status_code == 429
    assert (answer.headers["Retry-After"], answer.headers["RateLimit-Reason"]) == (header, "jira-quota-tenant-based")


def test_a_stale_token_strikes_only_where_there_is_one(jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(what="stale_token")

    page = caller.page("project = ERP", maxResults=1)
    body = {"jql": "project = ERP", "maxResults": 1, "nextPageToken": page["nextPageToken"]}
    answers = [caller.send("POST", "search/jql", body).status_code for _ in range(2)]

    assert answers == [400, 200]


def test_a_bomb_is_small_on_the_wire_and_large_when_unpacked(jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(where="field", what="gzip_bomb", megabytes=20)

    answer = caller.session.get(f"{caller.url}/field", stream=True, timeout=10)
    raw: BaseHTTPResponse = answer.raw
    packed = raw.read(decode_content=False)

    assert len(packed) < 1 << 16
    assert answer.headers["Content-Encoding"] == "gzip"


def test_delays_and_drips_take_their_time(state: JiraState, jira: JiraSandbox, caller: Caller) -> None:
    jira.faults.add(where="POST", what="delay", seconds=0.3)
    jira.faults.add(where="comment/.*/properties", what="slow_drip", seconds=0.01)
    begun = time.monotonic()

    made = caller.post(COMMENT, {"body": document("Hello")})
    delayed = time.monotonic() - begun
    keys = caller.get(f"comment/{made['id']}/properties")

    assert delayed >= 0.3
    assert keys == {"keys": []}
    assert time.monotonic() - begun >= 0.4


def test_a_wrong_fault_is_a_mistake_of_the_test(jira: JiraSandbox) -> None:
    with pytest.raises(ValueError, match="no fault"):
        jira.faults.add(what="earthquake")
    with pytest.raises(ValueError, match="does not know"):
        jira.faults.add(what="cut_before", seconds=1)
