from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.document import adf, markdown, text
from core.document.digest import digest_of
from core.document.nodes import Document, LinkTo, List, StatusWord, Table, Tone
from core.model import (
    Basis,
    Clock,
    Direction,
    EvidenceRow,
    Finding,
    Measurement,
    Period,
    PeriodKind,
    Severity,
    Unit,
)
from core.plan.state import Standing
from core.report.status import (
    DeliverableLine,
    Freshness,
    MilestoneLine,
    OpenFinding,
    StatusInputs,
    compose,
    deliverable_word,
    milestone_word,
)
from tests.conftest import SOAK
from tests.document.hostile import texts
from tests.document.test_adf import schema


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    within: timedelta | None = None
    clock: Clock | None = None
    target: float | None = None


MARCH = Period(
    kind=PeriodKind.MONTH,
    start_on=date(2026, 3, 1),
    end_on=date(2026, 3, 31),
    start_at=datetime(2026, 2, 28, 16, tzinfo=UTC),
    end_at=datetime(2026, 3, 31, 16, tzinfo=UTC),
)
DELIVERED = Measurement(
    kpi="delivered_on_time",
    definition="v1",
    period=MARCH,
    as_of=datetime(2026, 3, 20, tzinfo=UTC),
    unit=Unit.SHARE,
    direction=Direction.UP,
    value=10 / 12,
    reason=None,
    target=0.9,
    met=False,
    numerator=10,
    denominator=12,
    sample=12,
    statistics={"first": 0.5, "latest": 1.0},
    excluded={"pending": 3, "cancelled": 1},
    incomplete_items=1,
    stale_sources=(),
    basis=Basis.HISTORY,
    restates=None,
    evidence=(
        EvidenceRow(source=None, key="D2", url=None, value=0.0, weight=1.0, reason=None),
        EvidenceRow(source="jira", key="ERP-5", url="https://a.example/ERP-5", value=0.0, weight=1.0, reason=None),
        EvidenceRow(source="jira", key="ERP-6", url="https://a.example/ERP-6", value=1.0, weight=1.0, reason=None),
        EvidenceRow(source="jira", key="ERP-7", url=None, value=None, weight=0.0, reason="pending"),
    ),
)
PROBLEMS = replace(
    DELIVERED,
    kpi="problems_resolved_in_time",
    value=0.95,
    met=True,
    numerator=19,
    denominator=20,
    sample=20,
    statistics={"p50": 5 * 3600.0, "p85": 9 * 3600.0, "p95": None, "resolved": 19.0, "longest_open": 123456.0},
    excluded={},
    incomplete_items=0,
    evidence=(),
)
LEAD_TIME = replace(
    PROBLEMS,
    kpi="lead_time",
    unit=Unit.SECONDS,
    direction=Direction.DOWN,
    value=52 * 3600.0,
    target=None,
    met=None,
    reason="small_sample",
    numerator=None,
    denominator=None,
    sample=3,
    statistics={"p50": 52 * 3600.0, "p85": 100 * 3600.0},
)
NOTHING = replace(
    PROBLEMS, value=None, met=None, reason="nothing_identified", numerator=None, denominator=None, sample=0
)
OVERDUE = Finding(
    kind="overdue",
    severity=Severity.CRITICAL,
    subject="M1",
    facts={"entry": "milestone", "name": "Go-live", "due_on": "2026-03-10", "items": 4, "finished_items": 1},
    evidence=(("jira", "ERP-1"), ("jira", "ERP-2")),
)
SHADOW = Finding(
    kind="shadow_work",
    severity=Severity.INFO,
    subject="jira:ERP-9",
    facts={"key": "ERP-9", "name": "Side job", "source": "jira", "owner": None},
    evidence=(("jira", "ERP-9"),),
)
INPUTS = StatusInputs(
    name="ERP upgrade",
    period=MARCH,
    measurements=(LEAD_TIME, PROBLEMS, DELIVERED),
    findings=(
        OpenFinding(finding=SHADOW, opened_on=date(2026, 3, 2)),
        OpenFinding(finding=OVERDUE, opened_on=date(2026, 3, 11)),
    ),
    milestones=(
        MilestoneLine(id="M1", name="Go-live", baseline_due_on=date(2026, 3, 10), due_on=date(2026, 3, 20)),
        MilestoneLine(id="M0", name="Agreed", due_on=date(2026, 2, 10), finished_on=date(2026, 2, 12)),
        MilestoneLine(id="M2", name="Review", due_on=date(2026, 6, 10)),
        MilestoneLine(id="M9", name="Gone", baseline_due_on=date(2026, 7, 10)),
    ),
    freshness=(Freshness(source="jira", fresh=True), Freshness(source="hub", fresh=False, read_on=date(2026, 3, 1))),
    urls={("jira", "ERP-1"): "https://a.example/ERP-1", ("jira", "ERP-9"): "https://a.example/ERP-9"},
)

