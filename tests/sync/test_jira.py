"""Jira drained into the store while people rename, move and hide things, and rights come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.jira import fetch
from core.errors import AccessDenied, BadAnswer, PlanwardError
from tests.connectors.conftest import grow
from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT
from tests.sandbox.server import Request
from tests.watch import START, Watch, site, truth, watching

MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
PAGE = 10


@pytest.fixture
def state() -> JiraState:
    """A Jira with 31 issues: four pages of a search."""
    state = site(Clock(START))
    grow(state, 30)
    return state


@pytest.fixture
def jira(state: JiraState, monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraSandbox]:
    monkeypatch.setattr(fetch, "PAGES_AT_ONCE", 1)  # each page of a search is a transaction of its own
    with JiraSandbox(state, page_limit=PAGE) as sandbox:
        yield sandbox


@pytest.fixture
def watch(jira: JiraSandbox, tmp_path: Path) -> Iterator[Watch]:
    with watching(tmp_path, jira.clock, {"jira": {"url": jira.url, "projects": ["ERP"]}}) as watch:
        yield watch


@pytest.fixture
def by_query(jira: JiraSandbox, tmp_path: Path) -> Iterator[Watch]:
    """A watch over a query that names no project: what it may not see, Jira leaves out without a word."""
    source = {"url": jira.url, "jql": "created >= 2026-01-01"}
    with watching(tmp_path, jira.clock, {"jira": source}) as watch:
        yield watch


def between_pages(jira: JiraSandbox, page: int, happens: Callable[[], Any]) -> None:
    """Let something happen right before that page of a search is answered."""
    seen = [0]

    def arrives(request: Request) -> bool:
        if request.path.endswith("/search/jql"):
            seen[0] += 1
            if seen[0] == page:
                happens()
        return False

    jira.faults.add(what="cut_before", where=arrives, times=None)


# --- renamed, moved, hidden ------------------------------------------------------------------------------------


def test_a_project_renamed_between_two_pages_loses_and_doubles_nothing(
    watch: Watch, jira: JiraSandbox, state: JiraState
) -> None:
    between_pages(jira, 3, lambda: state.rename_project("ERP", "CORE"))

    first = watch.cycle()
    second = watch.cycle(MINUTES)

    assert first.sources["jira"].ok
    assert second.sources["jira"].ok
    assert set(watch.held()) == set(truth(state))


def test_a_renamed_items_history_stays_its_own(watch: Watch, state: JiraState) -> None:
    watch.cycle()
    before = watch.rows("SELECT item_id, remote_id, position FROM changes ORDER BY 1, 2, 3")

    state.rename_project("ERP", "CORE")
    watch.clock.advance(MINUTES)
    state.transition("CORE-5", "Done", "bo")
    watch.cycle(MINUTES)

    moved = watch.rows("SELECT item_id, remote_id, position FROM changes ORDER BY 1, 2, 3")
    assert set(before) < set(moved)
    assert len(moved) == len(before) + 1
    assert watch.held().keys() == truth(state).keys()
    assert watch.held()[state.issue("CORE-5").id] == ("CORE-5", "Issue 3", None)


def test_an_item_moved_between_two_pages_is_still_one_item(watch: Watch, jira: JiraSandbox, state: JiraState) -> None:
    state.add_project("CRM", "Customers")
    moved = state.issue("ERP-25").id
    between_pages(jira, 3, lambda: state.move_issue("ERP-25", "CRM", "bo"))
    watch.cycle()
    held = watch.held()
    between_pages(jira, 1, lambda: state.move_issue("ERP-5", "CRM", "bo"))

    drained = watch.cycle(MINUTES).sources["jira"]

    assert drained.ok
    # What was moved out before it was read belongs to another project; what was held stays, as it was.
    assert moved not in held
    assert watch.held() == held


def test_an_item_that_moves_within_what_is_read_takes_its_history_along(
    jira: JiraSandbox, state: JiraState, tmp_path: Path
) -> None:
    state.add_project("CRM", "Customers")
    grow(state, 3, project="CRM")
    source = {"url": jira.url, "projects": ["ERP", "CRM"]}
    with watching(tmp_path, jira.clock, {"jira": source}) as watch:
        watch.cycle()
        changes = watch.rows("SELECT count(*) FROM changes")[0][0]
        between_pages(jira, 2, lambda: state.move_issue("ERP-5", "CRM", "bo", new_key="CRM-77"))
        watch.cycle(MINUTES)
        watch.cycle(MINUTES)

        assert watch.held() == truth(state)
        assert watch.rows("SELECT count(*) FROM changes")[0][0] == changes + 2  # the project and the key


def test_an_item_hidden_on_the_second_page_hides_no_other(watch: Watch, state: JiraState) -> None:
    hidden = state.issue("ERP-15").id
    state.hide("ERP-15")

    first = watch.cycle()
    rest = set(truth(state)) - {hidden}
    assert first.sources["jira"].ok
    assert set(watch.held()) == rest

    state.hide("ERP-15", False)
    watch.cycle(7 * HOUR)

    assert watch.held() == truth(state)


def test_a_whole_page_of_hidden_items_is_not_the_end(watch: Watch, state: JiraState) -> None:
    hidden = [f"ERP-{number}" for number in range(11, 21)]
    for key in hidden:
        state.hide(key)

    drained = watch.cycle().sources["jira"]

    assert drained.ok
    assert {key for key, _, _ in watch.held().values()} == {f"ERP-{n}" for n in range(1, 32)} - set(hidden)


def test_a_status_that_is_renamed_and_moved_to_another_category_does_not_change_the_past(
    watch: Watch, state: JiraState
) -> None:
    state.transition("ERP-5", "Done", "bo")
    state.clock.advance(HOUR)
    watch.cycle()
    lives = "SELECT key, started_at, finished_at FROM planward_items ORDER BY key"
    before = watch.rows(lives)
    assert sum(finished is not None for _, _, finished in before) == 1

    state.rename_status("Done", "Finished")
    state.recategorise_status("In Progress", "new")
    watch.cycle(2 * HOUR)
    state.edit("ERP-5", author="bo", summary="Touched, so that it is worked out anew")
    state.edit("ERP-6", author="bo", summary="This one, too")
    watch.cycle(HOUR)

    assert watch.rows(lives) == before


# --- rights come and go -----------------------------------------------------------------------------------------


def may_browse_nothing(jira: JiraSandbox) -> None:
    jira.state.permit(SERVICE_ACCOUNT, browse=())


def every_issue_is_hidden(jira: JiraSandbox) -> None:
    for key in list(jira.state.ids_by_key):
        jira.state.hide(key)


def half_of_the_issues_are_hidden(jira: JiraSandbox) -> None:
    for number in range(1, 16):
        jira.state.hide(f"ERP-{number}")


def a_login_page_answers(jira: JiraSandbox) -> None:
    jira.faults.add(what="html_login_200", times=None)


def everything_is_not_found(jira: JiraSandbox) -> None:
    refusal = {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
    jira.faults.add(what="status", code=404, body=refusal, times=None)


def a_search_breaks_off(jira: JiraSandbox) -> None:
    page: dict[str, Any] = {"issues": [], "isLast": False}
    jira.faults.add(what="status", where="search/jql", code=200, body=page, times=None)


def give_back(jira: JiraSandbox) -> None:
    jira.faults.clear()
    jira.state.permit(SERVICE_ACCOUNT, browse=None)
    for key in list(jira.state.ids_by_key):
        jira.state.hide(key, False)


@pytest.mark.parametrize(
    "lose",
    [
        may_browse_nothing,
        every_issue_is_hidden,
        half_of_the_issues_are_hidden,
        a_login_page_answers,
        everything_is_not_found,
        a_search_breaks_off,
    ],
)
@pytest.mark.parametrize("scope", ["watch", "by_query"])
def test_lost_sight_of_a_project_deletes_nothing_for_days(
    scope: str, lose: Callable[[JiraSandbox], None], jira: JiraSandbox, request: pytest.FixtureRequest
) -> None:
    watch: Watch = request.getfixturevalue(scope)
    watch.cycle()
    before, comments = watch.held(), watch.rows("SELECT * FROM planward_comments ORDER BY 1, 2, 3")

    lose(jira)
    # Every check that runs at intervals, a count of all ids among them, comes by several times.
    deleted = [watch.cycle(pause).sources["jira"].deleted for pause in (MINUTES, HOUR, DAY, DAY, DAY, DAY)]
    assert deleted == [0] * 6
    assert watch.held() == before
    assert watch.rows("SELECT * FROM planward_comments ORDER BY 1, 2, 3") == comments

    give_back(jira)
    assert watch.cycle(MINUTES).sources["jira"].ok
    assert watch.held() == before == truth(jira.state)


@pytest.mark.parametrize(
    ("lose", "error"),
    [
        (may_browse_nothing, BadAnswer),
        (a_login_page_answers, AccessDenied),
        (everything_is_not_found, PlanwardError),
        (a_search_breaks_off, BadAnswer),
    ],
)
def test_lost_sight_of_a_project_is_told_and_no_success(
    lose: Callable[[JiraSandbox], None], error: type[PlanwardError], watch: Watch, jira: JiraSandbox
) -> None:
    watch.cycle()
    (read_at,) = watch.rows("SELECT max(started_at) FROM runs WHERE ok")

    lose(jira)
    drained = watch.cycle(HOUR).sources["jira"]

    assert isinstance(drained.error, error)
    assert drained.error.advice
    assert watch.rows("SELECT max(started_at) FROM runs WHERE ok") == [read_at]


@pytest.mark.parametrize("scope", ["watch", "by_query"])
def test_what_happened_in_the_dark_arrives_when_the_right_comes_back(
    scope: str, jira: JiraSandbox, state: JiraState, request: pytest.FixtureRequest
) -> None:
    watch: Watch = request.getfixturevalue(scope)
    watch.cycle()

    may_browse_nothing(jira)
    for _ in range(3):
        watch.cycle(HOUR)
        state.edit("ERP-7", author="bo", summary=f"Changed at {state.clock.now():%H:%M}")
        state.transition("ERP-9", "Done" if state.issue("ERP-9").status_id == "3" else "In Progress", "bo")
        state.add_issue("ERP", summary="Reported in the dark", reporter="ana")
    give_back(jira)
    watch.cycle(HOUR)
    watch.cycle(6 * HOUR)

    assert watch.held() == truth(state)
    changes = sum(len(record.changes) for record in state.records.values())
    assert watch.rows("SELECT count(*) FROM (SELECT DISTINCT item_id, remote_id FROM changes)") == [(changes,)]


def test_a_project_of_several_that_goes_dark_takes_nothing_of_the_others(
    jira: JiraSandbox, state: JiraState, tmp_path: Path
) -> None:
    state.add_project("CRM", "Customers")
    grow(state, 3, project="CRM")
    source = {"url": jira.url, "jql": "created >= 2026-01-01"}
    with watching(tmp_path, jira.clock, {"jira": source}) as watch:
        watch.cycle()
        state.permit(SERVICE_ACCOUNT, browse={"CRM"})
        for _ in range(4):
            state.edit("CRM-2", author="bo", summary=f"Seen on {state.clock.now():%d}")
            assert watch.cycle(DAY).sources["jira"].deleted == 0

        assert watch.held() == truth(state)
