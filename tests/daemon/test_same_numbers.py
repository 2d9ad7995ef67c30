"""One cycle of the real service: page, JSON, comment, dashboard issue and `/metrics` tell the same numbers."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.daemon.service import PATIENCE, Service, eventually, service
from tests.dashboard import markup
from tests.dashboard.markup import Element
from tests.sandbox.github.primary import SERVICE_LOGIN

SECONDS = {
    "en": {"d": 86400, "h": 3600, "min": 60},
    "zh-CN": {"天": 86400, "小时": 3600, "分钟": 60},
}
RESULTS = {
    "en": {"met": True, "missed": False, "–": None},
    "zh-CN": {"达标": True, "未达标": False, "–": None},
}
MEASURES = {"en": "Measure", "zh-CN": "指标"}
SEVERITIES = {
    "en": {"critical": "critical", "warning": "warning", "note": "info"},
    "zh-CN": {"严重": "critical", "警告": "warning", "提示": "info"},
}


@dataclass(frozen=True, slots=True)
class Text:
    """A comment or an issue as its reader sees it: the cells of its tables, and the lines of its lists."""

    rows: Sequence[Sequence[str]]
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What every surface says after the same cycle: `kpis` and `findings` the commands, `data` the file by the page."""

    language: str
    project: str
    kpis: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    data: Any
    page: Element
    written: Mapping[str, Text]
    metrics: Mapping[str, float]

    def gauge(self, name: str, kpi: str) -> float | None:
        """What `/metrics` says of a KPI."""
        return self.metrics.get(f'planward_kpi_{name}{{kpi="{kpi}",project="{self.project}"}}')

    def tile(self, kpi: str) -> Element:
        """What the page says of it."""
        return self.page.one("article", **{"data-kpi": kpi})

    def row(self, text: Text, kpi: str) -> Sequence[str]:
        """What a comment or an issue says of it: value, target, result and sample."""
        title = self.tile(kpi).one("h3").text
        ((_, *cells),) = [row for row in text.rows if row[0] == title]
        return cells


@pytest.fixture(
    scope="module",
    params=[("upgrade", "en"), ("launch", "zh-CN")],
    ids="-".join,
)
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """Each story in one language, read and written back once by the service."""
    name, language = request.param
    folder = tmp_path_factory.mktemp(name)
    with workplace(folder, story_now(name), whole=True) as place:
        config = place.config.read_text(encoding="utf-8")
        place.config.write_text(config.replace("language: en", f"language: {language}"), encoding="utf-8")
        approve(place)
        with service(place) as running:
            eventually(lambda: settled(running), 3 * PATIENCE)
            metrics = running.metrics()
            (told,) = place.planward("kpi", "--json").json["projects"]
            found = place.planward("findings", "--json").json["findings"]
            assert place.planward("dashboard", "-o", str(folder / "site")).code == 0
        (comment,) = place.ours()
        github = place.github.state
        (issue,) = (one for one in github.items.values() if one.author == github.account(SERVICE_LOGIN).id)
        site, project = folder / "site", place.story.project
        yield Said(
            language=language,
            project=project,
            kpis=told["kpis"],
            findings=found,
            data=json.loads((site / f"{project}.json").read_text(encoding="utf-8")),
            page=markup.read((site / f"{project}.html").read_text(encoding="utf-8")),
            written={"comment": text_of_adf(comment.body, language), "issue": text_of_markdown(issue.body)},
            metrics=metrics,
        )


def approve(place: Workplace) -> None:
    """The plan is approved as it is, so that there is something to be on time for."""
    first, *_ = place.story.approvals()
    on = place.story.hours.day_of(first.at).isoformat()
    assert place.planward("db", "upgrade").code == 0
    assert place.planward("plan", "approve", "--by", first.by.email, "--on", on).code == 0


def settled(running: Service) -> bool:
    """Whether everything was read and written back, and nothing is being done."""
    assert running.log(level="error") == []
    metrics = running.metrics()
    return metrics['planward_outbox{state="sent"}'] == 2 and not any("running_seconds{" in name for name in metrics)


# --- texts as their readers see them ---


