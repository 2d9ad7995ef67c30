"""Every sentence and word that Planward writes, in English and Simplified Chinese, side by side.

Placeholders in braces are filled by name. KPI titles and their meaning are those of the KPI registry. Keys: `kpi.<id>`,
`finding.<kind>` (the sentence) and `advice.<kind>`, `reason.<code>` for a value that is missing, `excluded.<code>` for
a row that was left out; `dashboard.<name>` for the web page; `column.<name>`, `table.<name>` and `cell.<name>` for the
tables of the command line, `line.<name>` for what it says beside them.
"""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """One message in each language."""

    en: str
    zh: str


KPI_TITLES = {
    "plans_submitted_on_time": Wording("Plans submitted on time", "计划文档及时提交率"),
    "requirements_complete": Wording("Requirement completeness", "需求完整度"),
    "conflicts_resolved_in_time": Wording("Conflicts resolved in time", "项目冲突解决及时率"),
    "meeting_satisfaction": Wording("Meeting satisfaction", "会议反馈满意度"),
    "delivered_on_time": Wording("Delivered on time", "项目按时交付率"),
    "problems_resolved_in_time": Wording("Problems resolved in time", "问题及时解决率"),
    "problems_resolved_in_time.within": Wording(
        "Problems resolved within {limit} ({clock})", "问题 {limit}内解决率（{clock}）"
    ),
    "documents_updated_on_time": Wording("Documents updated in time", "文档更新及时率"),
    "reviews_passed": Wording("Reviews passed", "审查通过率"),
    "requirements_satisfied": Wording("Requirements satisfied", "客户需求满足率"),
    "requirements_changed": Wording("Requirement change", "需求变更率"),
    "retrospectives_on_time": Wording("Retrospectives on time", "回顾报告及时性"),
    "improvements_carried_out": Wording("Improvements carried out", "改进建议实施率"),
    "lead_time": Wording("Lead time", "交付周期"),
    "cycle_time": Wording("Cycle time", "开发周期"),
    "flow_efficiency": Wording("Flow efficiency", "流动效率"),
    "first_response": Wording("First response", "首次响应时间"),
    "item_age": Wording("Age of open work", "未完成工作的持续时间"),
    "wip": Wording("Work in progress", "在制工作数"),
    "throughput": Wording("Items finished per week", "每周完成数"),
    "reopen_rate": Wording("Reopened after completion", "重新打开率"),
    "scope_change": Wording("Scope change", "范围变更率"),
    "milestone_slip": Wording("Milestone slip", "里程碑偏移"),
    "planned_value": Wording("Planned value", "计划价值"),
    "earned_value": Wording("Earned value", "挣值"),
    "spi": Wording("Schedule performance (SPI)", "进度绩效指数（SPI）"),
    "spi_t": Wording("Schedule performance in time (SPI(t))", "时间进度绩效指数（SPI(t)）"),
    "forecast": Wording("Forecast finish", "预测完成日期"),
    "forecast_hit_rate": Wording("Forecasts that held", "预测命中率"),
}

