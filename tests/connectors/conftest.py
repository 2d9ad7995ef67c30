"""A stand-in Jira with one small project and a stand-in GitHub with one small repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.secret import Secret
from config.sources import JiraSettings
from connectors.jira.fetch import JiraSource
from connectors.jira.write import JiraTarget
from connectors.transport import ReadRetry
from tests.connectors.github_site import new_state
from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.jira import Clock, JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLANTED = "planted-token-7f3a91"

Opener = Callable[..., JiraSource]


@pytest.fixture
def state() -> JiraState:
    """A project ERP with statuses of every category, two people and no issues."""
    state = JiraState(Clock(START))
    state.add_project("ERP", "ERP upgrade")
    state.add_status("1", "To Do", "new")
    state.add_status("3", "In Progress", "indeterminate")
    state.add_status("5", "Done", "done")
    state.add_user("ana", "Ana", "ana@example.com")
    state.add_user("bo", "Bo", "bo@example.com")
    return state


@pytest.fixture
def jira(state: JiraState) -> Iterator[JiraSandbox]:
    """The sandbox with that project, listening."""
    with JiraSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., JiraSettings]:
    """Makes settings that lead to a sandbox, with a planted token that its account may log in with."""
    monkeypatch.setenv("JIRA_TOKEN", PLANTED)

    def build(jira: JiraSandbox, **more: Any) -> JiraSettings:
        jira.state.add_token(SERVICE_ACCOUNT, PLANTED)
        given = {"url": jira.url, "user": jira.user, "token": Secret(env="JIRA_TOKEN"), "private_address": True}
        chosen = {"projects": ("ERP",)} if "jql" not in more else {}
        return JiraSettings(**{**given, **chosen, **more})

    return build


@pytest.fixture
def source(jira: JiraSandbox, settings: Callable[..., JiraSettings]) -> Iterator[JiraSource]:
    """A source that reads that project, quick to try again."""
    made = JiraSource("acme-jira", settings(jira), retry=ReadRetry(first_pause=0.01))
    yield made
    made.close()


@pytest.fixture
def target(jira: JiraSandbox, settings: Callable[..., JiraSettings]) -> Iterator[JiraTarget]:
    """The same site, to be written to."""
    made = JiraTarget("acme-jira", settings(jira), retry=ReadRetry(first_pause=0.01))
    yield made
    made.close()


def grow(state: JiraState, count: int, *, project: str = "ERP", apart: timedelta = timedelta(minutes=7)) -> list[str]:
    """Let time go on and issues come, each with a change and a comment."""
    keys = []
    for number in range(count):
        created = state.clock.now()
        key = state.add_issue(project, summary=f"Issue {number}", reporter="ana", created=created)
        state.transition(key, "In Progress", "bo", at=created + timedelta(minutes=1))
        state.add_comment(key, "ana", "Started.", at=created + timedelta(minutes=2))
        state.clock.advance(apart)
        keys.append(key)
    return keys


@pytest.fixture
def github_state(monkeypatch: pytest.MonkeyPatch) -> GithubState:
    """A GitHub with a repository acme/erp and no issues, and a planted token that may do everything there."""
    monkeypatch.setenv("GITHUB_TOKEN", PLANTED)
    monkeypatch.setattr("connectors.github.client.BETWEEN_WRITES", 0.0)
    return new_state()


@pytest.fixture
def github(github_state: GithubState) -> Iterator[GithubSandbox]:
    """The sandbox with that repository, listening."""
    with GithubSandbox(github_state) as sandbox:
        yield sandbox
