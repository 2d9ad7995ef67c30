"""Writing to the stand-in Jira: one comment, sent once, found again, edited quietly."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from config.secret import Secret
from config.sources import JiraSettings
from connectors.jira import client, write
from connectors.jira.write import JiraTarget
from core.errors import AccessDenied, BadAnswer, NotThere, OutcomeUnknown, RateLimited, RemoteError, WriteRefused
from tests.connectors.conftest import grow
from tests.sandbox.jira import JiraSandbox, JiraState, adf
from tests.sandbox.jira.primary import SERVICE_ACCOUNT
from tests.sandbox.jira.sandbox import HOME

Settings = Callable[..., JiraSettings]
MARKER = "01JQXPLANWARD"


def document(text: str, url: str | None = None, marker: str = MARKER) -> dict[str, object]:
    """A comment's body, with the mark in its last paragraph when there is a URL."""
    content: list[dict[str, object]] = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    if url is not None:
        mark = {"type": "link", "attrs": {"href": f"{url}#planward-{marker}"}}
        content.append({"type": "paragraph", "content": [{"type": "text", "text": "Planward", "marks": [mark]}]})
    return {"type": "doc", "version": 1, "content": content}


def writes(jira: JiraSandbox) -> list[str]:
    return [
        r.method for r in jira.requests if r.method == "PUT" or (r.method == "POST" and r.path.endswith("/comment"))
    ]


def test_making_a_target_sends_nothing(jira: JiraSandbox, target: JiraTarget) -> None:
    assert target.requests == len(jira.requests) == 0


def test_a_comment_is_posted_with_its_marker_in_one_request(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)

    written = target.create(key, MARKER, document("On course."))

    assert writes(jira) == ["POST"]
    *_, comment = state.comments(key)
    assert comment.id == written.remote_id
    assert comment.properties == {"planward": {"v": 1, "id": MARKER}}


def test_what_was_posted_is_found_and_read_as_ours(target: JiraTarget, state: JiraState) -> None:
    (key,) = grow(state, 1)

    written = target.create(key, MARKER, document("On course."))
    posted = target.read(key, written.remote_id)

    assert posted is not None
    assert (posted.remote_id, posted.edition) == (written.remote_id, written.edition)
    assert (posted.editor, posted.ours) == (SERVICE_ACCOUNT, True)
    assert target.find(key, [MARKER]) == posted
    assert target.find(key, ["another"]) is None


def test_an_issue_is_the_same_by_every_key_that_it_has_or_had(
    jira: JiraSandbox, settings: Settings, state: JiraState
) -> None:
    key, other = grow(state, 2)
    state.add_project("NEW", "Another project")
    moved = state.move_issue(key, "NEW")

    ids = [JiraTarget("acme-jira", settings(jira)).resolve(name) for name in (key, key.lower(), moved, moved.lower())]

    assert set(ids) == {state.issue(moved).id}
    assert JiraTarget("acme-jira", settings(jira)).resolve(other) != ids[0]


