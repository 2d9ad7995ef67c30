"""A stand-in Jira with many issues, in a process of its own: `python -m tests.bench.server ISSUES` prints its URL."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime

from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.simulator.bulk import bulk


def main(issues: int) -> None:
    """Serve until ended."""
    state = JiraState(Clock(datetime.now(UTC), running=True))
    bulk(state, issues=issues)
    with JiraSandbox(state, burst=None) as jira:
        print(jira.url, jira.user, jira.token, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
