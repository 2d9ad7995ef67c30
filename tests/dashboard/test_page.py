from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.dashboard import render, tiles, timeline
from core.dashboard.page import ProjectPage
from core.document import messages
from core.document.nodes import Paragraph
from core.model import Basis, Direction, Finding, Severity
from core.report import status
from core.report.inputs import Freshness, MilestoneLine, OpenFinding, StatusInputs
from tests.dashboard.markup import Element, read
from tests.dashboard.samples import (
    DELIVERED,
    FINDINGS,
    LEAD_TIME,
    MILESTONES,
    PROBLEMS,
    STATUS,
    TODAY,
    UNKNOWN,
    composed,
    past,
    row,
)


def html(page: ProjectPage) -> Element:
    return read(render.project_page(page, home=None, data="erp-upgrade.json", version="1.0"))


CALM = replace(STATUS, findings=(), measurements=(PROBLEMS,))
NOTHING = replace(STATUS, findings=(), measurements=(), milestones=(), deliverables=())
STALE = replace(NOTHING, freshness=(Freshness(source="jira", fresh=False, read_on=date(2026, 3, 1)),))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("about", [STATUS, CALM, NOTHING, STALE])
def test_the_verdict_is_that_of_the_comment(about: StatusInputs, language: str) -> None:
    comment = status.compose(about, language)
    first = comment.blocks[0]
    assert isinstance(first, Paragraph)
    said = messages.plain(first.inlines, language)

    page = html(composed(about, language=language))

    verdict = page.one("section", klass="verdict")
    word = verdict.one("h2").text.rpartition(": ")[2]
    reasons = [one.text for one in verdict.one("ul").all("li")]
    between = messages.say("and_also", language)
    assert messages.say("status.because", language, verdict=word, reasons=between.join(reasons)) == said
    assert page.one("title").text == messages.say("dashboard.title", language, project=about.name, verdict=word)


def test_every_value_is_the_stored_one_with_its_target_and_sample() -> None:
    page = html(composed())

    shown = {one.attributes["data-kpi"]: one for one in page.all("article")}
    assert list(shown) == ["delivered_on_time", "problems_resolved_in_time", "reviews_passed", "lead_time"]
    for measured in STATUS.measurements:
        values = [float(one.attributes["value"]) for one in shown[measured.kpi].all("data")]
        assert values == [] if measured.value is None else values == [measured.value]
    assert shown["delivered_on_time"].one("data").text == "83 %"
    assert "5 of 6" in shown["delivered_on_time"].text
    assert "Target ≥ 90 % 6 counted" in shown["delivered_on_time"].one("p", klass="facts").text
    assert "left out: 2 not due yet or still inside the limit" in shown["delivered_on_time"].text
    assert "missed" in shown["delivered_on_time"].one("span", klass="chip").text
    assert "met" in shown["problems_resolved_in_time"].one("span", klass="chip").text
    assert "small sample" in shown["lead_time"].text


def test_what_cannot_be_measured_has_its_reason_and_no_number() -> None:
    tile = html(composed()).one("article", id="kpi-reviews_passed")

    assert "Not measurable nothing was due in this period" in tile.text
    assert tile.all("data") == []
    assert tile.all("svg", klass="gauge") == []


def test_evidence_tells_first_what_missed_and_last_what_was_left_out() -> None:
    rows = html(composed()).one("article", id="kpi-delivered_on_time").one("tbody").all("tr")

    told = [one.text for one in rows]
    assert told[0] == "D6 Data migration missed"
    assert told[1:6] == [f"D{number} met" for number in range(1, 6)]
    assert told[6:] == [f"D{number} left out: not due yet or still inside the limit" for number in (7, 8)]


def test_a_share_that_should_be_low_is_missed_by_what_counts() -> None:
    changed = replace(
        DELIVERED, kpi="requirements_changed", direction=Direction.DOWN, evidence=(row("R1", 0.0), row("R2", 1.0))
    )

    rows = html(composed(replace(STATUS, measurements=(changed,)))).one("article").one("tbody").all("tr")

    assert [one.text for one in rows] == ["R2 missed", "R1 met"]


def test_items_in_evidence_lead_to_their_tracker_and_carry_their_title() -> None:
    first = html(composed()).one("article", id="kpi-problems_resolved_in_time").one("tbody").all("tr")[0]

    link = first.one("a")
    assert first.text == "ERP-7 Interface times out missed"
    assert (link.text, link.attributes["href"]) == ("ERP-7", "https://acme.example/browse/ERP-7")
    assert link.attributes["rel"] == "noopener noreferrer"


def test_of_much_evidence_the_page_shows_a_part_and_says_where_the_rest_is() -> None:
    many = replace(PROBLEMS, evidence=tuple(row(f"ERP-{number}", 1.0) for number in range(tiles.MOST_ROWS + 23)))

    tile = html(composed(replace(STATUS, measurements=(many,)))).one("article")

    assert len(tile.one("tbody").all("tr")) == tiles.MOST_ROWS
    assert "23 more. “planward kpi --evidence problems_resolved_in_time” lists them all." in tile.text


