"""What the working daemon knows of itself, for its log, `/healthz`, `/readyz` and `/metrics`. Nothing here waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from core.model import Measurement
from core.sync.drain import Drained

SILENCE = timedelta(seconds=60)
"""How long the working loop may give no sign before it counts as dead."""
LATE = timedelta(seconds=60)
"""How late a reading begins to be called late. Below it are the tick and the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a source is. Totals count since the process began; `began_at` is set while it is being read."""

    last_success: datetime | None = None
    last_seconds: float | None = None
    began_at: datetime | None = None
    failing: bool = False
    runs: int = 0
    errors: int = 0
    late: int = 0
    late_seconds: float = 0.0
    requests: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectHealth:
    """The numbers and findings of a project as stored last. `failing` tells that it cannot be held against its plan."""

    measurements: tuple[Measurement, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    failing: bool = False


class Health:
    """Kept current by the threads that work, read by those that answer."""

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._lock = Lock()
        self._now = now
        self._monotonic = monotonic
        self._beat = monotonic()
        self._sources: dict[str, SourceHealth] = {}
        self._projects: dict[str, ProjectHealth] = {}
        self._outbox: dict[str, int] = {}
        self._problems: tuple[str, ...] = ()
        self._faults = 0
        self.started_at = now()

    def beat(self) -> None:
        """The working loop got round once more."""
        self._beat = self._monotonic()

    def is_alive(self) -> bool:
        """Whether the working loop still gets round."""
        return self._monotonic() - self._beat < SILENCE.total_seconds()

    def configured(self, sources: Iterable[str], projects: Iterable[str]) -> None:
        """These are the sources and projects from now on; what is known of others is forgotten."""
        with self._lock:
            self._sources = {name: self._sources.get(name, SourceHealth()) for name in sources}
            self._projects = {name: self._projects.get(name, ProjectHealth()) for name in projects}

    def refused(self, problems: Iterable[str]) -> None:
        """These problems keep the configuration or a plan that was read last from being in force; none: they are."""
        with self._lock:
            self._problems = tuple(problems)

    def faulty(self) -> None:
        """A fault of Planward was met; the log has it."""
        with self._lock:
            self._faults += 1

    def read_before(self, source: str, last_success: datetime | None, *, failing: bool) -> None:
        """Another process has read a source, now or earlier."""
        with self._lock:
            if source in self._sources:
                self._sources[source] = replace(self._sources[source], last_success=last_success, failing=failing)

    def began(self, source: str) -> None:
        """A source is being read now."""
        with self._lock:
            if source in self._sources:
                self._sources[source] = replace(self._sources[source], began_at=self._now())

    def ended(self, source: str, drained: Drained | None) -> None:
        """A source is not being read any more. None: nothing is known of how that went, for the store failed."""
        with self._lock:
            one = self._sources.get(source)
            if one is None:
                return
            ok = drained is not None and drained.ok
            one = replace(
                one,
                began_at=None,
                failing=not ok,
                last_success=self._now() if ok else one.last_success,
                runs=one.runs + 1,
                errors=one.errors + (not ok),
            )
            if drained is not None:
                one = replace(
                    one,
                    last_seconds=drained.seconds,
                    late=one.late + (drained.late >= LATE),
                    late_seconds=one.late_seconds + drained.late.total_seconds(),
                    requests=one.requests + drained.requests + drained.requests_upkeep,
                    items=one.items + drained.items,
                )
            self._sources[source] = one

    def held(self, project: str, health: ProjectHealth) -> None:
        """A project was held against its plan."""
        with self._lock:
            if project in self._projects:
                self._projects[project] = health

    def not_held(self, project: str) -> None:
        """A project could not be held against its plan; its numbers are those of before."""
        with self._lock:
            if project in self._projects:
                self._projects[project] = replace(self._projects[project], failing=True)

    def wrote_back(self, states: Iterable[str]) -> None:
        """The publications stand in these states."""
        with self._lock:
            self._outbox = dict(Counter(states))

    def snapshot(self) -> Snapshot:
        """All of it at this moment."""
        with self._lock:
            return Snapshot(
                at=self._now(),
                started_at=self.started_at,
                sources=dict(self._sources),
                projects=dict(self._projects),
                outbox=dict(self._outbox),
                problems=self._problems,
                faults=self._faults,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The daemon's health at a moment. `problems` are why a configuration or plan that was read is not in force."""

    at: datetime
    started_at: datetime
    sources: Mapping[str, SourceHealth]
    projects: Mapping[str, ProjectHealth]
    outbox: Mapping[str, int]
    problems: tuple[str, ...]
    faults: int

    @property
    def unread(self) -> list[str]:
        """The sources that were never read to their end."""
        return [name for name, one in self.sources.items() if one.last_success is None]
