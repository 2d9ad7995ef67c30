"""What is wrong in planward.yaml is told at its place (marked by `§`) with what to write instead."""

from __future__ import annotations

import pytest

from tests.config.conftest import SMALLEST, Desk, marked

JIRA = """\
store: sqlite:///planward.db
sources:
  acme-jira:
    kind: jira
    url: https://acme.example
    token: {env: JIRA_TOKEN}
    projects: [ERP]
"""
GITHUB = """\
  acme-github: {kind: github, token: {env: GITHUB_TOKEN}, repositories: [acme/erp]}
"""
CALENDAR = """\
  team: {kind: ics, url: {env: CALENDAR}}
"""
PROJECT = """\
projects:
  erp:
    name: ERP upgrade
    sources: [acme-jira]
"""
WHOLE = JIRA + GITHUB + CALENDAR + PROJECT


def jira(line: str, *, without: str = "") -> str:
    """A configuration with one more line in its Jira source."""
    text = JIRA if not without else JIRA.replace(without, "")
    return text + f"    {line}\n" + PROJECT


def project(line: str) -> str:
    """A configuration with three sources and one more line in its project."""
    return WHOLE.replace("[acme-jira]", "[acme-jira, acme-github, team]") + f"    {line}\n"


TOP = "http, language, people, projects, sources, store, timezone, write_back"
PLAIN_SECRET = (
    "a secret does not belong here; write a reference instead, like {env: NAME} or {file: PATH}, and keep "
    "the secret itself out of this file"
)

NAMES = [
    (
        "§tokn: 1\n" + WHOLE,
        f"the setting `tokn` is not known here; write one of {TOP}",
    ),
    ("§langauge: en\n" + WHOLE, "the setting `langauge` is not known here; did you mean `language`?"),
    (jira("§evry: 5m"), "the setting `evry` is not known here; did you mean `every`?"),
    (jira("checks: {§cencus: 1h}"), "the setting `cencus` is not known here; did you mean `census`?"),
    (jira("statuses: {§waitng: [Blocked]}"), "`waitng` is not known here; did you mean `waiting`?"),
    (JIRA.replace("kind: jira", "kind: §gira") + PROJECT, "the kind `gira` is not known; did you mean `jira`?"),
    (WHOLE.replace("kind: ics", "kind: §ical"), "the kind `ical` is not known; did you mean `ics`?"),
    (WHOLE.replace("kind: ics", "kind: §iCalendar"), "the kind `iCalendar` is not known; did you mean `ics`?"),
    (
        JIRA.replace("kind: jira", "kind: §trello") + PROJECT,
        "the kind `trello` is not known; write one of caldav, github, google-calendar, ics, jira, microsoft-calendar",
    ),
    (
        JIRA.replace("kind: jira\n    url", "§url") + PROJECT,
        "`kind` is missing; write one of jira, github, ics, caldav, google-calendar, microsoft-calendar",
    ),
    (
        JIRA.replace("acme-jira", "§acme jira") + PROJECT.replace("acme-jira", "acme jira"),
        "`acme jira` is not a name; use letters, digits, `-`, `_` and `.`, at most 64",
    ),
    (WHOLE.replace("[acme-jira]", "[§acme-jria]"), "the source `acme-jria` is not known; did you mean `acme-jira`?"),
    (
        WHOLE.replace("[acme-jira]", "§azure"),
        "the source `azure` is not known; write one of acme-github, acme-jira, team",
    ),
    (WHOLE.replace("[acme-jira]", "[acme-jira, §acme-jira]"), "the source `acme-jira` is named twice; remove one"),
    (project("roles: {§requirment: {type: [Story]}}"), "`requirment` is not known here; did you mean `requirement`?"),
    (project("roles: {problem: {§tpye: [Bug]}}"), "the setting `tpye` is not known here; did you mean `type`?"),
    (
        project("kpis: {§problem_resolved_in_time: {within: 48h}}"),
        "the number `problem_resolved_in_time` is not known; did you mean `problems_resolved_in_time`?",
    ),
    (project("kpis: {lead_time: {clock: §wroking}}"), "`wroking` is not known here; did you mean `working`?"),
    (
        project("publish: [{to: §acme-jria, item: ERP-1, topic: status}]"),
        "the source `acme-jria` is not known; did you mean `acme-jira`?",
    ),
    (
        project("publish: [{to: acme-jira, item: ERP-1, topic: §stauts}]"),
        "`stauts` is not known here; did you mean `status`?",
    ),
    (
        WHOLE + "people: [{name: Li, email: li@a.example, accounts: {§acme-githib: li}}]\n",
        "the source `acme-githib` is not known; did you mean `acme-github`?",
    ),
    ("timezone: §Asia/Shangai\n" + WHOLE, "`Asia/Shangai` is not a time zone; did you mean `Asia/Shanghai`?"),
    (
        "timezone: §../../etc/passwd\n" + WHOLE,
        "`../../etc/passwd` is not a time zone; write one like Europe/Berlin or Asia/Shanghai",
    ),
    ("language: §zh\n" + WHOLE, "`zh` is not known here; did you mean `zh-CN`?"),
    ("write_back: §yes\n" + WHOLE, "`yes` is not known here; write one of preview, send"),
    ("http: {§lisen: '127.0.0.1:1'}\n" + WHOLE, "the setting `lisen` is not known here; did you mean `listen`?"),
]