EXPECTED = """\
ERP upgrade: status
===================

Off course: critical findings: 1 (M1 Go-live); targets missed: Delivered on time; the data of hub is not up to date.

Milestones
----------

Milestone Approved date Date in the plan State
M0 Agreed – 10 February 2026 finished late on 12 February 2026
M1 Go-live 10 March 2026 20 March 2026 overdue
M2 Review – 10 June 2026 open
M9 Gone 10 July 2026 – not in the plan any more

Measures
--------

Measure Value Target Result Sample
Delivered on time 83 % (10 of 12), first dates 50 %, latest dates 100 % ≥ 90 % missed 12
Problems resolved within 48 h (elapsed time) 95 % (19 of 20), resolved in 5 h (median of 19) ≥ 90 % met 20
Lead time median 2 d 4 h, P85 4 d 4 h, small sample – – 3

- Missed in Delivered on time: D2, ERP-5.

What needs attention
--------------------

- critical, found on 11 March 2026: M1 Go-live was due on 10 March 2026 and is not finished: 1 of 4 work items are \
done. Items: ERP-1, ERP-2. Finish it, or agree on a new date and approve the plan again.
- note, found on 2 March 2026: ERP-9 “Side job” is open, and no planned deliverable covers it. \
Add it to a deliverable of the plan, or stop it.

- Period: 1 March 2026 to 31 March 2026.
- Sources: hub stale since 1 March 2026, jira up to date.
- Left out of Delivered on time: 1 cancelled, 3 not due yet or still inside the limit.
- Delivered on time counts 1 with an incomplete history.
- Definitions: delivered_on_time v1, problems_resolved_in_time v1, lead_time v1.
"""


def squeezed(report: str) -> list[str]:
    """The lines without the padding of tables and without rules."""
    lines = (" ".join(line.split()) for line in report.splitlines())
    return [line for line in lines if line.strip("-= ")]


def test_the_status_says_on_one_screen_what_a_manager_asks() -> None:
    report = text.render(compose(INPUTS, "en"))

    assert squeezed(report) == squeezed(EXPECTED)


def test_the_status_speaks_chinese() -> None:
    report = text.render(compose(replace(INPUTS, measurements=(PROBLEMS, NOTHING)), "zh-CN"))

    assert "ERP upgrade：项目状态" in report
    assert "偏离计划：严重事项 1 项（M1 Go-live）；hub 的数据未更新。" in report
    assert "问题 48 小时内解决率（自然时间）" in report
    assert "95 %（19/20），解决用时 5 小时（19 项的中位数）" in report
    assert "无法计算：本期没有新发现的问题" in report
    assert "统计期间：2026年3月1日至2026年3月31日。" in report
    assert not [word for word in ("status", "critical", "Period") if word in report.replace("statuses", "")]


@pytest.mark.parametrize(
    ("changed", "tone"),
    [
        ({}, Tone.BAD),
        ({"findings": ()}, Tone.WARNING),
        ({"findings": (), "measurements": (PROBLEMS,)}, Tone.NEUTRAL),  # a source is stale
        ({"findings": (), "measurements": (PROBLEMS,), "freshness": ()}, Tone.GOOD),
        ({"findings": (), "measurements": (NOTHING,), "freshness": ()}, Tone.NEUTRAL),
        ({"findings": (), "measurements": (), "freshness": ()}, Tone.NEUTRAL),
        ({"findings": INPUTS.findings[:1], "measurements": (PROBLEMS,), "freshness": ()}, Tone.GOOD),
    ],
)
def test_the_verdict_follows_from_findings_targets_and_freshness(changed: dict[str, object], tone: Tone) -> None:
    document = compose(replace(INPUTS, **changed), "en")  # type: ignore[arg-type]

    first = document.blocks[0]
    assert [node.tone for node in getattr(first, "inlines", ()) if isinstance(node, StatusWord)] == [tone]


@pytest.mark.parametrize(("severity", "tone"), [(Severity.CRITICAL, Tone.BAD), (Severity.WARNING, Tone.WARNING)])
def test_an_overdue_milestone_is_as_bad_in_the_table_as_in_the_verdict(severity: Severity, tone: Tone) -> None:
    findings = (OpenFinding(finding=replace(OVERDUE, severity=severity), opened_on=date(2026, 3, 11)),)

    document = compose(replace(INPUTS, findings=findings, measurements=()), "en")

    table = next(block for block in document.blocks if isinstance(block, Table))
    words = [node for row in table.rows for cell in row for node in cell if isinstance(node, StatusWord)]
    (verdict,) = [node for node in getattr(document.blocks[0], "inlines", ()) if isinstance(node, StatusWord)]
    assert [word.tone for word in words if word.text == "overdue"] == [verdict.tone] == [tone]