# A finding's kind, perhaps with its cause or with `counted` where its facts hold a number of work items.
FINDINGS = {
    "overdue": Wording("{name} was due on {due_on} and is not finished.", "{name} 应于{due_on}完成，目前尚未完成。"),
    "overdue.counted": Wording(
        "{name} was due on {due_on} and is not finished: {finished_items} of {items} work items are done.",
        "{name} 应于{due_on}完成，目前尚未完成：{items} 个工作项中已完成 {finished_items} 个。",
    ),
    "due_soon": Wording("{name} is due on {due_on} and is not finished.", "{name} 将于{due_on}到期，目前尚未完成。"),
    "due_soon.counted": Wording(
        "{name} is due on {due_on} and is not finished: {finished_items} of {items} work items are done.",
        "{name} 将于{due_on}到期，目前尚未完成：{items} 个工作项中已完成 {finished_items} 个。",
    ),
    "ghost": Wording("{name} is in the plan, and nothing works on it.", "计划中的 {name} 没有对应的工作项。"),
    "ghost.nothing_matches": Wording(
        "{name} is in the plan, and no work item matches what the plan says of it.",
        "计划中的 {name} 没有匹配到任何工作项。",
    ),
    "ghost.no_work_named": Wording(
        "{name} is in the plan, and the plan does not say which work items belong to it.",
        "计划中的 {name} 未指明对应的工作项。",
    ),
    "ghost.no_longer_planned": Wording(
        "{name} was approved and is no longer in the plan.", "{name} 已经批准，但已不在计划中。"
    ),
    "shadow_work": Wording(
        "{name} is open, and no planned deliverable covers it.", "{name} 尚未完成，且不属于计划中的任何交付物。"
    ),
    "contradiction.done_while_open": Wording(
        "{name} is done since {since_on}, and {others} about the same work is still open.",
        "{name} 已于{since_on}完成，但同一工作的 {others} 仍未关闭。",
    ),
    "contradiction.merged_while_open": Wording(
        "{others} is done since {since_on}, and {name} about the same work is still open.",
        "{others} 已于{since_on}完成，但同一工作的 {name} 仍未关闭。",
    ),
    "review_waiting": Wording(
        "{name} has been waiting for a review since {since_on}.", "{name} 自{since_on}起等待评审。"
    ),
    "meeting_missing.not_held": Wording(
        "The calendar has no {name} between {from_on} and {until_on}.",
        "{from_on}至{until_on}期间的日历中没有{name}。",
    ),
    "meeting_missing.not_planned": Wording(
        "The calendar has no {name} yet between {from_on} and {until_on}.",
        "{from_on}至{until_on}期间日历中尚未安排{name}。",
    ),
    "owner_away": Wording(
        "{name} is due on {due_on}, and its owner is away between {from_on} and {until_on}.",
        "{name} 应于{due_on}完成，但其负责人在{from_on}至{until_on}期间不在。",
    ),
    "capacity_short.away": Wording(
        "Because of absences, {person} has too little working time until {until_on}: {needed_days} d of work"
        " are left in {deliverables}.",
        "因不在岗，{person} 在{until_on}之前的工作时间不足：{deliverables} 还需 {needed_days} 个工作日。",
    ),
    "capacity_short.overbooked": Wording(
        "{person} has too little working time until {until_on}: {needed_days} d of work are left in {deliverables}.",
        "{person} 在{until_on}之前的工作时间不足：{deliverables} 还需 {needed_days} 个工作日。",
    ),
    "unknown_status": Wording(
        "Nobody has said what the status {status} of {source} means, so {items} items cannot be judged.",
        "{source} 的状态 {status} 含义未知，{items} 个工作项无法判断。",
    ),
}

ADVICE = {
    "overdue": Wording(
        "Finish it, or agree on a new date and approve the plan again.",
        "请尽快完成；如需改期，请商定新日期并重新批准计划。",
    ),
    "due_soon": Wording(
        "Make sure that the date will hold, or agree on a new one.", "请确认能否按期完成，否则商定新的日期。"
    ),
    "ghost": Wording(
        "Create or label the work, or correct “work” in the plan.", "请创建或标记对应的工作项，或修正计划中的“work”。"
    ),
    "ghost.no_longer_planned": Wording(
        "Put it back into the plan, or approve the plan again.", "请将其放回计划，或重新批准计划。"
    ),
    "shadow_work": Wording(
        "Add it to a deliverable of the plan, or stop it.", "请将其纳入计划中的某个交付物，或停止该工作。"
    ),
    "contradiction": Wording(
        "Look which of them is right, and bring the other in line.", "请核实哪一项属实，并更新另一项。"
    ),
    "review_waiting": Wording("Find somebody who reviews it.", "请安排人员评审。"),
    "meeting_missing": Wording(
        "Put it into the calendar, or correct “match” or “every” in the plan.",
        "请将会议加入日历，或修正计划中的“match”或“every”。",
    ),
    "meeting_missing.not_held": Wording(
        "Hold the next one; if it was held, correct “match” or “every” in the plan.",
        "请举行下一次会议；如已举行，请修正计划中的“match”或“every”。",
    ),
    "owner_away": Wording("Agree on a stand-in, or on another date.", "请商定代理人或调整日期。"),
    "capacity_short": Wording(
        "Give some of the work to somebody else, or agree on another date.", "请将部分工作交给他人，或商定新的日期。"
    ),
    "unknown_status": Wording("Name it under “statuses” of the source.", "请在该数据源的“statuses”中指定其含义。"),
}

