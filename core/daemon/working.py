"""The work of `planward run`: the steps of `core/cycle.py`, each when it is due, none waiting for another's trouble.

A tick starts the sources that are due. When one was read, the projects that use it are held, one after the other, and
what should stand at the targets is written back. Who is slow or broken holds up nobody else: sources are read in
threads of their own, projects and publications have one each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event, RLock

import structlog

from core.daemon import ticking
from core.daemon.health import LATE, Health, ProjectHealth
from core.daemon.journal import tell_trouble
from core.daemon.ticking import Reading
from core.errors import PlanwardError, RateLimited, StoreError
from core.history.period import period_at
from core.projects import Held, ProjectJob, hold
from core.publish.outbox import Result, TargetOf, Wanted, publish_all
from core.store import outbox, results, runs
from core.store.engine import Store
from core.sync.drain import Drained, SourceJob, drain

log = structlog.stdlib.get_logger("planward")

HOLD_EVERY = timedelta(hours=1)
"""The longest between two holdings of a project: days pass and plans are edited also while no source can be read."""
HOLD_AGAIN = timedelta(minutes=1)
"""The wait after a project could not be held because of the store."""
LOOK_EVERY = timedelta(minutes=15)
"""The longest for which it is unknown what another process has read, such as `planward sync`."""
READING, HOLDING, PUBLISHING = "reading", "holding", "publishing"

Start = Callable[[str, Callable[[], None]], None]
"""Begin a step in a thread of the pool that is named. It may begin later, and it is begun once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the configuration asks for. `every` is how often each source is read."""

    sources: Mapping[str, SourceJob]
    every: Mapping[str, timedelta]
    projects: Mapping[str, ProjectJob]
    targets: Mapping[str, TargetOf]
    send: bool


class Work:
    """What is being done, and what is known for deciding what is next."""

    def __init__(
        self, store: Store, setup: Setup, *, start: Start, now: Callable[[], datetime], stop: Event, health: Health
    ) -> None:
        self._store = store
        self._setup = setup
        self._start = start
        self._now = now
        self._stop = stop
        self._health = health
        # Held for a moment only: never while the store or anybody outside is asked.
        self._lock = RLock()
        self._since = now()
        self._busy: set[str] = set()
        self._lanes: set[str] = set()
        self._readings: dict[str, Reading] = {}
        self._looked_at = now()
        self._not_before: dict[str, datetime] = {}
        self._hold_at: dict[str, datetime] = dict.fromkeys(setup.projects, now())
        self._wanted: dict[str, tuple[Wanted, ...]] = {}
        health.configured(setup.sources, setup.projects)

    def begin(self) -> None:
        """Learn from the store what earlier processes did. Raises StoreError."""
        with self._store.read() as connection:
            states = [one.state.value for one in outbox.all(connection)]
        self._look_up()
        self._health.wrote_back(states)

    def busy(self) -> list[str]:
        """What is being done at this moment: names of sources, and of the other steps."""
        with self._lock:
            return sorted(self._busy | self._lanes)

    def take(self, setup: Setup) -> None:
        """Work by another configuration from now on. What is being done by the one before it comes to its end."""
        with self._lock:
            now = self._since = self._now()
            for source, every in setup.every.items():
                # A shorter interval begins now: nobody was late by the longer one.
                if self._setup.every.get(source, every) > every and not self._reading(source).failures:
                    self._not_before[source] = now
            self._setup = setup
            # Of a source that comes back some day, the store knows more than we.
            self._readings = {source: one for source, one in self._readings.items() if source in setup.sources}
            self._hold_at = dict.fromkeys(setup.projects, now)
            self._wanted = {project: wanted for project, wanted in self._wanted.items() if project in setup.projects}
            self._health.configured(setup.sources, setup.projects)

    def halt(self) -> None:
        """Begin nothing any more, and end what is being done after the page in hand."""
        with self._lock:
            self._stop.set()

    def tick(self) -> None:
        """Start whatever is due. Raises StoreError when the store cannot be asked what is."""
        # `planward sync` may have been faster. The clock may have been set back.
        if self._due() or not timedelta() <= self._now() - self._looked_at < LOOK_EVERY:
            self._look_up()
            with self._lock:
                for one in self._due():
                    job = self._setup.sources[one.source]
                    self._busy.add(one.source)
                    self._start(READING, partial(self._read, job, one.at))
        self._advance()

    def _due(self) -> list[ticking.Due]:
        with self._lock:
            if self._stop.is_set():
                return []
            readings = {source: self._reading(source) for source in self._setup.sources}
            return ticking.due(self._setup.every, readings, self._busy, since=self._since, now=self._now())

    def _reading(self, source: str) -> Reading:
        reading = self._readings.get(source, Reading())
        bounds = [at for at in (reading.not_before, self._not_before.get(source)) if at is not None]
        return replace(reading, not_before=max(bounds, default=None))

    def _look_up(self) -> None:
        """Take over from the store what is newer than what we know."""
        with self._store.read() as connection:
            last, failures = runs.last_runs(connection), runs.failures(connection)
            successes = runs.last_success(connection)
        with self._lock:
            self._looked_at = self._now()
            for source in last.keys() & self._setup.sources.keys():
                run, known = last[source], self._readings.get(source, Reading()).started_at
                if known is None or known < run.started_at <= self._now():
                    failed = failures.get(source, 0)
                    self._readings[source] = Reading(
                        started_at=run.started_at, failures=failed, not_before=run.not_before
                    )
                    self._health.read_before(source, successes.get(source), failing=failed > 0)
                    self._bring_up(source)

    def _read(self, job: SourceJob, due_at: datetime) -> None:
        """One source read. However that goes, it is its turn again some time."""
        if self._stop.is_set():  # it waited for a thread, and is read by the next process
            with self._lock:
                self._busy.discard(job.name)
            return
        began_at, drained = self._now(), None
        self._health.began(job.name)
        try:
            drained = drain(
                self._store, job, full=False, now=self._now, stop=self._stop, progress=_silent, due_at=due_at
            )
            tell_read(job.name, drained)
        except StoreError as error:
            tell_trouble("not read", error, source=job.name)
        except Exception:
            log.exception("reading ended in a fault of Planward", source=job.name)
            self._health.faulty()
        finally:
            self._health.ended(job.name, drained)
            with self._lock:
                self._busy.discard(job.name)
                if job.name in self._setup.sources:
                    self._readings[job.name] = self._after(self._reading(job.name), began_at, drained)
                self._bring_up(job.name)
            self._advance()

    def _bring_up(self, source: str) -> None:
        """The projects of a source that was read are to be held."""
        for project in self._setup.projects.values():
            if source in project.kinds:
                self._hold_at[project.id] = self._now()

    def _after(self, before: Reading, began_at: datetime, drained: Drained | None) -> Reading:
        if drained is not None and drained.ok:
            return Reading(started_at=began_at)
        error = None if drained is None else drained.error
        not_before = error.not_before if isinstance(error, RateLimited) else None
        return Reading(started_at=began_at, failures=before.failures + 1, not_before=not_before)

    def _advance(self) -> None:
        """Start holding and publishing where something waits for them and nobody is at it."""
        with self._lock:
            if self._stop.is_set():
                return
            if HOLDING not in self._lanes and self._next_project() is not None:
                self._lanes.add(HOLDING)
                self._start(HOLDING, self._hold_all)
            if PUBLISHING not in self._lanes and self._wanted:
                self._lanes.add(PUBLISHING)
                self._start(PUBLISHING, self._publish_all)

    def _next_project(self) -> ProjectJob | None:
        now = self._now()
        waiting = [(at, project) for project, at in self._hold_at.items() if at <= now]
        return self._setup.projects[min(waiting)[1]] if waiting else None

    def _hold_all(self) -> None:
        """The projects held that wait for it, one after the other."""
        while True:
            with self._lock:
                job = None if self._stop.is_set() else self._next_project()
                if job is None:
                    self._lanes.discard(HOLDING)
                    return
                # Before the work, not after it: a source that is read meanwhile brings the project up again.
                self._hold_at[job.id] = _next_holding(job, self._now())
            held = self._hold(job)
            with self._lock:
                if held is not None and job.id in self._setup.projects:
                    self._wanted[job.id] = held.wanted
            self._advance()

    def _hold(self, job: ProjectJob) -> Held | None:
        try:
            at = self._now()
            held = hold(self._store, job, at)
            self._health.held(job.id, _numbers(self._store, job, at))
        except PlanwardError as error:
            tell_trouble("not held", error, project=job.id)
            with self._lock:
                if isinstance(error, StoreError) and job.id in self._hold_at:
                    self._hold_at[job.id] = min(self._hold_at[job.id], self._now() + HOLD_AGAIN)
        except Exception:
            log.exception("holding ended in a fault of Planward", project=job.id)
            self._health.faulty()
        else:
            log.info(
                "held",
                project=job.id,
                findings=held.findings,
                opened=held.opened,
                closed=held.closed,
                measurements=held.measurements,
            )
            return held
        self._health.not_held(job.id)
        return None

    def _publish_all(self) -> None:
        """Everything written back that waits for it."""
        while True:
            with self._lock:
                wanted = [one for of_project in self._wanted.values() for one in of_project]
                self._wanted = {}
                setup = self._setup
                # Who does not answer comes last: the others need not wait for it.
                failing = {source for source in setup.sources if self._reading(source).failures}
                if not wanted or self._stop.is_set():
                    self._lanes.discard(PUBLISHING)
                    return
            self._publish(setup, sorted(wanted, key=lambda one: one.source in failing))

    def _publish(self, setup: Setup, wanted: list[Wanted]) -> None:
        try:
            wanted = [one for one in wanted if one.source in setup.targets]
            outcomes = publish_all(self._store, setup.targets, wanted, send=setup.send, now=self._now, stop=self._stop)
            with self._store.read() as connection:
                self._health.wrote_back(one.state.value for one in outbox.all(connection))
        except StoreError as error:
            tell_trouble("not written back", error)
        except Exception:
            log.exception("writing back ended in a fault of Planward")
            self._health.faulty()
        else:
            for one in outcomes:
                if one.result is not Result.UNCHANGED:
                    failed = one.result is Result.FAILED
                    (log.error if failed else log.info)(
                        "written back",
                        project=one.project,
                        target=f"{one.source} {one.target}",
                        topic=one.topic,
                        result=one.result.value,
                        why=one.detail,
                    )


def _next_holding(job: ProjectJob, now: datetime) -> datetime:
    """When a project is held again at the latest: in an hour, or with the day that decides what is overdue and due."""
    return min(now + HOLD_EVERY, job.calendar.end_of_day(job.calendar.day_of(now)))


def tell_read(source: str, drained: Drained) -> None:
    """Log how a reading went. One that we ended ourselves is neither whole nor failed."""
    for warning in drained.warnings:
        log.warning("the source doubts its own answer", source=source, warning=warning)
    error = drained.error
    (log.info if error is None else log.error)(
        "reading stopped" if drained.stopped else "read",
        source=source,
        items=drained.items,
        changes=drained.changes,
        events=drained.events,
        requests=drained.requests,
        requests_upkeep=drained.requests_upkeep,
        seconds=round(drained.seconds, 3),
        error=None if error is None else str(error),
        **({} if error is None else {"advice": error.advice}),
        **({"late_seconds": round(drained.late.total_seconds())} if drained.late >= LATE else {}),
    )


def _numbers(store: Store, job: ProjectJob, at: datetime) -> ProjectHealth:
    """The project's numbers and findings as they are stored now."""
    with store.read() as connection:
        stored = results.measurements(connection, job.id, period_at(job.period, at, job.calendar.zone))
        found = results.open_findings(connection, job.id)
    latest = {one.kpi: replace(one, evidence=()) for one, _ in stored}
    return ProjectHealth(measurements=tuple(latest.values()), findings=dict(Counter(one.finding.kind for one in found)))


def _silent(source: str, done: int, expected: int | None) -> None:
    """Say nothing: each page's telling would fill the log."""