def test_with_warnings_alone_the_verdict_names_the_first_of_them() -> None:
    warned = OpenFinding(finding=replace(OVERDUE, severity=Severity.WARNING), opened_on=date(2026, 3, 11))

    report = text.render(compose(replace(INPUTS, findings=(warned,), measurements=(), freshness=()), "en"))

    assert "At risk: warnings: 1 (M1 Go-live)." in report


def test_a_finding_names_its_owner_as_people_do() -> None:
    owned = replace(OVERDUE, facts={**OVERDUE.facts, "owner": "Li.Wei@acme.com"})
    findings = (OpenFinding(finding=owned, opened_on=date(2026, 3, 11)),)

    known = text.render(compose(replace(INPUTS, findings=findings, people={"li.wei@acme.com": "Li Wei"}), "en"))
    unknown = text.render(compose(replace(INPUTS, findings=findings), "en"))

    assert "approve the plan again. Owner: Li Wei." in " ".join(known.split())
    assert "approve the plan again. Owner: Li.Wei@acme.com." in " ".join(unknown.split())


def test_a_milestone_that_is_due_soon_says_so() -> None:
    soon = replace(OVERDUE, kind="due_soon", severity=Severity.WARNING)
    findings = (OpenFinding(finding=soon, opened_on=date(2026, 3, 9)),)

    report = text.render(compose(replace(INPUTS, findings=findings, measurements=()), "en"))

    assert "M1 Go-live 10 March 2026 20 March 2026 due soon" in squeezed(report)


def about_d7(kind: str, severity: Severity = Severity.WARNING) -> Finding:
    """A finding about the deliverable D7."""
    return replace(OVERDUE, kind=kind, severity=severity, subject="D7", facts={**OVERDUE.facts, "entry": "deliverable"})


def opened(*findings: Finding) -> tuple[OpenFinding, ...]:
    return tuple(OpenFinding(finding=one, opened_on=date(2026, 3, 11)) for one in findings)


@pytest.mark.parametrize(
    ("findings", "word"),
    [
        ((), StatusWord("open")),
        ((about_d7("overdue"),), StatusWord("at risk", Tone.WARNING)),
        ((about_d7("overdue", Severity.CRITICAL),), StatusWord("at risk", Tone.BAD)),
        ((about_d7("due_soon"), about_d7("ghost", Severity.CRITICAL)), StatusWord("open")),
        # The worst of several counts, in whatever order they come.
        (
            (replace(about_d7("overdue", Severity.CRITICAL), subject="D6"), about_d7("overdue")),
            StatusWord("at risk", Tone.BAD),
        ),
        (
            (about_d7("overdue"), replace(about_d7("overdue", Severity.CRITICAL), subject="D6")),
            StatusWord("at risk", Tone.BAD),
        ),
        # Its own date has the word, and the worst the tone.
        (
            (about_d7("overdue", Severity.CRITICAL), replace(OVERDUE, kind="due_soon", severity=Severity.WARNING)),
            StatusWord("due soon", Tone.BAD),
        ),
        ((about_d7("overdue"), OVERDUE), StatusWord("overdue", Tone.BAD)),
        # A milestone may have the id of a deliverable, and other milestones have their own.
        ((replace(OVERDUE, subject="D7"),), StatusWord("open")),
        ((replace(about_d7("overdue"), subject="D8"),), StatusWord("open")),
    ],
)
def test_a_milestone_with_an_overdue_deliverable_is_at_risk(findings: tuple[Finding, ...], word: StatusWord) -> None:
    line = MilestoneLine(id="M1", name="Go-live", due_on=date(2026, 6, 10))
    parts = (
        DeliverableLine(id="D6", name="Data", milestone="M1"),
        DeliverableLine(id="D7", name="Interfaces", milestone="M1"),
        DeliverableLine(id="D8", name="Survey", milestone="M2"),
        DeliverableLine(id="M1", name="Of no milestone"),
    )
    inputs = replace(INPUTS, findings=opened(*findings), milestones=(line,), deliverables=parts)

    assert milestone_word(line, inputs, "en") == word
    report = text.render(compose(replace(inputs, measurements=()), "en"))
    assert f"M1 Go-live – 10 June 2026 {word.text}" in squeezed(report)