def test_a_trend_runs_through_the_frozen_numbers_to_the_present_one() -> None:
    page = html(composed())

    drawn = page.one("article", id="kpi-delivered_on_time").one("svg", role="img")
    assert drawn.attributes["aria-label"] == "Trend: Jan 2026: 100 %, Feb: 75 %, Mar: 83 %"
    (line,) = drawn.all("polyline")
    heights = [float(point.split(",")[1]) for point in line.attributes["points"].split()]
    assert heights[0] < heights[2] < heights[1]  # a higher number stands higher
    assert [one.attributes["class"] for one in drawn.all("circle")] == ["frozen", "frozen", "open"]


def test_a_trend_leaves_a_gap_where_nothing_could_be_measured() -> None:
    drawn = html(composed()).one("article", id="kpi-problems_resolved_in_time").one("svg", role="img")

    assert drawn.attributes["aria-label"] == "Trend: Jan 2026: Not measurable, Feb: 80 %, Mar: 95 %"
    assert len(drawn.all("circle")) == 2


def test_where_no_period_is_frozen_the_tile_says_so() -> None:
    tile = html(composed()).one("article", id="kpi-lead_time")

    assert "No earlier period is stored yet." in tile.text
    assert tile.all("svg", role="img") == []


def test_milestones_stand_where_their_dates_are() -> None:
    drawn = timeline.draw(STATUS, TODAY, "en")

    assert drawn is not None
    first, second, third = drawn.rows
    assert first.approved == first.planned
    assert first.approved is not None
    assert first.finished is not None
    assert third.planned is not None
    assert 0 < first.approved < first.finished < drawn.today < third.planned < 100
    # Late until it was finished; late until today while it is not.
    assert (first.late_from, first.late_to) == (first.approved, first.finished)
    assert (second.late_from, second.late_to) == (second.approved, drawn.today)
    assert (third.late_from, third.late_to) == (None, None)
    # In the middle between two days there is the middle of their places.
    assert drawn.today == pytest.approx(
        first.approved + (third.planned - first.approved) * (TODAY - date(2026, 1, 30)).days / 147, abs=0.02
    )


def test_milestones_are_told_in_words_beside_the_drawing() -> None:
    rows = html(composed()).one("table", klass="timeline").one("tbody").all("tr")

    assert [one.text for one in rows] == [
        "M1 Requirements agreed 30 January 2026 30 January 2026 finished late 9 February 2026",
        "M2 Migrated 10 March 2026 3 April 2026 at risk",
        "M3 Go-live 26 June 2026 26 June 2026 open",
    ]


@pytest.mark.parametrize(
    ("dates", "labels"),
    [
        ((date(2026, 3, 9), date(2026, 3, 19)), ["2 Mar", "9 Mar", "16 Mar", "23 Mar"]),
        ((date(2026, 3, 10), date(2026, 3, 10)), ["2 Mar", "9 Mar", "16 Mar", "23 Mar"]),
        ((date(2026, 1, 10), date(2026, 6, 20)), ["Feb 2026", "Mar", "Apr", "May", "Jun"]),
        ((date(2026, 1, 10), date(2027, 3, 1)), ["Jan 2026", "Apr", "Jul", "Oct", "Jan 2027"]),
        ((date(2026, 1, 10), date(2046, 1, 1)), ["Jan 2030", "Jan 2035", "Jan 2040", "Jan 2045"]),
        ((date(1, 1, 1), date(9999, 12, 31)), ["Jan 2000", "Jan 4000", "Jan 6000", "Jan 8000"]),
    ],
)
def test_a_scale_has_a_few_labels_however_long_the_plan_is(dates: tuple[date, date], labels: list[str]) -> None:
    lines = tuple(MilestoneLine(id=str(on), name="", due_on=on) for on in dates)

    drawn = timeline.draw(replace(STATUS, milestones=lines), dates[0], "en")

    assert drawn is not None
    assert len(drawn.ticks) <= timeline.MOST_TICKS
    assert all(0 <= tick.place <= 100 for tick in drawn.ticks)
    assert [tick.label for tick in drawn.ticks] == labels


def test_a_plan_without_dates_has_no_time_line() -> None:
    page = html(composed(NOTHING))

    assert "The plan has no milestones." in page.text
    assert page.all("table", klass="timeline") == []


def test_findings_come_with_the_most_pressing_first_and_what_to_do() -> None:
    groups = html(composed()).all("div", klass="group")

    assert [one.all("span", klass="chip")[0].text for one in groups] == ["critical", "note"]
    assert "What to do: Finish it, or agree on a new date and approve the plan again." in groups[0].text
    assert "3 of 4 work items are done. Items: ERP-7. found on 11 March 2026 Owner: Li Wei" in groups[0].text
    assert (
        groups[1].one("li").text
        == "ERP-9 “Side job” is open, and no planned deliverable covers it. found on 2 March 2026"
    )


