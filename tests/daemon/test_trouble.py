"""Whole cycles while trackers are down, slow, full or hostile: nothing is lost, invented or said twice."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import patience
from connectors.jira import client
from core.cycle import Cycle
from core.errors import RateLimited, SourceUnavailable
from core.publish.outbox import Result
from tests.connectors.conftest import grow
from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.server import Request
from tests.watch import CARRIER, START, Watch, ours, said, site, truth, watching, writes

MINUTES, HOUR = timedelta(minutes=5), timedelta(hours=1)


@pytest.fixture
def state() -> JiraState:
    """A Jira with 13 issues: one planned, which carries the comment, and twelve that nobody planned."""
    state = site(Clock(START))
    grow(state, 12)
    return state


Watched = Callable[..., AbstractContextManager[Watch]]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Makes a watch over a Jira, each time with a database of its own: an empty one, or a copy of `restored`."""
    made: list[Path] = []

    def make(jira: JiraSandbox, restored: Path | None = None) -> AbstractContextManager[Watch]:
        made.append(folder := tmp_path / str(len(made)))
        folder.mkdir()
        if restored is not None:
            shutil.copy(restored, folder / "planward.db")
        source = {"url": jira.url, "projects": ["ERP"]}
        return watching(folder, jira.clock, {"jira": source}, carrier=("jira", CARRIER))

    return make


@contextmanager
def two_sources(folder: Path, start: datetime) -> Iterator[tuple[Watch, JiraSandbox, JiraSandbox]]:
    """A watch over two Jiras that were read once: the one that will break, which comes first, and the sound one."""
    clock = Clock(start)
    with JiraSandbox(site(clock, "CRM")) as broken, JiraSandbox(site(clock)) as sound:
        sources = {
            "broken": {"url": broken.url, "projects": ["CRM"]},
            "sound": {"url": sound.url, "projects": ["ERP"]},
        }
        with watching(folder, clock, sources, carrier=("sound", CARRIER)) as watch:
            watch.cycle()
            assert len(ours(sound.state)) == 1
            yield watch, broken, sound


def results(cycle: Cycle) -> list[Result]:
    return [outcome.result for outcome in cycle.published]


# --- down and up again ------------------------------------------------------------------------------------------


def test_a_jira_that_is_down_at_the_first_start_is_read_in_full_once_it_is_up(
    state: JiraState, watched: Watched
) -> None:
    with JiraSandbox(state) as jira:
        port = jira.server.port
    with watched(jira) as watch:
        for _ in range(3):
            cycle = watch.cycle(MINUTES)
            assert isinstance(cycle.sources["jira"].error, SourceUnavailable)
            assert (cycle.projects["erp"].findings, cycle.projects["erp"].measurements, cycle.published) == (0, 0, [])
        assert watch.held() == {}

        with JiraSandbox(state, port=port):
            cycle = watch.cycle(MINUTES)

        assert cycle.sources["jira"].ok
        assert watch.held() == truth(state)
        assert len(ours(state)) == 1


def test_an_outage_loses_nothing_and_posts_nothing_twice(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state) as jira, watched(jira) as watch:
        assert results(watch.cycle()) == [Result.SENT]
        held, port = watch.held(), jira.server.port
        jira.server.close()  # people go on working there; only we do not reach it

        for number in range(4):
            state.edit("ERP-7", author="bo", summary=f"Changed in the outage, {number}")
            state.add_issue("ERP", summary=f"Reported in the outage, {number}", reporter="ana")
            cycle = watch.cycle(MINUTES)
            assert isinstance(cycle.sources["jira"].error, SourceUnavailable)
            assert watch.held() == held
        with JiraSandbox(state, port=port):
            first, second, third = watch.cycle(MINUTES), watch.cycle(MINUTES), watch.cycle(MINUTES)

            assert first.sources["jira"].ok
            assert watch.held() == truth(state)
            assert (results(first), results(third)) == ([Result.SENT], [Result.UNCHANGED])
            assert second.sources["jira"].ok
            assert len(ours(state)) == 1