# Why a number is missing.
REASONS = {
    "no_items": Wording("the project has no items of this kind", "项目中没有此类工作项"),
    "no_baseline": Wording("no plan has been approved", "尚未批准计划基线"),
    "nothing_due": Wording("nothing was due in this period", "本期没有到期的内容"),
    "nothing_identified": Wording("nothing was identified in this period", "本期没有新发现的问题"),
    "nothing_finished": Wording("nothing was finished in this period", "本期没有完成的工作"),
    "not_read": Wording("nobody has read this far yet", "尚未读取到本期的数据"),
    "period_not_started": Wording("the period has not begun", "统计期间尚未开始"),
    "all_pending": Wording("everything is still inside its limit", "全部仍在时限内"),
    "all_left_out": Wording("everything had to be left out", "全部被排除"),
    "small_sample": Wording("small sample", "样本较少"),
}

# Why a row was left out of a number.
EXCLUDED = {
    "unknown_status": Wording("in a status of unknown meaning", "状态含义未知"),
    "cancelled": Wording("cancelled", "已取消"),
    "pull_request": Wording("pull requests, which are part of other work", "合并请求（属于其他工作的一部分）"),
    "duplicate": Wording("duplicate", "重复"),
    "pending": Wording("not due yet or still inside the limit", "尚未到期或仍在时限内"),
    "no_baseline": Wording("without an approved date", "没有批准日期"),
    "no_work": Wording("without known work items", "没有对应的工作项"),
    "no_completion_date": Wording("finished at an unknown time", "完成时间未知"),
    "parent": Wording("counted by their sub-tasks", "由子任务统计"),
    "no_effort": Wording("without an effort in the plan", "计划中没有工作量"),
}

WORDS = {
    "yes": Wording("met", "达标"),
    "no": Wording("missed", "未达标"),
    "no_target": Wording("–", "–"),
    "not_measurable": Wording("not measurable: {reason}", "无法计算：{reason}"),
    "elapsed": Wording("elapsed time", "自然时间"),
    "working": Wording("working time", "工作时间"),
    "days": Wording("{n} d", "{n} 天"),
    "hours": Wording("{n} h", "{n} 小时"),
    "minutes": Wording("{n} min", "{n} 分钟"),
    "under_a_minute": Wording("under 1 min", "不足 1 分钟"),
    "end_of_day": Wording("the end of {on}", "{on}结束时"),
    "of": Wording("{share} ({n} of {total})", "{share}（{n}/{total}）"),
    "median": Wording("median {value}", "中位数 {value}"),
    "median_of_resolved": Wording("resolved in {value} (median of {n})", "解决用时 {value}（{n} 项的中位数）"),
    "p85": Wording("P85 {value}", "P85 {value}"),
    "p95": Wording("P95 {value}", "P95 {value}"),
    "first_promise": Wording("first dates {value}", "按最初日期 {value}"),
    "latest_dates": Wording("latest dates {value}", "按最新日期 {value}"),
    "more": Wording("and {n} more", "等另外 {n} 项"),
    "and": Wording(", ", "，"),
    "and_also": Wording("; ", "；"),
    "severity.critical": Wording("critical", "严重"),
    "severity.warning": Wording("warning", "警告"),
    "severity.info": Wording("note", "提示"),
    "more_left_out": Wording(
        "This text is longer than fits here; the rest is left out. “planward status” shows all of it.",
        "内容超出此处的长度限制，其余部分已省略。完整内容请运行“planward status”查看。",
    ),
}

