"""A stand-in tracker with many items, in a process of its own; it prints its address.

`python -m tests.bench.server jira ISSUES` or `python -m tests.bench.server github ISSUES PULL_REQUESTS`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import msgspec

from tests.sandbox.clock import Clock


def jira(issues: int) -> None:
    """Serve until ended."""
    from tests.sandbox.jira import JiraSandbox, JiraState
    from tests.sandbox.simulator.bulk import bulk

    state = JiraState(Clock(datetime.now(UTC), running=True))
    bulk(state, issues=issues)
    with JiraSandbox(state, burst=None) as site:
        tell(url=site.url, user=site.user, token=site.token)
        threading.Event().wait()


def github(issues: int, pulls: int) -> None:
    """Serve until ended."""
    from tests.sandbox.github import GithubSandbox, GithubState
    from tests.sandbox.simulator.bulk_github import REPOSITORY, bulk

    state = GithubState(Clock(datetime.now(UTC), running=True))
    expected = bulk(state, issues=issues, pulls=pulls)
    # More points than GitHub gives an hour, so that a great repository can be read twice; none are cheaper for it.
    with GithubSandbox(state, points=100_000) as site:
        tell(url=site.url, token=site.token, repository=REPOSITORY, **asdict(expected))
        threading.Event().wait()


def tell(**told: str | int) -> None:
    """Print what the measuring process has to know, on one line."""
    print(msgspec.json.encode(told).decode(), flush=True)


KINDS: dict[str, Callable[..., None]] = {"jira": jira, "github": github}

if __name__ == "__main__":
    KINDS[sys.argv[1]](*map(int, sys.argv[2:]))
