"""The story of a new product launch.

Six months, several departments, two tracker projects: the product itself and its marketing. Requirement meetings, a
detailed plan, development with problems, a launch, a summary report. The present is 20 weeks in: the beta milestone
was missed, a feature was given up in time, the training is ready early. Two issues are done whose pull requests are
open, one is open whose pull request was merged, a review waits, the steering committee has no date next month, and the
one who leads the campaign is away before it is due.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tests.sandbox.simulator.cast import (
    ARCHITECT,
    CUSTOMER_SERVICE,
    DEVELOPER,
    LEAD,
    MARKETING,
    PEOPLE_OFFICE,
    PMO,
    PRODUCT,
    TESTER,
)
from tests.sandbox.simulator.coding import Coders
from tests.sandbox.simulator.meetings import WEEK, Absence, Diary, Series
from tests.sandbox.simulator.oddities import write_oddities
from tests.sandbox.simulator.plans import Approval, PlanBook, PlannedDeliverable, PlannedMilestone
from tests.sandbox.simulator.problems import find_problems
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.work import HOUR, Problem, finished_tasks, flow, open_tasks, planned_tasks, sub_tasks

NEEDS = (
    "Order in under a minute",
    "支持支付宝和微信支付",
    "Works on phones from 2019 on",
    "Accessible with a screen reader",
    "客服能看到订单状态",
    "Prices in four currencies",
)
OTHER_PROJECT = "MKT"
REPOSITORIES = ("acme/app", "acme/shop")


def write_launch(script: Script) -> tuple[PlanBook, list[Problem], Diary]:
    """The plan of the story, its problems and its calendar; the events go into the script."""
    status = script.create(script.at(script.day(), "08:15"), "Launch: project status", assignee=LEAD, labels=("pm",))
    script.move(script.at(script.day(), "09:30"), status, LEAD, "In Progress")
    requirements = _agree(script)
    core = _develop(script)
    _market(script)
    problems = find_problems(script, ("beta-problems", "problem-handling"), script.day(8))
    write_oddities(script, status, label="pm", unplanned=("A dark mode nobody asked for", "给老板演示", "Sticker"))
    return _plan(script, status, core, requirements, _code(script)), problems, _meet(script)


def _agree(script: Script) -> list[int]:
    begin, agreed = script.at(script.day(0, 2)), script.at(script.day(3, 4), "14:00")
    issues = []
    for number, need in enumerate(NEEDS):
        issue = script.create(
            begin + number * HOUR,
            need,
            type="Requirement",
            reporter=PRODUCT,
            assignee=PRODUCT,
            labels=("requirements",),
        )
        done = agreed - (len(NEEDS) - 1 - number) * 5 * HOUR
        steps = ("In Progress", "In Review", "In Progress", "In Review", "Done")
        flow(script, issue, steps, begin + (number + 2) * HOUR, done, PRODUCT)
        issues.append(issue)
    finished_tasks(
        script, ["Architecture sketch", "技术选型", "Review by the PMO"], "concept",
        script.at(script.day(2)), script.at(script.day(4, 4), "18:00"),
    )  # fmt: skip
    return issues


def _develop(script: Script) -> int:
    begin, end = script.at(script.day(5)), script.at(script.day(12, 3), "16:45")
    epic = script.create(begin, "Ordering", type="Epic", assignee=ARCHITECT)
    for number, title in enumerate(("Basket", "下单", "Payment", "Invoices", "Notifications")):
        first = begin + (number + 1) * (end - begin) / 7
        last = end if number == 4 else first + (end - begin) / 4
        task = script.create(first, title, assignee=DEVELOPER, parent=epic)
        if number % 2 == 0:
            sub_tasks(script, task, [f"{title}: {part}" for part in ("设计", "code", "test")], first + 2 * HOUR, last)
        flow(script, task, ("In Progress", "In Review", "Done"), first + HOUR, last, DEVELOPER)
    finished_tasks(  # in time by the date as it was moved, late by the first promise
        script, ["Wallets", "Cards", "退款"], "payment", script.at(script.day(8)), script.at(script.day(15, 2), "11:00")
    )
    finished_tasks(  # late by eleven days, whatever the plan says now
        script, ["Load test", "Penetration test", "修复安全问题"], "security",
        script.at(script.day(10)), script.at(script.day(16, 1), "09:30"),
    )  # fmt: skip
    open_tasks(script, ["Beta for 50 customers", "收集反馈", "Fix the feedback"], "beta", script.at(script.day(14)))
    ideas = [script.create(script.at(script.day(6, n)), f"Voice order {n + 1}", labels=("voice",)) for n in range(3)]
    for number, idea in enumerate(ideas):
        script.move(script.at(script.day(11, number), "10:00"), idea, DEVELOPER, "In Progress")
        script.move(script.at(script.day(12, number), "10:00"), idea, PRODUCT, "Done", "Won't Do")
    return epic


def _market(script: Script) -> None:
    """Work of the other departments, in their own tracker project."""
    begin = script.at(script.day(9))
    pages = [
        script.create(begin + n * 2 * HOUR, title, project=OTHER_PROJECT, reporter=MARKETING, labels=("campaign",))
        for n, title in enumerate(("Web page", "新闻稿", "Trade fair stand", "Prices"))
    ]
    flow(script, pages[0], ("In Progress", "Done"), script.at(script.day(10)), script.at(script.day(13)), MARKETING)
    flow(script, pages[1], ("In Progress", "Blocked"), script.at(script.day(11)), script.at(script.day(14)), MARKETING)
    script.link(script.at(script.day(15)), pages[1], MARKETING, "Relates", pages[0])
    ready = script.now - 50 * HOUR
    for number, title in enumerate(("Hotline training", "客服手册")):
        issue = script.create(
            script.at(script.day(16, number)),
            title,
            project=OTHER_PROJECT,
            reporter=PEOPLE_OFFICE,
            labels=("training",),
        )
        done = ready - number * 30 * HOUR
        flow(script, issue, ("In Progress", "Done"), script.at(script.day(17)), done, CUSTOMER_SERVICE)
    planned_tasks(
        script, ["Release", "发布会", "Watch the first week"], "launch", script.at(script.day(12)), team=(LEAD,)
    )
    planned_tasks(script, ["Summary report", "Improvements for the next version"], "summary", script.at(script.day(13)))


def _code(script: Script) -> dict[str, int]:
    """What happened on GitHub; the issues there that are deliverables' work, by deliverable."""
    code = Coders(script, REPOSITORIES)
    code.follow(("payment", "security", "beta-problems", "problem-handling"))
    day, at, ago = script.day, script.at, code.ago
    works = {
        "L4": code.issue(at(day(9), "10:15"), "Library of the wallets"),
        "L15": code.issue(at(day(15), "09:45"), "Pages of the shop 商城页面", home=1, labels=("frontend",)),
    }
    code.shut(at(day(14), "17:00"), works["L4"])
    # Closed by hand, and the pull request that should have closed it is a draft.
    code.pull(at(day(11), "10:00"), "Use the library", closes=[works["L4"]], draft=True)
    code.merged(at(day(16)), "First pages", home=1, closes=(), until=at(day(17)))
    code.pull(ago(5), "The other pages", home=1, closes=[works["L15"]])

    # One pull request for two issues, of which one is done; a review of another one is waited for.
    feedback, fixes = code.jira("收集反馈"), code.jira("Fix the feedback")
    code.pull(ago(10), "Answer the feedback", feedback, fixes, named_in="title")
    code.ask(ago(16), code.pull(ago(18), "Fix the order form", fixes, named_in="branch"))
    code.merged(ago(22), "Switch for the beta", code.jira("Beta for 50 customers"), until=ago(18), named_in="body")
    # Given up, and nobody closed the draft: that contradicts nothing.
    code.pull(at(day(11, 2)), "Voice, a sketch", code.jira("Voice order 1"), draft=True, named_in="title")
    code.merged(at(day(11)), "Web page", code.jira("Web page"), home=1, until=at(day(12)), named_in="address")
    # What nobody planned: a pull request, an issue, and a draft that only does the work of that issue.
    code.pull(ago(7), "An animated logo", home=1)
    idea = code.issue(ago(15), "Try a chat bot 聊天机器人", assignee=None)
    code.pull(ago(14), "Chat bot, an experiment", closes=[idea], draft=True)
    return works


