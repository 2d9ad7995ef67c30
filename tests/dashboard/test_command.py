from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.document.messages import duration_text
from tests.daemon.commands import Workplace
from tests.dashboard.markup import read
from tests.dashboard.stories import lived
from tests.sandbox.jira import adf


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with lived(tmp_path_factory.mktemp("upgrade"), "upgrade", "en") as place:
        yield place


@contextmanager
def served(place: Workplace, *more: str) -> Iterator[str]:
    """The address of the pages while they are served on some free port, and that the command then ends well."""
    process = place.start("dashboard", "--serve", *(more or ("--listen", "127.0.0.1:0")))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line + (process.stderr.read() if process.stderr else "")
        yield found[0]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 3
    finally:
        process.kill()
        process.communicate()


def test_the_files_hold_the_numbers_of_every_other_surface(place: Workplace, tmp_path: Path) -> None:
    project = place.story.project

    answer = place.planward("dashboard", "-o", str(tmp_path / "site"), "--json")

    assert answer.code == 0
    names = ["index.html", f"{project}.html", f"{project}.json"]
    assert answer.json == {"files": [str(tmp_path / "site" / name) for name in names]}
    assert sorted(one.name for one in (tmp_path / "site").iterdir()) == sorted(names)
    said = place.planward("kpi", "--json").json
    assert json.loads((tmp_path / "site" / f"{project}.json").read_text(encoding="utf-8")) == said
    page = read((tmp_path / "site" / f"{project}.html").read_text(encoding="utf-8"))
    (numbers,) = said["projects"]
    shown = {
        tile.attributes["data-kpi"]: [float(one.attributes["value"]) for one in tile.all("data")]
        for tile in page.all("article")
    }
    assert shown == {one["id"]: [] if one["value"] is None else [one["value"]] for one in numbers["kpis"]}
    place.planward("sync")  # the comment takes up the findings of today
    comment = adf.to_text(place.ours()[0].body)
    verdict = page.one("section", klass="verdict")
    reasons = [one.text for one in verdict.one("ul").all("li")]
    assert f"{verdict.one('h2').text.removeprefix('Verdict: ')}: {'; '.join(reasons)}." in comment


def test_trends_come_from_the_months_that_are_stored(place: Workplace, tmp_path: Path) -> None:
    place.planward("dashboard", "-o", str(tmp_path))

    page = read((tmp_path / "index.html").read_text(encoding="utf-8"))
    trend = page.one("article", id="kpi-lead_time").one("svg", role="img").attributes["aria-label"]
    present = page.one("header", klass="top").one("time").attributes["datetime"]
    stored = [
        next(
            one
            for one in place.planward("kpi", "--json", "--period", month).json["projects"][0]["kpis"]
            if one["id"] == "lead_time"
        )
        for month in _two_months_before(present)
    ]
    assert {one["basis"] for one in stored} == {"history"}  # the plan was kept for the first time today
    said = [point.rpartition(": ")[2] for point in trend.split(", ")]
    assert said[-3:-1] == [duration_text(one["value"], "en") for one in stored]


def _two_months_before(at: str) -> list[str]:
    number = int(at[:4]) * 12 + int(at[5:7]) - 1
    return [f"{month // 12}-{month % 12 + 1:02}" for month in (number - 2, number - 1)]


def test_served_pages_are_fresh_from_the_store_and_guarded(place: Workplace) -> None:
    project = place.story.project
    with served(place) as url, httpx.Client(base_url=url) as client:
        page = client.get(f"/{project}.html")
        assert page.status_code == 200
        assert page.headers["x-frame-options"] == "DENY"
        assert "server" not in page.headers
        assert client.get(f"/{project}.json").json() == place.planward("kpi", "--json").json
        assert client.get("/", headers={"host": "evil.example"}).status_code == 421
        assert client.post("/").status_code == 405
        assert client.get("/planward.yaml").status_code == 404
        before = client.get(f"/{project}.json").json()["projects"][0]["as_of"]
        assert place.planward("sync").code == 0
        assert client.get(f"/{project}.json").json()["projects"][0]["as_of"] > before


def test_who_serves_beyond_this_machine_is_warned(place: Workplace) -> None:
    process = place.start("dashboard", "--serve", "--listen", "0.0.0.0:0")
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    finally:
        process.kill()

    assert "there is no password and no encryption" in said
    assert "stopping after the answers in hand; press again to stop at once" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "choose one of -o DIR and --serve"),
        (("-o", "x", "--serve"), "choose one of -o DIR and --serve"),
        (("-o", "x", "--listen", "127.0.0.1:1"), "--listen goes with --serve"),
        (("--serve", "--listen", "8080"), "no address to listen at"),
        (("--serve", "--listen", "127.0.0.1:99999"), "no address to listen at"),
        (("-o", "x", "--project", "nobody"), "there is no project `nobody`"),
    ],
)
def test_wrong_usage_is_said(place: Workplace, words: tuple[str, ...], said: str) -> None:
    answer = place.planward("dashboard", *words)

    assert answer.code == 2
    assert said in " ".join(answer.err.split())
    assert not (place.folder / "x").exists()


def test_an_address_that_is_taken_is_said(place: Workplace) -> None:
    with served(place) as url:
        answer = place.planward("dashboard", "--serve", "--listen", url.removeprefix("http://").rstrip("/"))

    assert answer.code == 1
    assert "nothing can listen at 127.0.0.1" in answer.err
    assert "Choose another address with `--listen`." in answer.err