def test_the_comment_says_since_when_a_source_is_not_current_and_no_more_than_once(tmp_path: Path) -> None:
    with two_sources(tmp_path, START) as (watch, broken, sound):
        port = broken.server.port
        broken.server.close()

        written = [results(watch.cycle(timedelta(hours=1))) for _ in range(8)]
        assert written.count([Result.SENT]) == 1
        assert "broken stale since 2026-03-02" in said(sound.state)
        assert "sound up to date" in said(sound.state)

        with JiraSandbox(broken.state, port=port):
            written = [results(watch.cycle(MINUTES)) for _ in range(3)]

        assert written == [[Result.SENT], [Result.UNCHANGED], [Result.UNCHANGED]]
        assert "broken up to date" in said(sound.state)


def test_a_hiccup_of_one_cycle_is_not_worth_a_word(tmp_path: Path) -> None:
    with two_sources(tmp_path, START) as (watch, broken, _):
        broken.faults.add(what="cut_before", times=None)
        missed = watch.cycle(MINUTES)
        broken.faults.clear()
        again = watch.cycle(MINUTES)

        assert not missed.sources["broken"].ok
        assert again.sources["broken"].ok
        assert results(missed) == results(again) == [Result.UNCHANGED]


@pytest.fixture
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The host is in that time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("host_zone")
@pytest.mark.parametrize("host_zone", ["Asia/Tokyo", "America/Los_Angeles"], indirect=True)
def test_the_zone_of_the_host_leaves_no_gap_after_a_restart(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state) as jira:
        with watched(jira) as watch:
            watch.cycle()
            database = Path(watch.settings.store.removeprefix("sqlite:///"))
        state.clock.advance(HOUR)
        state.edit("ERP-7", author="bo", summary="Changed before the restart")
        state.transition("ERP-8", "Done", "bo")
        with watched(jira, restored=database) as watch:
            watch.cycle(MINUTES)

            assert watch.held() == truth(state)
            (finished,) = watch.rows("SELECT finished_at FROM planward_items WHERE key = 'ERP-8'")
            assert finished == (f"{state.clock.now() - MINUTES:%Y-%m-%dT%H:%M:%S.%fZ}",)


# --- one broken source, and the others --------------------------------------------------------------------------


def test_a_source_that_wants_to_be_left_alone_for_an_hour_is_and_the_other_goes_on(tmp_path: Path) -> None:
    # What an answer says about waiting is counted from the host's own clock.
    with two_sources(tmp_path, datetime.now(UTC)) as (watch, broken, sound):
        broken.faults.add(what="retry_after", value=3600, times=None)
        watch.cycle(MINUTES)
        asked = len(broken.requests)

        for number in range(10):
            sound.state.edit(CARRIER, author="ana", summary=f"Ordering, {number}")
            cycle = watch.cycle(MINUTES)
            assert isinstance(cycle.sources["broken"].error, RateLimited)
            assert cycle.sources["sound"].ok
            assert watch.held("sound") == truth(sound.state)
        assert len(broken.requests) == asked

        broken.faults.clear()
        assert watch.cycle(3 * MINUTES).sources["broken"].ok


@pytest.mark.parametrize(
    "fault",
    [
        {"what": "delay", "seconds": 20},
        {"what": "slow_drip", "seconds": 0.1},
        {"what": "cut_before"},
        {"what": "gzip_bomb", "megabytes": 70},
    ],
    ids=lambda fault: str(fault["what"]),
)
def test_a_source_that_hangs_or_breaks_off_holds_up_no_other(
    fault: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.4)
    with two_sources(tmp_path, START) as (watch, broken, sound):
        broken.faults.add(**fault, times=None)
        sound.state.add_issue("ERP", summary="Reported meanwhile", reporter="ana")

        begun = time.monotonic()
        cycle = watch.cycle(MINUTES)

        assert time.monotonic() - begun < 10
        assert not cycle.sources["broken"].ok
        assert cycle.sources["sound"].ok
        assert watch.held("sound") == truth(sound.state)
        assert results(cycle) == [Result.SENT]


