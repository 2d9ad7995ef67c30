"""Running the real command line against stand-ins for the tools, as a user would: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.sandbox.calendar import CalendarSandbox
from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubSandbox
from tests.sandbox.jira import JiraSandbox
from tests.sandbox.jira.model import Comment
from tests.sandbox.simulator.servers import Servers, servers
from tests.sandbox.simulator.story import Story

COMMAND = [sys.executable, "-m", "core.daemon.command"]
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)


class Workplace:
    """A folder with a configuration and a plan, and the stand-ins for the tools that they speak of.

    With `whole` the configuration has all of them, else the Jira alone.
    """

    def __init__(self, folder: Path, tools: Servers, store: str, *, whole: bool = False) -> None:
        self.folder = folder
        self.tools = tools
        self.story = tools.story
        self.config = folder / "planward.yaml"
        config = tools.config_yaml(store=store) if whole else self.story.config_yaml(self.jira.url, store=store)
        self.config.write_text(config, encoding="utf-8")
        plan = folder / self.story.plan_file
        plan.parent.mkdir(parents=True, exist_ok=True)
        plan.write_text(self.story.plan_yaml(), encoding="utf-8")

    @property
    def jira(self) -> JiraSandbox:
        """The stand-in Jira."""
        return self.tools.jira

    @property
    def github(self) -> GithubSandbox:
        """The stand-in GitHub."""
        return self.tools.github

    @property
    def calendars(self) -> CalendarSandbox:
        """The stand-in for a server of calendars."""
        return self.tools.calendars

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a command: the secrets, and nothing that would change its output."""
        return {**os.environ, **self.tools.secrets, "PYTHONPATH": str(ROOT), **more}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that is running. Whoever starts it ends it."""
        return subprocess.Popen(
            [*COMMAND, *arguments, "-c", str(self.config)],
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def planward(self, *arguments: str, **environment: str) -> Answer:
        """What a command said when it was done."""
        done = subprocess.run(
            [*COMMAND, *arguments, "-c", str(self.config)],
            env=self.environment(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def ours(self) -> list[Comment]:
        """Our comments on the status issue."""
        users = self.jira.state.users
        return [
            one
            for one in self.jira.state.comments(self.story.status_item)
            if one.author is not None and users[one.author].email == self.jira.user
        ]

    def writes(self) -> list[str]:
        """The methods of the requests so far that wrote comments."""
        return [
            one.method
            for one in self.jira.requests
            if one.method in {"POST", "PUT", "DELETE"} and "/comment" in one.path
        ]


def story_now(name: str = "upgrade") -> Story:
    """A story whose present was a minute ago, so that commands, which go by the real clock, come just after it."""
    return Story(name, now=datetime.now(UTC) - timedelta(minutes=1))


@contextmanager
def workplace(
    folder: Path,
    story: Story,
    store: str = "sqlite:///planward.db",
    *,
    gateway: str | None = None,
    whole: bool = False,
) -> Iterator[Workplace]:
    """A workplace while its tools are up, of which the Jira may be reached by a gateway."""
    with servers(story, Clock(datetime.now(UTC), running=True), gateway=gateway) as tools:
        yield Workplace(folder, tools, store, whole=whole)
