"""Days that are laid out: what sources of three kinds hold at each hour, for two projects with a plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.model import Agenda, Event, Snapshot
from tests.builders import DONE, OPEN
from tests.publish.world import START
from tests.sync.source import snapshot

ZONE = ZoneInfo("Asia/Shanghai")
EVERY = {"tracker": timedelta(hours=2), "code": timedelta(hours=1), "calendar": timedelta(hours=24)}
KINDS = {"tracker": "jira", "code": "github", "calendar": "ics"}
PROJECTS = {"erp": ("tracker", "code"), "ops": ("tracker", "calendar")}
CONFIGURATION = """\
store: sqlite:///planward.db
timezone: Asia/Shanghai
write_back: send
sources:
  tracker: {kind: jira, url: https://jira.example, token: {env: TOKEN}, projects: [ERP], every: 2h}
  code: {kind: github, token: {env: TOKEN}, repositories: [acme/erp], every: 1h}
  calendar: {kind: ics, url: {env: FEED}, every: 24h}
projects:
  erp:
    name: ERP
    plan: erp.yaml
    sources: [tracker, code]
    period: week
    roles: {problem: {type: [Bug]}}
    publish: [{to: tracker, item: ERP-1, topic: status}, {to: code, repository: acme/erp, topic: dashboard}]
  ops:
    name: Operations
    plan: ops.yaml
    sources: [tracker, calendar]
    publish: [{to: tracker, item: OPS-1, topic: status}]
"""
TARGETS = {"erp": ["tracker ERP-1", "code acme/erp"], "ops": ["tracker OPS-1"]}
PLANS = {
    "erp.yaml": """\
name: ERP
deliverables:
  - {id: D1, name: Interface, due: 2026-03-04, work: {jira: ERP-901}}
  - {id: D2, name: Import, due: 2026-04-30, work: {github: "acme/erp#902"}}
""",
    "ops.yaml": """\
name: Operations
start: 2026-03-02
meetings: [{id: W1, name: Weekly meeting, match: "Weekly*", every: week}]
""",
}
INTERFACE_DUE = date(2026, 3, 4)
INTERFACE_DONE = 83.0
"""The hours at which things happen at the sources: the interface that was due is done,"""
SIDE_WORK = (30.0, 102.0)
"""a piece of work that no deliverable covers is open,"""
MEETINGS = ((-10.0, date(2026, 3, 5)), (30.0, date(2026, 3, 12)), (165.0, date(2026, 3, 19)))
"""and from when on the calendar has the meeting of which day."""
PROBLEM_EVERY = 10


def at(hour: float) -> datetime:
    """The instant of an hour since the beginning."""
    return START + timedelta(hours=hour)


def problems(until: datetime) -> list[datetime]:
    """When the problems arose that there were until then; each is gone after a minute."""
    count = int((until - START) / timedelta(hours=PROBLEM_EVERY)) + 1
    return [at(PROBLEM_EVERY * number) for number in range(count)]


def holds(source: str, now: datetime) -> Sequence[Snapshot]:
    """What the tracker and the repository have at a moment."""

    def item(key: str, begins: datetime, ends: datetime, **fields: Any) -> Snapshot:
        stays = [stay for stay in ((begins, OPEN), (ends, DONE)) if stay[0] <= now]
        return snapshot(key, *stays, source=source, **fields)

    minute, never = timedelta(minutes=1), at(10_000)
    if source == "tracker":
        made = [item(f"ERP-{n}", born, born + minute, type="Bug") for n, born in enumerate(problems(now), start=11)]
        return [*made, item("ERP-901", at(-40), at(INTERFACE_DONE))]
    if source == "code":
        kept = [item("acme/erp#902", at(-30), never)]
        return kept if now < at(SIDE_WORK[0]) else [*kept, item("acme/erp#903", *map(at, SIDE_WORK))]
    return ()


def agendas(source: str, now: datetime) -> Sequence[Agenda]:
    """What the calendar has at a moment."""
    if source != "calendar":
        return ()
    events = tuple(
        Event(
            source=source,
            calendar="team",
            uid=f"weekly-{on}",
            recurrence_start=None,
            title="Weekly meeting",
            starts_at=datetime(on.year, on.month, on.day, 2, tzinfo=UTC),
            ends_at=datetime(on.year, on.month, on.day, 3, tzinfo=UTC),
        )
        for since, on in MEETINGS
        if at(since) <= now
    )
    return (Agenda(calendar="team", from_at=at(-9000), until_at=at(9000), events=events),)
