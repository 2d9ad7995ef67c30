"""A configuration is read whole, or refused with all of its problems at their places."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from config.load import load, shown
from config.secret import Secret
from config.settings import HttpSettings, Settings
from config.sources import CaldavSettings, GithubSettings, JiraSettings
from core.errors import ConfigurationError
from core.model import Category, Clock, PeriodKind, Role
from tests.config.conftest import SMALLEST, Desk

CONTRACT = """\
store: sqlite:///planward.db            # or postgresql://planward@db/planward
timezone: Asia/Shanghai
language: zh-CN                         # en (default) or zh-CN
write_back: preview                     # preview (default) or send

sources:
  acme-jira:
    kind: jira
    url: https://acme.atlassian.net
    user: planward@acme.com             # Cloud: the account's e-mail; absent: Data Center token
    token: {env: JIRA_TOKEN}            # write_token: another one for writing; expires_on: 2027-03-01
    projects: [ERP]                     # or jql: "project = ERP AND ..."
    every: 5m
    statuses: {waiting: [Blocked, "Waiting for customer"]}     # what the tracker's own categories do not say
    cancelled_resolutions: ["Won't Do", "Won't Fix", Duplicate, Invalid, "Cannot Reproduce"]        # the default
    checks: {identity: 1h, lists: 1h, worklogs: 15m, reread: 6h, census: 24h}                        # the defaults
  acme-github:
    kind: github                        # url: the API root, https://api.github.com or https://HOST/api/v3
    token: {env: GITHUB_TOKEN}          # or app: {id: 1, installation: 2, key: {file: app.pem}}
    repositories: [acme/erp]
    every: 5m
  team-calendar:
    kind: caldav                        # ics, caldav, google-calendar, microsoft-calendar
    url: https://dav.acme.com/team/
    user: planward
    password: {file: /run/secrets/caldav}
    every: 15m

people:
  - {name: Li Wei, email: li.wei@acme.com, team: delivery,
     accounts: {acme-jira: 5b10a2844c20165700ede21g, acme-github: liwei}}

projects:
  erp-upgrade:
    name: ERP upgrade
    plan: plans/erp-upgrade.yaml
    sources: [acme-jira, acme-github, team-calendar]
    working_time: {country: CN, days: mon-fri, hours: "09:00-18:00"}
    period: month                       # week, month (default), quarter
    roles:
      requirement: {type: [Requirement, Story]}
      problem: {type: [Bug, Incident]}
      improvement: {label: [retro-action]}
    kpis:
      problems_resolved_in_time: {within: 48h, clock: elapsed, target: 0.9}
    publish:
      - {to: acme-jira, item: ERP-1, topic: status}
      - {to: acme-github, repository: acme/erp, topic: dashboard}
