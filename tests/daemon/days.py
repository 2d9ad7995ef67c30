"""The service on a clock of ours: days pass in seconds, with sources that do what a test lays out for each hour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import connectors
from config.load import load
from config.settings import Settings
from core.daemon.health import Health
from core.daemon.refusal import Refusals
from core.daemon.running import reload, setup_of
from core.daemon.ticking import WIDEST_SPREAD, pause
from core.daemon.working import READING, Work
from core.errors import BadAnswer, RateLimited, SourceUnavailable
from core.model import Agenda, Cursor, Identity, Page, Snapshot, Status
from core.ports import Known
from core.store import runs, tables
from core.store.engine import Store
from tests.builders import DONE, OPEN, STATUSES
from tests.publish.world import START, Clock, FakeTarget, Killed, Stop, Tracker
from tests.sync.source import snapshot

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


@dataclass(frozen=True, slots=True)
class Visit:
    """A reading as the source saw it: from when until when, and how many items were new in it.

    `ok` tells whether all was given that was asked for, None where we went away in the midst of it.
    """

    source: str
    began_at: datetime
    ended_at: datetime
    ok: bool | None
    items: int = 0


def every_ten_hours(source: str, at: datetime) -> Sequence[Snapshot]:
    """What a source holds then: an item more every ten hours, done after a minute."""
    born = [START + timedelta(hours=10 * number) for number in range(int(Days.hour(at) // 10) + 1)]
    return [
        snapshot(f"ERP-{number}", (at, OPEN), (at + timedelta(minutes=1), DONE), source=source)
        for number, at in enumerate(born, start=11)
    ]


def no_agendas(_source: str, _at: datetime) -> Sequence[Agenda]:
    """What a source that is no calendar holds of events."""
    return ()


@dataclass(kw_only=True)
class Days:
    """The service, its trackers and its clock.

    `holds` and `agendas` are what a source has at a moment. `starts` tells when each reading began, `visits` how each
    ended, `gaps` when no process ran.
    """

    folder: Path
    troubles: Sequence[Trouble] = ()
    configuration: str = CONFIGURATION_FILE
    plans: Mapping[str, str] = field(default_factory=dict)
    holds: Callable[[str, datetime], Sequence[Snapshot]] = every_ten_hours
    agendas: Callable[[str, datetime], Sequence[Agenda]] = no_agendas
    step: float = 20.0
    clock: Clock = field(default_factory=Clock)
    starts: list[tuple[str, datetime]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
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
        self.config.write_text(self.configuration, encoding="utf-8")
        for name, text in self.plans.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.store = Store.open(load(self.config).store, create=True)
        self.process = ExitStack()
        self.begin()

    def begin(self) -> None:
        """A new process on the same store."""
        assert self.process.enter_context(self.store.claim("run"))
        self.stop, self.killed = Stop(self.clock), False
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

    def end(self, *, killed: bool = False) -> None:
        """The process ends: what hangs is given up, or gone at once with all the rest."""
        self.killed = killed
        self.work.halt()
        self.wake()
        self.process.close()

    def restart(self, after: float, *, killed: bool = False) -> None:
        """The process ends, and so many hours later another begins."""
        self.end(killed=killed)
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
        except Killed:
            assert self.killed
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
        if self.killed:
            raise Killed
        if self.stop.is_set():
            raise SourceUnavailable("we stop")

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

    def holds(self) -> None:
        return None

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        days = self.days
        assert self.name not in days.reading, "it is read twice at the same time"
        days.reading.add(self.name)
        began_at, ok, new = days.clock.now, False, 0
        days.starts.append((self.name, began_at))
        try:
            self.requests += 1
            self.stumble()
            now = days.clock.now
            there = days.holds(self.name, now)
            held = known([one.item.remote_id for one in there])
            fresh = [one for one in there if held.get(one.item.remote_id) != one.item.updated_at]
            agendas = tuple(days.agendas(self.name, now))
            ok, new = True, len(fresh)
            yield Page(cursor=Cursor(token="t"), snapshots=tuple(fresh), agendas=agendas, complete=True)
        finally:
            gone = not ok and days.stop.is_set()
            days.visits.append(Visit(self.name, began_at, days.clock.now, None if gone else ok, new))
            days.reading.discard(self.name)

    def stumble(self) -> None:
        """Do what is laid out for this hour."""
        trouble = self.days.trouble(self.name)
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
                self.days.hang(self.name, START + timedelta(hours=trouble.ends))

    def close(self) -> None:
        pass


def check_turns(days: Days, source: str, every: timedelta) -> None:
    """Each reading came when it was its turn, or says by how much it was late."""
    failed = 0
    for before, after in pairwise(days.runs(source)):
        failed = 0 if before.ok else failed + 1
        wait = pause(every, failed) if failed else every
        due_at = max(before.started_at + wait, before.not_before or before.started_at)
        told = timedelta(seconds=after.counts["late_seconds"])
        unexplained = after.started_at - due_at - told
        tick = timedelta(seconds=days.step)
        # What was failing when the process began is asked again at once, which is sooner.
        assert unexplained <= WIDEST_SPREAD + tick, (source, before, after)
        assert failed or unexplained >= -tick, (source, before, after)


def check_writes(days: Days) -> None:
    """One comment an item, written only when it has to say something else."""
    assert len({note.target for note in days.tracker.notes}) == len(days.tracker.notes)
    assert days.tracker.calls.count("create") == len(days.tracker.notes)


@contextmanager
def days_in(*troubles: Trouble, **laid_out: Any) -> Iterator[Days]:
    """The service, with the troubles and all else that is laid out, in a folder of its own."""
    made: list[Days] = []
    with TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectors, "source", lambda name, settings, **_: Told(made[0], name))
        patch.setattr(connectors, "target", lambda name, settings, **_: FakeTarget(made[0].tracker))
        days = Days(folder=Path(folder), troubles=troubles, begin_with=made.append, **laid_out)
        try:
            yield days
        finally:
            days.end()
            days.store.close()