def test_a_milestone_that_is_finished_or_dropped_is_not_at_risk() -> None:
    parts = (DeliverableLine(id="D7", name="Interfaces", milestone="M1"),)
    inputs = replace(INPUTS, findings=opened(about_d7("overdue")), deliverables=parts)
    finished = MilestoneLine(id="M1", name="", due_on=date(2026, 3, 10), finished_on=date(2026, 3, 10))
    dropped = MilestoneLine(id="M1", name="", baseline_due_on=date(2026, 3, 10))

    assert milestone_word(finished, inputs, "en").text == "finished"
    assert milestone_word(dropped, inputs, "en").text == "not in the plan any more"


WORDS_OF_DELIVERABLES = [
    ({}, (), StatusWord("open")),
    ({}, (about_d7("overdue"),), StatusWord("overdue", Tone.WARNING)),
    ({}, (about_d7("overdue", Severity.CRITICAL),), StatusWord("overdue", Tone.BAD)),
    ({}, (about_d7("due_soon"),), StatusWord("due soon", Tone.WARNING)),
    ({"standing": Standing.EMPTY}, (about_d7("ghost"),), StatusWord("no work yet", Tone.WARNING)),
    # Whoever is late is told that first.
    (
        {"standing": Standing.EMPTY},
        (about_d7("ghost"), about_d7("overdue", Severity.CRITICAL)),
        StatusWord("overdue", Tone.BAD),
    ),
    ({"standing": Standing.UNKNOWN}, (about_d7("ghost"),), StatusWord("unknown", Tone.WARNING)),
    ({"standing": Standing.CANCELLED}, (), StatusWord("cancelled")),
    (
        {"due_on": None, "standing": Standing.EMPTY},
        (about_d7("ghost", Severity.CRITICAL),),
        StatusWord("not in the plan any more", Tone.BAD),
    ),
    # The approved date counts; without one the plan's does.
    (
        {"standing": Standing.FINISHED, "finished_on": date(2026, 3, 10)},
        (),
        StatusWord("finished", Tone.GOOD),
    ),
    (
        {"standing": Standing.FINISHED, "finished_on": date(2026, 3, 11)},
        (),
        StatusWord("finished late", Tone.WARNING),
    ),
    (
        {"standing": Standing.FINISHED, "finished_on": date(2026, 3, 20), "baseline_due_on": None},
        (),
        StatusWord("finished", Tone.GOOD),
    ),
    ({"standing": Standing.FINISHED}, (), StatusWord("finished")),
]


@pytest.mark.parametrize(("changed", "findings", "word"), WORDS_OF_DELIVERABLES)
def test_a_deliverable_is_as_bad_as_what_was_found_about_it(
    changed: dict[str, object], findings: tuple[Finding, ...], word: StatusWord
) -> None:
    line = DeliverableLine(id="D7", name="", baseline_due_on=date(2026, 3, 10), due_on=date(2026, 3, 20))

    assert deliverable_word(replace(line, **changed), findings, "en") == word  # type: ignore[arg-type]


def test_the_verdict_names_the_first_three_of_many_critical_findings() -> None:
    findings = tuple(
        OpenFinding(
            finding=replace(OVERDUE, subject=f"D{number}", facts={**OVERDUE.facts, "name": "Test"}),
            opened_on=date(2026, 3, 11),
        )
        for number in (10, 9, 8, 7)
    )

    report = text.render(compose(replace(INPUTS, findings=findings, measurements=(), freshness=()), "en"))

    assert "Off course: critical findings: 4 (D7 Test, D8 Test, D9 Test and 1 more)." in report


def test_an_overdue_milestone_whose_work_is_all_done_does_not_contradict_itself() -> None:
    # Its other deliverable has no work at all: that keeps it open, and not one of the four items.
    facts = {**OVERDUE.facts, "finished_items": 4}
    findings = (OpenFinding(finding=replace(OVERDUE, facts=facts, evidence=()), opened_on=date(2026, 3, 11)),)

    report = text.render(compose(replace(INPUTS, findings=findings), "en"))

    assert "M1 Go-live was due on 10 March 2026 and is not finished. Finish it" in report
    assert "4 of 4" not in report


def test_a_number_without_evidence_is_said_in_words() -> None:
    report = text.render(compose(replace(INPUTS, measurements=(NOTHING,)), "en"))

    assert "not measurable: nothing was identified in this period" in report
    assert " 0 %" not in report.replace("  ", " ").replace("≥ 90 %", "")


