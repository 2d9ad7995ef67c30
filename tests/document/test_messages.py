from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path
from string import Formatter

import pytest

from core.document.catalogue import all_messages
from core.document.messages import (
    advice_text,
    date_text,
    duration_text,
    excluded_text,
    finding_text,
    kpi_title,
    limit_text,
    month_text,
    phrase,
    reason_text,
    say,
    share_text,
    short_day_text,
    template,
    value_text,
)
from core.document.nodes import DateWord, LinkTo, Text
from core.kpi import declare, measure
from core.model import Clock, Finding, Severity, Unit
from core.plan import reconcile

KPIS = [
    "plans_submitted_on_time",
    "requirements_complete",
    "conflicts_resolved_in_time",
    "meeting_satisfaction",
    "delivered_on_time",
    "problems_resolved_in_time",
    "documents_updated_on_time",
    "reviews_passed",
    "requirements_satisfied",
    "requirements_changed",
    "retrospectives_on_time",
    "improvements_carried_out",
    "lead_time",
    "cycle_time",
    "flow_efficiency",
    "first_response",
    "item_age",
    "wip",
    "throughput",
    "reopen_rate",
    "scope_change",
    "milestone_slip",
    "planned_value",
    "earned_value",
    "spi",
    "spi_t",
    "forecast",
    "forecast_hit_rate",
]


@pytest.mark.parametrize("key", sorted(all_messages()))
def test_a_message_says_the_same_in_both_languages(key: str) -> None:
    wording = all_messages()[key]

    english, chinese = (sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in wording)

    assert wording.en
    assert wording.zh
    assert english == chinese


@pytest.mark.parametrize("kpi", KPIS)
def test_every_kpi_has_a_title(kpi: str) -> None:
    assert kpi_title(kpi, "en") != kpi
    assert kpi_title(kpi, "zh-CN") != kpi


def test_a_title_names_its_limit_and_clock() -> None:
    limit = timedelta(hours=48)

    assert kpi_title("problems_resolved_in_time", "en", limit) == "Problems resolved within 48 h (elapsed time)"
    assert kpi_title("problems_resolved_in_time", "zh-CN", limit, Clock.WORKING) == "问题 48 小时内解决率（工作时间）"
    assert kpi_title("lead_time", "en", limit) == "Lead time"
    assert kpi_title("something_new", "en") == "something_new"


def test_a_placeholder_takes_a_node_a_date_or_a_text() -> None:
    link = LinkTo("ERP-1", "https://acme.example")

    nodes = phrase("finding.overdue", "en", name=link, due_on=date(2026, 3, 3))

    assert nodes == (link, Text(" was due on "), DateWord(date(2026, 3, 3)), Text(" and is not finished."))
    assert say("finding.overdue", "en", name="{x}") == "{x} was due on – and is not finished."


@pytest.mark.parametrize(
    ("kind", "facts", "english", "chinese"),
    [
        (
            "overdue",
            {"entry": "deliverable", "name": "Data migration", "due_on": "2026-03-03", "items": 5, "finished_items": 2},
            "D2 Data migration was due on 3 March 2026 and is not finished: 2 of 5 work items are done.",
            "D2 Data migration 应于2026年3月3日完成，目前尚未完成：5 个工作项中已完成 2 个。",
        ),
        (
            "overdue",
            {"name": "Data migration", "due_on": "2026-03-03", "items": 0, "finished_items": 0},
            "D2 Data migration was due on 3 March 2026 and is not finished.",
            "D2 Data migration 应于2026年3月3日完成，目前尚未完成。",
        ),
        (
            "ghost",
            {"name": "Training", "cause": "no_work_named", "due_on": None},
            "D2 Training is in the plan, and the plan does not say which work items belong to it.",
            "计划中的 D2 Training 未指明对应的工作项。",
        ),
        (
            "shadow_work",
            {"key": "ERP-9", "name": "Side job"},
            "ERP-9 “Side job” is open, and no planned deliverable covers it.",
            "ERP-9 “Side job” 尚未完成，且不属于计划中的任何交付物。",
        ),
        ("odd_thing", {}, "odd thing: D2", "odd thing: D2"),
    ],
)
def test_a_finding_reads_as_a_sentence_with_dates_and_no_age(
    kind: str, facts: dict[str, str | int | float | None], english: str, chinese: str
) -> None:
    finding = Finding(kind=kind, severity=Severity.CRITICAL, subject="D2", facts=facts)

    assert finding_text(finding, "en") == english
    assert finding_text(finding, "zh-CN") == chinese


