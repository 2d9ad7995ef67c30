"""Reading the stand-in Jira: the promises of every source, and what is Jira's own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import cast

import pytest

from config.secret import Secret
from config.sources import JiraSettings
from connectors.jira import fetch, walk
from connectors.jira.client import JiraClient, Told
from connectors.jira.fetch import JiraSource
from connectors.jira.map import Reader
from connectors.jira.payloads import CommentPage, CommentPayload, Issue
from connectors.jira.questions import comments
from connectors.transport import ReadRetry
from core.errors import AccessDenied, BadAnswer, NotThere, PlanwardError, RateLimited, SourceUnavailable
from core.model import Category, Cursor, Provenance, WorkItem
from tests.connectors.conftest import PLANTED, START, grow
from tests.connectors.contract import Mirror, SourceContract, updates
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT

Settings = Callable[..., JiraSettings]
MINUTE = timedelta(minutes=1)


def truth(jira: JiraSandbox) -> dict[str, datetime]:
    held = (record.issue for record in jira.state.records.values())
    return {i.id: datetime.fromtimestamp(i.updated / 1000, UTC) for i in held if i is not None}


class JiraWorld:
    """The sandbox as the contract wants it."""

    def __init__(self, jira: JiraSandbox, settings: JiraSettings, wrong: JiraSettings) -> None:
        self.jira = jira
        self.settings = settings
        self.wrong = wrong
        self.opened: list[JiraSource] = []

    def open(self) -> JiraSource:
        self.opened.append(JiraSource("acme-jira", self.settings, retry=ReadRetry(first_pause=0.01)))
        return self.opened[-1]

    def open_with_wrong_credentials(self) -> JiraSource:
        self.opened.append(JiraSource("acme-jira", self.wrong, retry=ReadRetry(first_pause=0.01)))
        return self.opened[-1]

    def grow(self, count: int) -> None:
        grow(self.jira.state, count)

    def touch(self, number: int) -> None:
        self.jira.clock.advance(MINUTE)
        key = list(self.jira.state.ids_by_key)[number]
        self.jira.state.edit(key, author="bo", summary=f"Touched at {self.jira.clock.now()}")

    def truth(self) -> Mapping[str, datetime]:
        return truth(self.jira)

    def sent(self) -> int:
        return len(self.jira.requests)


class TestJiraAsASource(SourceContract):
    @pytest.fixture
    def world(self, state: JiraState, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraWorld]:
        monkeypatch.setattr(fetch, "PAGES_AT_ONCE", 1)
        monkeypatch.setenv("WRONG_TOKEN", "wrong")
        with JiraSandbox(state, page_limit=10, ragged=True) as jira:
            world = JiraWorld(jira, settings(jira), settings(jira, token=Secret(env="WRONG_TOKEN")))
            yield world
            for source in world.opened:
                source.close()


# --- what there is to be read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{"projects": ("EPR",)}, {"jql": "project = EPR"}], ids=str)
def test_a_project_that_is_not_there_is_refused_with_jiras_reason_before_it_is_read(
    jira: JiraSandbox, settings: Settings, asked: dict[str, object]
) -> None:
    source = JiraSource("acme-jira", settings(jira, **asked), retry=ReadRetry(first_pause=0.01))

    with pytest.raises(BadAnswer, match="EPR"):
        source.holds()
    source.close()


# --- what lags, drifts and ends early ---------------------------------------------------------------------------


def test_an_issue_that_the_index_shows_three_polls_late_arrives(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    keys = grow(state, 5)
    mirror = Mirror()
    mirror.pull(source)
    state.stall_indexing(keys[1], jira.clock.now() + timedelta(minutes=17))
    jira.clock.advance(MINUTE)
    state.edit(keys[1], author="bo", summary="Late")

    for _ in range(3):
        jira.clock.advance(timedelta(minutes=5))
        state.edit(keys[2], author="bo", summary=f"At {jira.clock.now()}")
        mirror.pull(source)
    assert updates(mirror) != truth(jira)
    jira.clock.advance(timedelta(minutes=5))
    mirror.pull(source)

    assert updates(mirror) == truth(jira)


def test_a_wide_reading_finds_what_was_indexed_half_a_day_late(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    keys = grow(state, 5)
    mirror = Mirror()
    mirror.pull(source)
    state.stall_indexing(keys[1], jira.clock.now() + timedelta(hours=12))
    jira.clock.advance(MINUTE)
    state.edit(keys[1], author="bo", summary="Late")
    for _ in range(3):
        jira.clock.advance(timedelta(hours=4, minutes=1))
        mirror.pull(source)
    assert updates(mirror) != truth(jira)

    mirror.pull(source, wide=True)

    assert updates(mirror) == truth(jira)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "UTC"])
def test_the_zone_of_our_profile_shifts_nothing(
    jira: JiraSandbox, source: JiraSource, state: JiraState, zone: str
) -> None:
    keys = grow(state, 5)
    state.set_zone(SERVICE_ACCOUNT, zone)
    mirror = Mirror()
    mirror.pull(source)
    jira.clock.advance(timedelta(hours=1))
    state.edit(keys[0], author="bo", summary="An hour later")

    mirror.pull(source)

    assert updates(mirror) == truth(jira)
    assert {s.item.created_at for s in mirror.snapshots.values()} == {
        START + n * timedelta(minutes=7) for n in range(5)
    }


def test_two_updates_five_seconds_apart_with_a_poll_between_both_arrive(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    keys = grow(state, 2)
    mirror = Mirror()
    mirror.pull(source)
    state.edit(keys[0], author="bo", summary="First")
    mirror.pull(source)
    jira.clock.advance(timedelta(seconds=5))
    state.edit(keys[0], author="bo", summary="Second")

    mirror.pull(source)

    assert mirror.snapshots[state.issue(keys[0]).id].item.title == "Second"


def test_the_cursor_goes_by_the_clock_of_the_server(jira: JiraSandbox, source: JiraSource, state: JiraState) -> None:
    grow(state, 1)

    pages = Mirror().pull(source)

    begun = jira.clock.now().replace(microsecond=0) - timedelta(minutes=15)
    assert json.loads(pages[-1].cursor.token)["since"] == begun.timestamp() * 1000


def test_a_history_of_120_entries_comes_whole(source: JiraSource, state: JiraState) -> None:
    (key,) = grow(state, 1)
    for number in range(119):
        state.edit(key, author="bo", at=state.clock.advance(MINUTE), summary=f"Version {number}")
    mirror = Mirror()

    mirror.pull(source)

    (snapshot,) = mirror.snapshots.values()
    assert snapshot.changes is not None
    assert len(snapshot.changes) == 120
    assert list(snapshot.changes) == sorted(snapshot.changes, key=lambda change: change.changed_at)
    assert snapshot.history_whole


@pytest.mark.parametrize("times", ["milliseconds", "seconds", "iso"])
def test_histories_split_over_pages_are_put_together(
    state: JiraState, settings: Settings, monkeypatch: pytest.MonkeyPatch, times: str
) -> None:
    keys = grow(state, 3)
    for number in range(30):
        state.edit(keys[number % 3], author="bo", at=state.clock.advance(MINUTE), summary=f"Version {number}")
    monkeypatch.setattr("connectors.jira.histories.ENTRIES_AT_ONCE", 7)
    mirror = Mirror()

    with JiraSandbox(state, history_times=times) as jira:
        mirror.pull(JiraSource("acme-jira", settings(jira)))

    assert [len(s.changes or ()) for s in mirror.snapshots.values()] == [11, 11, 11]
    (first, *_), *_ = (s.changes for s in mirror.snapshots.values() if s.changes)
    assert first.changed_at == START + MINUTE


@pytest.mark.parametrize("code", [403, 404])
def test_without_bulk_histories_they_are_read_one_by_one(
    jira: JiraSandbox, source: JiraSource, state: JiraState, code: int
) -> None:
    (key, _) = grow(state, 2)
    for number in range(150):
        state.edit(key, author="bo", at=state.clock.advance(MINUTE), summary=f"Version {number}")
    jira.faults.add(what="status", where="changelog/bulkfetch", code=code, times=None)
    mirror = Mirror()

    mirror.pull(source)
    mirror.pull(source, wide=True)

    assert [len(s.changes or ()) for s in mirror.snapshots.values()] == [151, 1]
    assert len([request for request in jira.requests if "bulkfetch" in request.path]) == 1


def test_comments_that_the_search_cut_are_read_in_full(source: JiraSource, state: JiraState) -> None:
    (key,) = grow(state, 1)
    for number in range(140):
        state.add_comment(key, "bo", f"Comment {number}", at=state.clock.advance(MINUTE))
    mirror = Mirror()

    mirror.pull(source)

    (snapshot,) = mirror.snapshots.values()
    assert len(snapshot.comments or ()) == 141


def test_comments_of_ours_are_left_out_and_those_that_copy_our_mark_are_not(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    (key,) = grow(state, 1)
    link = {"type": "link", "attrs": {"href": f"{jira.url}/browse/{key}#planward-01J"}}
    text = {"type": "text", "text": "Planward", "marks": [link]}
    body = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
    state.add_comment(key, SERVICE_ACCOUNT, body)
    state.add_comment(key, SERVICE_ACCOUNT, "Written by hand with the same account")
    state.add_comment(key, "ana", body)
    mirror = Mirror()

    mirror.pull(source)

    (snapshot,) = mirror.snapshots.values()
    assert [comment.author for comment in snapshot.comments or ()] == ["ana", SERVICE_ACCOUNT, "ana"]


def test_a_walk_goes_on_with_a_query_of_its_own_before_its_window_grows_too_large(
    jira: JiraSandbox, source: JiraSource, state: JiraState, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(state, 23)
    monkeypatch.setattr(walk, "WINDOW", 5)
    monkeypatch.setattr(fetch, "PAGE_SIZE", 5)
    mirror = Mirror()

    pages = mirror.pull(source)

    assert updates(mirror) == truth(jira)
    assert pages[-1].complete
    queries = {request.body["jql"] for request in jira.requests if request.path.endswith("search/jql")}
    assert len(queries) > 3


def test_issues_imported_in_one_instant_do_not_stop_a_walk_between_windows(
    jira: JiraSandbox, source: JiraSource, state: JiraState, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(state, 23, apart=timedelta(0))
    jira.clock.advance(timedelta(minutes=5))
    monkeypatch.setattr(walk, "WINDOW", 5)
    monkeypatch.setattr(fetch, "PAGE_SIZE", 5)
    mirror = Mirror()

    mirror.pull(source)

    assert updates(mirror) == truth(jira)


def test_an_expired_page_token_costs_the_stretch_and_not_the_walk(
    jira: JiraSandbox, state: JiraState, source: JiraSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(state, 25)
    monkeypatch.setattr(fetch, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(fetch, "PAGE_SIZE", 5)
    mirror = Mirror()
    for page, _ in zip(source.pull(None, mirror.known), range(3), strict=False):
        mirror.save(page)
    begun = jira.clock.now()
    jira.clock.advance(timedelta(days=8))

    pages = mirror.pull(source)

    assert updates(mirror) == truth(jira)
    assert pages[-1].complete
    since = json.loads(pages[-1].cursor.token)["since"]
    assert since == (begun.replace(microsecond=0) - timedelta(minutes=15)).timestamp() * 1000


def test_another_scope_starts_over(jira: JiraSandbox, settings: Settings, state: JiraState) -> None:
    state.add_project("OPS", "Operations")
    grow(state, 2)
    grow(state, 2, project="OPS")
    jira.clock.advance(timedelta(days=1))
    mirror = Mirror()
    mirror.pull(JiraSource("acme-jira", settings(jira)))

    mirror.pull(JiraSource("acme-jira", settings(jira, projects=("ERP", "OPS"))))

    assert updates(mirror) == truth(jira)


def test_a_query_of_the_operator_is_kept_together(jira: JiraSandbox, settings: Settings, state: JiraState) -> None:
    state.add_project("OPS", "Operations")
    grow(state, 2)
    grow(state, 2, project="OPS")
    mirror = Mirror()
    source = JiraSource("acme-jira", settings(jira, jql="project = ERP OR project = OPS"))
    mirror.pull(source)
    jira.clock.advance(timedelta(days=1))

    mirror.pull(source)

    assert updates(mirror) == truth(jira)
    assert "(project = ERP OR project = OPS) AND updated >= " in jira.requests[-1].body["jql"]


def test_after_a_doubtful_answer_the_next_walk_begins_where_this_one_did(state: JiraState, settings: Settings) -> None:
    grow(state, 3)
    mirror = Mirror()
    with JiraSandbox(state) as sound:
        mirror.pull(JiraSource("acme-jira", settings(sound)))
    assert mirror.cursor is not None
    since = json.loads(mirror.cursor.token)["since"]
    state.clock.advance(timedelta(hours=5))

    with JiraSandbox(state, warn=("The result was truncated.\x1b[31m",)) as doubtful:
        pages = mirror.pull(JiraSource("acme-jira", settings(doubtful)))

    assert [page.complete for page in pages] == [False]
    assert "truncated" in pages[0].warnings[0]
    assert json.loads(pages[0].cursor.token)["since"] == since


# --- what is asked ----------------------------------------------------------------------------------------------


def test_a_first_reading_takes_no_more_than_13_requests_per_1000_issues(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    grow(state, 1000)
    mirror = Mirror()

    mirror.pull(source)

    assert len(mirror.snapshots) == 1000
    assert len(jira.requests) == source.requests <= 13


def test_150_changed_issues_take_no_more_than_five_requests(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    keys = grow(state, 300)
    mirror = Mirror()
    mirror.pull(source)
    jira.clock.advance(timedelta(hours=1))
    for key in keys[:150]:
        state.edit(key, author="bo", summary="All at once")
    before = source.requests

    mirror.pull(source)

    assert updates(mirror) == truth(jira)
    assert source.requests - before <= 5


def test_searches_ask_for_the_fields_that_are_kept_and_no_others(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    grow(state, 1)

    Mirror().pull(source)

    (search,) = [request for request in jira.requests if request.path.endswith("search/jql")]
    assert "comment" in search.body["fields"]
    assert not [name for name in search.body["fields"] if name.startswith("*")]


# --- what does not work -----------------------------------------------------------------------------------------


def test_a_stranger_who_sees_nothing_is_not_an_empty_project(
    state: JiraState, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.add_project("PUB", "Public", public=True)
    monkeypatch.setenv("WRONG_TOKEN", "wrong")
    with JiraSandbox(state, public=True) as jira:
        source = JiraSource("acme-jira", settings(jira, projects=("PUB",), token=Secret(env="WRONG_TOKEN")))

        with pytest.raises(AccessDenied):
            Mirror().pull(source)


def test_a_broken_record_is_set_aside_and_the_rest_goes_on(
    jira: JiraSandbox, source: JiraSource, state: JiraState
) -> None:
    keys = grow(state, 3)
    issue = state.issue(keys[1])
    state.edit(keys[1], duedate="tomorrow")
    mirror = Mirror()

    (page,) = mirror.pull(source)

    assert [record.remote_id for record in page.set_aside] == [issue.id]
    assert page.set_aside[0].key == keys[1]
    assert len(page.snapshots) == 2
    assert page.complete


def test_what_was_set_aside_comes_once_it_can_be_read_however_old_it_is(
    jira: JiraSandbox, source: JiraSource, state: JiraState, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = grow(state, 3)
    mirror, read = Mirror(), Reader.item

    def stumble(self: Reader, issue: Issue, site: str) -> WorkItem:
        if issue.key == keys[1]:
            raise ValueError("a time has no offset")
        return read(self, issue, site)

    with monkeypatch.context() as patch:
        patch.setattr(Reader, "item", stumble)
        (page,) = mirror.pull(source)
        jira.clock.advance(timedelta(days=30))
        mirror.pull(source)
    aside = [record.remote_id for record in page.set_aside]
    jira.clock.advance(timedelta(days=30))

    (unasked,) = mirror.pull(source, wide=True)
    asked, page = mirror.pull(source, wide=True, again=[*aside, "999999", "unreadable-0123"])

    assert [snapshot.item.key for snapshot in unasked.snapshots] == []
    assert [snapshot.item.key for snapshot in asked.snapshots] == [keys[1]]
    assert (asked.complete, page.complete) == (False, True)


def test_what_was_set_aside_and_is_out_of_scope_now_does_not_come(
    source: JiraSource, state: JiraState, settings: Settings, jira: JiraSandbox
) -> None:
    keys = grow(state, 2)
    ids = [state.issue(key).id for key in keys]
    state.add_project("CRM", "Customers")
    state.move_issue(keys[0], "CRM", author="bo")

    found = Mirror().pull(source, again=ids)

    assert [snapshot.item.remote_id for snapshot in found[0].snapshots] == [ids[1]]


def test_a_token_that_leads_back_is_noticed(source: JiraSource, jira: JiraSandbox, state: JiraState) -> None:
    grow(state, 3)
    loop = {"issues": [], "nextPageToken": "again", "isLast": False}
    jira.faults.add(what="status", where="search/jql", code=200, body=loop, times=None)

    with pytest.raises(BadAnswer, match="same pages"):
        Mirror().pull(source)

    assert source.requests == 2


def test_more_issues_without_a_way_to_them_are_no_end(source: JiraSource, jira: JiraSandbox) -> None:
    jira.faults.add(what="status", where="search/jql", code=200, body={"issues": [], "isLast": False})

    with pytest.raises(BadAnswer, match="not where"):
        Mirror().pull(source)


def test_a_project_that_is_not_there_is_named_in_jiras_words(jira: JiraSandbox, settings: Settings) -> None:
    source = JiraSource("acme-jira", settings(jira, projects=("NOPE",)))

    with pytest.raises((BadAnswer, NotThere), match="NOPE") as caught:
        Mirror().pull(source)

    assert "projects" in caught.value.advice


def test_a_long_wait_is_handed_on_at_once(jira: JiraSandbox, source: JiraSource) -> None:
    jira.faults.add(what="retry_after", value=3600)
    begun = time.monotonic()

    with pytest.raises(RateLimited) as caught:
        Mirror().pull(source)

    assert time.monotonic() - begun < 2
    assert timedelta(minutes=59) < caught.value.not_before - datetime.now(UTC) <= timedelta(hours=1)
    assert source.requests == 1


def test_a_short_wait_is_kept_to_the_second(jira: JiraSandbox, source: JiraSource, state: JiraState) -> None:
    grow(state, 1)
    jira.faults.add(what="retry_after", where="search/jql", value=1)
    begun = time.monotonic()

    pages = Mirror().pull(source)

    assert time.monotonic() - begun >= 1
    assert len(pages[0].snapshots) == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_body"])
def test_a_connection_cut_a_few_times_loses_nothing(
    jira: JiraSandbox, source: JiraSource, state: JiraState, fault: str
) -> None:
    grow(state, 5)
    jira.faults.add(what=fault, times=3)
    mirror = Mirror()

    mirror.pull(source)

    assert updates(mirror) == truth(jira)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_server_that_stays_broken_is_given_up_after_four_tries(
    jira: JiraSandbox, source: JiraSource, code: int
) -> None:
    jira.faults.add(what="status", code=code, body="<html>down</html>", times=None)

    with pytest.raises(SourceUnavailable, match=str(code)):
        Mirror().pull(source)

    assert source.requests == 4


def test_stopping_ends_a_wait_at_once(jira: JiraSandbox, settings: Settings) -> None:
    stop = Event()
    stop.set()
    source = JiraSource("acme-jira", settings(jira), stop=stop)

    with pytest.raises(SourceUnavailable, match="stopping"):
        Mirror().pull(source)

    assert jira.requests == []


READS = [
    ("myself", lambda source: source.identify()),
    ("status", lambda source: source.lists()),
    ("search/jql", lambda source: Mirror().pull(source)),
    ("changelog/bulkfetch", lambda source: Mirror().pull(source)),
    ("issue/.*/comment", lambda source: Mirror().pull(source)),
]
NONSENSE = [
    ("html_login_200", AccessDenied),
    ("json_garbage", BadAnswer),
    ("truncated_json", BadAnswer),
    ("null_json", BadAnswer),
    ("gzip_bomb", BadAnswer),
]


@pytest.mark.parametrize(("where", "ask"), READS, ids=[where for where, _ in READS])
@pytest.mark.parametrize(("fault", "error"), NONSENSE, ids=[fault for fault, _ in NONSENSE])
def test_nonsense_is_never_taken_for_an_answer(
    jira: JiraSandbox,
    source: JiraSource,
    state: JiraState,
    where: str,
    ask: Callable[[JiraSource], object],
    fault: str,
    error: type[PlanwardError],
) -> None:
    (key,) = grow(state, 1)
    for number in range(25):  # more than a search tells
        state.add_comment(key, "bo", f"Comment {number}")
    jira.faults.add(what=fault, where=where, times=None)

    with pytest.raises(error):
        ask(source)


def test_a_removed_interface_is_a_bad_answer(jira: JiraSandbox, source: JiraSource) -> None:
    jira.faults.add(what="status", where="search/jql", code=410, body={"errorMessages": ["Gone.\x1b]0;x"]})

    with pytest.raises(BadAnswer, match=r"410.*Gone\. \]0;x"):
        Mirror().pull(source)


def test_a_renewed_token_is_used_without_a_restart(
    jira: JiraSandbox, source: JiraSource, state: JiraState, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.identify()
    state.revoke_token(PLANTED)
    with pytest.raises(AccessDenied):
        source.identify()
    state.add_token(SERVICE_ACCOUNT, "renewed")
    monkeypatch.setenv("JIRA_TOKEN", "renewed")

    identity = source.identify()

    assert identity.account_id == SERVICE_ACCOUNT


# --- what is made of it -----------------------------------------------------------------------------------------


def test_all_statuses_come_with_jiras_meaning(source: JiraSource) -> None:
    statuses = source.lists()

    assert [(status.name, status.category) for status in statuses] == [
        ("To Do", Category.TODO),
        ("In Progress", Category.ACTIVE),
        ("Done", Category.DONE),
    ]


def test_links_parents_and_dates_arrive(source: JiraSource, state: JiraState, jira: JiraSandbox) -> None:
    epic, task = grow(state, 2)
    state.link("Blocks", epic, task, "ana")
    state.edit(task, author="ana", parent=epic, duedate="2026-03-31", labels=["requirements"], assignee="bo")
    state.transition(task, "Done", "bo", resolution="Fixed")
    mirror = Mirror()

    mirror.pull(source)

    blocker, blocked = mirror.snapshots.values()
    assert blocked.item.parent_key == epic
    assert blocked.item.due_on is not None
    assert blocked.item.due_on.isoformat() == "2026-03-31"
    assert blocked.item.url == f"{jira.url}/browse/{task}"
    assert blocked.item.resolved_at == jira.clock.now()
    assert blocked.item.tracker_category is Category.DONE
    assert [(link.kind, link.to_key, link.provenance) for link in blocker.links or ()] == [
        ("blocks", task, Provenance.NATIVE)
    ]
    assert [(link.kind, link.to_key) for link in blocked.links or ()] == [("is blocked by", epic)]
    fields = [change.field for change in blocked.changes or ()]
    assert {"parent", "due_on", "labels", "assignee", "status", "resolution"} <= set(fields)


def test_a_cursor_of_another_version_of_planward_means_from_the_beginning(source: JiraSource, state: JiraState) -> None:
    grow(state, 1)

    pages = list(source.pull(Cursor(token="[1, 2]"), Mirror().known))

    assert len(pages[0].snapshots) == 1


def test_a_comment_is_not_passed_over_when_one_goes_and_one_comes_while_they_are_read() -> None:
    standing = [str(number) for number in range(150)]

    class Answers:
        """A client whose issue loses a comment and gets another one after the first page."""

        def read(self, _path: str, _kind: object, *, query: dict[str, int]) -> Told[CommentPage]:
            start = query["startAt"]
            shown = [CommentPayload(id=number, created="") for number in standing[start : start + 100]]
            told = CommentPage(comments=shown, total=len(standing))
            if start == 0 and "5" in standing:
                standing.remove("5")
                standing.append("new")
            return Told(told, None)

    found = [comment.id for comment in comments(cast("JiraClient", Answers()), "1")]

    assert set(found) >= {str(number) for number in range(150)} | {"new"}
    assert len(found) == len(set(found))
