"""A story: what happened, what was planned, the configuration to watch it with, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import yaml

from tests.sandbox.calendar.state import CalendarState
from tests.sandbox.github.state import GithubState
from tests.sandbox.jira.sandbox import HOME
from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator import filling, launch, meetings, publishing, upgrade
from tests.sandbox.simulator.cast import CAST, LEAD
from tests.sandbox.simulator.events import DONE, PROGRESS, TODO, Event
from tests.sandbox.simulator.meetings import Diary
from tests.sandbox.simulator.plans import Approval, PlanBook
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.truth import Truth
from tests.sandbox.simulator.work import Problem
from tests.sandbox.simulator.worktime import WorkTime

SOURCE = "acme-jira"
GITHUB = "acme-github"
CALENDAR = "team-calendar"
WEEKS = 20


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a story takes place."""

    write: Callable[[Script], tuple[PlanBook, list[Problem], Diary]]
    projects: dict[str, str]
    repositories: tuple[str, ...]
    zone: str
    country: str
    project: str


SETTINGS = {
    "upgrade": Setting(
        write=upgrade.write_upgrade,
        projects={"ERP": "ERP upgrade"},
        repositories=upgrade.REPOSITORIES,
        zone="Asia/Shanghai",
        country="CN",
        project="erp-upgrade",
    ),
    "launch": Setting(
        write=launch.write_launch,
        projects={"APP": "Ordering app", launch.OTHER_PROJECT: "Marketing"},
        repositories=launch.REPOSITORIES,
        zone="Europe/Berlin",
        country="DE",
        project="product-launch",
    ),
}


