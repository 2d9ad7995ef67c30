"""The time of the plan's people on the page of a project."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.dashboard import render
from core.model import Capacity
from tests.dashboard.markup import Element, read
from tests.dashboard.samples import STATUS, composed

DAY = 8 * 3600.0


def capacity(who: str, window: str = "ahead", needed: float | None = None, **changed: float | None) -> Capacity:
    days = {"planned": 20.0, "absent": 5.0, "available": 9.0} | changed
    times = {f"{name}_seconds": None if value is None else value * DAY for name, value in days.items()}
    return Capacity(
        who=who,
        window=window,
        from_on=date(2026, 3, 20),
        until_on=date(2026, 4, 16),
        allocation=0.6,
        day_seconds=DAY,
        needed_seconds=None if needed is None else needed * DAY,
        left_out=(("D4", "no_effort"),) if window == "ahead" else (),
        **times,  # type: ignore[arg-type]  # each is seconds
    )


def section(*capacities: Capacity, language: str = "en") -> Element:
    status = replace(STATUS, people={"li@acme.example": "Li <b>Wei"})
    page = composed(status, language=language, capacity=capacities)
    html = render.project_page(page, home=None, data="erp-upgrade.json", version="1.0")
    (found,) = (one for one in read(html).all("section") if one.attributes.get("aria-labelledby") == "capacity")
    return found


def rows(found: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all() if cell.tag in {"th", "td"}] for row in found.all("tr")]


def test_each_person_has_a_row_in_each_window_in_working_days() -> None:
    found = section(
        capacity("li@acme.example", "period"),
        capacity("li@acme.example", needed=9),
        capacity("wang@acme.example", "period", absent=None, available=None),
        capacity("wang@acme.example", absent=0.5, available=11.7, needed=2.25),
    )

    assert rows(found) == [
        ["person", "until", "share", "working time", "away", "available", "needed"],
        ["From today on"],
        ["Li <b>Wei", "16 April 2026", "60 %", "20 d", "5 d", "9 d", "9 d"],
        ["wang@acme.example", "16 April 2026", "60 %", "20 d", "0.5 d", "11.7 d", "2.25 d"],
        ["In the period"],
        ["Li <b>Wei", "16 April 2026", "60 %", "20 d", "5 d", "9 d", "–"],
        ["wang@acme.example", "16 April 2026", "60 %", "20 d", "–", "–", "–"],
    ]
    assert "Not counted for Li <b>Wei: D4 (without an effort in the plan)." in found.text


@pytest.mark.parametrize(
    ("needed", "available", "short"), [(9, 9, False), (9.5, 9, True), (None, 0, False), (9, None, False)]
)
def test_what_does_not_fit_in_is_marked(needed: float | None, available: float | None, short: bool) -> None:
    found = section(capacity("li@acme.example", needed=needed, available=available))

    assert bool(found.all("td", klass="warning")) is short


def test_a_plan_without_people_has_no_such_section() -> None:
    page = read(render.project_page(composed(), home=None, data="erp-upgrade.json", version="1.0"))

    assert not [one for one in page.all("section") if one.attributes.get("aria-labelledby") == "capacity"]


def test_it_speaks_the_readers_language() -> None:
    found = section(capacity("li@acme.example", needed=10), language="zh-CN")

    assert found.one("h2").text == "可用工时"
    assert rows(found)[2][1:] == ["2026年4月16日", "60 %", "20 天", "5 天", "9 天", "10 天"]