def test_the_configured_limit_and_clock_stand_in_the_title() -> None:
    rules = {"problems_resolved_in_time": Adjusted(within=timedelta(hours=24), clock=Clock.WORKING)}

    report = text.render(compose(replace(INPUTS, rules=rules), "en"))

    assert "Problems resolved within 24 h (working time)" in report


def test_items_lead_to_their_tracker() -> None:
    document = compose(INPUTS, "en")

    links = {node for block in document.blocks if isinstance(block, List) for item in block.items for node in item}
    assert LinkTo("ERP-9", "https://a.example/ERP-9") in links
    assert LinkTo("ERP-1", "https://a.example/ERP-1") in links
    assert LinkTo("ERP-5", "https://a.example/ERP-5") in links


def test_ids_and_keys_stand_in_the_order_that_people_count_in() -> None:
    ghosts = [Finding(kind="ghost", severity=Severity.WARNING, subject=f"D{number}") for number in (10, 9, 100)]
    missed = [
        EvidenceRow(source="jira", key=f"ERP-{number}", url=None, value=0.0, weight=1.0, reason=None)
        for number in (100, 94, 9)
    ]
    inputs = StatusInputs(
        name="ERP",
        period=MARCH,
        measurements=(replace(DELIVERED, evidence=tuple(missed)),),
        findings=tuple(OpenFinding(finding=one, opened_on=date(2026, 3, 2)) for one in ghosts),
    )

    report = text.render(compose(inputs, "en"))

    assert report.index("D9 ") < report.index("D10 ") < report.index("D100 ")
    assert "Delivered on time: ERP-9, ERP-94, ERP-100." in " ".join(report.split())


def test_a_hundred_findings_are_counted_and_not_all_told() -> None:
    findings = tuple(
        OpenFinding(finding=replace(SHADOW, subject=f"jira:{number}"), opened_on=date(2026, 3, 2))
        for number in range(100)
    )

    report = text.render(compose(replace(INPUTS, findings=findings), "en"))

    assert report.count("Side job") == 8
    assert "note: 92 more." in report


def test_the_text_does_not_change_because_time_passes_or_rows_come_in_another_order() -> None:
    later = datetime(2026, 3, 29, tzinfo=UTC)
    aged = {**PROBLEMS.statistics, "longest_open": 999999.0}
    turned = replace(
        INPUTS,
        measurements=(
            replace(DELIVERED, as_of=later, evidence=DELIVERED.evidence[::-1], excluded={"cancelled": 1, "pending": 3}),
            replace(LEAD_TIME, as_of=later),
            replace(PROBLEMS, as_of=later, statistics=aged),
        ),
        findings=INPUTS.findings[::-1],
        milestones=INPUTS.milestones[::-1],
        freshness=INPUTS.freshness[::-1],
    )

    assert digest_of(compose(turned, "en")) == digest_of(compose(INPUTS, "en"))
    assert digest_of(compose(replace(INPUTS, findings=()), "en")) != digest_of(compose(INPUTS, "en"))


def test_the_worst_of_projects_still_fits_into_a_comment() -> None:
    evidence = tuple(("jira", f"ERP-{number}") for number in range(300))
    urls = {place: f"https://a-rather-long-name.atlassian.net/browse/{place[1]}" for place in evidence}
    findings = tuple(
        OpenFinding(
            finding=replace(finding, subject=f"D{number}", severity=severity, evidence=evidence),
            opened_on=date(2026, 3, 2),
        )
        for finding, severity in ((OVERDUE, Severity.CRITICAL), (OVERDUE, Severity.WARNING), (SHADOW, Severity.INFO))
        for number in range(50)
    )

    rendered = str(adf.render(compose(replace(INPUTS, findings=findings, urls=urls), "en")))

    assert "and 297 more" in rendered
    assert "Definitions" in rendered
    assert "left out." not in rendered


@settings(
    max_examples=200 if SOAK else 5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(title=texts, language=st.sampled_from(("en", "zh-CN")))
def test_any_title_goes_through_every_dialect(test_data: Path, title: str, language: str) -> None:
    shadow = replace(SHADOW, facts={**SHADOW.facts, "name": title, "key": title})
    overdue = replace(OVERDUE, facts={**OVERDUE.facts, "name": title}, evidence=(("jira", title),))
    findings = tuple(OpenFinding(finding=one, opened_on=date(2026, 3, 2)) for one in (shadow, overdue))
    milestones = (MilestoneLine(id="M1", name=title, due_on=date(2026, 3, 2)),)
    document: Document = compose(replace(INPUTS, name=title, findings=findings, milestones=milestones), language)

    assert schema(test_data).is_valid(adf.render(document))
    assert "\x1b" not in text.render(document)
    assert "<b>" not in markdown.render(document)
