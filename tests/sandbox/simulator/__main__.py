"""Writes a story to files: `python -m tests.sandbox.simulator STORY --state FILE --config FOLDER`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.sandbox.clock import Clock
from tests.sandbox.github.primary import SERVICE_TOKEN
from tests.sandbox.github.state import GithubState
from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator.export import write_files
from tests.sandbox.simulator.story import SETTINGS, Story


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sandbox's state, the configuration, all versions of the plan and the true answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.simulator", description=main.__doc__)
    parser.add_argument("story", choices=sorted(SETTINGS))
    parser.add_argument("--state", type=Path, required=True, help="file for the sandbox's state")
    parser.add_argument("--config", type=Path, required=True, help="folder for planward.yaml, plans and truth.json")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the sandbox will listen")
    parser.add_argument("--github-state", type=Path, help="file for the state of the sandbox of GitHub")
    parser.add_argument("--github-url", default="http://127.0.0.1:8081", help="where that sandbox will listen")
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(UTC), help="present of the story")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    now = chosen.now if chosen.now.tzinfo else chosen.now.replace(tzinfo=UTC)
    story = Story(chosen.story, now=now, seed=chosen.seed)
    state = JiraState(Clock(now), zone=str(story.zone))
    count = story.fill(state)
    state.save(chosen.state)
    github = None
    if chosen.github_state is not None:
        repositories = GithubState(Clock(now))
        count += story.fill_github(repositories, chosen.url)
        repositories.save(chosen.github_state)
        github = (chosen.github_url, SERVICE_TOKEN)
    for path in write_files(story, chosen.config, chosen.url, secret=state.service.secret, github=github):
        print(path)
    print(f"{count} events, {len(story.truth_now.items)} issues and pull requests")


if __name__ == "__main__":
    main()
