"""The story of a system upgrade.

Every function is tested and verified; problems found in testing change the strategy; the business departments and IT
support are kept informed; a customer satisfaction survey ends it. The present is 20 weeks in: testing is nearly over,
one deliverable ran past its date yesterday, one is due today, one in three days, one has no work at all, and three
tasks and a pull request belong to nothing that was planned. A verified function still has an open pull request, a
rehearsed one was merged and not moved, a review waits, last week's meeting was called off, and the one who informs the
departments is away. Customer service has no time left for the survey, because of a long leave; the tester, whose leave
stands in the calendar twice and another one is called off, has enough.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tests.sandbox.simulator.cast import (
    ARCHITECT,
    BUSINESS,
    CUSTOMER_SERVICE,
    DEVELOPER,
    IT_SUPPORT,
    LEAD,
    PMO,
    TESTER,
)
from tests.sandbox.simulator.coding import Coders
from tests.sandbox.simulator.meetings import WEEK, Absence, Diary, Series
from tests.sandbox.simulator.oddities import write_oddities
from tests.sandbox.simulator.plans import Approval, PlanBook, PlannedDeliverable, PlannedMilestone
from tests.sandbox.simulator.problems import find_problems
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.work import HOUR, Problem, finished_tasks, flow, open_tasks, planned_tasks, sub_tasks

FUNCTIONS = ("Post an invoice", "付款运行", "Month-end closing", "Asset depreciation", "Tax report")
NEEDS = (
    "Month-end close within one day",
    "所有接口在升级后保持可用",
    "No downtime in working hours",
    "Reports in Chinese and English",
    "审计日志保留十年",
    "Roll back within two hours",
    "Customers see no change",
    "权限模型保持不变",
)


REPOSITORIES = ("acme/erp", "acme/erp-migration")


def write_upgrade(script: Script) -> tuple[PlanBook, list[Problem], Diary]:
    """The plan of the story, its problems and its calendar; the events go into the script."""
    status = script.create(
        script.at(script.day(), "08:30"), "ERP upgrade: project status", assignee=LEAD, labels=("pm",)
    )
    script.move(script.at(script.day(), "10:00"), status, LEAD, "In Progress")
    requirements = _agree(script)
    environment = _set_up(script)
    _test(script)
    _prepare_launch(script)
    problems = find_problems(script, ("problem-handling",), script.day(6))
    write_oddities(script, status, label="pm", unplanned=("Try the new colours", "临时：导出旧数据", "Clean the wiki"))
    return _plan(script, status, environment, requirements, _code(script)), problems, _meet(script)


def _agree(script: Script) -> list[int]:
    begin, agreed = script.at(script.day(0, 1)), script.at(script.day(2, 3), "16:20")
    issues = []
    for number, need in enumerate(NEEDS):
        issue = script.create(
            begin + number * HOUR,
            need,
            type="Requirement",
            reporter=BUSINESS,
            assignee=BUSINESS,
            labels=("requirements",),
        )
        done = agreed - (len(NEEDS) - 1 - number) * 3 * HOUR
        flow(script, issue, ("In Progress", "In Review", "Done"), begin + (number + 2) * HOUR, done, BUSINESS)
        issues.append(issue)
    strategy = ("Compare upgrade paths", "Plan the cutover weekend", "评估回退方案", "Agree maintenance windows")
    finished_tasks(script, strategy, "strategy", script.at(script.day(1)), script.at(script.day(3, 2), "11:45"))
    return issues


def _set_up(script: Script) -> int:
    """The environment comes four days late, as an epic with tasks and sub-tasks."""
    begin, end = script.at(script.day(3)), script.at(script.day(7, 8), "15:30")
    epic = script.create(begin, "Test environment", type="Epic", assignee=IT_SUPPORT)
    for number, title in enumerate(("Order servers", "Install the database", "复制生产数据", "Connect interfaces")):
        first = begin + (number + 1) * (end - begin) / 6
        last = end if number == 3 else first + (end - begin) / 5
        task = script.create(first, title, assignee=IT_SUPPORT, parent=epic)
        if number % 2:
            sub_tasks(script, task, [f"{title}: {part}" for part in ("prepare", "do", "验证")], first + 3 * HOUR, last)
            flow(script, task, ("In Progress", "Done"), first + HOUR, last, IT_SUPPORT)
        else:
            flow(script, task, ("In Progress", "Blocked", "In Progress", "Done"), first + HOUR, last, IT_SUPPORT)
    return epic


def _test(script: Script) -> None:
    finished_tasks(
        script, [f"Verify finance: {name}" for name in FUNCTIONS], "test-finance",
        script.at(script.day(8)), script.at(script.day(10, 4), "17:05"),
    )  # fmt: skip
    finished_tasks(  # half an hour before the day of its date is over
        script, [f"验证仓库：{name}" for name in ("收货", "拣货", "盘点", "发货")], "test-warehouse",
        script.at(script.day(9)), script.at(script.day(11, 4), "23:30"),
    )  # fmt: skip
    finished_tasks(
        script, [f"Verify sales: {name}" for name in ("quote", "order", "return", "credit limit")], "test-sales",
        script.at(script.day(11)), script.at(script.day(16), "10:10"),
    )  # fmt: skip
    interfaces = finished_tasks(
        script, [f"Verify interface: {name}" for name in ("bank", "海关", "web shop")], "test-interfaces",
        script.at(script.day(12)), script.at(script.day(14, 2), "12:00"),
    )  # fmt: skip
    # It was finished in time, and then one of its tasks came back.
    script.move(script.at(script.day(15, 1), "09:40"), interfaces[1], TESTER, "In Progress")
    open_tasks(
        script, [f"Migration rehearsal: {name}" for name in ("customers", "库存", "open items", "history")],
        "migration", script.at(script.day(13)),
    )  # fmt: skip
    open_tasks(script, ["重新评估升级策略", "Test the rollback again"], "strategy-2", script.at(script.day(14)))


def _prepare_launch(script: Script) -> None:
    departments = [
        f"Inform {name} about the upgrade" for name in ("business", "客服部", "IT support", "human resources")
    ]
    open_tasks(script, departments, "inform", script.at(script.day(15)), team=(PMO, CUSTOMER_SERVICE))
    planned_tasks(
        script, ["Freeze the old system", "Cutover weekend", "切换后检查"], "go-live", script.at(script.day(10))
    )
    planned_tasks(script, ["Write the survey", "Evaluate the survey"], "survey", script.at(script.day(11)), team=(PMO,))


def _code(script: Script) -> dict[str, int]:
    """What happened on GitHub; the issues there that are deliverables' work, by deliverable."""
    code = Coders(script, REPOSITORIES)
    code.follow(("test-finance", "test-warehouse", "test-sales", "test-interfaces", "problem-handling"))
    day, at, ago = script.day, script.at, code.ago
    works = {
        "D5": code.issue(at(day(9, 1), "10:00"), "Labels of the warehouse printers 仓库标签"),
        "D8": code.issue(at(day(14), "09:30"), "Rehearse the migration with production data", home=1),
        "D15": code.issue(at(day(12), "11:00"), "Adapters for the new interfaces"),
    }
    code.merged(at(day(10), "14:20"), "Print the labels again", closes=[works["D5"]], until=at(day(11, 2), "16:05"))
    code.merged(at(day(12, 1), "09:10"), "Adapter for the bank", closes=[works["D15"]], until=at(day(13), "13:00"))
    code.shut(at(day(13, 1), "09:00"), code.pull(at(day(12, 2)), "An adapter too many", closes=[works["D15"]]))

    # Sent back long ago: nobody waits for a review.
    back = code.pull(ago(14), "Rehearsal, first part", home=1, closes=[works["D8"]])
    code.ask(ago(12), back)
    code.review(ago(11), back, "CHANGES_REQUESTED")
    # Verified, says Jira, and the pull request is still open.
    quote = code.jira("Verify sales: quote")
    code.pull(ago(9), "Round the tax of quotes", quote, named_in="branch", labels=("test-sales",))
    # Merged long ago, and Jira knows nothing of it; yesterday, and it may still follow; one of two is still open.
    rehearsal = [code.jira(f"Migration rehearsal: {name}") for name in ("customers", "open items")]
    code.merged(ago(24), "Move the customers", rehearsal[0], home=1, until=ago(20), named_in="title")
    code.merged(ago(6), "Move the open items", rehearsal[1], home=1, until=ago(1.2), named_in="body")
    customs = code.jira("Verify interface: 海关")
    code.merged(at(day(13), "15:00"), "Customs interface", customs, until=at(day(14), "10:00"))
    code.pull(ago(12), "Customs interface, once more", customs, draft=True, named_in="address")
    # One review waits too long, one was asked for last night.
    strategy = code.jira("重新评估升级策略")
    code.ask(ago(16), code.pull(ago(17), "Scripts of the new strategy", strategy, named_in="title"))
    code.ask(ago(0.8), code.pull(ago(2), "Rollback by snapshot", strategy, home=1, named_in="branch"))
    code.shut(ago(8), code.pull(ago(30), "Freeze by a flag", code.jira("Freeze the old system"), named_in="title"))
    # Nobody planned these two; one of them is over.
    code.pull(ago(8), "Tidy the build scripts")
    code.merge(ago(25), code.pull(ago(26), "Bump the logging library"))
    return works


