"""The sandbox's comments: rich text or nothing, properties set with them, mail, permissions and limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT
from tests.sandbox.jira_calls import LI, START, Caller, add_issues, document, site


@pytest.fixture
def state() -> JiraState:
    state = site()
    add_issues(state, 1)
    return state


@pytest.fixture
def caller(state: JiraState) -> Iterator[Caller]:
    with JiraSandbox(state, comment_limit=150, writes=None) as jira, Caller(jira) as client:
        yield client


def with_text(**text: Any) -> dict[str, Any]:
    """A body with one text node."""
    content = [{"type": "paragraph", "content": [{"type": "text", **text}]}]
    return {"type": "doc", "version": 1, "content": content}


def test_properties_are_set_with_the_comment_and_not_told_back(caller: Caller) -> None:
    mark = {"key": "planward", "value": {"id": "01"}}

    made = caller.post("issue/ERP-1/comment", {"body": document("Hello"), "properties": [mark]})
    plain = caller.get("issue/ERP-1/comment")["comments"][0]
    expanded = caller.get("issue/ERP-1/comment", expand="properties")["comments"][0]
    single = caller.get(f"comment/{made['id']}/properties/planward")

    assert "properties" not in made
    assert "properties" not in plain
    assert expanded["properties"] == [single] == [mark]
    assert caller.send("GET", f"comment/{made['id']}/properties/other").status_code == 404


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ("Hello", {"comment": "Comment body is not valid!"}),
        (None, {"comment": "Comment body is not valid!"}),
        (with_text(text=""), {"comment": "INVALID_INPUT"}),
        (with_text(text="two\nlines"), {"comment": "INVALID_INPUT"}),
        ({"type": "doc", "version": 1, "content": [{"type": "mystery"}]}, {"comment": "INVALID_INPUT"}),
        ({"type": "doc", "version": 2, "content": []}, {"comment": "INVALID_INPUT"}),
        (
            document("x" * 32_800),
            {"comment": "The entered text is too long. It exceeds the allowed limit of 32,767 characters."},
        ),
        (document(" "), {"comment": "Comment body can not be empty!"}),
    ],
)
def test_a_body_that_jira_refuses_is_refused_and_nothing_is_applied(
    state: JiraState, caller: Caller, body: Any, errors: dict[str, str]
) -> None:
    answer = caller.send("POST", "issue/ERP-1/comment", {"body": body})

    assert answer.status_code == 400
    assert answer.json()["errors"] == errors
    assert state.comments("ERP-1") == ()
    assert state.mails == []


def test_a_new_comment_always_notifies_and_only_an_administrator_may_edit_silently(
    state: JiraState, caller: Caller
) -> None:
    made = caller.post("issue/ERP-1/comment?notifyUsers=false", {"body": document("Hello")})
    address = f"issue/ERP-1/comment/{made['id']}"

    refused = caller.send("PUT", f"{address}?notifyUsers=false", {"body": document("Silent")})
    caller.send("PUT", address, {"body": document("Loud")})
    state.permit(SERVICE_ACCOUNT, admin=True)
    silent = caller.send("PUT", f"{address}?notifyUsers=false", {"body": document("Silent")})

    assert (refused.status_code, silent.status_code) == (403, 200)
    assert [mail.kind for mail in state.mails] == ["commented", "comment edited"]


def test_an_edited_comment_stays_its_authors_and_names_the_editor(state: JiraState, caller: Caller) -> None:
    made = caller.post(
        "issue/ERP-1/comment", {"body": document("Hello"), "visibility": {"type": "role", "value": "Developers"}}
    )
    state.clock.advance(timedelta(minutes=1))
    state.edit_comment(made["id"], LI, "Changed by a person")

    shown = caller.get(f"issue/ERP-1/comment/{made['id']}")

    assert shown["author"]["accountId"] == SERVICE_ACCOUNT
    assert shown["updateAuthor"]["accountId"] == LI
    assert shown["updated"] > shown["created"] == made["created"]
    assert "visibility" in made
    assert "visibility" not in shown  # not sent again, dropped


def test_others_comments_are_not_ours_to_edit_or_delete(state: JiraState, caller: Caller) -> None:
    theirs = state.add_comment("ERP-1", LI, "Mine")
    address = f"issue/ERP-1/comment/{theirs}"

    answers = [caller.send("PUT", address, {"body": document("Ours")}), caller.send("DELETE", address)]
    state.permit(SERVICE_ACCOUNT, edit_all=True, delete_all=True)
    allowed = [caller.send("PUT", address, {"body": document("Ours")}), caller.send("DELETE", address)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.status_code for answer in allowed] == [200, 204]
    assert caller.send("GET", address).status_code == 404


def test_comments_are_paged_with_their_number_and_may_come_newest_first(state: JiraState, caller: Caller) -> None:
    ids = [state.add_comment("ERP-1", LI, f"Note {n}", START - timedelta(minutes=200 - n)) for n in range(130)]

    first = caller.get("issue/ERP-1/comment", maxResults=5000)
    second = caller.get("issue/ERP-1/comment", startAt=100)
    newest = caller.get("issue/ERP-1/comment", orderBy="-created", maxResults=1)

    assert (first["total"], first["maxResults"], len(first["comments"])) == (130, 100, 100)
    assert [comment["id"] for comment in first["comments"] + second["comments"]] == ids
    assert newest["comments"][0]["id"] == ids[-1]
    assert caller.send("GET", "issue/ERP-1/comment", orderBy="updated").status_code == 400


def test_a_full_issue_takes_edits_but_no_new_comment(state: JiraState, caller: Caller) -> None:
    ours = state.add_comment("ERP-1", SERVICE_ACCOUNT, "First")
    for n in range(149):
        state.add_comment("ERP-1", LI, f"Note {n}")

    refused = caller.send("POST", "issue/ERP-1/comment", {"body": document("One more")})
    edited = caller.send("PUT", f"issue/ERP-1/comment/{ours}", {"body": document("Edited")})

    assert (refused.status_code, edited.status_code) == (413, 200)


def test_without_the_permission_nothing_is_written(state: JiraState, caller: Caller) -> None:
    state.permit(SERVICE_ACCOUNT, comment=False, edit_own=False)
    ours = state.add_comment("ERP-1", SERVICE_ACCOUNT, "Before")

    answers = [
        caller.send("POST", "issue/ERP-1/comment", {"body": document("x")}),
        caller.send("PUT", f"issue/ERP-1/comment/{ours}", {"body": document("x")}),
        caller.send("PUT", f"comment/{ours}/properties/planward", {"id": 1}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 403]


def test_on_a_service_desk_a_comment_is_the_customers_unless_it_says_otherwise(
    state: JiraState, caller: Caller
) -> None:
    state.add_project("HELP", "Help desk", "service_desk")
    add_issues(state, 1, "HELP")
    internal = {"key": "sd.public.comment", "value": {"internal": True}}

    public = caller.post("issue/HELP-1/comment", {"body": document("Hello")})
    private = caller.post("issue/HELP-1/comment", {"body": document("Hello"), "properties": [internal]})

    assert (public["jsdPublic"], private["jsdPublic"]) == (True, False)
    assert [mail.comment_id for mail in state.mails if mail.kind == "customer told"] == [public["id"]]
    assert caller.get("project/HELP")["projectTypeKey"] == "service_desk"


def test_a_property_may_be_set_later(state: JiraState, caller: Caller) -> None:
    ours = state.add_comment("ERP-1", SERVICE_ACCOUNT, "First")
    address = f"comment/{ours}/properties/planward"

    answers = [caller.send("PUT", address, {"id": n}).status_code for n in (1, 2)]

    assert answers == [201, 200]
    assert caller.get(address) == {"key": "planward", "value": {"id": 2}}
    assert [key["key"] for key in caller.get(f"comment/{ours}/properties")["keys"]] == ["planward"]
