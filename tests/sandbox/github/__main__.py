"""The sandbox as a process: `python -m tests.sandbox.github --state FILE --port 0` prints its URL and serves."""

from __future__ import annotations

import argparse
import threading
from datetime import UTC, datetime
from pathlib import Path

from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubSandbox, GithubState


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = argparse.ArgumentParser(prog="python -m tests.sandbox.github")
    options.add_argument("--state", type=Path, help="what GithubState.save wrote; without it the site is empty")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--running", action="store_true", help="the clock goes on by itself")
    options.add_argument("--points", type=int, default=5000)
    options.add_argument("--page-ceiling", type=int, default=None)
    given = options.parse_args()
    state = GithubState.load(given.state) if given.state else GithubState(Clock(datetime.now(UTC)))
    state.clock.running = given.running
    with GithubSandbox(state, port=given.port, points=given.points, page_ceiling=given.page_ceiling) as github:
        print(github.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