def _meet(script: Script) -> Diary:
    """A weekly meeting that was called off last week, and who is away, the PMO until the departments should be told."""
    start = datetime.combine(script.day(0, 2), time(10))
    last_week = datetime.combine(script.from_today(-script.today.weekday() - 5), time(10))
    team = (LEAD, PMO, DEVELOPER, TESTER, ARCHITECT, IT_SUPPORT)
    weekly = Series(
        meeting="W1",
        title="ERP weekly 周会",
        start=start,
        every="week",
        organizer=LEAD,
        guests=team,
        moved={last_week - 4 * WEEK: last_week - 4 * WEEK + timedelta(days=1, hours=4)},
        cancelled=(last_week, last_week - 6 * WEEK),
        skipped=(last_week - 8 * WEEK,),
    )
    departments = Series(
        title="Departments and IT support",
        start=datetime.combine(script.day(1, 3), time(15, 30)),
        every="month",
        organizer=PMO,
        guests=(PMO, BUSINESS, CUSTOMER_SERVICE, IT_SUPPORT),
    )
    return Diary(
        series=(weekly, departments),
        absences=(
            Absence(who=PMO, first=script.from_today(-1), last=script.from_today(3)),
            Absence(who=ARCHITECT, first=script.from_today(-9), last=script.from_today(-5), style="google"),
            Absence(who=LEAD, first=script.from_today(1), last=script.from_today(4), style="google"),
            Absence(who=CUSTOMER_SERVICE, first=script.from_today(8), last=script.from_today(50)),
            Absence(who=TESTER, first=script.from_today(8), last=script.from_today(21)),
            Absence(who=TESTER, first=script.from_today(8), last=script.from_today(21), style="google"),
            Absence(who=TESTER, first=script.from_today(24), last=script.from_today(30), called_off=True),
        ),
    )


