"""The tools of a story as servers on loopback: a Jira, a GitHub and a server of calendars, filled and listening."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.calendar import CalendarSandbox, CalendarState
from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.simulator.export import write_files
from tests.sandbox.simulator.meetings import CALENDAR
from tests.sandbox.simulator.story import Story


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The tools of a story while they listen."""

    story: Story
    jira: JiraSandbox
    github: GithubSandbox
    calendars: CalendarSandbox

    @property
    def secrets(self) -> dict[str, str]:
        """The environment variables that the configuration refers to."""
        return {
            "JIRA_TOKEN": self.jira.token,
            "GITHUB_TOKEN": self.github.token,
            "CALENDAR_URL": self.calendars.address(CALENDAR),
        }

    def write_files(self, folder: Path) -> list[Path]:
        """The files written for the story, with the configuration that watches all of them."""
        return write_files(
            self.story,
            folder,
            self.jira.url,
            secret=self.jira.token,
            github=(self.github.url, self.github.token),
            calendar=self.calendars.address(CALENDAR),
        )

    def config_yaml(self, *, store: str = "sqlite:///planward.db") -> str:
        """The configuration that watches all of them."""
        return self.story.config_yaml(self.jira.url, github=self.github.url, calendar=True, store=store)


@contextmanager
def servers(story: Story, clock: Clock, *, gateway: str | None = None) -> Iterator[Servers]:
    """The tools of a story at the clock's time. The Jira may be reached by a gateway."""
    jira, github, calendars = JiraState(clock, zone=str(story.zone)), GithubState(clock), CalendarState(clock)
    story.fill(jira)
    story.fill_calendar(calendars)
    with (
        JiraSandbox(jira, gateway=gateway) as jira_server,
        GithubSandbox(github) as github_server,
        CalendarSandbox(calendars) as calendar_server,
    ):
        story.fill_github(github, jira_server.site.home)
        yield Servers(story=story, jira=jira_server, github=github_server, calendars=calendar_server)