VALUES = [
    ("http: §on\n" + WHOLE, "this is no way to be asked over HTTP; write {listen: 127.0.0.1:8321}, or off"),
    ("http: {listen: §8321}\n" + WHOLE, "`8321` is not an address to listen on; write one like 127.0.0.1:8321"),
    (
        "http: {listen: §'localhost:8321'}\n" + WHOLE,
        "`localhost:8321` is not an address to listen on; write one like 127.0.0.1:8321",
    ),
    (
        "http: {listen: §'127.0.0.1:70000'}\n" + WHOLE,
        "`127.0.0.1:70000` is not an address to listen on; write one like 127.0.0.1:8321",
    ),
    (
        "http: {listen: §'::1:8321'}\n" + WHOLE,
        "`::1:8321` is not an address to listen on; write one like 127.0.0.1:8321",
    ),
    (jira("every: §5"), "`5` is not a duration; write a whole number with s, m, h, d or w, like 90s, 5m or 48h"),
    (
        jira("every: §12:30"),
        "`12:30` is not a duration; write a whole number with s, m, h, d or w, like 90s, 5m or 48h",
    ),
    (jira("every: §0s"), "`0s` is out of range; write more than 0s and at most 3660d"),
    (jira("every: §999999999w"), "`999999999w` is out of range; write more than 0s and at most 3660d"),
    (jira("every: §[5m]"), "a list stands here; write one value"),
    (jira("every: §{m: 5}"), "settings stand here; write one value"),
    (jira("expires_on: §1.3.2027"), "`1.3.2027` is not a date; write year-month-day, like 2026-07-03"),
    (jira("expires_on: §2027-02-29"), "`2027-02-29` is not in the calendar; write an existing day"),
    (jira("private_address: §NO"), "`NO` is not a yes or no; write true or false"),
    (jira('user: §"  "'), "the text is empty; write some, or remove the setting"),
    (
        jira("statuses: §[Blocked]"),
        'settings are needed here; write `statuses: {waiting: [Blocked, "Waiting for customer"]}`',
    ),
    (jira("cancelled_resolutions: §[]"), "the list is empty; write at least one entry, or remove the setting"),
    (jira("cancelled_resolutions: §{a: b}"), "settings stand here; write a list, like [one, two]"),
    (jira("ca: §[a.pem]"), "a list stands here; write one value"),
    (JIRA.replace("[ERP]", "[§ERP-1]") + PROJECT, "`ERP-1` is not a Jira project key; write one like ERP"),
    (
        JIRA.replace("https://acme.example", "§acme.example") + PROJECT,
        "this is not a web address; write one like https://acme.example",
    ),
    (
        JIRA.replace("https://acme.example", "§https://acme.example:port") + PROJECT,
        "this is not a web address; write one like https://acme.example",
    ),
    (
        JIRA.replace("https://acme.example", "§https://[::1") + PROJECT,
        "this is not a web address; write one like https://acme.example",
    ),
    (
        JIRA.replace("https://acme.example", "§https://acme.example/?a=b") + PROJECT,
        "an address ends before `?` and `#`; write it without them",
    ),
    (
        JIRA.replace("https://acme.example", "§https://user:hunter2@acme.example") + PROJECT,
        "an address holds no user or password; write them as `user:` and as a secret reference",
    ),
    (
        JIRA.replace("https://acme.example", "§http://acme.example") + PROJECT,
        "plain http is not safe; write https://, or private_address: true if the host is your own",
    ),
    (
        JIRA + GITHUB.replace("acme/erp", "§acme") + PROJECT,
        "`acme` is not a repository; write owner/name, like acme/erp",
    ),
    (
        JIRA + GITHUB.replace("{kind", "{url: §https://github.com, kind") + PROJECT,
        "this is the address of the pages, not of the API; write https://api.github.com",
    ),
    (
        JIRA + GITHUB.replace("token: {env: GITHUB_TOKEN}", "app: {id: §x, installation: 2, key: {env: K}}") + PROJECT,
        "`x` is not a whole number; write digits only, like 12345",
    ),
    (project("working_time: {country: §cn}"), "`cn` is not a country code; write two capital letters, like CN"),
    (project("working_time: {country: §China}"), "`China` is not a country code; write two capital letters, like CN"),
    (project("working_time: {days: §mo-fri}"), "`mo` is not a day of the week; write days like mon-fri or mon, wed"),
    (project("working_time: {hours: §9-18}"), '`9-18` are not hours of a day; write them like "09:00-18:00"'),
    (
        project("working_time: {hours: §18:00-09:00}"),
        'the end of `18:00-09:00` is not after its beginning; write hours like "09:00-18:00"',
    ),
    (project("kpis: {lead_time: {target: §0.9}}"), "the target of lead_time is a duration; write it like 48h"),
    (
        project("kpis: {delivered_on_time: {target: §90}}"),
        "the target of delivered_on_time is a share; write it like 0.9 or 90%",
    ),
    (
        project("kpis: {delivered_on_time: {target: §48h}}"),
        "the target of delivered_on_time is a share; write it like 0.9 or 90%",
    ),
    (project("kpis: {throughput: {target: §48h}}"), "the target of throughput is a number; write it like 5"),
    (project("kpis: {forecast: {target: §5}}"), "forecast has no target; remove the setting"),
    (
        project("kpis: {lead_time: {target: §high}}"),
        "`high` is not a target; write a share like 0.9 or 90%, or a duration like 48h",
    ),
    (project("period: §fortnight"), "`fortnight` is not known here; write one of month, quarter, week"),
    (
        project("publish: §status"),
        "a list is needed here; write `publish: [{to: acme-jira, item: ERP-1, topic: status}]`",
    ),
    (
        WHOLE + "people: [{name: Li, email: §li.example}]\n",
        "`li.example` is not an e-mail address; write one like li.wei@acme.example",
    ),
    (
        SMALLEST.replace("{env: JIRA_TOKEN}", "§{}"),
        "one place is needed; write one of {env: NAME}, {file: PATH}, {command: [...]}, {credential: NAME}",
    ),
    (
        SMALLEST.replace("{env: JIRA_TOKEN}", "§{env: A, file: b}"),
        "one place is needed; write one of {env: NAME}, {file: PATH}, {command: [...]}, {credential: NAME}",
    ),
    (SMALLEST.replace("{env: JIRA_TOKEN}", "{§evn: A}"), "this is no reference to a secret; did you mean `env`?"),
    (
        SMALLEST.replace("{env: JIRA_TOKEN}", "{§vault: A}"),
        "this is no reference to a secret; write one of env, file, command, credential",
    ),
    (
        SMALLEST.replace("{env: JIRA_TOKEN}", "{command: §'pass \"show'}"),
        "a quote in this command is not closed; write it as a list of words",
    ),
    (
        SMALLEST.replace("{env: JIRA_TOKEN}", "§hunter2"),
        PLAIN_SECRET,
    ),
    (
        SMALLEST.replace("sqlite:///planward.db", "§planward.db"),
        "this is not a store that we know; write sqlite:///planward.db or postgresql://user@host/database",
    ),
    (
        SMALLEST.replace("sqlite:///planward.db", "§sqlite:///"),
        "the file of the store is missing; write sqlite:///planward.db",
    ),
    (
        SMALLEST.replace("sqlite:///planward.db", '§"sqlite:///:memory:"'),
        "a store in memory is lost at the end of each command; write sqlite:///planward.db",
    ),
    (
        SMALLEST.replace("sqlite:///planward.db", "§postgresql://planward@db"),
        "the database's name is missing; write postgresql://user@host/database",
    ),
    (SMALLEST.replace("sqlite:///planward.db", "§[a]"), "a list stands here; write one value"),
]

