"""The pages as a person sees them, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core.dashboard import render
from core.plan.state import Standing
from core.report.inputs import DeliverableLine, Freshness
from tests.daemon.commands import Workplace
from tests.dashboard.samples import DELIVERABLES, FINDINGS, MILESTONES, PROBLEMS, STATUS, UNKNOWN, composed, row
from tests.dashboard.stories import lived
from tests.dashboard.test_command import served
from tests.sandbox.simulator.oddities import HOSTILE

WIDTHS = {"desktop": 1440, "tablet": 800, "phone": 360}
SCHEMES = ("light", "dark")

UNREADABLE = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const numbers = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => {
    const part = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return numbers(getComputedStyle(document.body).backgroundColor);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || !box.width) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(element.tagName === "text" ? style.fill : style.color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push([walker.currentNode.data.trim(), contrast.toFixed(2)]);
  }
  return found;
}
"""
"""The texts whose contrast with what is behind them is below that of WCAG 2.2 AA."""
STANDING_OUT = """
() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getClientRects().length && !one.closest(".unseen, .skip, svg, thead"))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    return box.right > innerWidth + 0.5 || box.left < -0.5;
  })
  .map((one) => one.outerHTML.slice(0, 120))
"""
"""The elements that reach out of the window sideways."""


@dataclass
class Watched:
    """A page and what went wrong or went out while it was looked at."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs Chromium: install it, so that `chromium` is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@contextmanager
def looking(
    browser: Browser, url: str, *, width: int = 1440, scheme: str = "light", scripts: bool = True
) -> Iterator[Watched]:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
    )
    watched = Watched(context.new_page())
    watched.page.on("console", lambda message: watched.complaints.append(message.text))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on("dialog", lambda dialog: watched.complaints.append(dialog.message))
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    try:
        watched.page.goto(url)
        yield watched
    finally:
        context.close()


def unfold(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Workplace, str]]]:
    """Both stories, one in each language, served."""
    folders = [tmp_path_factory.mktemp(name) for name in ("upgrade", "launch")]
    with (
        lived(folders[0], "upgrade", "en") as upgrade,
        lived(folders[1], "launch", "zh-CN") as launch,
        served(upgrade) as first,
        served(launch) as second,
    ):
        yield {"upgrade": (upgrade, first), "launch": (launch, second)}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("story", ["upgrade", "launch"])
def test_the_page_of_a_story_is_whole(
    browser: Browser, sites: dict[str, tuple[Workplace, str]], story: str, width: int, scheme: str
) -> None:
    place, url = sites[story]

    with looking(browser, url, width=width, scheme=scheme) as watched:
        page = watched.page
        unfold(page)
        assert page.locator("details:not([open])").count() == 0
        assert page.evaluate(STANDING_OUT) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(UNREADABLE) == []
        shown = {
            tile.get_attribute("data-kpi"): [one.get_attribute("value") for one in tile.locator("data").all()]
            for tile in page.locator("article").all()
        }

    assert watched.complaints == []
    assert {request for request in watched.requests if not request.startswith("data:")} == {url}
    (numbers,) = place.planward("kpi", "--json").json["projects"]
    stored = {one["id"]: [] if one["value"] is None else [one["value"]] for one in numbers["kpis"]}
    assert {kpi: [float(value or "nan") for value in values] for kpi, values in shown.items()} == stored


def many_deliverables() -> Iterator[DeliverableLine]:
    """A hundred, of which each third is finished and one in ten cancelled, in three milestones and in none."""
    for number in range(100):
        one = DELIVERABLES[number % 3]
        cancelled = Standing.CANCELLED if number % 10 == 1 else one.standing
        milestone = None if number % 7 == 0 else one.milestone
        yield replace(one, id=f"D{100 + number}", milestone=milestone, standing=cancelled)


def hard_cases(folder: Path) -> dict[str, Path]:
    """Pages that stories do not give: long names, nothing known, all well, hostile texts."""
    long = "Donaudampfschifffahrtsgesellschaftskapitänspatentverlängerung"
    cases = {
        "sample": composed(),
        "chinese": composed(language="zh-CN"),
        "well": composed(replace(STATUS, findings=(), measurements=(PROBLEMS,))),
        "unknown": composed(
            replace(
                STATUS,
                findings=(),
                milestones=(),
                deliverables=(),
                measurements=(UNKNOWN,),
                freshness=(Freshness(source="acme-jira", fresh=False, read_on=date(2026, 3, 1)),),
            ),
            past=(),
            unread=("acme-github",),
        ),
        "long": composed(
            replace(
                STATUS,
                name="W" * 120,
                milestones=tuple(replace(MILESTONES[1], id=f"M{n}", name=f"{long} " * 2) for n in range(20)),
                deliverables=tuple(
                    replace(DELIVERABLES[1], id=f"D{n}" * 9, name=f"{long} " * 2, owner=f"{long}@acme.example")
                    for n in range(20)
                ),
                findings=tuple(
                    replace(one, finding=replace(one.finding, facts={**one.finding.facts, "name": long, "key": long}))
                    for one in FINDINGS
                ),
                measurements=(replace(PROBLEMS, evidence=(row(long * 2, 0.0),)),),
            )
        ),
        "many": composed(replace(STATUS, deliverables=tuple(many_deliverables()))),
        "hostile": composed(
            replace(
                STATUS,
                name="".join(HOSTILE),
                findings=tuple(
                    replace(FINDINGS[0], finding=replace(FINDINGS[0].finding, facts={"key": text, "name": text}))
                    for text in HOSTILE
                ),
                deliverables=tuple(
                    replace(DELIVERABLES[1], id=text, name=text, owner=text, milestone=text) for text in HOSTILE
                ),
                urls={("None", text): "javascript:alert(1)" for text in HOSTILE},
            ),
            names={("", "D6"): "<img src=x onerror=alert(1)>"},
        ),
    }
    folder.mkdir(exist_ok=True)
    for name, page in cases.items():
        text = render.project_page(page, home="overview.html", data="data.json", version="1.0")
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    text = render.overview_page([(f"{name}.html", page) for name, page in cases.items()], "en", version="1.0")
    (folder / "overview.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in (*cases, "overview")}


CASES = ("sample", "chinese", "well", "unknown", "long", "many", "hostile", "overview")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return hard_cases(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_no_case_breaks_the_page(browser: Browser, cases: dict[str, Path], case: str, width: int, scheme: str) -> None:
    url = cases[case].as_uri()

    with looking(browser, url, width=width, scheme=scheme) as watched:
        unfold(watched.page)
        assert watched.page.evaluate(STANDING_OUT) == []
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
        assert watched.page.evaluate(UNREADABLE) == []

    assert watched.complaints == []
    assert {request for request in watched.requests if not request.startswith("data:")} == {url}


def test_the_policy_stops_what_it_should_even_if_something_got_in(browser: Browser, cases: dict[str, Path]) -> None:
    text = cases["sample"].read_text(encoding="utf-8")
    broken = cases["sample"].with_name("broken.html")
    added = (
        '<script>document.title = "owned"</script><p style="color: red" onclick="x()">x</p>'
        '<img src="https://e.example/x"><iframe src="https://e.example/y"></iframe>'
    )
    broken.write_text(text.replace("</main>", f"{added}</main>"), encoding="utf-8")

    with looking(browser, broken.as_uri()) as watched:
        title = watched.page.title()

    assert title == "ERP upgrade 系统升级: Off course"
    stopped = {one.partition(" violates ")[0].strip(" .") for one in watched.complaints if "Content Security" in one}
    assert stopped == {
        "Executing inline script",
        "Executing inline event handler",
        "Applying inline style",
        "Loading the image 'https://e.example/x'",
        "Framing 'https://e.example/'",
    }


def test_without_scripts_evidence_can_be_opened(browser: Browser, cases: dict[str, Path]) -> None:
    with looking(browser, cases["sample"].as_uri(), scripts=False) as watched:
        tile = watched.page.locator("#kpi-delivered_on_time")
        assert not tile.locator("table").is_visible()
        tile.locator("summary").click()
        assert tile.locator("table").is_visible()


def test_a_reader_of_screens_finds_a_way(browser: Browser, cases: dict[str, Path]) -> None:
    with looking(browser, cases["sample"].as_uri(), width=360) as watched:
        page = watched.page
        assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
        levels = [int(one.evaluate("e => e.tagName[1]")) for one in page.get_by_role("heading").all()]
        rows = page.get_by_role("table").first.get_by_role("rowheader").all_inner_texts()
        columns = [page.get_by_role("table").nth(n).get_by_role("columnheader").count() for n in (0, 1)]
        first = page.get_by_role("table").nth(1).get_by_role("rowheader").all_inner_texts()
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent")

    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [re.sub(r"\s+", " ", one) for one in rows] == ["M1 Requirements agreed", "M2 Migrated", "M3 Go-live"]
    assert [re.sub(r"\s+", " ", one) for one in first] == ["D1 Requirements 需求说明"]
    assert columns == [5, 5]  # also where the narrow page shows no head of a table
    assert focused == "Skip to the content"


def test_a_hundred_deliverables_take_a_few_screens_until_they_are_unfolded(
    browser: Browser, cases: dict[str, Path]
) -> None:
    lefts = "all => all.map(one => one.getBoundingClientRect().left)"

    with looking(browser, cases["many"].as_uri()) as watched:
        section = watched.page.locator("section:has(> #deliverables)")
        titles = section.locator(".titles th").evaluate_all(lefts)
        cells = section.locator(".stage > table tbody tr").first.locator("th, td").evaluate_all(lefts)
        folded, shown = section.bounding_box(), section.locator("tbody tr:visible").count()
        unfold(watched.page)
        unfolded = section.locator("tbody tr:visible").count()

    assert titles == cells  # each heading stands above its column
    assert folded is not None
    assert folded["height"] < 3 * 800
    assert (shown, unfolded) == (24, 100)


@pytest.mark.parametrize("case", ["sample", "chinese", "many", "hostile"])
def test_it_prints_on_at_most_three_light_pages(
    browser: Browser, cases: dict[str, Path], case: str, tmp_path: Path
) -> None:
    with looking(browser, cases[case].as_uri(), scheme="dark") as watched:
        paper = watched.page.pdf(prefer_css_page_size=True, print_background=True)
        watched.page.emulate_media(media="print", color_scheme="dark")
        ground = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        unreadable = watched.page.evaluate(UNREADABLE)
        shown = watched.page.locator("details:not([open])").first.is_visible()

    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 3
    assert (b"/MediaBox [0 0 594" in paper) or (b"/MediaBox [0 0 595" in paper)  # A4
    assert (ground, unreadable, shown) == ("rgb(255, 255, 255)", [], False)


def test_numbers_stand_in_words_beside_every_colour(browser: Browser, cases: dict[str, Path]) -> None:
    with looking(browser, cases["sample"].as_uri()) as watched:
        chips = watched.page.locator(".chip").all_inner_texts()
        marks = watched.page.locator(".chip .mark").count()

    assert set(chips) == {"missed", "met", "critical", "note", "finished late", "overdue", "at risk", "open"}
    assert marks == len(chips)
