"""Problems for every month of a story, so that each month has some inside and some outside of 48 hours.

Where the present month is too young for a problem to have run past 48 hours, it has none of that sort: the month before
always has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count

from tests.sandbox.simulator.cast import IT_SUPPORT, TESTER
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.work import HOUR, Problem, problem

SYMPTOMS: tuple[str, ...] = (
    "Month-end closing stops at step 4",
    "仓库盘点数据与账面不一致",
    "Report prints the wrong currency",
    "登录后页面空白",
    "Interface to the bank times out",
    "打印标签缺少条形码",
    "Order is booked twice when the browser is reloaded",
    "Search does not find customers with an accent in their name",
    "权限：客服看不到历史订单",
    "Nightly batch takes nine hours instead of two",
)


class Troubles:
    """Writes problems into a script and remembers what was meant with each."""

    def __init__(self, script: Script, labels: Sequence[str]) -> None:
        self.script = script
        self.labels = labels
        self.meant: list[Problem] = []
        self._number = count()

    def add(self, created: datetime, *open_hours: float | None, outcome: str = "Done", closed: float = 20.0) -> Problem:
        """One more problem, with the next symptom and label; every fourth is an incident."""
        number = next(self._number)
        title = SYMPTOMS[number % len(SYMPTOMS)]
        meant = problem(
            self.script,
            created,
            title if number < len(SYMPTOMS) else f"{title} ({number})",
            *open_hours,
            label=self.labels[number % len(self.labels)],
            outcome=outcome,
            closed_hours=closed,
            kind="Incident" if number % 4 == 3 else "Bug",
        )
        self.meant.append(meant)
        return meant

    def month(self, first: date) -> None:
        """A whole past month: quick, at the limit, late, over a weekend, reopened twice, duplicate, cancelled."""
        at = [self.script.at(first + timedelta(days=day), clock) for day, clock in WHEN]
        quick = self.add(at[0], 5.5)
        self.add(at[1], 30.0)
        self.add(at[2], 48.0)
        self.add(at[3], 48.0 + 1 / 3600)
        self.add(at[4], 70.0)
        self.add(at[5], 130.0)
        self.add(at[5] + timedelta(hours=9), 240.0)
        self.add(at[6], 10.0, 30.0, closed=60.0)
        self.add(at[7], 40.0, 9.0, closed=30.0)
        double = self.add(at[8], 3.0, outcome="Duplicate")
        self.script.link(at[8] + 4 * HOUR, double.issue, TESTER, "Duplicate", quick.issue)
        self.add(at[9], 55.0, outcome="Cannot Reproduce")

    def this_month(self, first: date) -> None:
        """What fits into the month so far, the more the older it is."""
        begin = self.script.at(first, "00:00")
        hours = (self.script.now - begin) / HOUR
        if hours < 0.5:
            return
        self.add(begin + hours * 0.1 * HOUR, min(5.0, hours * 0.4))
        pending = self.add(self.script.now - min(20.0, hours * 0.4) * HOUR, None)
        self.script.comment(
            self.script.now - min(1.0, hours * 0.04) * HOUR, pending.issue, IT_SUPPORT, "业务部门在等消息。"
        )
        if hours > 60:
            self.add(self.script.now - min(hours * 0.9, 100.0) * HOUR, None)
        if hours > 80:
            self.add(begin + hours * 0.05 * HOUR, 60.0)
            self.add(begin + hours * 0.06 * HOUR, 20.0, None, closed=hours * 0.3)
            self.add(begin + hours * 0.07 * HOUR, 2.0, outcome="Duplicate")


WHEN: tuple[tuple[int, str], ...] = (
    (1, "10:12"),
    (2, "09:05"),
    (3, "14:00"),
    (4, "14:00"),
    (5, "16:40"),
    (6, "19:30"),
    (8, "11:00"),
    (9, "08:15"),
    (10, "13:13"),
    (11, "17:00"),
)
"""Day of the month (counted from 0) and local time at which the problems of a past month are found."""


def find_problems(script: Script, labels: Sequence[str], since: date) -> list[Problem]:
    """Problems from a date to the story's present; what was meant with each."""
    troubles = Troubles(script, labels)
    first = since.replace(day=1)
    if first < since:
        first = (first + timedelta(days=32)).replace(day=1)
    while first < script.today.replace(day=1):
        troubles.month(first)
        first = (first + timedelta(days=32)).replace(day=1)
    troubles.this_month(first)
    return troubles.meant