STATUS_REPORT = {
    "title": Wording("{project}: status", "{project}：项目状态"),
    "verdict.good": Wording("On course", "进展正常"),
    "verdict.warning": Wording("At risk", "存在风险"),
    "verdict.bad": Wording("Off course", "偏离计划"),
    "verdict.neutral": Wording("Not known", "无法判断"),
    "because": Wording("{verdict}: {reasons}.", "{verdict}：{reasons}。"),
    "because.nothing_wrong": Wording(
        "nothing needs attention and every measured target is met", "没有需要处理的事项，已测量的目标均已达成"
    ),
    "because.nothing_known": Wording("nothing could be measured yet", "目前没有可测量的数据"),
    "because.critical": Wording("critical findings: {n} ({subjects})", "严重事项 {n} 项（{subjects}）"),
    "because.warning": Wording("warnings: {n}", "警告 {n} 项"),
    "because.warning.named": Wording("warnings: {n} ({subjects})", "警告 {n} 项（{subjects}）"),
    "because.missed": Wording("targets missed: {titles}", "未达标：{titles}"),
    "because.stale": Wording("the data of {sources} is not up to date", "{sources} 的数据未更新"),
    "milestones": Wording("Milestones", "里程碑"),
    "milestone": Wording("Milestone", "里程碑"),
    "approved": Wording("Approved date", "批准日期"),
    "due": Wording("Date in the plan", "计划日期"),
    "state": Wording("State", "状态"),
    "finished": Wording("finished", "已完成"),
    "finished_late": Wording("finished late", "延期完成"),
    "finished_on": Wording("{state} on {on}", "{state}：{on}"),
    "overdue": Wording("overdue", "已逾期"),
    "due_soon": Wording("due soon", "即将到期"),
    "at_risk": Wording("at risk", "有风险"),
    "open": Wording("open", "未完成"),
    "no_work": Wording("no work yet", "尚无工作项"),
    "unknown": Wording("unknown", "未知"),
    "cancelled": Wording("cancelled", "已取消"),
    "dropped": Wording("not in the plan any more", "已从计划中移除"),
    "kpis": Wording("Measures", "指标"),
    "kpi": Wording("Measure", "指标"),
    "value": Wording("Value", "数值"),
    "target": Wording("Target", "目标"),
    "met": Wording("Result", "结果"),
    "sample": Wording("Sample", "样本"),
    "missed_by": Wording("Missed in {title}: {keys}.", "{title} 未达成：{keys}。"),
    "findings": Wording("What needs attention", "需要关注的事项"),
    "no_findings": Wording("Nothing needs attention.", "没有需要关注的事项。"),
    "finding": Wording(
        "{severity}, found on {on}: {sentence} {advice}{owner}", "{severity}（{on}发现）：{sentence}{advice}{owner}"
    ),
    "owner": Wording(" Owner: {owner}.", "负责人：{owner}。"),
    "more_findings": Wording(
        "{severity}: {n} more. “planward findings” lists them all.",
        "{severity}：另有 {n} 项，“planward findings”可列出全部。",
    ),
    "items": Wording(" Items: {keys}.", "工作项：{keys}。"),
    "period": Wording("Period: {start} to {end}.", "统计期间：{start}至{end}。"),
    "sources": Wording("Sources: {states}.", "数据源：{states}。"),
    "up_to_date": Wording("{source} up to date", "{source} 为最新"),
    "stale_since": Wording("{source} stale since {on}", "{source} 自{on}起未更新"),
    "never_read": Wording("{source} not read yet", "{source} 尚未读取"),
    "left_out": Wording("Left out of {title}: {reasons}.", "{title} 未计入：{reasons}。"),
    "left_out.count": Wording("{n} {reason}", "{n} 项{reason}"),
    "incomplete": Wording("{title} counts {n} with an incomplete history.", "{title} 计入了 {n} 项历史不完整的数据。"),
    "definitions": Wording("Definitions: {versions}.", "指标定义：{versions}。"),
}