def _plan(script: Script, status: int, environment: int, requirements: list[int], works: dict[str, int]) -> PlanBook:
    day, today = script.day, script.from_today
    deliverables = (
        PlannedDeliverable(
            id="D0", name="Project management and reporting", milestone="M5", owner=LEAD, start=day(),
            due={1: today(63)}, effort="5d", issue=status, label="pm",
        ),
        PlannedDeliverable(
            id="D1", name="Requirement specification 需求规格说明书", milestone="M1", owner=BUSINESS, start=day(0, 1),
            due={1: day(2, 4)}, effort="15d", label="requirements",
        ),
        PlannedDeliverable(
            id="D2", name="Upgrade strategy", milestone="M1", owner=ARCHITECT, start=day(1), due={1: day(3, 4)},
            depends_on=("D1",), label="strategy",
        ),
        PlannedDeliverable(
            id="D3", name="Test environment", milestone="M2", owner=IT_SUPPORT, start=day(3),
            due={1: day(7, 4), 3: day(8, 4)}, effort="20d", depends_on=("D2",), parent=environment,
        ),
        PlannedDeliverable(
            id="D4", name="Finance functions verified", milestone="M3", owner=TESTER, start=day(8),
            due={1: day(10, 4)}, depends_on=("D3",), label="test-finance",
        ),
        PlannedDeliverable(
            id="D5", name="Warehouse functions verified 仓库功能验证", milestone="M3", owner=TESTER, start=day(9),
            due={1: day(11, 4)}, depends_on=("D3",), label="test-warehouse", on_github=works["D5"],
        ),
        PlannedDeliverable(
            id="D6", name="Sales functions verified", milestone="M3", owner=TESTER, start=day(11),
            due={1: day(14, 4), 2: day(17, 4)}, depends_on=("D3",), label="test-sales",
        ),
        PlannedDeliverable(
            id="D7", name="Interfaces verified", milestone="M3", owner=DEVELOPER, start=day(12),
            due={1: day(15, 4)}, depends_on=({"id": "D3", "kind": "SS", "lag": "5d"},), label="test-interfaces",
        ),
        PlannedDeliverable(
            id="D8", name="Data migration rehearsed", milestone="M3", owner=DEVELOPER, start=day(13),
            due={1: today(-1)}, effort="40d", depends_on=("D3",), label="migration", on_github=works["D8"],
        ),
        PlannedDeliverable(
            id="D9", name="Revised upgrade strategy", milestone="M4", owner=ARCHITECT, start=day(14),
            due={2: today(0)}, effort=None, depends_on=("D4",), label="strategy-2",
        ),
        PlannedDeliverable(
            id="D10", name="Departments informed 各部门已通知", milestone="M4", owner=PMO, start=day(15),
            due={1: today(3)}, effort=None, label="inform",
        ),
        PlannedDeliverable(
            id="D11", name="Performance test", milestone="M4", owner=TESTER, start=today(-10), due={1: today(38)},
            depends_on=("D8",),
            label="performance",
        ),
        PlannedDeliverable(
            id="D12", name="Go-live", milestone="M4", owner=LEAD, start=today(36), due={1: today(42)},
            depends_on=("D8", "D9", "D11"), label="go-live",
        ),
        PlannedDeliverable(
            id="D13", name="Customer satisfaction survey 客户满意度调查", milestone="M5", owner=CUSTOMER_SERVICE,
            start=today(43), due={1: today(60)}, effort="25d", depends_on=("D12",), label="survey",
        ),
        PlannedDeliverable(
            id="D14", name="Problems of the tests solved", milestone="M4", owner=IT_SUPPORT, start=day(6),
            due={1: today(40)}, label="problem-handling",
        ),
        PlannedDeliverable(
            id="D15", name="Interface adapters", milestone="M3", owner=DEVELOPER, start=day(12), due={1: day(13, 4)},
            depends_on=("D3",), on_github=works["D15"],
        ),
    )  # fmt: skip
    return PlanBook(
        name="ERP upgrade 系统升级",
        owner=LEAD,
        start=day(),
        due={1: today(63)},
        plan_due=day(1, 4),
        latest=3,
        milestones=(
            PlannedMilestone(id="M1", name="Requirements and strategy agreed", due={1: day(3, 4)}),
            PlannedMilestone(id="M2", name="Test environment ready", due={1: day(7, 4)}),
            PlannedMilestone(id="M3", name="All functions verified", due={1: today(2)}),
            PlannedMilestone(id="M4", name="Go-live 上线", due={1: today(45)}),
            PlannedMilestone(id="M5", name="Project closed", due={1: today(63)}),
        ),
        deliverables=deliverables,
        approvals=(
            Approval(version=1, at=script.at(day(1, 3), "15:00"), by=LEAD, reason="First plan"),
            Approval(
                version=2, at=script.at(day(13, 1), "11:30"), by=PMO,
                reason="Problems found in testing: the strategy is revised, sales is verified later",
            ),
        ),
        requirements=tuple(
            {
                "id": f"R{number}", "name": name, "source": "business", "priority": "high",
                "acceptance": "shown in the test protocol", "specification": "docs/specification.md",
                "deliverable": "D1", "issue": issue,
            }
            for number, (name, issue) in enumerate(zip(NEEDS, requirements, strict=True), start=1)
        ),
        extra={
            "resources": [
                {"who": LEAD.email, "allocation": "60%"},
                {"who": TESTER.email, "from": day(8), "until": today(70)},
                {"who": IT_SUPPORT.email, "allocation": "80%"},
                {"what": "test cluster", "from": day(7), "until": today(42)},
            ],
            "documents": [
                {"id": "P1", "name": "Progress report", "kind": "progress_report", "every": "week", "owner": LEAD.email}
            ],
            "meetings": [
                {"id": "W1", "name": "Weekly meeting", "match": "ERP weekly*", "every": "week", "minutes_within": "2d"}
            ],
            "risks": [
                {
                    "id": "K1", "name": "Vendor delivers late", "probability": "high", "impact": "high",
                    "response": "second source", "owner": LEAD.email, "due": day(9, 4),
                }
            ],
            "retrospectives": [{"id": "T1", "name": "Review after go-live", "after": "M4", "within": "10d"}],
        },
    )  # fmt: skip