def text_of_adf(node: Mapping[str, Any], language: str) -> Text:
    """The comment, whose dates Jira shows in the reader's language."""

    def words(node: Mapping[str, Any]) -> str:
        match node["type"]:
            case "text":
                return str(node["text"])
            case "status":
                return str(node["attrs"]["text"])
            case "date":
                return day(datetime.fromtimestamp(int(node["attrs"]["timestamp"]) / 1000, UTC).date(), language)
            case _:
                return "".join(map(words, node.get("content", ())))

    def every(kind: str, node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if node["type"] == kind:
            yield node
        for child in node.get("content", ()):
            yield from every(kind, child)

    rows = [[words(cell) for cell in row["content"]] for row in every("tableRow", node)]
    return Text(rows, [words(line) for line in every("listItem", node)])


def text_of_markdown(body: str) -> Text:
    """The dashboard issue: links by their words, and nothing of what marks and escapes them."""
    rows, lines = [], []
    for line in body.splitlines():
        plain = re.sub(r"\[((?:\\.|[^\]])*)\]\(<[^>]*>\)", r"\1", line)
        plain = html.unescape(re.sub(r"\\(.)", r"\1", plain.replace("**", ""))).replace("\u200b", "")
        if plain.startswith("| ---"):
            continue
        if plain.startswith("| "):
            rows.append(plain.removeprefix("| ").removesuffix(" |").split(" | "))
        elif plain[:2] in {"- ", "* "}:
            lines.append(plain[2:])
    return Text(rows, lines)


def day(on: date, language: str) -> str:
    return f"{on.year}年{on.month}月{on.day}日" if language == "zh-CN" else f"{on.day} {on:%B %Y}"


def holds_number(text: str, number: float, unit: str, language: str) -> bool:
    """Whether the text is that number, as exactly as it is written there."""
    if unit == "share":
        (percent,) = re.findall(r"([\d.]+) %", text)
        exactly: float = 10 ** -len(percent.partition(".")[2])
        return abs(float(percent) - number * 100) <= exactly / 2 + 1e-9
    if unit == "seconds":
        parts = [(int(count), SECONDS[language][word]) for count, word in re.findall(r"(\d+) (\w+)", text)]
        return 0 <= number - sum(count * length for count, length in parts) < parts[-1][1]
    return float(re.findall(r"[\d.]+", text)[-1]) == number


# --- the same everywhere ---


def test_the_file_beside_the_page_is_what_the_command_prints(said: Said) -> None:
    (project,) = said.data["projects"]

    assert project["kpis"] == said.kpis
    assert len(said.kpis) >= 4
    assert any(kpi["met"] is False for kpi in said.kpis)


def test_the_page_shows_the_numbers_of_the_command(said: Said) -> None:
    assert {one.attributes["data-kpi"] for one in said.page.all("article")} == {kpi["id"] for kpi in said.kpis}
    for kpi in said.kpis:
        tile = said.tile(kpi["id"])
        values = tile.all("data")
        assert [float(one.attributes["value"]) for one in values] == [kpi["value"]] * (kpi["value"] is not None)
        assert all(holds_number(one.text, kpi["value"], kpi["unit"], said.language) for one in values)
        assert [RESULTS[said.language][one.text] for one in tile.all("span", klass="chip")] == (
            [] if kpi["met"] is None else [kpi["met"]]
        )
        target = tile.one("span", klass="target").text
        assert re.findall(r"[≥≤] [\d.]+ %", target) == wanted(kpi)
        assert re.findall(r"\d+", tile.one("span", klass="sample").text) == [str(kpi["sample"])]
        captions = "".join(one.text for one in tile.all("span", klass="caption"))
        assert counts(captions) == parts(kpi)


@pytest.mark.parametrize("surface", ["comment", "issue"])
def test_what_is_written_back_has_the_numbers_of_the_command(said: Said, surface: str) -> None:
    text = said.written[surface]

    header = next(place for place, row in enumerate(text.rows) if row[0] == MEASURES[said.language])
    assert len(text.rows) - header - 1 == len(said.kpis)
    for kpi in said.kpis:
        value, target, result, sample = said.row(text, kpi["id"])
        if kpi["value"] is not None:
            main = re.split(r"[,，(（]", value)[0]
            assert holds_number(main, kpi["value"], kpi["unit"], said.language)
        assert counts(value) == parts(kpi)
        assert re.findall(r"[≥≤] [\d.]+ %", target) == wanted(kpi)
        assert RESULTS[said.language][result] is kpi["met"]
        assert sample == str(kpi["sample"])


def test_the_metrics_are_the_numbers_of_the_command(said: Said) -> None:
    told = {name.split('"')[1] for name in said.metrics if name.startswith("planward_kpi_sample{")}

    assert told == {kpi["id"] for kpi in said.kpis}
    for kpi in said.kpis:
        for name in ("value", "target", "sample"):
            assert said.gauge(name, kpi["id"]) == kpi[name]


def test_findings_are_as_many_of_each_kind_everywhere(said: Said) -> None:
    kinds = Counter(one["kind"] for one in said.findings)

    assert len(kinds) >= 5
    metrics = {
        name.split('"')[1]: number for name, number in said.metrics.items() if name.startswith("planward_findings{")
    }
    assert metrics == kinds
    section = said.page.one("section", **{"aria-labelledby": "findings"})
    assert Counter(kind_of(said, line.text) for line in section.all("li")) == kinds


@pytest.mark.parametrize("surface", ["comment", "issue"])
def test_findings_that_are_not_told_one_by_one_are_counted(said: Said, surface: str) -> None:
    told: Counter[str] = Counter()
    for line in said.written[surface].lines:
        severity = next((SEVERITIES[said.language][w] for w in SEVERITIES[said.language] if line.startswith(w)), None)
        if severity is not None:
            one_by_one = any(one["detail"] in line for one in said.findings)
            assert one_by_one or len(re.findall(r"\d+", line)) == 1, line
            told[severity] += 1 if one_by_one else int(re.findall(r"\d+", line)[0])

    assert told == Counter(one["severity"] for one in said.findings)


def kind_of(said: Said, line: str) -> str:
    """The kind of the one finding that the line tells."""
    (found,) = {(one["kind"], one["subject"]) for one in said.findings if one["detail"] in line}
    return str(found[0])


def wanted(kpi: Mapping[str, Any]) -> list[str]:
    """The target of a share as it is written, an empty list where there is none."""
    sign = "≥" if kpi["direction"] == "up" else "≤"
    return [] if kpi["target"] is None else [f"{sign} {kpi['target'] * 100:.0f} %"]


def counts(text: str) -> list[tuple[int, int]]:
    """Of how many it is a share, as the text has it."""
    return [(int(n), int(total)) for n, total in re.findall(r"(\d+)(?: of |/)(\d+)", text)]


def parts(kpi: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The same by the command."""
    if kpi["unit"] != "share" or kpi["value"] is None:
        return []
    return [(kpi["numerator"], kpi["denominator"])]
