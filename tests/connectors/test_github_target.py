"""Writing to the stand-in GitHub: a comment or a dashboard issue, sent once, found again, edited quietly."""

from __future__ import annotations

import ast
import inspect
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.secret import Secret
from connectors.github import client, dashboard, desk, write
from connectors.github.dashboard import GithubDashboard, title_of
from connectors.github.places import GithubPlaces
from connectors.github.write import GithubTarget
from core.document import markdown
from core.document.nodes import Document, Paragraph, Text
from core.errors import AccessDenied, NotThere, OutcomeUnknown, RateLimited, RemoteError, WriteRefused
from tests.connectors.github_site import PLANTED, REPOSITORY, US, grow, new_dashboard, new_target, settings_for
from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.server import Answer, Request

MARKER = "01jqxplanward"
LINE = f"<!-- planward:{MARKER} -->"
MINUTE = timedelta(minutes=1)
Place = GithubTarget | GithubDashboard


@pytest.fixture
def target(github: GithubSandbox) -> Iterator[GithubTarget]:
    """The repository's issues, to be commented on."""
    made = new_target(github)
    yield made
    made.close()


@pytest.fixture
def board(github: GithubSandbox) -> Iterator[GithubDashboard]:
    """The repository, to keep an issue of ours in."""
    made = new_dashboard(github)
    yield made
    made.close()


@pytest.fixture(params=["comment", "dashboard"])
def place(request: pytest.FixtureRequest, target: GithubTarget, board: GithubDashboard) -> Place:
    """Either of them."""
    return target if request.param == "comment" else board


def at(place: Place, state: GithubState) -> str:
    """What is written to."""
    if isinstance(place, GithubDashboard):
        return REPOSITORY
    (key,) = grow(state, 1)
    return key


def writes(github: GithubSandbox) -> list[str]:
    return [r.method for r in github.requests if r.method != "GET" and not r.path.endswith("/graphql")]


def texts(state: GithubState) -> list[str]:
    """The texts of all issues and comments that carry a marker of ours."""
    found = [comment.body for comment in state.comments.values()] + [item.body for item in state.items.values()]
    return [text for text in found if text.startswith("<!-- planward:")]


def test_making_a_target_sends_nothing(github: GithubSandbox, target: GithubTarget, board: GithubDashboard) -> None:
    assert target.requests == board.requests == len(github.requests) == 0


def test_a_text_is_posted_with_its_marker_in_the_first_line_in_one_request(
    github: GithubSandbox, place: Place, github_state: GithubState
) -> None:
    place.create(at(place, github_state), MARKER, "# ERP upgrade\n\nOn course.\n")

    assert writes(github) == ["POST"]
    assert [text.splitlines()[0] for text in texts(github_state)] == [LINE]


def test_what_was_posted_is_found_and_read_with_the_same_digest_and_edition(
    place: Place, github_state: GithubState
) -> None:
    where = at(place, github_state)

    written = place.create(where, MARKER, "On course.\n")

    found = place.find(where, [MARKER])
    assert found is not None
    assert place.read(where, written.remote_id) == found
    assert (found.remote_id, found.edition, found.editor, found.ours) == (written.remote_id, written.edition, US, True)
    assert place.find(where, ["another"]) is None