def test_an_owner_whom_the_configuration_does_not_know_is_shown_as_the_plan_has_it() -> None:
    groups = html(composed(replace(STATUS, people={}))).all("div", klass="group")

    assert "Owner: li.wei@acme.example" in groups[0].text


def test_both_sides_of_a_contradiction_are_linked() -> None:
    places = (("jira", "ERP-65"), ("hub", "acme/erp#24"))
    finding = Finding(
        kind="contradiction",
        severity=Severity.WARNING,
        subject="jira:ERP-65",
        facts={
            "cause": "done_while_open",
            "key": "ERP-65",
            "name": "Quote",
            "source": "jira",
            "others": "acme/erp#24",
            "since_on": "2026-03-02",
        },
        evidence=places,
    )
    about = replace(
        STATUS,
        findings=(OpenFinding(finding=finding, opened_on=TODAY),),
        urls={place: f"https://acme.example/{place[0]}" for place in places},
    )

    said = html(composed(about)).one("ul", klass="findings").one("li")

    assert "ERP-65 “Quote” is done since 2 March 2026, and acme/erp#24 about the same work is still open." in said.text
    assert [one.attributes["href"] for one in said.all("a")] == [
        "https://acme.example/jira",
        "https://acme.example/hub",
    ]


def test_findings_of_a_kind_stay_together_and_the_many_are_folded() -> None:
    note = FINDINGS[0]
    many = [
        replace(note, finding=replace(note.finding, subject=f"jira:ERP-{number}", facts={"key": f"ERP-{number}"}))
        for number in range(11, 31)
    ]
    soon = OpenFinding(
        finding=replace(FINDINGS[1].finding, kind="due_soon", severity=Severity.WARNING), opened_on=date(2026, 3, 1)
    )

    groups = html(composed(replace(STATUS, findings=(*many, soon)))).all("div", klass="group")

    assert len(groups) == 2
    assert "warning" in groups[0].text
    assert len(groups[1].all("li")) == 20
    assert len(groups[1].one("details").all("li")) == 20 - status.MOST_FINDINGS
    assert groups[1].one("summary").text == "and 12 more"


def test_a_trend_from_before_anybody_measured_says_that_it_is_worked_out_from_history() -> None:
    before = replace(next(past(DELIVERED, 0.5)), basis=Basis.HISTORY)

    page = html(composed(past=(before, *past(PROBLEMS, 0.8))))

    told = "The trend up to 28 February 2026 is worked out from the trackers' history."
    assert [told in one.text for one in page.all("article")[:2]] == [True, False]


def test_freshness_is_a_state_and_never_an_age() -> None:
    freshness = (
        Freshness(source="acme-jira", fresh=False, read_on=date(2026, 3, 1)),
        Freshness(source="acme-github", fresh=False),
        Freshness(source="team-calendar", fresh=True, read_on=TODAY),
    )

    shown = html(composed(replace(STATUS, freshness=freshness))).all("dd", klass="source")

    assert [one.text for one in shown] == [
        "acme-github not read yet",
        "acme-jira stale since 1 March 2026",
        "team-calendar up to date",
    ]


def test_before_every_source_was_read_nothing_is_said_to_be_well() -> None:
    page = html(composed(NOTHING, unread=("acme-github",)))

    assert "Not read yet: acme-github." in page.one("section", klass="verdict").text
    assert "Nothing needs attention" not in page.text


def test_period_and_instant_are_those_of_the_numbers() -> None:
    top = html(composed()).one("header", klass="top")

    assert "1 March 2026 to 31 March 2026" in top.text
    assert "as of 20 March 2026, 14:05 (Asia/Shanghai)" in top.text
    assert top.one("time").attributes["datetime"] == "2026-03-20T14:05:00+08:00"


def test_the_page_speaks_chinese() -> None:
    page = html(composed(language="zh-CN"))

    assert page.one("html").attributes["lang"] == "zh-CN"
    assert {one.text for one in page.all("h2")} >= {"里程碑", "指标", "需要关注的事项"}
    assert "2026年3月1日至2026年3月31日" in page.text


def test_the_page_of_all_projects_leads_to_each_with_its_verdict() -> None:
    pages = [("a.html", composed()), ("b.html", composed(replace(CALM, name="Move")))]

    page = read(render.overview_page(pages, "en", version="1.0"))

    assert [one.attributes["href"] for one in page.all("a") if one.attributes.get("class") != "skip"] == [
        "a.html",
        "b.html",
    ]
    first, second = page.all("li", klass="project")
    assert "Off course: critical findings: 1 (D6 Data migration); targets missed: Delivered on time." in first.text
    assert "On course: nothing needs attention and every measured target is met." in second.text


def test_the_same_values_make_the_same_page() -> None:
    reordered = replace(
        STATUS,
        measurements=(UNKNOWN, DELIVERED, LEAD_TIME, PROBLEMS),
        findings=tuple(reversed(FINDINGS)),
        milestones=tuple(reversed(MILESTONES)),
    )

    pages = [
        render.project_page(composed(about), home=None, data="x.json", version="1.0") for about in (STATUS, reordered)
    ]

    assert pages[0] == pages[1]
