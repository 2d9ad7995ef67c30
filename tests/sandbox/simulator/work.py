"""How work goes in the stories: tasks that flow, get stuck or come back, and problems with their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from tests.sandbox.simulator.cast import CAST, DEVELOPER, IT_SUPPORT, LEAD, TECHNICAL, TESTER, Member
from tests.sandbox.simulator.events import (
    BLOCKED,
    CLOSED,
    DONE,
    PROGRESS,
    REVIEW,
    TODO,
    Assigned,
    Prioritised,
    Rescheduled,
)
from tests.sandbox.simulator.script import Script

HOUR = timedelta(hours=1)

FLOWS: tuple[tuple[str, ...], ...] = (
    (PROGRESS, REVIEW, DONE),
    (PROGRESS, BLOCKED, PROGRESS, DONE),
    (PROGRESS, REVIEW, PROGRESS, REVIEW, DONE),
    (PROGRESS, DONE, PROGRESS, DONE),
    (PROGRESS, REVIEW, DONE, CLOSED),
    (DONE,),
    (PROGRESS, TODO, PROGRESS, BLOCKED, PROGRESS, REVIEW, DONE),
)
"""The ways of a finished task: reviewed, blocked, sent back, reopened, closed after done, done at once, put back."""

STALLS: tuple[tuple[str, ...], ...] = ((PROGRESS,), (), (PROGRESS, BLOCKED), (PROGRESS, REVIEW), ())
"""How far unfinished tasks got."""

REMARKS: tuple[str, ...] = (
    "Checked with the business department, they agree.",
    "已与客服部门确认，可以继续。",
    "Still waiting for the vendor's answer.",
    "测试通过，等待评审。",
    "Please have another look at the second point.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What the author of a story meant with a problem: its open stretches in hours, None while it is still open."""

    issue: int
    open_hours: tuple[float | None, ...]


def flow(script: Script, issue: int, steps: Sequence[str], begin: datetime, end: datetime, who: Member) -> None:
    """Take an issue through statuses between two instants, the last one exactly at `end`."""
    instants = [*script.between(begin, end, len(steps) - 1), end] if steps else []
    for instant, status in zip(instants, steps, strict=True):
        script.move(instant, issue, who, status, "Done" if status in {DONE, CLOSED} else None)


def finished_tasks(
    script: Script,
    titles: Sequence[str],
    label: str,
    begin: datetime,
    end: datetime,
    *,
    team: Sequence[Member] = TECHNICAL,
) -> list[int]:
    """Tasks that are all finished, the last one exactly at `end`, each in its own way."""
    ends = [*script.between(begin + (end - begin) * 0.4, end, len(titles) - 1), end]
    issues = []
    for title, done, steps, who in zip(titles, ends, cycle(FLOWS), cycle(team), strict=False):
        steps = FLOWS[0] if done == end else steps  # noqa: PLW2901 - the last one is not to be done before it is closed
        created = begin + (done - begin) * script.dice.uniform(0.0, 0.2)
        issue = script.create(created, title, assignee=who, labels=(label,))
        flow(script, issue, steps, created + (done - created) * 0.3, done, who)
        _talk(script, issue, created, created + (done - created) * 0.3)
        issues.append(issue)
    return issues


def open_tasks(
    script: Script, titles: Sequence[str], label: str, begin: datetime, *, team: Sequence[Member] = TECHNICAL
) -> list[int]:
    """Tasks that are not finished at the story's present; every second one was."""
    end = script.now - HOUR
    issues = []
    for number, (title, who) in enumerate(zip(titles, cycle(team), strict=False)):
        created = begin + (end - begin) * 0.1 * script.dice.random()
        issue = script.create(created, title, assignee=who, labels=(label,))
        steps = FLOWS[number % len(FLOWS)] if number % 2 else STALLS[number // 2 % len(STALLS)]
        until = created + (end - created) * (0.4 + 0.5 * script.dice.random())
        flow(script, issue, steps, created + (until - created) * 0.3, until, who)
        issues.append(issue)
    return issues


def planned_tasks(
    script: Script, titles: Sequence[str], label: str, created: datetime, *, team: Sequence[Member] = TECHNICAL
) -> list[int]:
    """Tasks that wait for their turn; their due dates move once."""
    issues = []
    for number, (title, who) in enumerate(zip(titles, cycle(team), strict=False)):
        due = script.from_today(40 + number)
        issue = script.create(created + number * HOUR, title, assignee=who, labels=(label,), due_on=due)
        script.write(created + (number + 2) * HOUR, issue, LEAD, Rescheduled(due_on=script.from_today(45 + number)))
        issues.append(issue)
    return issues


def sub_tasks(script: Script, parent: int, titles: Sequence[str], begin: datetime, end: datetime) -> list[int]:
    """Finished sub-tasks of an issue, the last one done exactly at `end`; they carry no label of their own."""
    ends = [*script.between(begin, end, len(titles) - 1), end]
    issues = []
    for title, done in zip(titles, ends, strict=True):
        created = begin - HOUR * script.dice.uniform(0.1, 0.9)
        issue = script.create(created, title, type="Sub-task", assignee=TESTER, parent=parent)
        flow(script, issue, (PROGRESS, DONE), begin + (done - begin) * 0.2, done, TESTER)
        issues.append(issue)
    return issues


def problem(
    script: Script,
    created: datetime,
    title: str,
    *open_hours: float | None,
    label: str,
    closed_hours: float = 20.0,
    outcome: str = "Done",
    kind: str = "Bug",
) -> Problem:
    """A problem that is open for these stretches, with pauses of `closed_hours` in which it counted as solved."""
    issue = script.create(created, title, type=kind, reporter=IT_SUPPORT, labels=(label,), priority="High")
    at = created
    for number, hours in enumerate(open_hours):
        if number:
            at += timedelta(hours=closed_hours)
            script.move(at, issue, TESTER, PROGRESS)
        length = timedelta(hours=script_end(script, at) if hours is None else hours)
        if not number:
            script.write(at + length * 0.05, issue, LEAD, Assigned(to=DEVELOPER))
            script.move(at + length * 0.1, issue, DEVELOPER, PROGRESS)
            script.write(at + length * 0.2, issue, LEAD, Prioritised(priority="Highest"))
            script.move(at + length * 0.3, issue, DEVELOPER, BLOCKED)
            script.move(at + length * 0.5, issue, DEVELOPER, PROGRESS)
            script.comment(at + length * 0.6, issue, DEVELOPER, REMARKS[number % len(REMARKS)])
        if hours is not None:
            at += length
            script.move(at, issue, DEVELOPER, DONE, outcome)
    return Problem(issue=issue, open_hours=open_hours)


def script_end(script: Script, at: datetime) -> float:
    """Hours from an instant to the story's present."""
    return (script.now - at) / HOUR


def _talk(script: Script, issue: int, begin: datetime, end: datetime) -> None:
    """A few comments between two instants, more on some issues than on others."""
    count = script.dice.choice((0, 0, 1, 2))
    for number, instant in enumerate(script.between(begin, end, count)):
        who = script.dice.choice(CAST)
        script.comment(instant, issue, who, REMARKS[(issue + number) % len(REMARKS)])
