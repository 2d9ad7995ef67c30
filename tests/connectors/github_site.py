"""A stand-in GitHub with one small repository, and the settings and connectors that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from config.secret import Secret
from config.sources import GithubSettings
from connectors.github.dashboard import GithubDashboard
from connectors.github.fetch import GithubSource
from connectors.github.write import GithubTarget
from connectors.transport import ReadRetry
from tests.sandbox.github import Clock, GithubSandbox, GithubState

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
REPOSITORY = "acme/erp"
PLANTED = "planted-token-7f3a91"
"""The same token as for the stand-in Jira, looked for in everything that is said."""
US = "planward-bot"


def new_state() -> GithubState:
    """A repository acme/erp, two people, an account of ours, and no issues."""
    state = GithubState(Clock(START))
    state.add_user("ana", name="Ana")
    state.add_user("bo", name="Bo")
    state.add_user(US)
    state.add_repository(REPOSITORY)
    state.permit(US, PLANTED)
    return state


def settings_for(github: GithubSandbox, **more: Any) -> GithubSettings:
    """Settings that lead to a sandbox; the token is in the environment as GITHUB_TOKEN."""
    given = {"url": github.url, "token": Secret(env="GITHUB_TOKEN"), "private_address": True}
    return GithubSettings(**{**given, "repositories": (REPOSITORY,), **more})


def new_source(github: GithubSandbox, **more: Any) -> GithubSource:
    """A source that reads the repository, quick to try again."""
    return GithubSource("acme-github", settings_for(github, **more), retry=ReadRetry(first_pause=0.01))


def new_target(github: GithubSandbox, **more: Any) -> GithubTarget:
    """The same site, to write comments to."""
    return GithubTarget("acme-github", settings_for(github, **more), retry=ReadRetry(first_pause=0.01))


def new_dashboard(github: GithubSandbox, **more: Any) -> GithubDashboard:
    """The same site, to keep issues of our own at."""
    return GithubDashboard("acme-github", settings_for(github, **more), retry=ReadRetry(first_pause=0.01))


@contextmanager
def reading(github: GithubSandbox, **more: Any) -> Iterator[GithubSource]:
    """A source that is closed in the end."""
    source = new_source(github, **more)
    try:
        yield source
    finally:
        source.close()


def grow(state: GithubState, count: int, *, apart: timedelta = timedelta(minutes=7), pulls: int = 3) -> list[str]:
    """Let time go on and items come, every `pulls`-th a pull request, each with an event and a comment; their keys."""
    keys = []
    for number in range(count):
        created = state.clock.now()
        if number % pulls == pulls - 1:
            key = state.open_pull_request(REPOSITORY, f"Change {number}", author="ana", head="work", at=created)
            state.request_review(key, "bo", "ana", at=created + timedelta(minutes=1))
        else:
            key = state.open_issue(REPOSITORY, f"Issue {number}", author="ana", at=created)
            state.assign(key, "bo", "ana", at=created + timedelta(minutes=1))
        state.comment(key, "ana", "Started.", at=created + timedelta(minutes=2))
        state.clock.advance(apart)
        keys.append(key)
    return keys


def truth(state: GithubState) -> dict[str, datetime]:
    """When each item was updated last, by its id."""
    return {item.id: datetime.fromtimestamp(item.touched_at, UTC) for item in state.items.values()}