# --- what we write ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"what": "slow_drip", "seconds": 0.1},
        {"what": "cut_after_apply"},
        {"what": "cut_body"},
        {"what": "status", "code": 502, "applied": True},
        {"what": "status", "code": 200, "body": "<html>Please log in</html>", "applied": True},
    ],
    ids=["trickles", "cut", "half", "502", "a page"],
)
def test_a_comment_whose_answer_is_lost_is_found_and_not_posted_twice(
    fault: dict[str, Any], state: JiraState, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.4)
    with JiraSandbox(state) as jira, watched(jira) as watch:
        jira.faults.add(**fault, where="POST .*/comment", times=None)

        cycles = [watch.cycle(MINUTES) for _ in range(2)]

        assert [results(cycle) for cycle in cycles] == [[Result.SENT], [Result.UNCHANGED]]
        assert writes(jira) == ["POST"]
        assert len(ours(state)) == 1


def test_thirty_cycles_on_a_quiet_jira_write_once(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state) as jira, watched(jira) as watch:
        cycles = [watch.cycle(MINUTES) for _ in range(30)]

        assert writes(jira) == ["POST"]
        # The second one sees that our comment touched its issue.
        assert [cycle.sources["jira"].items for cycle in cycles[2:]] == [0] * 28


def test_a_restored_database_of_yesterday_posts_nothing_again(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state) as jira:
        with watched(jira) as watch:
            watch.cycle()
            database = Path(watch.settings.store.removeprefix("sqlite:///"))
        with watched(jira, restored=database) as watch:
            for key in ("ERP-5", "ERP-6", "ERP-7"):
                state.transition(key, "Done", "bo")
                assert results(watch.cycle(3 * HOUR)) == [Result.SENT]

        with watched(jira, restored=database) as watch:
            for _ in range(3):
                watch.cycle(MINUTES)
            assert watch.held() == truth(state)

        assert writes(jira).count("POST") == 1
        assert len(ours(state)) == 1


# --- what stands in titles --------------------------------------------------------------------------------------

