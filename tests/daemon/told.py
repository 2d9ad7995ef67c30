"""What page, `status`, `/metrics` and `/readyz` must say at each hour of days that a test lays out.

The answers follow from the layout and from what the sources themselves saw, by the rules of the README, and from
nothing that the product computes.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from config.load import load
from core.daemon import showing
from core.daemon.compose import project_jobs
from core.daemon.pages import Pages
from core.daemon.serving import answers
from core.errors import ConfigurationError
from core.store.engine import Store
from tests.daemon.days import Days, Visit
from tests.daemon.laid_out import (
    EVERY,
    INTERFACE_DONE,
    INTERFACE_DUE,
    KINDS,
    MEETINGS,
    PROJECTS,
    SIDE_WORK,
    TARGETS,
    ZONE,
    at,
    holds,
    problems,
)
from tests.dashboard import markup
from tests.publish.world import START


@dataclass
class Seen:
    """What was said at one moment, by everybody who can be asked. `metrics` is None where no process runs."""

    status: Any
    pages: dict[str, markup.Element]
    data: dict[str, Any]
    metrics: dict[str, float] | None
    ready: tuple[int, Any]
    healthy: tuple[int, Any]


@dataclass
class Watcher:
    """Looks at everything that can be looked at, and holds it against what must be true.

    `began` is when the present process began, None while none runs; `lived_until` when the last one ended, `kills` when
    one ended without a word. `refused` is what the running process must say is wrong in the file that it was to take
    up; `broken` what is wrong in the file as it stands, which no command can read then.
    """

    days: Days
    began: datetime | None = START
    lived_until: datetime = START
    refused: str | None = None
    broken: str | None = None
    kills: list[datetime] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    looks: int = 0

    def __post_init__(self) -> None:
        self._stack = ExitStack()
        store = self._stack.enter_context(closing(Store.open(load(self.days.config).store)))
        # As `dashboard --serve` does it: by the configuration that there was when it began.
        self._pages = Pages(store, project_jobs(load(self.days.config)), "en")

    def close(self) -> None:
        """Look no more."""
        self._stack.close()

    def ended(self, *, killed: bool) -> None:
        """No process runs any more."""
        self.began, self.lived_until = None, self.now
        if killed:
            self.kills.append(self.now)

    def begun(self) -> None:
        """Another process runs."""
        self.began = self.now

    @property
    def now(self) -> datetime:
        """This moment."""
        return self.days.clock.now

    # --- looking ---

    def look(self) -> None:
        """Ask everybody, and compare."""
        with time_machine.travel(self.now, tick=False):
            seen = Seen(
                status=self._status(),
                pages={project: markup.read(self._pages.content(f"{project}.html")) for project in PROJECTS},
                data={project: json.loads(self._pages.content(f"{project}.json")) for project in PROJECTS},
                **self._asked(),
            )
        self.looks += 1
        self._check_status(seen)
        for project in PROJECTS:
            self._check_page(project, seen)
        if seen.metrics is not None:
            self._check_metrics(seen, seen.metrics)

    def _status(self) -> Any:
        if self.broken is not None:
            with pytest.raises(ConfigurationError, match=self.broken):
                showing.status(self.days.config, as_json=True)
            return None
        with redirect_stdout(io.StringIO()) as printed:
            showing.status(self.days.config, as_json=True)
        return json.loads(printed.getvalue())

    def _asked(self) -> dict[str, Any]:
        if self.began is None:
            return {"metrics": None, "ready": (0, None), "healthy": (0, None)}
        days = self.days
        site = answers(days.health, days.store.check, frozenset())

        async def ask() -> list[httpx.Response]:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://127.0.0.1") as client:
                return [await client.get(page) for page in ("/metrics", "/readyz", "/healthz")]

        metrics, ready, healthy = asyncio.run(ask())
        lines = [line.rpartition(" ") for line in metrics.text.splitlines() if line[0] != "#"]
        return {
            "metrics": {name: float(value) for name, _, value in lines},
            "ready": (ready.status_code, ready.json()),
            "healthy": (healthy.status_code, healthy.json()),
        }

    # --- what is true ---

    def visits(self, source: str, since: datetime = START) -> list[Visit]:
        """The readings of a source that came to an end of any kind, and whose end the service saw."""
        return [one for one in self.days.visits if one.source == source and one.ended_at >= since]

    def last(self, source: str) -> Visit | None:
        """The last reading of which the service knows how it ended."""
        return next((one for one in reversed(self.visits(source)) if one not in self.killed), None)

    @property
    def killed(self) -> list[Visit]:
        """The readings that ended with their process, without a word."""
        return [one for one in self.days.visits if one.ok is None and one.ended_at in self.kills]

    def success(self, source: str) -> Visit | None:
        """The last reading to the end."""
        return next((one for one in reversed(self.visits(source)) if one.ok), None)

    def is_fresh(self, source: str) -> bool:
        """Whether it may be called up to date, by the rules of the README."""
        last, success = self.last(source), self.success(source)
        if last is None or success is None:
            return False
        longest = timedelta(hours=3) if last.ok is False else timedelta(days=1)
        return self.now - success.ended_at <= max(longest, 3 * EVERY[source])

    def state(self, source: str) -> str:
        """The state that `status` must tell."""
        last = self.last(source)
        if last is None:
            return "unread"
        if not last.ok:
            return "stopped" if last.ok is None else "failed"
        return "ok" if self.is_fresh(source) else "stale"

    def unread(self, project: str) -> list[str]:
        """The sources of a project that were never read to their end."""
        return [source for source in PROJECTS[project] if self.success(source) is None]

    def read_until(self, source: str) -> datetime:
        """Until when the past of a source is known."""
        success = self.success(source)
        assert success is not None
        return success.ended_at

    @property
    def held_at(self) -> datetime:
        """Until when somebody has looked at the plans."""
        return self.now if self.began is not None else self.lived_until

    def findings(self, project: str) -> dict[str, tuple[str, str]]:
        """What must be open: by kind the subject and a word of what is said of it."""
        if self.unread(project):
            return {}
        today = self.held_at.astimezone(ZONE).date()
        found = {}
        if project == "erp":
            if self.read_until("tracker") < at(INTERFACE_DONE):
                found["overdue" if today > INTERFACE_DUE else "due_soon"] = ("D1", "Interface")
            if at(SIDE_WORK[0]) <= self.read_until("code") < at(SIDE_WORK[1]):
                found["shadow_work"] = ("code:acme/erp#903", "acme/erp#903")
        else:
            known = {_monday(on) for since, on in MEETINGS if at(since) <= self.read_until("calendar")}
            # The plan begins on a Monday: in its first week nothing was to be held in the week before.
            held = _monday(today) - timedelta(days=7) in known or _monday(today) == date(2026, 3, 2)
            if not held or _monday(today) + timedelta(days=7) not in known:
                found["meeting_missing"] = ("W1", "Weekly meeting")
        return found

    def written(self) -> list[str]:
        """Where something must stand."""
        return [place for project in PROJECTS if not self.unread(project) for place in TARGETS[project]]

    def resolved(self) -> int:
        """The problems of the present week that are known, each of which was gone at once."""
        monday = _monday(self.held_at.astimezone(ZONE).date())
        begins = datetime(monday.year, monday.month, monday.day, tzinfo=ZONE)
        return sum(born >= begins for born in problems(self.read_until("tracker")))

    # --- holding it against what was said ---

    def _check_status(self, seen: Seen) -> None:
        if seen.status is None:
            return
        told = seen.status["daemon"]
        assert told["running"] is (self.began is not None)
        if self.refused is None:
            assert told["refused"] is None
        else:
            assert any(self.refused in problem for problem in told["refused"]["problems"])
        for source, said in seen.status["sources"].items():
            last, success = self.last(source), self.success(source)
            self.states.add(said["state"])
            where = f"{source} after {self.days.hour(self.now)} hours"
            assert said["kind"] == KINDS[source]
            assert said["state"] == self.state(source), where
            assert said["ok"] == (None if last is None else bool(last.ok)), where
            assert _instant(said["last_run"]) == (None if last is None else last.ended_at), where
            assert _instant(said["last_success"]) == (None if success is None else success.ended_at), where
            assert (said["error"] is not None) == (last is not None and last.ok is False), where
            held = 0 if success is None else len(holds(source, success.ended_at))
            assert said["items"] == held, where
        assert {name: one["findings"] for name, one in seen.status["projects"].items()} == {
            project: len(self.findings(project)) for project in PROJECTS
        }
        written = {f"{one['source']} {one['target']}": one["state"] for one in seen.status["publications"]}
        assert written == dict.fromkeys(self.written(), "sent")

    def _check_page(self, project: str, seen: Seen) -> None:
        page, unread = seen.pages[project], self.unread(project)
        said = [one.text for one in page.all("dd", klass="source")]
        assert said == [self._freshness(source) for source in sorted(PROJECTS[project])]
        stale = sorted(source for source in PROJECTS[project] if not self.is_fresh(source))
        verdict = page.one("section", klass="verdict").text
        assert (f"the data of {', '.join(stale)} is not up to date" in verdict) == bool(stale), verdict
        (told,) = seen.data[project]["projects"]
        if unread:
            assert f"Not read yet: {', '.join(unread)}." in verdict
            assert page.all("article") == []
            return
        assert "Not read yet" not in verdict
        shown = page.one("section", **{"aria-labelledby": "findings"}).all("li")
        for one, (_, words) in zip(
            sorted(shown, key=lambda one: one.text), sorted(self.findings(project).values()), strict=True
        ):
            assert words in one.text
        assert {tuple(kpi["stale_sources"]) for kpi in told["kpis"]} == {
            tuple(s for s in PROJECTS[project] if s in stale)
        }
        # The numbers are as old as the longest wait between two holdings at most, and of a moment when a process lived.
        as_of = datetime.fromisoformat(page.one("header", klass="top").one("time").attributes["datetime"])
        assert as_of == _instant(told["as_of"])
        assert as_of <= self.held_at
        assert self.held_at - as_of <= timedelta(hours=1, seconds=2 * self.days.step)
        values = {one.attributes["data-kpi"]: one.all("data") for one in page.all("article")}
        assert {kpi: float(data[0].attributes["value"]) if data else None for kpi, data in values.items()} == {
            kpi["id"]: kpi["value"] for kpi in told["kpis"]
        }
        if project == "erp":
            (number,) = (kpi for kpi in told["kpis"] if kpi["id"] == "problems_resolved_in_time")
            counted = self.resolved()
            assert number["sample"] == counted
            assert (number["value"], number["met"]) == ((1.0, True) if counted else (None, None))

    def _freshness(self, source: str) -> str:
        success = self.success(source)
        if success is None:
            return f"{source} not read yet"
        if self.is_fresh(source):
            return f"{source} up to date"
        day = success.ended_at.astimezone(ZONE)
        return f"{source} stale since {day.day} {day:%B %Y}"

    def _check_metrics(self, seen: Seen, metrics: dict[str, float]) -> None:
        assert self.began is not None
        unread = [source for source in EVERY if self.success(source) is None]
        assert seen.ready == (503 if unread else 200, {"ready": not unread, "store": None, "unread": unread})
        code, healthy = seen.healthy
        assert (code, healthy["alive"], healthy["faults"]) == (200, True, 0)
        assert bool(healthy["configuration"]["problems"]) is (self.refused is not None)
        assert metrics["planward_configuration_refused"] == float(self.refused is not None)
        assert (metrics["planward_alive"], metrics["planward_faults_total"]) == (1, 0)
        for source in EVERY:
            self._check_source(source, metrics)
        for project in PROJECTS:
            counted = dict(_labelled(metrics, "planward_findings", project, "kind"))
            assert counted == dict.fromkeys(self.findings(project), 1)
            (told,) = seen.data[project]["projects"]
            if not self.unread(project):
                for number in ("value", "target", "sample"):
                    gauges = dict(_labelled(metrics, f"planward_kpi_{number}", project, "kpi"))
                    assert gauges == {kpi["id"]: kpi[number] for kpi in told["kpis"] if kpi[number] is not None}
            assert metrics[f'planward_project_up{{project="{project}"}}'] == 1
        assert metrics['planward_outbox{state="sent"}'] == len(self.written())

    def _check_source(self, source: str, metrics: dict[str, float]) -> None:
        assert self.began is not None

        def said(name: str) -> float | None:
            return metrics.get(f'planward_source_{name}{{source="{source}"}}')

        last, success = self.last(source), self.success(source)
        lived = [one for one in self.visits(source, self.began) if one.began_at >= self.began]
        assert said("up") == float(last is not None and last.ok is True), source
        assert said("freshness_seconds") == (None if success is None else (self.now - success.ended_at).total_seconds())
        ended = {one.began_at for one in self.visits(source)}
        begun = [began for name, began in self.days.starts if name == source and began not in ended]
        assert said("running_seconds") == ((self.now - begun[0]).total_seconds() if begun else None)
        assert said("runs_total") == len(lived)
        assert said("errors_total") == sum(one.ok is False for one in lived)
        assert said("items_total") == sum(one.items for one in lived)


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _labelled(metrics: dict[str, float], name: str, project: str, label: str) -> Iterator[tuple[str, float]]:
    """The values of a metric of one project, by the other label."""
    for text, value in metrics.items():
        family, _, labels = text.partition("{")
        if family == name:
            found = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if found["project"] == project:
                yield found[label], value
