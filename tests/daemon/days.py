"""The service on a clock of ours: days pass in seconds, with sources that do what a test lays out for each hour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import connectors
from config.load import load
from config.settings import Settings
from core.daemon.health import Health
from core.daemon.refusal import Refusals
from core.daemon.running import reload, setup_of
from core.daemon.working import READING, Work
from core.errors import BadAnswer, RateLimited, SourceUnavailable
from core.model import Cursor, Identity, Page, Status
from core.ports import Known
from core.store import runs, tables
from core.store.engine import Store
from tests.builders import DONE, OPEN, STATUSES
from tests.publish.world import START, Clock, FakeTarget, Stop, Tracker
from tests.sync.source import page, snapshot

CONFIGURATION_FILE = """\
store: sqlite:///planward.db
write_back: send
sources:
  steady: {kind: jira, url: https://steady.example, token: {env: TOKEN}, projects: [ERP], every: 1h}
  troubled: {kind: jira, url: https://troubled.example, token: {env: TOKEN}, projects: [OPS], every: 20m}
  daily: {kind: jira, url: https://daily.example, token: {env: TOKEN}, projects: [HR], every: 24h}
projects:
  erp:
    name: ERP
    sources: [steady]
    publish: [{to: steady, item: ERP-1, topic: status}]
  ops:
    name: Operations
    sources: [troubled, daily]
    publish: [{to: troubled, item: OPS-1, topic: status}]
"""
MEMORY = Path("/dev/shm")
"""Where days of writing are quicker than on a disk."""
FAILS, HANGS, HTML, LIMITED = "fails", "hangs", "answers HTML", "limited"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a source does from one hour until another."""

    source: str
    what: str
    begins: float
    ends: float


@dataclass(kw_only=True)
class Days:
    """The service, its trackers and its clock. `starts` tells when each reading began, `gaps` when no process ran."""

    folder: Path
    troubles: Sequence[Trouble] = ()
    step: float = 20.0
    clock: Clock = field(default_factory=Clock)
    starts: list[tuple[str, datetime]] = field(default_factory=list)
    reading: set[str] = field(default_factory=set)
    sleepers: dict[str, tuple[datetime, threading.Event]] = field(default_factory=dict)
    idle: threading.Condition = field(default_factory=threading.Condition)
    steps: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    threads: int = 0
    gaps: list[tuple[float, float]] = field(default_factory=list)
    begin_with: Callable[[Days], None]

    def __post_init__(self) -> None:
        self.begin_with(self)
        self.tracker = Tracker(clock=self.clock)
        self.config = self.folder / "planward.yaml"
        self.config.write_text(CONFIGURATION_FILE, encoding="utf-8")
        self.store = Store.open(load(self.config).store, create=True)
        self.begin()

    def begin(self) -> None:
        """A new process on the same store."""
        self.stop = Stop(self.clock)
        self.settings: Settings = load(self.config)
        self.health = Health(self.clock, self.seconds)
        self.refusals = Refusals(self.store, self.health, self.clock)
        setup = setup_of(self.settings, self.stop, self.refusals)
        self.work = Work(self.store, setup, start=self.start, now=self.clock, stop=self.stop, health=self.health)
        self.work.begin()
        self.refusals.begin()

    def seconds(self) -> float:
        """The seconds since the beginning."""
        return (self.clock.now - START).total_seconds()

    def restart(self, after: float) -> None:
        """The process ends, cut off where it hangs, and so many hours later another begins."""
        self.work.halt()
        self.wake()
        self.gaps.append((self.hour(self.clock.now), self.hour(self.clock.now) + after))
        self.clock.pass_by(after * 3600)
        self.begin()

    def sighup(self, text: str) -> None:
        """The file is changed, and the service told."""
        self.config.write_text(text, encoding="utf-8")
        self.settings = reload(self.settings, self.work, self.stop, self.refusals)

    def start(self, pool: str, step: Callable[[], None]) -> None:
        self.steps.append((pool, step))

    def pass_by(self, hours: float) -> None:
        """Let the service live so long."""
        until = self.clock.now + timedelta(hours=hours)
        while self.clock.now < until:
            self.clock.pass_by(self.step)
            self.wake()
            self.work.tick()
            self.health.beat()
            self.run_steps()

    def run_steps(self) -> None:
        """Do what was begun, until all of it has ended or hangs."""
        while self.steps:
            pool, step = self.steps.pop(0)
            if pool != READING:
                step()
                continue
            with self.idle:
                self.threads += 1
            threading.Thread(target=self.run_one, args=(step,), daemon=True).start()
            self.settle()

    def run_one(self, step: Callable[[], None]) -> None:
        try:
            step()
        finally:
            with self.idle:
                self.threads -= 1
                self.idle.notify_all()

    def settle(self) -> None:
        with self.idle:
            assert self.idle.wait_for(lambda: self.threads == len(self.sleepers), 30)

    def hang(self, source: str, until: datetime) -> None:
        """Do nothing until then, as a server that does not answer."""
        awake = threading.Event()
        with self.idle:
            self.sleepers[source] = until, awake
            self.idle.notify_all()
        awake.wait()

    def wake(self) -> None:
        """Let go of what has hung long enough, or need not go on."""
        for source, (until, awake) in list(self.sleepers.items()):
            if until <= self.clock.now or self.stop.is_set():
                with self.idle:
                    del self.sleepers[source]
                awake.set()
                self.settle()
        self.run_steps()

    def trouble(self, source: str) -> Trouble | None:
        """What is wrong with a source now."""
        hour = self.hour(self.clock.now)
        return next((one for one in self.troubles if one.source == source and one.begins <= hour < one.ends), None)

    @staticmethod
    def hour(at: datetime) -> float:
        """The hours since the beginning."""
        return (at - START).total_seconds() / 3600

    def runs(self, source: str) -> list[runs.Run]:
        """The readings of a source as they are stored, in their order."""
        table = tables.runs
        with self.store.read() as connection:
            rows = connection.execute(table.select().where(table.c.source == source).order_by(table.c.started_at))
            return [runs.Run(**row._mapping) for row in rows]


class Told:
    """A source that behaves as is laid out, and gives one item more every ten hours."""

    def __init__(self, days: Days, name: str) -> None:
        self.days = days
        self.name = name
        self.requests = 0

    def identify(self) -> Identity:
        return Identity(source=self.name, account_id="us")

    def lists(self) -> tuple[Status, ...]:
        return tuple(STATUSES.values())

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        days = self.days
        assert self.name not in days.reading, "it is read twice at the same time"
        days.reading.add(self.name)
        days.starts.append((self.name, days.clock.now))
        try:
            self.requests += 1
            trouble = days.trouble(self.name)
            match trouble.what if trouble else None:
                case "fails":
                    raise SourceUnavailable("the tracker does not answer")
                case "answers HTML":
                    raise BadAnswer("the tracker answered with a page to log in")
                case "limited":
                    assert trouble is not None
                    raise RateLimited("wait", not_before=START + timedelta(hours=trouble.ends))
                case "hangs":
                    assert trouble is not None
                    days.hang(self.name, START + timedelta(hours=trouble.ends))
            number = int(days.hour(days.clock.now) // 10) + 1
            born = START + timedelta(hours=10 * (number - 1))
            stays = ((born, OPEN), (born + timedelta(minutes=1), DONE))
            yield page(snapshot(f"ERP-{number + 10}", *stays, source=self.name))
        finally:
            days.reading.discard(self.name)

    def close(self) -> None:
        pass


@contextmanager
def days_in(*troubles: Trouble) -> Iterator[Days]:
    """The service, with the troubles that are laid out, in a folder of its own."""
    made: list[Days] = []
    with TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectors, "source", lambda name, settings, **_: Told(made[0], name))
        patch.setattr(connectors, "target", lambda name, settings, **_: FakeTarget(made[0].tracker))
        days = Days(folder=Path(folder), troubles=troubles, begin_with=made.append)
        try:
            yield days
        finally:
            days.work.halt()
            days.wake()
            days.store.close()
