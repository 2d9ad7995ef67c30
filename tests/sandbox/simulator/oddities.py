"""What real trackers hold besides orderly work: hostile titles, imports, long histories, unplanned tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle

from tests.sandbox.simulator.cast import BUSINESS, CAST, DEVELOPER, LEAD, PMO, PRODUCT
from tests.sandbox.simulator.events import DONE, PROGRESS, Assigned, Prioritised, Rescheduled, Retitled
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.work import HOUR, REMARKS

HOSTILE: tuple[str, ...] = (
    "@all please read, [~accountid:5b10a2844c20165700ed0001] and @li.wei too",
    "<script>alert(1)</script> **bold** _it_ | a | b | {color:red}x{color} `code` [link](javascript:alert(1))",
    "closes #12, fixes ERP-1, see acme/erp#3 and https://example.com/?a=1&b=2",
    "\u202egnp.exe hidden \u2066direction\u2069 \u200b\u200dzero width",
    "\x1b[31mred\x1b[0m and a bell \x07",
    "=cmd|' /C calc'!A1",
    "很长的标题 " + "long " * 48 + "end!",
    "👩‍👩‍👧‍👦 família – naïve ﷽ ｆｕｌｌ　ｗｉｄｔｈ",
)


def write_oddities(
    script: Script, status: int, *, label: str, unplanned: Sequence[str], project: str | None = None
) -> None:
    """Odd issues. Those with the label belong to a deliverable that stays open; the unplanned belong to none."""
    _hostile(script, label, project)
    _long_history(script, label, project)
    _much_talk(script, status)
    _imports(script, label, project)
    _dropped(script, label, project)
    begin = script.now - timedelta(days=24)
    for number, title in enumerate(unplanned):
        created = begin + number * timedelta(days=3, hours=2)
        issue = script.create(created, title, project=project, reporter=PRODUCT, assignee=DEVELOPER)
        if number % 2 == 0:
            script.move(created + 5 * HOUR, issue, DEVELOPER, PROGRESS)
    # Dropped work that nobody planned is nothing to worry about.
    dropped = script.create(begin + HOUR, "Unplanned and dropped", project=project, reporter=PRODUCT)
    script.move(begin + 30 * HOUR, dropped, LEAD, DONE, "Won't Do")


def _hostile(script: Script, label: str, project: str | None) -> None:
    begin = script.at(script.day(2), "08:00")
    for number, title in enumerate(HOSTILE):
        created = begin + number * 7 * HOUR
        issue = script.create(created, title, project=project, reporter=BUSINESS, labels=(label,))
        script.comment(created + HOUR, issue, BUSINESS, title)
        if number % 2:
            script.move(created + 30 * HOUR, issue, PMO, PROGRESS)
            script.move(created + 31 * HOUR, issue, PMO, DONE, "Done")


def _long_history(script: Script, label: str, project: str | None) -> None:
    """More changes than a search shows: 63, among them a renaming and ten moved dates."""
    created = script.at(script.day(4), "09:00")
    issue = script.create(created, "Weekly data check", project=project, labels=(label,), assignee=LEAD)
    people, priorities = cycle(CAST), cycle(("High", "Low", "Medium"))
    instants = script.between(created, script.at(script.day(12)), 62)
    script.move(instants[0], issue, LEAD, PROGRESS)
    for number, instant in enumerate(instants[1:-1]):
        if number % 6 == 0:
            script.write(instant, issue, PMO, Rescheduled(due_on=script.from_today(50 + number)))
        elif number % 2:
            script.write(instant, issue, PMO, Assigned(to=next(people)))
        else:
            script.write(instant, issue, PMO, Prioritised(priority=next(priorities)))
    script.write(instants[-1], issue, LEAD, Retitled(title="每周数据检查 (weekly data check)"))
    script.move(instants[-1] + HOUR, issue, LEAD, DONE, "Done")


def _much_talk(script: Script, status: int) -> None:
    """More comments than one page of a search shows."""
    for number, instant in enumerate(script.between(script.at(script.day(1)), script.at(script.day(18)), 27)):
        script.comment(instant, status, CAST[number % len(CAST)], f"{number + 1}. {REMARKS[number % len(REMARKS)]}")


def _imports(script: Script, label: str, project: str | None) -> None:
    """Issues that came into the tracker done, without any history."""
    for number, title in enumerate(("Imported: contract of the vendor", "导入：旧系统清单")):
        created = script.at(script.day(0, 2), "07:00") + number * timedelta(minutes=1)
        script.create(created, title, project=project, reporter=PMO, labels=(label,), status=DONE)


def _dropped(script: Script, label: str, project: str | None) -> None:
    for number, outcome in enumerate(("Won't Do", "Duplicate", "Invalid")):
        created = script.at(script.day(5, number), "10:00")
        issue = script.create(created, f"Idea {number + 1}", project=project, reporter=PRODUCT, labels=(label,))
        script.move(created + timedelta(days=1), issue, DEVELOPER, PROGRESS)
        script.move(created + timedelta(days=3), issue, LEAD, DONE, outcome)