# The web page. What it shares with the status report is there.
DASHBOARD = {
    "title": Wording("{project}: {verdict}", "{project}：{verdict}"),
    "overview": Wording("Projects", "项目"),
    "all_projects": Wording("All projects", "全部项目"),
    "skip": Wording("Skip to the content", "跳到正文"),
    "period": Wording("{start} to {end}", "{start}至{end}"),
    "as_of": Wording("as of {on}, {time} ({zone})", "截至{on} {time}（{zone}）"),
    "verdict": Wording("Verdict", "总体判断"),
    "glance": Wording("At a glance", "概览"),
    "targets_met": Wording("Targets met", "达标指标"),
    "milestones_finished": Wording("Milestones finished", "已完成里程碑"),
    "next_milestone": Wording("Next milestone", "下一个里程碑"),
    "time_line": Wording("Time line", "时间线"),
    "today": Wording("Today, {on}", "今天（{on}）"),
    "finished": Wording("Finished", "已完成"),
    "held_until": Wording("Past the approved date", "超出批准日期"),
    "no_milestones": Wording("The plan has no milestones.", "计划中没有里程碑。"),
    "no_kpis": Wording("Nothing has been measured yet.", "尚无测量数据。"),
    "not_measurable": Wording("Not measurable", "无法计算"),
    "median": Wording("median", "中位数"),
    "aimed": Wording("Target {target}", "目标 {target}"),
    "no_aim": Wording("No target", "未设目标"),
    "sample": Wording("{n} counted", "统计 {n} 项"),
    "trend": Wording("Trend", "趋势"),
    "trend.none": Wording("No earlier period is stored yet.", "尚未存储以往期间的数据。"),
    "trend.point": Wording("{period}: {value}", "{period}：{value}"),
    "evidence": Wording("What it is counted from", "统计依据"),
    "item": Wording("Item", "条目"),
    "result": Wording("Result", "结果"),
    "row.left_out": Wording("left out: {reason}", "未计入：{reason}"),
    "row.incomplete": Wording("history incomplete", "历史不完整"),
    "rows.more": Wording(
        "{n} more. “planward kpi --evidence {kpi}” lists them all.",
        "另有 {n} 项，“planward kpi --evidence {kpi}”可列出全部。",
    ),
    "definition": Wording("Definition {version}.", "定义 {version}。"),
    "rebuilt": Wording(
        "The trend up to {on} is worked out from the trackers' history.", "{on}之前的趋势由各系统的历史记录推算得出。"
    ),
    "restates": Wording("Corrects what was said on {on}.", "更正{on}公布的数值。"),
    "stale": Wording("The data of {sources} is not up to date.", "{sources} 的数据未更新。"),
    "since": Wording("found on {on}", "{on}发现"),
    "owner": Wording("Owner: {owner}", "负责人：{owner}"),
    "advice": Wording("What to do: {advice}", "建议措施：{advice}"),
    "sources": Wording("Sources", "数据源"),
    "capacity": Wording("Capacity", "可用工时"),
    "capacity.period": Wording("In the period", "本期"),
    "capacity.ahead": Wording("From today on", "今天起"),
    "capacity.note": Wording(
        "Available: working time less absences, by the share that the plan takes. Needed: the work left in what the"
        " person has to finish by then.",
        "可用：工作时间扣除不在岗时间，再乘以计划的投入比例。所需：此人届时须完成的剩余工作量。",
    ),
    "capacity.left_out": Wording("Not counted for {person}: {keys}.", "{person} 未计入：{keys}。"),
    "capacity.left_out.key": Wording("{key} ({reason})", "{key}（{reason}）"),
    "deliverables": Wording("Deliverables", "交付物"),
    "deliverables.finished": Wording("{n} of {total} finished", "已完成 {n}/{total}"),
    "deliverables.closed": Wording("finished: {n}", "已完成：{n} 项"),
    "deliverables.closed.cancelled": Wording("finished or cancelled: {n}", "已完成或已取消：{n} 项"),
    "deliverables.name": Wording("Deliverable", "交付物"),
    "deliverables.owner": Wording("Owner", "负责人"),
    "deliverables.due": Wording("Due", "截止日期"),
    "deliverables.items": Wording("Work items", "工作项"),
    "deliverables.no_milestone": Wording("Without a milestone", "未归入里程碑"),
    "deliverables.planned": Wording("in the plan: {on}", "计划：{on}"),
    "unread": Wording(
        "Nothing is judged before every source was read to its end once. Not read yet: {sources}.",
        "所有数据源首次完整读取之前不作判断。尚未读取：{sources}。",
    ),
    "made_by": Wording("Planward {version}, from stored numbers.", "由 Planward {version} 根据已存储的数据生成。"),
    "data": Wording("The same numbers as data", "同一数据的 JSON 文件"),
}