def test_who_resolved_an_issue_does_not_ask_for_it_again_to_write(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    target.resolve(key)

    target.create(key, MARKER, document("On course."))

    assert len([request for request in jira.requests if request.path.endswith(f"/issue/{key}")]) == 1


def test_the_oldest_comment_with_any_of_the_markers_is_found(target: JiraTarget, state: JiraState) -> None:
    (key,) = grow(state, 1)
    first = target.create(key, "former", document("On course."))
    state.clock.advance(timedelta(minutes=1))
    second = target.create(key, MARKER, document("On course."))

    found = [target.find(key, markers) for markers in (["former", MARKER], [MARKER])]

    assert [one.remote_id if one else None for one in found] == [first.remote_id, second.remote_id]


@pytest.mark.parametrize("editor", ["ana", SERVICE_ACCOUNT])
def test_each_edit_makes_another_edition(target: JiraTarget, state: JiraState, editor: str) -> None:
    (key,) = grow(state, 1)
    written = target.create(key, MARKER, document("On course."))
    state.edit_comment(written.remote_id, editor, "I know better.", at=state.clock.advance(timedelta(seconds=2)))

    read = target.read(key, written.remote_id)

    assert read is not None
    assert read.edition not in (None, written.edition)


def test_a_time_that_is_kept_less_exactly_than_told_makes_no_other_edition(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    told = {"id": "5", "created": "2026-03-02T10:00:00.987+0100", "updated": "2026-03-02T10:00:07.987+0100"}
    kept = told | {"updated": "2026-03-02T09:00:07.000+0000", "author": {"accountId": SERVICE_ACCOUNT}}
    jira.faults.add(what="status", where="^POST .*/comment$", code=201, body=told)
    jira.faults.add(what="status", where="^GET .*/comment/5$", code=200, body=kept)

    written, read = target.create(key, MARKER, document("On course.")), target.read(key, "5")

    assert read is not None
    assert written.edition == read.edition == "of 2026-03-02 09:00:07 UTC"


def test_a_comment_whose_time_is_none_is_written_all_the_same(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    jira.faults.add(what="status", where="^POST .*/comment$", code=201, body={"id": "5", "created": "today"})

    assert target.create(key, MARKER, document("On course.")).edition is None


@pytest.mark.parametrize("fault", ["cut_after_apply", "cut_before", "cut_body"])
def test_a_cut_connection_while_posting_is_unknown_and_never_sent_again(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, fault: str
) -> None:
    (key,) = grow(state, 1)
    jira.faults.add(what=fault, where="^POST .*/comment$")
    before = len(state.comments(key))

    with pytest.raises(OutcomeUnknown):
        target.create(key, MARKER, document("On course."))

    assert writes(jira) == ["POST"]
    applied = len(state.comments(key)) - before
    assert applied == (0 if fault == "cut_before" else 1)
    assert (target.find(key, [MARKER]) is not None) == bool(applied)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_server_error_while_posting_is_unknown(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, code: int, applied: bool
) -> None:
    (key,) = grow(state, 1)
    jira.faults.add(what="status", where="^POST .*/comment$", code=code, applied=applied)

    with pytest.raises(OutcomeUnknown):
        target.create(key, MARKER, document("On course."))

    assert writes(jira) == ["POST"]


@pytest.mark.parametrize("fault", ["html_login_200", "json_garbage", "truncated_json", "null_json", "gzip_bomb"])
def test_a_success_that_makes_no_sense_is_unknown(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, fault: str
) -> None:
    (key,) = grow(state, 1)
    jira.faults.add(what=fault, where="^POST .*/comment$")

    with pytest.raises(OutcomeUnknown):
        target.create(key, MARKER, document("On course."))


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, WriteRefused), (401, AccessDenied), (403, WriteRefused), (404, NotThere), (413, WriteRefused)],
)
def test_a_refusal_says_that_nothing_was_applied(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, code: int, error: type[RemoteError]
) -> None:
    (key,) = grow(state, 1)
    body = {"errorMessages": ["No\nway."], "errors": {"comment": "Comment body is not valid!"}}
    jira.faults.add(what="status", where="^POST .*/comment$", code=code, body=body)

    with pytest.raises(error, match=r"No way\. Comment body is not valid!"):
        target.create(key, MARKER, document("On course."))

    assert writes(jira) == ["POST"]