@pytest.mark.parametrize(
    ("seconds", "clock", "english", "chinese"),
    [
        (0, Clock.ELAPSED, "0 min", "0 分钟"),
        (30, Clock.ELAPSED, "under 1 min", "不足 1 分钟"),
        (45 * 60, Clock.ELAPSED, "45 min", "45 分钟"),
        (52 * 3600 + 59, Clock.ELAPSED, "2 d 4 h", "2 天 4 小时"),
        (48 * 3600 + 300, Clock.ELAPSED, "2 d", "2 天"),
        (52 * 3600, Clock.WORKING, "52 h", "52 小时"),
        (-3600, Clock.ELAPSED, "-1 h", "-1 小时"),
    ],
)
def test_a_duration_is_said_in_two_units(seconds: float, clock: Clock, english: str, chinese: str) -> None:
    assert duration_text(seconds, "en", clock) == english
    assert duration_text(seconds, "zh-CN", clock) == chinese


@pytest.mark.parametrize(
    ("share", "target", "text"),
    [(10 / 12, 0.9, "83 %"), (0.896, 0.9, "89.6 %"), (0.9, 0.9, "90 %"), (0.8999, 0.9, "89.99 %"), (1, None, "100 %"),
     (0.104, 0.1, "10.4 %"), (0, 0.9, "0 %"), (0.29, 0.29, "29 %")],
)  # fmt: skip
def test_a_share_is_never_rounded_across_its_target(share: float, target: float | None, text: str) -> None:
    assert share_text(share, target) == text


def test_labels_of_charts_are_short() -> None:
    assert month_text(date(2026, 3, 1), "en", with_year=False) == "Mar"
    assert month_text(date(2026, 3, 1), "zh-CN", with_year=True) == "2026年3月"
    assert short_day_text(date(2026, 3, 2), "en") == "2 Mar"
    assert short_day_text(date(2026, 3, 2), "zh-CN") == "3月2日"


def test_advice_goes_by_the_cause_where_that_needs_another() -> None:
    gone = Finding(kind="ghost", severity=Severity.WARNING, subject="D13", facts={"cause": "no_longer_planned"})
    empty = Finding(kind="ghost", severity=Severity.WARNING, subject="D2", facts={"cause": "nothing_matches"})

    assert finding_text(gone, "en") == "D13 was approved and is no longer in the plan."
    assert advice_text(gone, "en") == "Put it back into the plan, or approve the plan again."
    assert advice_text(empty, "en") == "Create or label the work, or correct “work” in the plan."


def test_dates_limits_and_values_have_their_words() -> None:
    assert date_text(date(2026, 3, 3), "en") == "3 March 2026"
    assert date_text(date(2026, 3, 3), "zh-CN") == "2026年3月3日"
    assert [limit_text(timedelta(hours=hours), "en") for hours in (48, 36, 120, 121)] == [
        "48 h",
        "36 h",
        "5 d",
        "121 h",
    ]
    assert value_text(Unit.COUNT, 12.0, "en") == "12"
    assert value_text(Unit.COUNT, 2.25, "en") == "2.2"
    assert value_text(Unit.DATE, 20515, "en") == "3 March 2026"


def test_a_code_without_words_is_still_readable() -> None:
    assert reason_text("nothing_due", "en") == "nothing was due in this period"
    assert excluded_text("moved_away", "en") == "moved away"


def test_every_code_of_the_kpis_and_every_kind_of_finding_has_words() -> None:
    kpis = Path(declare.__file__).parent.glob("*.py")
    calls = [
        node for path in kpis for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    codes = {
        str(argument.value)
        for call in calls
        if getattr(call.func, "id", None) == "LeftOut"
        for constants in call.args
        for argument in ast.walk(constants)
        if isinstance(argument, ast.Constant) and " " not in str(argument.value) and argument.value
    }
    kinds = (reconcile.OVERDUE, reconcile.DUE_SOON, reconcile.GHOST, reconcile.SHADOW_WORK, reconcile.UNKNOWN_STATUS)

    assert {"cancelled", "pending"} <= codes
    assert not [code for code in codes if template(f"excluded.{code}", "en") is None]
    families = ("finding", "advice")
    assert not [kind for kind in kinds for family in families if template(f"{family}.{kind}", "en") is None]
    assert not [kpi for kpi in declare.KPIS if template(f"kpi.{kpi}", "en") is None]
    assert template(f"reason.{measure.SMALL_SAMPLE}", "en") is not None
