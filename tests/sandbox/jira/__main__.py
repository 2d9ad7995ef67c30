"""The sandbox as a process: `python -m tests.sandbox.jira --state FILE --port 0` prints its URL and serves."""

from __future__ import annotations

import argparse
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = argparse.ArgumentParser(prog="python -m tests.sandbox.jira")
    options.add_argument("--state", type=Path, help="what JiraState.save wrote; without it the site is empty")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--running", action="store_true", help="the clock goes on by itself")
    options.add_argument("--index-lag", type=float, default=0.0, help="seconds")
    options.add_argument("--page-limit", type=int, default=100)
    options.add_argument("--burst", type=int, default=None)
    given = options.parse_args()
    state = JiraState.load(given.state) if given.state else JiraState(Clock(datetime.now(UTC)))
    state.clock.running = given.running
    sandbox = JiraSandbox(
        state,
        port=given.port,
        burst=given.burst,
        index_lag=timedelta(seconds=given.index_lag),
        page_limit=given.page_limit,
    )
    with sandbox as jira:
        print(jira.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