def test_an_edit_replaces_the_text_and_says_which_edition_it_is(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    written = place.create(where, MARKER, "On course.\n")
    before = place.find(where, [MARKER])
    github_state.clock.advance(MINUTE)

    place.edit(where, written.remote_id, MARKER, "Late.\n")

    after = place.find(where, [MARKER])
    assert before is not None
    assert after is not None
    assert texts(github_state) == [f"{LINE}\nLate.\n"]
    assert (after.remote_id, after.ours) == (before.remote_id, True)
    assert (after.digest != before.digest, after.edition != before.edition) == (True, True)


def test_a_persons_edit_of_our_text_shows(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    written = place.create(where, MARKER, "On course.\n")
    github_state.clock.advance(MINUTE)
    body = f"{LINE}\nNot at all.\n"
    if isinstance(place, GithubTarget):
        github_state.edit_comment(int(written.remote_id), body, "ana")
    else:
        github_state.edit_body(f"{REPOSITORY}#{written.remote_id}", body, "ana")

    found = place.read(where, written.remote_id)

    assert found is not None
    assert (found.editor, found.ours) == ("ana", False)


def test_a_copy_of_our_mark_by_somebody_else_is_not_ours(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    if isinstance(place, GithubTarget):
        github_state.comment(where, "ana", f"{LINE}\nQuoted")
    else:
        github_state.open_issue(REPOSITORY, "Mine", author="ana", body=f"{LINE}\nQuoted")

    assert place.find(where, [MARKER]) is None


def test_the_oldest_of_several_counts(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    first = place.create(where, MARKER, "First.\n")
    github_state.clock.advance(MINUTE)
    place.create(where, MARKER, "Second.\n")

    found = place.find(where, [MARKER])

    assert found is not None
    assert found.remote_id == first.remote_id


def test_it_is_found_behind_a_hundred_others(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    for number in range(130):
        if isinstance(place, GithubTarget):
            github_state.comment(where, US, f"Comment {number}")
        else:
            github_state.open_issue(REPOSITORY, f"Issue {number}", author=US)
    written = place.create(where, MARKER, "Last.\n")

    found = place.find(where, [MARKER])

    assert found is not None
    assert found.remote_id == written.remote_id


@pytest.mark.parametrize("fault", ["cut_after_apply", "cut_before", "cut_body"])
def test_a_cut_connection_while_posting_is_unknown_and_never_sent_again(
    github: GithubSandbox, place: Place, github_state: GithubState, fault: str
) -> None:
    where = at(place, github_state)
    place.identify()
    github.faults.add(what=fault, where="^POST .*(comments|issues)$")

    with pytest.raises(OutcomeUnknown):
        place.create(where, MARKER, "On course.\n")

    assert writes(github) == ["POST"]
    assert len(texts(github_state)) == (0 if fault == "cut_before" else 1)
    assert (place.find(where, [MARKER]) is not None) == bool(texts(github_state))


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_server_error_while_posting_is_unknown(
    github: GithubSandbox, place: Place, github_state: GithubState, code: int, applied: bool
) -> None:
    where = at(place, github_state)
    github.faults.add(what="status", where="^POST .*(comments|issues)$", code=code, applied=applied)

    with pytest.raises(OutcomeUnknown):
        place.create(where, MARKER, "On course.\n")

    assert writes(github) == ["POST"]


@pytest.mark.parametrize("fault", ["html_login_200", "json_garbage", "truncated_json", "null_json", "gzip_bomb"])
def test_a_success_that_makes_no_sense_is_unknown(
    github: GithubSandbox, place: Place, github_state: GithubState, fault: str
) -> None:
    where = at(place, github_state)
    github.faults.add(what=fault, where="^POST .*(comments|issues)$")

    with pytest.raises(OutcomeUnknown):
        place.create(where, MARKER, "On course.\n")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (301, WriteRefused),
        (400, WriteRefused),
        (401, AccessDenied),
        (403, WriteRefused),
        (404, NotThere),
        (410, NotThere),
        (422, WriteRefused),
    ],
)
def test_a_refusal_says_that_nothing_was_applied(
    github: GithubSandbox, place: Place, github_state: GithubState, code: int, error: type[RemoteError]
) -> None:
    where = at(place, github_state)
    body = {"message": "Validation\nFailed", "errors": [{"message": "Body is too long.", "field": "body"}, "No way."]}
    headers = {"Location": f"{github.url}/repositories/1/issues"}
    github.faults.add(what="status", where="^POST .*(comments|issues)$", code=code, body=body, headers=headers)

    said = "another address" if code == 301 else r"Validation Failed Body is too long\. No way\."
    with pytest.raises(error, match=said):
        place.create(where, MARKER, "On course.\n")

    assert writes(github) == ["POST"]


def test_a_limited_write_tells_until_when_and_is_not_tried_again(
    github: GithubSandbox, place: Place, github_state: GithubState
) -> None:
    where = at(place, github_state)
    github.hold_back("^POST .*(comments|issues)$", retry_after=7)

    with pytest.raises(RateLimited) as caught:
        place.create(where, MARKER, "On course.\n")

    assert writes(github) == ["POST"]
    assert timedelta(0) < caught.value.not_before - datetime.now(UTC) <= timedelta(seconds=7)


def test_a_locked_conversation_and_an_archived_repository_refuse(
    target: GithubTarget, board: GithubDashboard, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1)
    github_state.permit(US, PLANTED, collaborator=False)
    github_state.lock_conversation(key)
    with pytest.raises(WriteRefused):
        target.create(key, MARKER, "On course.\n")
    github_state.archive_repository(REPOSITORY)
    with pytest.raises(WriteRefused):
        board.create(REPOSITORY, MARKER, "On course.\n")

    assert texts(github_state) == []


def test_what_is_gone_is_gone_and_what_is_hidden_is_not_there(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    written = place.create(where, MARKER, "On course.\n")
    if isinstance(place, GithubTarget):
        github_state.delete_comment(int(written.remote_id))
    else:
        github_state.delete_issue(f"{REPOSITORY}#{written.remote_id}")

    assert place.read(where, written.remote_id) is None
    assert place.find(where, [MARKER]) is None
    with pytest.raises(NotThere):
        place.edit(where, written.remote_id, MARKER, "Late.\n")
    for nowhere in ("acme/nope#1" if isinstance(place, GithubTarget) else "acme/nope", "nonsense#"):
        with pytest.raises(NotThere):
            place.find(nowhere, [MARKER])


def test_a_renamed_repository_is_refused_and_not_followed(
    github: GithubSandbox, place: Place, github_state: GithubState
) -> None:
    where = at(place, github_state)
    github_state.rename_repository(REPOSITORY, "acme/finance")

    with pytest.raises(WriteRefused, match="another address") as caught:
        place.create(where, MARKER, "On course.\n")

    assert "new name" in caught.value.advice
    assert texts(github_state) == []


def test_a_text_that_is_too_long_is_refused_before_it_is_sent(
    github: GithubSandbox, place: Place, github_state: GithubState
) -> None:
    where = at(place, github_state)

    with pytest.raises(WriteRefused, match="65536"):
        place.create(where, MARKER, "x" * 65_536)

    assert writes(github) == []


def test_the_longest_document_is_taken(place: Place, github_state: GithubState) -> None:
    where = at(place, github_state)
    document = Document(tuple(Paragraph((Text("word " * 2000),)) for _ in range(20)))

    place.create(where, MARKER, markdown.render(document))

    assert len(texts(github_state)) == 1


def test_a_comment_that_went_elsewhere_is_not_taken_for_ours(
    github: GithubSandbox, target: GithubTarget, github_state: GithubState
) -> None:
    one, two = grow(github_state, 2)
    posted = {"id": 5, "node_id": "IC_5", "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z"}
    posted["issue_url"] = f"{github.url}/repos/{two.replace('#', '/issues/')}"
    github.faults.add(what="status", where="^POST .*comments$", code=201, body=posted)

    with pytest.raises(OutcomeUnknown, match="elsewhere"):
        target.create(one, MARKER, "On course.\n")


def test_eight_threads_never_send_anothers_text(
    github: GithubSandbox, target: GithubTarget, github_state: GithubState
) -> None:
    interval = sys.getswitchinterval()
    keys = grow(github_state, 8, pulls=1000)
    github.limits.a_minute = github.limits.an_hour = None
    target.identify()

    def post(key: str) -> None:
        for number in range(25):
            target.create(key, f"{MARKER}{number}", f"For {key}.\n")

    threads = [threading.Thread(target=post, args=(key,)) for key in keys]
    sys.setswitchinterval(1e-6)  # so that a race is run, not hoped for
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    for key in keys:
        ours = [comment.body for comment in github_state.item(key).comments if comment.body.startswith("<!--")]
        assert len(ours) == 25
        assert all(f"For {key}." in body for body in ours)


def test_writes_are_a_second_apart_whoever_sends_them(
    target: GithubTarget, board: GithubDashboard, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = grow(github_state, 1)
    target.identify()
    board.identify()
    monkeypatch.setattr(client, "BETWEEN_WRITES", 0.3)
    begun = time.monotonic()

    target.create(key, MARKER, "One.\n")
    board.create(REPOSITORY, MARKER, "Two.\n")
    target.create(key, "other", "Three.\n")

    assert time.monotonic() - begun >= 0.6


def test_a_dashboard_is_named_by_its_first_heading_and_keeps_the_title_that_people_give_it(
    board: GithubDashboard, github_state: GithubState
) -> None:
    written = board.create(REPOSITORY, MARKER, "## ERP \\[upgrade\\] &amp; more\n\nOn course.\n")
    key = f"{REPOSITORY}#{written.remote_id}"
    title = github_state.item(key).title
    github_state.rename(key, "Our board", "ana")

    board.edit(REPOSITORY, written.remote_id, MARKER, "## ERP upgrade\n\nLate.\n")

    assert (title, github_state.item(key).title) == ("ERP [upgrade] & more", "Our board")
    assert title_of("No heading\n") == "Planward"


def test_addresses_are_those_that_people_open(github: GithubSandbox) -> None:
    def addressed(url: str) -> tuple[str, str]:
        more: dict[str, Any] = {"url": url}
        return (
            new_target(github, **more).address("acme/erp#12"),
            new_dashboard(github, **more).address("acme/erp"),
        )

    assert addressed("https://api.github.com") == (
        "https://github.com/acme/erp/issues/12",
        "https://github.com/acme/erp",
    )
    assert addressed("https://git.acme.example/api/v3")[1] == "https://git.acme.example/acme/erp"
    assert addressed("https://api.acme.ghe.com")[1] == "https://acme.ghe.com/acme/erp"


def test_a_token_for_writing_is_used_where_there_is_one(
    github: GithubSandbox, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    github_state.permit("bo", "for-writing")
    monkeypatch.setenv("WRITE_TOKEN", "for-writing")

    identity = new_target(github, write_token=Secret(env="WRITE_TOKEN")).identify()

    assert identity.account_id == "bo"


def test_no_write_path_tries_again() -> None:
    for module in (write, dashboard, desk):
        assert "retry.call" not in inspect.getsource(module)
    tree = ast.parse(inspect.getsource(client))
    method = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "write")
    called = {n.func.attr for n in ast.walk(method) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    assert called & {"call", "_try", "_get"} == set()
    assert "_send" in called


def test_a_place_with_a_number_takes_a_comment_and_one_without_an_issue(
    github: GithubSandbox, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1)
    places = GithubPlaces("acme-github", settings_for(github))

    comment = places.create(key, MARKER, "On course.\n")
    issue = places.create(REPOSITORY, MARKER, "# ERP upgrade\n\nOn course.\n")

    assert [found.remote_id for where in (key, REPOSITORY) if (found := places.find(where, [MARKER]))] == [
        comment.remote_id,
        issue.remote_id,
    ]
    assert places.read(REPOSITORY, issue.remote_id) == places.find(REPOSITORY, [MARKER])
    places.edit(REPOSITORY, issue.remote_id, MARKER, "Late.\n")
    assert sorted(text.splitlines()[1] for text in texts(github_state)) == ["Late.", "On course."]
    assert places.address(key).endswith("/1")
    assert writes(github) == ["POST", "POST", "PATCH"]
    assert places.requests == len(github.requests)
    places.close()


@pytest.mark.parametrize("ours", [100, 150, 199])
def test_what_is_deleted_while_we_look_hides_nothing_of_ours(
    github: GithubSandbox, place: Place, github_state: GithubState, monkeypatch: pytest.MonkeyPatch, ours: int
) -> None:
    where = at(place, github_state)
    made: list[Any] = []

    def make() -> None:
        if isinstance(place, GithubTarget):
            made.append(github_state.comment(where, US, "By hand"))
        else:
            made.append(github_state.open_issue(REPOSITORY, "By hand", author=US))

    while len(made) < ours:
        make()
    written = place.create(where, MARKER, "On course.\n")
    while len(made) < 230:
        make()
    sound, number = github.server.app, 0

    def deleting(request: Request) -> Answer:
        nonlocal number
        answer = sound(request)
        if request.method == "GET" and request.path.endswith(("/comments", "/issues")):
            for gone in made[number : number + 10]:
                if isinstance(place, GithubTarget):
                    github_state.delete_comment(gone, "ana")
                else:
                    github_state.delete_issue(gone)
            number += 10
        return answer

    monkeypatch.setattr(github.server, "app", deleting)

    found = place.find(where, [MARKER])

    assert found is not None
    assert found.remote_id == written.remote_id


def test_an_issue_that_went_to_another_repository_is_not_taken_for_the_one_that_was_meant(
    github: GithubSandbox, board: GithubDashboard, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = github.server.app

    def elsewhere(request: Request) -> Answer:
        answer = sound(request)
        if request.method == "POST" and request.path.endswith("/issues"):
            answer.body = answer.body.replace(b'/repos/acme/erp"', b'/repos/acme/public"')
        return answer

    monkeypatch.setattr(github.server, "app", elsewhere)

    with pytest.raises(OutcomeUnknown, match="elsewhere than to acme/erp"):
        board.create(REPOSITORY, MARKER, "On course.\n")

    assert writes(github) == ["POST"]