# The command line's tables: headings, titles, and the words of their cells.
COLUMNS = {
    "absent": Wording("away", "不在岗"),
    "account": Wording("as", "身份"),
    "after": Wording("now", "现在"),
    "allocation": Wording("share", "投入比例"),
    "approved": Wording("approved", "批准日期"),
    "available": Wording("available", "可用"),
    "before": Wording("before", "之前"),
    "change": Wording("change", "变更"),
    "changes": Wording("changes", "变更数"),
    "comment": Wording("our comment", "本系统评论"),
    "comments": Wording("comments", "评论数"),
    "entry": Wording("entry", "条目"),
    "error": Wording("error", "错误"),
    "findings": Wording("findings", "发现事项"),
    "finished": Wording("finished", "完成日期"),
    "from": Wording("from", "开始"),
    "holds": Wording("holds", "内容"),
    "id": Wording("id", "编号"),
    "items": Wording("items", "工作项"),
    "events": Wording("events", "日程"),
    "items_done": Wording("items done", "已完成工作项"),
    "key": Wording("key", "键"),
    "kind": Wording("kind", "类型"),
    "kpi": Wording("KPI", "指标"),
    "kpis": Wording("KPIs", "指标数"),
    "last_read": Wording("last read", "最近读取"),
    "left_out": Wording("left out", "未计入"),
    "left_out_because": Wording("left out because", "未计入原因"),
    "met": Wording("met", "达标"),
    "name": Wording("name", "名称"),
    "needed": Wording("needed", "所需"),
    "open_findings": Wording("open findings", "未关闭事项"),
    "open_time": Wording("open for", "持续时间"),
    "person": Wording("person", "人员"),
    "planned": Wording("planned", "计划日期"),
    "project": Wording("project", "项目"),
    "reached": Wording("reached", "可连接"),
    "read": Wording("read", "已读取"),
    "requests": Wording("requests+upkeep", "请求数+维护"),
    "result": Wording("result", "结果"),
    "rows": Wording("rows", "行数"),
    "sample": Wording("sample", "样本"),
    "seconds": Wording("seconds", "秒"),
    "seen": Wording("seen", "可见"),
    "sent": Wording("sent", "发送时间"),
    "set_aside": Wording("set aside", "搁置"),
    "severity": Wording("severity", "严重程度"),
    "source": Wording("source", "数据源"),
    "state": Wording("state", "状态"),
    "subject": Wording("subject", "对象"),
    "table": Wording("table", "表"),
    "target": Wording("target", "目标"),
    "topic": Wording("topic", "主题"),
    "until": Wording("until", "截止"),
    "url": Wording("url", "网址"),
    "value": Wording("value", "数值"),
    "what": Wording("what", "说明"),
    "where": Wording("where", "位置"),
    "working_time": Wording("working time", "工作时间"),
}

TABLES = {
    "pulled": Wording("Pulled (new and changed)", "已拉取（新增和变更）"),
    "held": Wording("Held against the plan", "与计划对照"),
    "written_back": Wording("Written back", "已写回"),
    "written_back.times": Wording("Written back (times in {zone})", "已写回（时区：{zone}）"),
    "sources": Wording("Sources (times in {zone})", "数据源（时区：{zone}）"),
    "projects": Wording("Projects", "项目"),
    "findings": Wording("{project}: open findings: {n}", "{project}：未关闭事项 {n} 项"),
    "kpis": Wording("{project}, {period} as of {at} ({zone})", "{project}，{period}，截至 {at}（{zone}）"),
    "evidence": Wording("Evidence of {kpi}", "{kpi} 的依据"),
    "capacity": Wording("Capacity (working days)", "可用工时（工作日）"),
    "diff": Wording("{project}: against baseline {number}", "{project}：与基线 {number} 对比"),
    "accounts": Wording("Accounts", "账号"),
    "targets": Wording("Where it is written back", "写回位置"),
    "left_out": Wording("For want of room without: {columns}.", "因宽度不足未显示：{columns}。"),
    "line": Wording("{heading}: {cell}", "{heading}：{cell}"),
}