"""


def test_the_example_of_the_contract_is_read_with_every_value(desk: Desk) -> None:
    desk.write("name: ERP upgrade\n", "plans/erp-upgrade.yaml")

    settings = desk.load(CONTRACT)

    jira, github, calendar = settings.sources.values()
    assert isinstance(jira, JiraSettings)
    assert isinstance(github, GithubSettings)
    assert isinstance(calendar, CaldavSettings)
    assert (settings.timezone, settings.language, settings.write_back) == ("Asia/Shanghai", "zh-CN", "preview")
    assert settings.store == f"sqlite:///{desk.folder}/planward.db"
    assert (jira.url, jira.user, jira.projects, jira.jql) == (
        "https://acme.atlassian.net",
        "planward@acme.com",
        ("ERP",),
        None,
    )
    assert jira.token == Secret(env="JIRA_TOKEN")
    assert jira.write_token is None
    assert jira.statuses == {Category.WAITING: ("Blocked", "Waiting for customer")}
    assert jira.cancelled_resolutions == ("Won't Do", "Won't Fix", "Duplicate", "Invalid", "Cannot Reproduce")
    assert jira.checks.worklogs == timedelta(minutes=15)
    assert jira.checks.census == timedelta(hours=24)
    assert (github.url, github.repositories) == ("https://api.github.com", ("acme/erp",))
    assert (calendar.url, calendar.every) == ("https://dav.acme.com/team/", timedelta(minutes=15))
    assert calendar.password == Secret(file=Path("/run/secrets/caldav"))
    (person,) = settings.people
    assert person.accounts == {"acme-jira": "5b10a2844c20165700ede21g", "acme-github": "liwei"}
    project = settings.projects["erp-upgrade"]
    assert project.plan == desk.folder / "plans/erp-upgrade.yaml"
    assert project.working_time.days == frozenset({0, 1, 2, 3, 4})
    assert (project.working_time.country, project.working_time.opens, project.working_time.closes) == (
        "CN",
        time(9),
        time(18),
    )
    assert project.period is PeriodKind.MONTH
    assert project.roles[Role.PROBLEM].type == ("Bug", "Incident")
    assert project.roles[Role.IMPROVEMENT].type == ()
    kpi = project.kpis["problems_resolved_in_time"]
    assert (kpi.within, kpi.clock, kpi.target) == (timedelta(hours=48), Clock.ELAPSED, 0.9)
    assert [(one.to, one.item, one.repository, one.topic) for one in project.publish] == [
        ("acme-jira", "ERP-1", None, "status"),
        ("acme-github", None, "acme/erp", "dashboard"),
    ]
    assert settings.plans["erp-upgrade"].name == "ERP upgrade"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("127.0.0.1", 8321)),
        ("http: {hosts: planward}\n", ("127.0.0.1", 8321)),
        ("http: {listen: '0.0.0.0:80'}\n", ("0.0.0.0", 80)),
        ("http: {listen: '[::1]:8321'}\n", ("::1", 8321)),
    ],
)
def test_the_service_listens_on_loopback_unless_it_is_told_otherwise(
    desk: Desk, text: str, address: tuple[str, int]
) -> None:
    http = desk.load(text + SMALLEST).http

    assert isinstance(http, HttpSettings)
    assert http.address == address


def test_the_service_can_be_told_to_listen_nowhere(desk: Desk) -> None:
    settings = desk.load("http: off\n" + SMALLEST)

    assert settings.http == "off"
    assert "http: 'off'\n" in shown(settings)


def test_the_smallest_file_has_defaults_for_the_rest(desk: Desk) -> None:
    settings = desk.load(SMALLEST)

    jira = settings.sources["jira"]
    assert isinstance(jira, JiraSettings)
    assert (settings.timezone, settings.language, settings.write_back) == ("UTC", "en", "preview")
    assert (jira.every, jira.user, jira.private_address) == (timedelta(minutes=5), None, False)
    assert jira.cancelled_resolutions == ("Won't Do", "Won't Fix", "Duplicate", "Invalid", "Cannot Reproduce")
    assert settings.projects["erp"].period is PeriodKind.MONTH
    assert settings.plans == {}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NO", "NO"),
        ("no", None),
        ("on", None),
    ],
)
def test_norway_stays_a_country(desk: Desk, written: str, read: str | None) -> None:
    text = SMALLEST + f"    working_time: {{country: {written}}}\n"

    if read is None:
        assert desk.problems(text) == [
            f"12:29: `{written}` is not a country code; write two capital letters, like {written.upper()}"
        ]
    else:
        assert desk.load(text).projects["erp"].working_time.country == read


@pytest.mark.parametrize("account", ["12:30", "0x1F", "1e5", "0123", "true", "2026-01-05", "1_000"])
def test_a_text_that_yaml_would_turn_into_something_else_stays_text(desk: Desk, account: str) -> None:
    text = SMALLEST + f"people: [{{name: {account}, email: a@b.example, accounts: {{jira: {account}}}}}]\n"

    (person,) = desk.load(text).people

    assert person.name == account
    assert person.accounts == {"jira": account}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("48h", timedelta(hours=48)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_durations_carry_their_unit(desk: Desk, written: str, read: timedelta) -> None:
    settings = desk.load(SMALLEST.replace("projects: [ERP]", f"every: {written}\n    projects: ERP"))

    assert settings.sources["jira"].every == read


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        ("Mon, wed,FRI", {0, 2, 4}),
        ("[sat, sun]", {5, 6}),
        ("tue", {1}),
    ],
)
def test_working_days_are_named_or_ranged(desk: Desk, written: str, days: set[int]) -> None:
    written = written if written.startswith("[") else f'"{written}"'

    settings = desk.load(SMALLEST + f"    working_time: {{days: {written}}}\n")

    assert settings.projects["erp"].working_time.days == days


@pytest.mark.parametrize(
    ("kpi", "written", "read"),
    [
        ("delivered_on_time", "95%", 0.95),
        ("lead_time", "10d", 864000.0),
        ("throughput", "5", 5.0),
        ("spi", "0.95", 0.95),
    ],
)
def test_a_target_is_written_in_the_unit_of_its_number(desk: Desk, kpi: str, written: str, read: float) -> None:
    settings = desk.load(SMALLEST + f"    kpis: {{{kpi}: {{target: {written}}}}}\n")

    assert settings.projects["erp"].kpis[kpi].target == read


def test_an_anchor_may_be_used_again(desk: Desk) -> None:
    text = SMALLEST.replace("[jira]", "&own [jira]") + "  next: {name: Next, sources: *own}\n"

    settings = desk.load(text)

    assert settings.projects["next"].sources == ("jira",)


def test_all_problems_are_told_at_once_from_top_to_bottom(desk: Desk) -> None:
    desk.write("name: ERP\nmilestones:\n  - {id: M1, name: Go-live, du: 2026-06-26}\n", "plan.yaml")
    text = """\