def _meet(script: Script) -> Diary:
    """A weekly meeting that was moved last week, a steering committee without a next date, and who is away."""
    last_week = datetime.combine(script.from_today(-script.today.weekday() - 6), time(9, 30))
    month = script.day(1).replace(day=12)
    weekly = Series(
        meeting="W1",
        title="Launch weekly 新产品周会",
        start=datetime.combine(script.day(0, 1), time(9, 30)),
        every="week",
        organizer=LEAD,
        guests=(LEAD, PRODUCT, DEVELOPER, TESTER, MARKETING, CUSTOMER_SERVICE),
        moved={last_week: last_week + timedelta(days=3, hours=5)},
        cancelled=(last_week - WEEK,),
        skipped=(last_week - 7 * WEEK,),
    )
    steering = Series(
        meeting="W2",
        title="Steering committee",
        start=datetime.combine(month, time(14)),
        every="month",
        organizer=PMO,
        guests=(LEAD, PMO, PRODUCT),
        last=(script.today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1),
    )
    return Diary(
        series=(weekly, steering),
        absences=(
            Absence(who=MARKETING, first=script.from_today(0), last=script.from_today(1), style="google"),
            Absence(who=DEVELOPER, first=script.from_today(-20), last=script.from_today(-11)),
        ),
    )


