"""A stand-in Jira Cloud on loopback, with state, a clock that can be set and faults that can be switched on.

state = JiraState(Clock(datetime(2026, 3, 2, 9, tzinfo=UTC)))
state.add_project("ERP", "ERP upgrade")
state.add_status("1", "To Do", "new")
with JiraSandbox(state) as jira:
    ...  # jira.url, jira.user, jira.token, jira.requests, jira.faults
"""

from __future__ import annotations

from tests.sandbox.clock import Clock
from tests.sandbox.jira.sandbox import JiraSandbox
from tests.sandbox.jira.state import JiraState

__all__ = ["Clock", "JiraSandbox", "JiraState"]