store: mysql://planward@db/planward
timzone: Asia/Shanghai
sources:
  acme-jira:
    kind: jira
    url: https://acme.example
    token: {env: JIRA_TOKEN}
    projects: [ERP]
    every: 5 minutes
projects:
  erp:
    name: ERP upgrade
    plan: plan.yaml
    sources: [acme-jria]
    period: monthly
"""

    assert desk.problems(text) == [
        "3:5: `due` is missing; write `due: 2026-06-26`",
        "3:29: the setting `du` is not known here; did you mean `due`?",
        "1:8: this is not a store that we know; write sqlite:///planward.db or postgresql://user@host/database",
        "2:1: the setting `timzone` is not known here; did you mean `timezone`?",
        "9:12: `5 minutes` is not a duration; write a whole number with s, m, h, d or w, like 90s, 5m or 48h",
        "14:15: the source `acme-jria` is not known; did you mean `acme-jira`?",
        "15:13: `monthly` is not known here; did you mean `month`?",
    ]


def test_a_plan_that_is_not_there_is_told_where_it_is_named(desk: Desk) -> None:
    assert desk.problems(SMALLEST + "    plan: plans/erp.yaml\n") == [
        "12:11: the plan cannot be read: plans/erp.yaml: there is no such file; correct the name or create it"
    ]


def test_people_named_by_a_plan_must_be_known_when_people_are_listed(desk: Desk) -> None:
    desk.write("name: ERP\nowner: li.wie@acme.example\n", "plan.yaml")
    text = SMALLEST + "    plan: plan.yaml\npeople: [{name: Li Wei, email: li.wei@acme.example}]\n"

    assert desk.problems(text) == [
        "2:8: `li.wie@acme.example` is not among the people of the configuration; did you mean `li.wei@acme.example`?"
    ]


def test_settings_in_force_are_shown_so_that_they_can_be_read_again(desk: Desk) -> None:
    desk.write("name: ERP upgrade\n", "plans/erp-upgrade.yaml")
    settings = desk.load(
        CONTRACT.replace("token: {env: JIRA_TOKEN}", "token: {env: JIRA_TOKEN}\n    expires_on: 2027-03-01")
    )

    text = shown(settings)

    again = desk.load(text)
    assert again.sources == settings.sources
    assert again.projects == settings.projects
    assert again.people == settings.people
    assert again.sources["acme-jira"].expires_on == date(2027, 3, 1)
    assert "census: 1d" in text
    assert "env: JIRA_TOKEN" in text


@pytest.mark.parametrize(
    ("store", "masked"),
    [
        ("postgresql://planward:hunter2@db:5432/planward", "postgresql://planward:***@db:5432/planward"),
        ("postgresql://planward:hun@ter2@db/planward", "postgresql://planward:***@db/planward"),
        ("postgresql://db/planward?user=p&password=hunter2", "postgresql://db/planward?user=p&password=***"),
        ("postgresql://planward@db/planward", "postgresql://planward@db/planward"),
        ("postgresql:///planward", "postgresql:///planward"),
    ],
)
def test_a_password_of_the_store_is_used_and_never_shown(desk: Desk, store: str, masked: str) -> None:
    settings = desk.load(SMALLEST.replace("sqlite:///planward.db", store))

    assert settings.store == store
    assert settings.masked_store == masked
    assert f"store: {masked}" in shown(settings)
    assert "hunter2" not in repr(settings)


def test_a_store_may_be_given_by_reference(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = desk.load(SMALLEST.replace("sqlite:///planward.db", "{env: PLANWARD_STORE}"))

    monkeypatch.setenv("PLANWARD_STORE", "postgresql://planward:hunter2@db/planward")
    assert settings.store == "postgresql://planward:hunter2@db/planward"
    assert settings.masked_store == "{env: PLANWARD_STORE}"
    assert "store:\n  env: PLANWARD_STORE\n" in shown(settings)
    monkeypatch.setenv("PLANWARD_STORE", "hunter2")
    with pytest.raises(ConfigurationError, match="store: this is not a store that we know") as caught:
        _ = settings.store
    assert "hunter2" not in str(caught.value)


def test_an_absolute_store_file_stays_where_it_is(desk: Desk) -> None:
    settings = desk.load(SMALLEST.replace("sqlite:///planward.db", "sqlite:////var/lib/planward/planward.db"))

    assert settings.store == "sqlite:////var/lib/planward/planward.db"


def test_every_secret_is_found_by_its_place(desk: Desk) -> None:
    text = SMALLEST.replace("projects: [ERP]", "write_token: {file: w}\n    projects: [ERP]")

    secrets = dict(desk.load(text).secrets())

    assert secrets == {
        "sources.jira.token": Secret(env="JIRA_TOKEN"),
        "sources.jira.write_token": Secret(file=desk.folder / "w"),
    }


def test_settings_do_not_change(desk: Desk) -> None:
    settings = desk.load(SMALLEST)

    with pytest.raises(ValueError, match="frozen"):
        settings.language = "zh-CN"


def test_settings_can_be_made_without_a_file() -> None:
    jira = JiraSettings(
        url="https://acme.example",
        token=Secret(env="T"),
        projects=("ERP",),
        every=timedelta(seconds=1),
        private_address=True,
    )

    assert jira.kind == "jira"
    assert isinstance(Settings.model_validate({"store": "sqlite:///x.db", "sources": {}, "projects": {}}), Settings)


def test_a_missing_file_and_a_folder_are_said_in_one_sentence(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "planward.yaml", "there is no such file; correct the name or create it"),
        (tmp_path, "this is a folder; name the file in it"),
        (Path("/dev/zero"), "this is not a regular file; name one that is"),
        (tmp_path / ("x" * 300), "it cannot be read (File name too long); correct its name or its permissions"),
        (tmp_path / "a\0b", "it cannot be read (its name is not valid); correct its name or its permissions"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            load(path)

        assert caught.value.problems == (f"{path}: {words}",)