def _plan(script: Script, status: int, core: int, requirements: list[int], works: dict[str, int]) -> PlanBook:
    day, today = script.day, script.from_today
    deliverables = (
        PlannedDeliverable(
            id="L0", name="Project management", milestone="G5", owner=LEAD, start=day(), due={1: today(60)},
            issue=status, label="pm",
        ),
        PlannedDeliverable(
            id="L1", name="Requirements 需求", milestone="G1", owner=PRODUCT, start=day(), due={1: day(3, 4)},
            label="requirements",
        ),
        PlannedDeliverable(
            id="L2", name="Concept", milestone="G1", owner=ARCHITECT, start=day(2), due={1: day(4, 4)},
            depends_on=("L1",), label="concept",
        ),
        PlannedDeliverable(
            id="L3", name="Ordering", milestone="G2", owner=ARCHITECT, start=day(5), due={1: day(12, 4)}, effort="60d",
            depends_on=("L2",), parent=core,
        ),
        PlannedDeliverable(
            id="L4", name="Payment 支付", milestone="G2", owner=DEVELOPER, start=day(8),
            due={1: day(13, 4), 2: day(15, 4)},
            depends_on=("L2",), label="payment", on_github=works["L4"],
        ),
        PlannedDeliverable(
            id="L5", name="Security and load", milestone="G3", owner=TESTER, start=day(10), due={1: day(14, 4)},
            depends_on=("L3", {"id": "L4", "kind": "FF", "lag": "2d"}), label="security",
        ),
        PlannedDeliverable(
            id="L6", name="Voice orders", milestone="G3", owner=PRODUCT, start=day(6), due={1: day(15, 4)},
            label="voice",
        ),
        PlannedDeliverable(
            id="L7", name="Beta", milestone="G3", owner=PRODUCT, start=day(14), due={1: today(-9)},
            depends_on=("L3", "L4"), label="beta",
        ),
        PlannedDeliverable(
            id="L8", name="Campaign 市场推广", milestone="G4", owner=MARKETING, start=day(9), due={1: today(1)},
            effort=None, label="campaign",
        ),
        PlannedDeliverable(
            id="L9", name="Training", milestone="G4", owner=CUSTOMER_SERVICE, start=day(16), due={1: today(37)},
            label="training",
        ),
        PlannedDeliverable(
            id="L10", name="Spare parts", milestone="G4", owner=PMO, start=today(-5), due={1: today(36)},
            label="spare-parts",
        ),
        PlannedDeliverable(
            id="L11", name="Launch 上线", milestone="G4", owner=LEAD, start=today(38), due={1: today(40)},
            depends_on=("L7", "L8", "L9", "L10"), label="launch",
        ),
        PlannedDeliverable(
            id="L12", name="Summary report", milestone="G5", owner=LEAD, start=today(45), due={1: today(55)},
            depends_on=("L11",), label="summary",
        ),
        PlannedDeliverable(
            id="L13", name="Problems of the beta solved", milestone="G4", owner=TESTER, start=day(8),
            due={1: today(39)}, label="beta-problems",
        ),
        PlannedDeliverable(
            id="L14", name="Other problems solved", milestone="G4", owner=TESTER, start=day(8), due={1: today(39)},
            label="problem-handling",
        ),
        PlannedDeliverable(
            id="L15", name="Shop pages", milestone="G4", owner=DEVELOPER, start=day(15), due={1: today(36)},
            on_github=works["L15"],
        ),
    )  # fmt: skip
    return PlanBook(
        name="Product launch 新产品上线",
        owner=LEAD,
        start=day(),
        due={1: today(60)},
        plan_due=day(2, 4),
        latest=2,
        milestones=(
            PlannedMilestone(id="G1", name="Requirements agreed", due={1: day(4, 4)}),
            PlannedMilestone(id="G2", name="Features complete", due={1: day(13, 4), 2: day(15, 4)}),
            PlannedMilestone(id="G3", name="Beta passed", due={1: today(-2)}),
            PlannedMilestone(id="G4", name="Launch", due={1: today(41)}),
            PlannedMilestone(id="G5", name="Project closed 项目结束", due={1: today(60)}),
        ),
        deliverables=deliverables,
        approvals=(
            Approval(version=1, at=script.at(day(2, 2), "10:00"), by=LEAD, reason="First plan"),
            Approval(version=2, at=script.at(day(12, 1), "17:15"), by=PMO, reason="Payment provider changed"),
        ),
        requirements=tuple(
            {
                "id": f"R{number}", "name": name, "source": "product management", "priority": "high",
                "acceptance": "accepted in the demonstration", "deliverable": "L1", "issue": issue,
            }
            for number, (name, issue) in enumerate(zip(NEEDS, requirements, strict=True), start=1)
        ),
        extra={
            "resources": [
                {"who": PMO.email, "allocation": "50%", "from": today(-10), "until": today(45)},
                {"what": "devices to test on"},
            ],
            "meetings": [
                {"id": "W1", "name": "Weekly meeting", "match": "launch weekly*", "every": "week"},
                {"id": "W2", "name": "Steering committee", "match": "Steering*", "every": "month"},
            ]
        },
    )  # fmt: skip