class Story:
    """One of the two stories, placed so that `now` is its present.

    The same arguments give the same story. `start` is a Monday, by default the one 20 weeks before the present week;
    an earlier one stretches the beginning, dates near the present stay near it. Raises ValueError for a later one.
    `country` None: no holidays.
    """

    def __init__(
        self,
        name: str,
        *,
        now: datetime,
        seed: int = 1,
        start: date | None = None,
        zone: str | None = None,
        country: str | None = "default",
    ) -> None:
        self.setting = SETTINGS[name]
        self.name = name
        self.seed = seed
        self.now = now
        self.zone = ZoneInfo(zone or self.setting.zone)
        self.country = self.setting.country if country == "default" else country
        self.hours = WorkTime(zone=self.zone, country=self.country)
        today = self.hours.day_of(now)
        self.start = start or today - timedelta(days=today.weekday(), weeks=WEEKS)
        if today - self.start < timedelta(weeks=WEEKS):
            raise ValueError(f"a story needs {WEEKS} weeks before its present")
        projects = list(self.setting.projects)
        script = Script(project=projects[0], start=self.start, now=now, seed=seed, hours=self.hours)
        self.plan, self.problems, self.diary = self.setting.write(script)
        self.events: tuple[Event, ...] = script.events()
        self.keys = script.keys()

    @property
    def project(self) -> str:
        """The project's id in the configuration."""
        return self.setting.project

    @property
    def status_item(self) -> str:
        """The key of the issue that carries the status comment."""
        return f"{next(iter(self.setting.projects))}-1"

    # --- the tools ---

    def fill(self, state: JiraState, until: datetime | None = None) -> int:
        """The number of events put into an empty site: those up to the present, or up to `until`."""
        filling.prepare(state, self.setting.projects, str(self.zone))
        return filling.apply(state, self.in_jira(until or self.now), self.keys)

    def extend(self, state: JiraState, since: datetime, until: datetime) -> int:
        """The number of events that were put into a filled site: those in `(since, until]`."""
        return filling.apply(state, (event for event in self.in_jira(until) if event.at > since), self.keys)

    def fill_github(self, state: GithubState, jira: str = HOME) -> int:
        """The number of events put into an empty GitHub: those up to the present. `jira` is where people open that."""
        publishing.prepare(state, self.setting.repositories)
        return publishing.apply(state, self.on_github(self.now), self.keys, jira)

    def fill_calendar(self, state: CalendarState) -> None:
        """Put the team's calendar, as it is at the present, into an empty site."""
        meetings.enter(state, self.diary, str(self.zone))

    def happened(self, until: datetime) -> list[Event]:
        """The events up to an instant, in time order."""
        return [event for event in self.events if event.at <= until]

    def in_jira(self, until: datetime) -> list[Event]:
        """What happened in Jira up to an instant, in time order."""
        return [event for event in self.happened(until) if not is_of_github(self.keys[event.issue])]

    def on_github(self, until: datetime) -> list[Event]:
        """What happened on GitHub up to an instant, in time order."""
        return [event for event in self.happened(until) if is_of_github(self.keys[event.issue])]

    # --- the project ---

    def approvals(self) -> tuple[Approval, ...]:
        """The sign-offs, in time order."""
        return self.plan.approvals

    def plan_yaml(self, version: int | None = None) -> str:
        """The plan file, as it is now or as a version had it."""
        return self.plan.text(self.plan.latest if version is None else version, self.keys)

    def config_yaml(
        self,
        url: str,
        *,
        github: str | None = None,
        calendar: bool = False,
        store: str = "sqlite:///planward.db",
        user: str = "planward@example.com",
        plan: str | None = None,
        write_back: str = "send",
        language: str = "en",
        clock: str = "elapsed",
        period: str = "month",
    ) -> str:
        """The configuration file that watches the story on the Jira at `url`, and with these on the GitHub at `github`
        and in the team's calendar.

        The secrets are in JIRA_TOKEN, GITHUB_TOKEN and CALENDAR_URL.
        """
        working_time = {"days": "mon-fri", "hours": "09:00-18:00"}
        if self.country is not None:
            working_time = {"country": self.country, **working_time}
        sources: dict[str, dict[str, object]] = {
            SOURCE: {
                "kind": "jira",
                "url": url,
                "user": user,
                "token": {"env": "JIRA_TOKEN"},
                "private_address": True,
                "projects": list(self.setting.projects),
                "statuses": {"waiting": ["Blocked"]},
            }
        }
        published = [{"to": SOURCE, "item": self.status_item, "topic": "status"}]
        if github is not None:
            published.append({"to": GITHUB, "repository": self.setting.repositories[0], "topic": "dashboard"})
            sources[GITHUB] = {
                "kind": "github",
                "url": github,
                "token": {"env": "GITHUB_TOKEN"},
                "private_address": True,
                "repositories": list(self.setting.repositories),
            }
        if calendar:
            sources[CALENDAR] = {"kind": "ics", "url": {"env": "CALENDAR_URL"}, "private_address": True}
        content = {
            "store": store,
            "timezone": str(self.zone),
            "language": language,
            "write_back": write_back,
            "sources": sources,
            "people": [
                {
                    "name": member.name,
                    "email": member.email,
                    "team": member.team,
                    "accounts": {
                        source: account
                        for source, account in ((SOURCE, member.account), (GITHUB, member.login))
                        if source in sources
                    },
                }
                for member in CAST
            ],
            "projects": {
                self.project: {
                    "name": self.plan.name,
                    "plan": plan or self.plan_file,
                    "sources": list(sources),
                    "working_time": working_time,
                    "period": period,
                    "roles": {"requirement": {"type": ["Requirement"]}, "problem": {"type": ["Bug", "Incident"]}},
                    "kpis": {"problems_resolved_in_time": {"within": "48h", "clock": clock, "target": 0.9}},
                    "publish": published,
                }
            },
        }
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)

    @property
    def plan_file(self) -> str:
        """The path of the plan file beside the configuration."""
        return f"plans/{self.project}.yaml"

    def truth(self, at: datetime | None = None, *, filled: datetime | None = None) -> Truth:
        """What is true of the story at an instant, its present by default, of a site `filled` up to another."""
        at = at or self.now
        return Truth(self.happened(min(at, filled or at)), self.keys, self.plan, self.hours, at, self.diary)

    # --- scenes: what may happen next ---

    def transition_one(self, state: JiraState, at: datetime | None = None) -> str:
        """The key of the unplanned task in work that is now finished: one finding fewer, one finished item more."""
        facts = self.truth().items
        key = next(key for key in self._unplanned() if facts[key].category == "active")
        state.transition(key, DONE, LEAD.account, at, resolution="Done")
        return key

    def drop_unplanned(self, state: JiraState, at: datetime | None = None) -> tuple[str, ...]:
        """The keys of the unplanned tasks, which are now dropped: no shadow work is left in Jira."""
        keys = self._unplanned()
        for key in keys:
            state.transition(key, DONE, LEAD.account, at, resolution="Won't Do")
        return keys

    def _unplanned(self) -> tuple[str, ...]:
        return tuple(key for key in sorted(self.truth().findings["shadow_work"]) if not is_of_github(key))

    def reopen_one(self, state: JiraState, at: datetime | None = None) -> str:
        """The key of a finished item of a finished deliverable, which is now in work again."""
        facts = self.truth().items.values()
        key = min(
            f.key
            for f in facts
            if f.category == "done" and f.leaf and f.finished_at is not None and f.role == "task"
            if not is_of_github(f.key)
        )
        state.transition(key, PROGRESS, LEAD.account, at, resolution="")
        return key

    def report_problem(self, state: JiraState, at: datetime | None = None) -> str:
        """The key of a new problem, still inside its limit."""
        label = next(d.label for d in self.plan.deliverables if d.label == "problem-handling")
        return state.add_issue(
            next(iter(self.setting.projects)), summary="A new problem", type="Bug", status=TODO,
            reporter=LEAD.account, created=at, labels=(label,),
        )  # fmt: skip

    @cached_property
    def truth_now(self) -> Truth:
        """The truth at the story's present, worked out once."""
        return self.truth()


def is_of_github(key: str) -> bool:
    """Whether a key is that of an issue or pull request on GitHub."""
    return "#" in key