CELLS = {
    "yes": Wording("yes", "是"),
    "no": Wording("no", "否"),
    "of": Wording("{n} of {total}", "{n}/{total}"),
    "items": Wording("{n} items", "{n} 个工作项"),
    "events": Wording("{n} events", "{n} 个日程"),
    "plan": Wording("plan", "计划"),
    "findings": Wording("{n} ({opened} new, {closed} closed)", "{n}（新增 {opened}，关闭 {closed}）"),
    "source.ok": Wording("up to date", "最新"),
    "source.stale": Wording("not up to date", "未更新"),
    "source.failed": Wording("failed", "失败"),
    "source.stopped": Wording("stopped", "已停止"),
    "source.unread": Wording("not read yet", "尚未读取"),
    "entry.deliverable": Wording("deliverable", "交付物"),
    "entry.milestone": Wording("milestone", "里程碑"),
    "standing.unknown": Wording("unknown", "未知"),
    "standing.empty": Wording("empty", "无工作项"),
    "standing.open": Wording("open", "未完成"),
    "standing.finished": Wording("finished", "已完成"),
    "standing.cancelled": Wording("cancelled", "已取消"),
    "change.added": Wording("added", "新增"),
    "change.removed": Wording("removed", "移除"),
    "change.moved": Wording("moved", "改期"),
    "change.renamed": Wording("renamed", "改名"),
    "publication.preview": Wording("preview", "预览"),
    "publication.pending": Wording("pending", "待发送"),
    "publication.sending": Wording("sending", "发送中"),
    "publication.unknown": Wording("unknown", "未知"),
    "publication.sent": Wording("sent", "已发送"),
    "publication.unchanged": Wording("unchanged", "无变化"),
    "publication.failed": Wording("failed", "失败"),
    "publication.muted": Wording("muted", "已停用"),
    "publication.waiting": Wording("waiting", "等待中"),
    "publication.unnamed": Wording("no longer named", "已不在配置中"),
    "comment.there": Wording("stands there", "已存在"),
    "comment.none": Wording("none yet", "尚无"),
}

# Sentences of the command line beside its tables.
LINES = {
    "service.running": Wording("Service: running since {at} ({zone}).", "服务：自 {at} 起运行（{zone}）。"),
    "service.stopped": Wording("Service: not running.", "服务：未运行。"),
    "plan.no_baseline": Wording(
        "{project}: no baseline yet; “planward plan approve” records that the plan was approved.",
        "{project}：尚无基线；“planward plan approve”用于记录计划的批准。",
    ),
    "plan.baseline": Wording(
        "{project}: baseline {number}, approved by {by} on {on}.", "{project}：基线 {number}，由 {by} 于{on}批准。"
    ),
    "diff.stands": Wording("{target} {topic} (stands)", "{target} {topic}（现有）"),
    "diff.wanted": Wording("{target} {topic} (wanted)", "{target} {topic}（应有）"),
    "pages.written": Wording("{file} and {n} more files are written.", "已写入 {file} 及另外 {n} 个文件。"),
    "publish.not_sent": Wording("Nothing was sent.", "没有发送任何内容。"),
    "publish.preview": Wording(
        "`write_back` is `preview`: look at `planward publish --diff`, then set it to `send` or run"
        " `planward publish --send`.",
        "`write_back` 为 `preview`：请查看 `planward publish --diff`，然后将其设为 `send` 或运行"
        " `planward publish --send`。",
    ),
    "publish.nowhere": Wording(
        "Nothing to write back: no project says under “publish” where to.",
        "没有可写回的内容：项目的“publish”中未指定写回位置。",
    ),
    "publish.unread": Wording(
        "{project}: nothing is written back before every source was read to its end once."
        " Not read yet: {sources}; run “planward sync”.",
        "{project}：所有数据源首次完整读取之前不写回。尚未读取：{sources}；请运行“planward sync”。",
    ),
}


def all_messages() -> dict[str, Wording]:
    """Every message by its key."""
    return {
        **{f"kpi.{name}": wording for name, wording in KPI_TITLES.items()},
        **{f"finding.{kind}": sentence for kind, sentence in FINDINGS.items()},
        **{f"advice.{kind}": advice for kind, advice in ADVICE.items()},
        **{f"reason.{code}": wording for code, wording in REASONS.items()},
        **{f"excluded.{code}": wording for code, wording in EXCLUDED.items()},
        **{f"status.{name}": wording for name, wording in STATUS_REPORT.items()},
        **{f"dashboard.{name}": wording for name, wording in DASHBOARD.items()},
        **{f"column.{name}": wording for name, wording in COLUMNS.items()},
        **{f"table.{name}": wording for name, wording in TABLES.items()},
        **{f"cell.{name}": wording for name, wording in CELLS.items()},
        **{f"line.{name}": wording for name, wording in LINES.items()},
        **WORDS,
    }