HOSTILE = (
    "@ana and [~accountid:ana], please look",
    "fixes #3, closes ERP-2, resolves acme/erp#9",
    '{"type":"mention","attrs":{"id":"ana","text":"@Ana"}}',
    '"}]},{"type":"inlineCard","attrs":{"url":"https://evil.example"}},{"type":"text","text":"',
    "[click here|https://evil.example] [or here](https://evil.example)",
    "https://evil.example/login javascript:alert(1)",
    "<script>alert(1)</script> {code}h1. x{code} |a|b| !x.png!",
    "\x1b[31mred\u202e gnp.exe\u200b",
)
HARMLESS = {
    "bulletList", "date", "doc", "heading", "listItem", "paragraph", "rule", "status",
    "table", "tableCell", "tableHeader", "tableRow", "text",
}  # fmt: skip


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node and all below it."""
    yield node
    for child in node.get("content", ()):
        yield from nodes(child)


def test_what_stands_in_titles_arrives_in_the_comment_as_words_and_nothing_else(watched: Watched) -> None:
    state = site(Clock(START))
    for title in HOSTILE:
        state.add_issue("ERP", summary=title, reporter="ana")
    with JiraSandbox(state) as jira, watched(jira) as watch:
        assert results(watch.cycle()) == [Result.SENT]

        (comment,) = ours(state)
        found = list(nodes(comment.body))
        words = said(state)
        marks = [mark for node in found for mark in node.get("marks", ())]
        assert {node["type"] for node in found} <= HARMLESS
        assert {mark["type"] for mark in marks} <= {"strong", "em", "code", "link"}
        assert {mark["attrs"]["href"].startswith(f"{jira.url}/") for mark in marks if mark["type"] == "link"} == {True}
        for title in HOSTILE[:-1]:
            assert title in words
        assert "red gnp.exe" in words.replace("[31m", "")
        assert all(character.isprintable() or character == "\n" for character in words)
        assert [mail.kind for mail in state.mails] == ["commented"]
        assert [issue.links for issue in map(state.issue, state.ids_by_key) if issue.links] == []


# --- an issue full of comments ----------------------------------------------------------------------------------


def test_a_comment_that_a_full_issue_refuses_is_told_and_not_tried_again_until_there_is_something_new(
    state: JiraState, watched: Watched
) -> None:
    for number in range(30):
        state.add_comment(CARRIER, "bo", f"Comment {number}")
    with JiraSandbox(state, comment_limit=30) as jira, watched(jira) as watch:
        first, *later = [watch.cycle(MINUTES) for _ in range(4)]

        (outcome,) = first.published
        assert outcome.result is Result.FAILED
        assert "limit of 30 comments" in (outcome.detail or "")
        assert [results(cycle) for cycle in later] == [[Result.FAILED]] * 3
        assert writes(jira) == ["POST"]

        state.transition("ERP-5", "Done", "bo")
        assert results(watch.cycle(MINUTES)) == [Result.FAILED]
        assert writes(jira) == ["POST", "POST"]

        state.delete_comment(state.comments(CARRIER)[0].id)
        state.transition("ERP-6", "Done", "bo")
        assert results(watch.cycle(MINUTES)) == [Result.SENT]
        assert len(ours(state)) == 1


def test_our_comment_on_an_issue_that_became_full_is_still_edited(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state, comment_limit=30) as jira, watched(jira) as watch:
        watch.cycle()
        (before,) = ours(state)
        for number in range(29):
            state.add_comment(CARRIER, "bo", f"Comment {number}")
        state.transition("ERP-5", "Done", "bo")

        assert results(watch.cycle(MINUTES)) == [Result.SENT]

        (after,) = ours(state)
        assert after.id == before.id
        assert after.body != before.body


@pytest.mark.parametrize("earlier", [0, 130, 260])
def test_a_lost_database_finds_its_comment_on_whatever_page_it_stands(
    earlier: int, state: JiraState, watched: Watched
) -> None:
    for number in range(earlier):
        state.add_comment(CARRIER, "bo", f"Comment {number}", at=state.clock.advance(timedelta(seconds=1)))
    with JiraSandbox(state) as jira:
        with watched(jira) as watch:
            watch.cycle(timedelta(seconds=1))
        (before,) = ours(state)
        for number in range(260 - earlier):
            state.add_comment(CARRIER, "bo", f"More {number}", at=state.clock.advance(timedelta(seconds=1)))

        with watched(jira) as watch:
            cycles = [watch.cycle(MINUTES) for _ in range(3)]

        assert [cycle.published[0].error for cycle in cycles] == [None] * 3
        assert [comment.id for comment in ours(state)] == [before.id]
        assert writes(jira).count("POST") == 1


def test_a_comment_deleted_while_the_list_is_paged_hides_ours_from_nobody(state: JiraState, watched: Watched) -> None:
    with JiraSandbox(state) as jira:
        with watched(jira) as watch:
            watch.cycle(timedelta(seconds=1))
        (before,) = ours(state)
        later = [
            state.add_comment(CARRIER, "bo", f"More {number}", at=state.clock.advance(timedelta(seconds=1)))
            for number in range(100)
        ]

        def second_page(request: Request) -> bool:
            if "startAt=100" in request.target and "orderBy=-created" in request.target:
                for comment in (later.pop(), later.pop()):
                    state.delete_comment(comment)
            return False

        jira.faults.add(what="cut_before", where=second_page)
        with watched(jira) as watch:
            watch.cycle(MINUTES)

        assert [comment.id for comment in ours(state)] == [before.id]