AGREEMENT = [
    (
        JIRA.replace("    projects: [ERP]\n", "").replace("acme-jira:", "§acme-jira:") + PROJECT,
        "`projects` or `jql` is missing; write for example `projects: [ERP]`",
    ),
    (jira("§jql: project = ERP"), "`projects` and `jql` exclude each other; keep one of them"),
    (
        jira("jql: §project = ERP ORDER  BY updated", without="    projects: [ERP]\n"),
        "the query has an order of its own; leave out ORDER BY",
    ),
    (
        jira("statuses: {waiting: [Blocked], active: [§blocked]}"),
        "the status `blocked` already means waiting; keep it in one category",
    ),
    (
        JIRA + "  §hub: {kind: github, repositories: [a/b]}\n" + PROJECT,
        "`token` or `app` is missing; write for example `token: {env: GITHUB_TOKEN}`",
    ),
    (
        JIRA + GITHUB.replace("repositories", "§app: {id: 1, installation: 2, key: {env: K}}, repositories") + PROJECT,
        "`token` and `app` exclude each other; keep one of them",
    ),
    (
        project("publish: [{to: §team, topic: status}]"),
        "nothing can be written to a source of kind `ics`; name one of kind jira or github",
    ),
    (
        project("publish: [§{to: acme-github, repository: acme/erp}]"),
        "`topic` is missing; write `topic: dashboard`",
    ),
    (project("publish: [§{to: acme-jira, item: ERP-1}]"), "`topic` is missing; write `topic: status`"),
    (project("publish: [§{to: acme-jira, topic: status}]"), "where in `acme-jira` is not said; add `item: ERP-1`"),
    (
        project("publish: [§{to: acme-github, topic: status}]"),
        "where in `acme-github` is not said; add `repository: acme/erp`",
    ),
    (
        project("publish: [{to: acme-jira, item: ERP-1, §repository: a/b, topic: status}]"),
        "`repository` does not belong to a source of kind jira; write `item`",
    ),
    (
        project("publish: [{to: acme-github, item: 'acme/erp#1', §repository: a/b, topic: status}]"),
        "an item or a repository is written to, not both; remove one",
    ),
    (
        project("publish: [{to: acme-github, item: §ERP-1, topic: status}]"),
        "`ERP-1` is no item of a source of kind github; write it like acme/erp#12",
    ),
    (
        project("publish: [{to: acme-jira, item: §'acme/erp#12', topic: status}]"),
        "`acme/erp#12` is no item of a source of kind jira; write it like ERP-1",
    ),
    (
        project("publish: [{to: acme-jira, item: §ERP, topic: status}]"),
        "`ERP` is not the key of an item; write one like ERP-1 or acme/erp#12",
    ),
    (
        project("publish: [{to: acme-jira, item: E-1, topic: status}, §{to: acme-jira, item: E-1, topic: status}]"),
        "this topic is written to the same place twice; remove one entry",
    ),
    (
        WHOLE + "    publish: [{to: §acme-github, repository: a/b, topic: status}]\n",
        "`acme-github` is not among the project's sources; add it to `sources:` of the project",
    ),
    (project("roles: {§problem: {}}"), "this role has no rule; write `{type: [Bug]}` or `{label: [bug]}`"),
    (
        WHOLE + "people:\n  - {name: A, email: a@b.example}\n  - {name: B, email: §A@b.example}\n",
        "this address is that of the person in line 15; keep one entry a person",
    ),
    (
        WHOLE + "people:\n  - {name: A, email: a@b.example, accounts: {acme-jira: 1}}\n"
        "  - {name: B, email: b@b.example, accounts: {acme-jira: §1}}\n",
        "this account is that of the person in line 15; keep it with one person",
    ),
    (JIRA + "projects:\n  erp:\n    §name: ERP\n", "`sources` is missing; write `sources: [acme-jira]`"),
    (
        JIRA + "projects:\n  erp: §ERP\n",
        "settings are needed here; write `projects: {erp-upgrade: {name: ERP upgrade}}`",
    ),
    ("§sources: {}\nprojects: {}\n", "`store` is missing; write `store: sqlite:///planward.db`"),
]


@pytest.mark.parametrize(("text", "words"), [*NAMES, *VALUES, *AGREEMENT])
def test_a_problem_is_told_once_at_its_place(desk: Desk, text: str, words: str) -> None:
    text, place = marked(text)

    problems = desk.problems(text)

    assert problems == [f"{place}: {words}"]


def test_plain_http_is_accepted_for_a_private_address(desk: Desk) -> None:
    text = SMALLEST.replace("https://acme.example", "http://127.0.0.1:8080\n    private_address: true")

    settings = desk.load(text)

    assert settings.sources["jira"].private_address


def test_an_order_by_inside_quotes_is_a_text_to_search_for(desk: Desk) -> None:
    settings = desk.load(SMALLEST.replace("projects: [ERP]", """jql: 'summary ~ "order by post"'"""))

    assert settings.sources["jira"].kind == "jira"