def test_a_limited_write_tells_until_when_and_is_not_tried_again(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    jira.faults.add(what="retry_after", where="^POST .*/comment$", value=2)

    with pytest.raises(RateLimited) as caught:
        target.create(key, MARKER, document("On course."))

    assert writes(jira) == ["POST"]
    assert timedelta(0) < caught.value.not_before - datetime.now(UTC) <= timedelta(seconds=2)


def test_a_body_that_jira_refuses_says_why(target: JiraTarget, state: JiraState) -> None:
    (key,) = grow(state, 1)

    with pytest.raises(WriteRefused, match="INVALID_INPUT"):
        target.create(key, MARKER, {"type": "doc", "version": 1, "content": [{"type": "nonsense"}]})


def test_customers_of_a_service_project_are_never_written_to(
    jira: JiraSandbox, settings: Settings, state: JiraState
) -> None:
    state.add_project("HELP", "Help desk", "service_desk")
    (key,) = grow(state, 1, project="HELP")
    target = JiraTarget("acme-jira", settings(jira))

    with pytest.raises(WriteRefused, match="customer"):
        target.create(key, MARKER, document("On course."))

    assert writes(jira) == []


def test_an_issue_that_is_not_there_is_not_there(jira: JiraSandbox, target: JiraTarget) -> None:
    with pytest.raises(NotThere):
        target.create("ERP-404", MARKER, document("On course."))
    with pytest.raises(NotThere):
        target.find("ERP-404", [MARKER])

    assert writes(jira) == []


def test_a_copy_of_our_mark_by_somebody_else_is_not_ours(
    target: JiraTarget, state: JiraState, jira: JiraSandbox
) -> None:
    (key,) = grow(state, 1)
    state.add_comment(
        key, "ana", document("Quoted", f"{jira.url}/browse/{key}"), properties={"planward": {"v": 1, "id": MARKER}}
    )

    assert target.find(key, [MARKER]) is None


def test_the_link_alone_is_enough_to_find_a_comment_and_the_oldest_of_several_counts(
    target: JiraTarget, state: JiraState, jira: JiraSandbox
) -> None:
    (key,) = grow(state, 1)
    link = f"{jira.url}/browse/{key}"
    state.add_comment(key, SERVICE_ACCOUNT, document("Another topic", link, "other"))
    oldest = state.add_comment(key, SERVICE_ACCOUNT, document("First", link), at=state.clock.advance(timedelta(1)))
    for _ in range(210):
        state.add_comment(key, "bo", "Noise", at=state.clock.advance(timedelta(minutes=1)))
    state.add_comment(key, SERVICE_ACCOUNT, document("Copied", link), at=state.clock.advance(timedelta(1)))

    found = target.find(key, [MARKER])

    assert found is not None
    assert found.remote_id == oldest


def test_a_list_without_properties_is_made_up_for(target: JiraTarget, state: JiraState, jira: JiraSandbox) -> None:
    (key,) = grow(state, 1)
    posted = target.create(key, MARKER, document("No link in here."))
    state.add_comment(key, SERVICE_ACCOUNT, "Written by hand with the same account")
    user = {"accountId": SERVICE_ACCOUNT}
    bare = [
        {"id": c.id, "author": user, "created": "2026-03-02T10:00:00.000+0100", "body": c.body}
        for c in state.comments(key)
        if c.author == SERVICE_ACCOUNT
    ]
    jira.faults.add(what="status", where=f"GET .*{key}/comment", code=200, body={"comments": bare, "total": 2})

    found = target.find(key, [MARKER])

    assert found is not None
    assert found.remote_id == posted.remote_id


def test_an_edit_replaces_the_text_and_mails_nobody(jira: JiraSandbox, settings: Settings, state: JiraState) -> None:
    (key,) = grow(state, 1)
    target = JiraTarget("acme-jira", settings(jira))
    state.permit(SERVICE_ACCOUNT, admin=True)
    posted = target.create(key, MARKER, document("On course."))
    before = target.read(key, posted.remote_id)
    mails = len(state.mails)

    edited = target.edit(key, posted.remote_id, MARKER, document("Late."))

    assert writes(jira) == ["POST", "PUT"]
    assert edited.remote_id == posted.remote_id
    after = target.find(key, [MARKER])
    assert before is not None
    assert after is not None
    assert after.digest != before.digest
    assert len(state.mails) == mails


def test_where_only_administrators_may_be_quiet_the_edit_is_made_aloud(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    posted = target.create(key, MARKER, document("On course."))

    target.edit(key, posted.remote_id, MARKER, document("Late."))

    assert [adf.to_text(comment.body).strip() for comment in state.comments(key)] == ["Started.", "Late."]
    assert writes(jira) == ["POST", "PUT", "PUT"]


def test_an_edit_that_is_forbidden_altogether_is_refused(
    jira: JiraSandbox, target: JiraTarget, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    posted = target.create(key, MARKER, document("On course."))
    jira.faults.add(what="status", where="^PUT", code=403, times=None)

    with pytest.raises(WriteRefused):
        target.edit(key, posted.remote_id, MARKER, document("Late."))


@pytest.mark.parametrize("fault", ["cut_after_apply", "cut_before"])
def test_a_cut_connection_while_editing_is_unknown(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, fault: str
) -> None:
    (key,) = grow(state, 1)
    posted = target.create(key, MARKER, document("On course."))
    jira.faults.add(what=fault, where="^PUT")

    with pytest.raises(OutcomeUnknown):
        target.edit(key, posted.remote_id, MARKER, document("Late."))

    assert writes(jira) == ["POST", "PUT"]


def test_a_comment_that_is_gone_is_none_to_read_and_not_there_to_edit(target: JiraTarget, state: JiraState) -> None:
    (key,) = grow(state, 1)
    posted = target.create(key, MARKER, document("On course."))
    state.delete_comment(posted.remote_id)

    assert target.read(key, posted.remote_id) is None
    assert target.find(key, [MARKER]) is None
    with pytest.raises(NotThere):
        target.edit(key, posted.remote_id, MARKER, document("Late."))


def test_a_persons_edit_shows_in_the_digest_and_the_editor(target: JiraTarget, state: JiraState) -> None:
    (key,) = grow(state, 1)
    written = target.create(key, MARKER, document("On course."))
    posted = target.read(key, written.remote_id)
    state.edit_comment(written.remote_id, "ana", "I know better.")

    read = target.read(key, written.remote_id)

    assert posted is not None
    assert read is not None
    assert read.digest != posted.digest
    assert (read.editor, read.ours) == ("ana", False)


def test_the_token_for_writing_is_used_where_there_is_one(
    jira: JiraSandbox, settings: Settings, state: JiraState, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = grow(state, 1)
    state.permit(SERVICE_ACCOUNT, comment=False)
    state.add_token(SERVICE_ACCOUNT, "may-write")
    monkeypatch.setenv("WRITE_TOKEN", "may-write")
    chosen = settings(jira, write_token=Secret(env="WRITE_TOKEN"))

    written = JiraTarget("acme-jira", chosen).create(key, MARKER, document("On course."))

    assert written.remote_id == state.comments(key)[-1].id


def test_an_issue_is_opened_at_the_site_itself(
    jira: JiraSandbox, target: JiraTarget, state: JiraState, settings: Settings
) -> None:
    assert target.address("ERP-1") == f"{jira.url}/browse/ERP-1"
    assert target.requests == 0

    with JiraSandbox(state, gateway="9f0c2b6e-cloud") as behind:
        by_gateway = JiraTarget("acme-jira", settings(behind))
        found = [by_gateway.address(key) for key in ("ERP-1", "ERP-2")]

    assert found == [f"{HOME}/browse/ERP-1", f"{HOME}/browse/ERP-2"]
    assert by_gateway.requests == 1


def test_an_address_that_is_no_web_address_is_not_shown(state: JiraState, settings: Settings) -> None:
    with JiraSandbox(state, gateway="9f0c2b6e-cloud") as behind:
        behind.faults.add(what="status", where="serverInfo", code=200, body={"baseUrl": "javascript:alert(1)//"})

        with pytest.raises(BadAnswer, match="does not begin with https://"):
            JiraTarget("acme-jira", settings(behind)).address("ERP-1")


def test_no_write_passes_through_a_retry() -> None:
    (write_method,) = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(client)))
        if isinstance(node, ast.FunctionDef) and node.name == "write"
    ]

    used = {node.attr for node in ast.walk(write_method) if isinstance(node, ast.Attribute)}

    assert not used & {"_retry", "call"}
    assert not write_method.decorator_list
    assert "tenacity" not in inspect.getsource(client) + inspect.getsource(write)
