"""A stand-in GitHub on loopback, with state, a clock that can be set and faults that can be switched on.

state = GithubState(Clock(datetime(2026, 3, 2, 9, tzinfo=UTC)))
state.add_user("li-wei", name="Li Wei")
state.add_repository("acme/erp")
issue = state.open_issue("acme/erp", "Plan the cut-over", author="li-wei")
with GithubSandbox(state) as github:
    ...  # github.url, github.token, github.requests, github.faults, github.manners
"""

from __future__ import annotations

from tests.sandbox.clock import Clock
from tests.sandbox.github.sandbox import GithubSandbox
from tests.sandbox.github.schema import OLD_LACKS
from tests.sandbox.github.state import GithubState

__all__ = ["OLD_LACKS", "Clock", "GithubSandbox", "GithubState"]
