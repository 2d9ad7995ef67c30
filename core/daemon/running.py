"""`planward run`: the service. It reads each source whenever that is due, until it is told to stop.

The first thread waits for signals. A scheduler calls the working loop every few seconds, and the loop starts the steps
in threads: what hangs there hangs alone.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from config.load import load
from config.settings import Settings
from core import __version__
from core.daemon import compose, tenure
from core.daemon.collecting import collect_seldom
from core.daemon.health import Health
from core.daemon.journal import keep_journal, tell_trouble
from core.daemon.notify import monotonic_usec, tell_manager
from core.daemon.refusal import CONFIGURATION, Refusals
from core.daemon.stopping import PATIENCE, cut_off_when_stuck
from core.daemon.terminal import LogFormat
from core.daemon.ticking import TICK
from core.daemon.working import HOLDING, PUBLISHING, READING, Setup, Start, Work
from core.errors import ConfigurationError, PlanwardError, StoreError
from core.store.engine import Store

log = structlog.stdlib.get_logger("planward")

READERS = 10
"""Sources that are read at the same time. The store has connections for them, the other steps and who asks."""
CLAIM_TRIES = 20
CLAIM_PAUSE = 0.1
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(config: Path, *, log_format: LogFormat) -> int:
    """Work until SIGTERM or SIGINT. Raises ConfigurationError, StoreError, and PlanwardError where another runs."""
    settings = load(config)
    keep_journal(log_format)
    collect_seldom()
    stop = Event()
    # A lock of the database may keep this thread from hearing of a signal; the process ends in time all the same.
    with (
        cut_off_when_stuck(0),
        _signals() as signals,
        Store.open(settings.store, create=True) as store,
        _claim(store),
    ):
        health = Health(_now, time.monotonic)
        refusals = Refusals(store, health, _now)
        pages: AbstractContextManager[None] = nullcontext()
        if settings.http != "off":
            from core.daemon.serving import served

            pages = served(settings.http, health, store.check)
        with pages, _scheduler() as scheduler:
            work = Work(store, setup_of(settings, stop, refusals), start=_pools(), now=_now, stop=stop, health=health)
            work.begin()
            refusals.begin()
            tenure.begin(store, health.started_at)
            log.info(
                "started",
                version=__version__,
                configuration=str(settings.path),
                sources=list(settings.sources),
                projects=list(settings.projects),
                write_back=settings.write_back,
            )
            tell_manager(READY=1, STATUS=f"at work; projects: {len(settings.projects)}")
            beat = Beat(work, health)
            beat()
            rounds = scheduler.add_job(beat, "interval", seconds=TICK.total_seconds())
            while next_signal(signals, lambda: rounds.modify(next_run_time=_now())) == signal.SIGHUP:
                settings = reload(settings, work, stop, refusals)
            _stop(work, scheduler, signals)
    return 0


class Beat:
    """One round of the working loop. Nobody but it feeds the watchdog, and only a round that came to its end does."""

    def __init__(self, work: Work, health: Health) -> None:
        self._work = work
        self._health = health
        self._trouble: str | None = None
        self._status = ""

    def __call__(self) -> None:
        """Start what is due. A store that cannot be asked does not end the loop: it may come back."""
        trouble = None
        try:
            self._work.tick()
        except StoreError as error:
            trouble = str(error)
            if trouble != self._trouble:
                tell_trouble("the store cannot be asked what is due", error)
        except Exception:
            log.exception("the working loop met a fault of Planward")
            self._health.faulty()
            return
        if self._trouble is not None and trouble is None:
            log.info("the store can be asked again")
        self._trouble = trouble
        self._health.beat()
        status = self._told(trouble)
        tell_manager(WATCHDOG=1, **({} if status == self._status else {"STATUS": status}))
        self._status = status

    def _told(self, trouble: str | None) -> str:
        if trouble is not None:
            return f"the store cannot be used: {trouble}"
        seen = self._health.snapshot()
        failing = [name for name, one in seen.sources.items() if one.failing]
        said = f"{len(seen.sources) - len(failing)} of {len(seen.sources)} sources well"
        if failing:
            said += f"; failing: {', '.join(failing)}"
        if busy := self._work.busy():
            said += f"; at work: {', '.join(busy)}"
        return said + ("; the configuration read last was refused" if seen.problems else "")


def _now() -> datetime:
    return datetime.now(UTC)


def setup_of(settings: Settings, stop: Event, refusals: Refusals) -> Setup:
    jobs = compose.source_jobs(settings, stop)
    return Setup(
        sources={job.name: job for job in jobs},
        every={job.name: settings.sources[job.name].every for job in jobs},
        projects={job.id: refusals.patient(job, settings.plans.get(job.id)) for job in compose.project_jobs(settings)},
        targets=compose.targets(settings, stop),
        send=settings.write_back == "send",
    )


@contextmanager
def _claim(store: Store) -> Iterator[None]:
    # `status` looks for a moment whether somebody has it, so one refusal says nothing yet.
    for _ in range(CLAIM_TRIES):
        with store.claim("run") as ours:
            if ours:
                yield
                return
        time.sleep(CLAIM_PAUSE)
    raise PlanwardError(
        "another `planward run` works on this store already",
        advice="Stop that one first, or name another database in `store:`.",
    )


def next_signal(signals: SimpleQueue[int], wake: Callable[[], object], look: float = TICK.total_seconds()) -> int:
    """The next signal, however long it takes. `wake` is called soon after the host's clock was set back.

    The scheduler waits for a time of that clock, so it would wait for as long as the clock was set back.
    """
    ahead = time.time() - time.monotonic()
    while True:
        try:
            return signals.get(timeout=look)
        except Empty:
            before, ahead = ahead, time.time() - time.monotonic()
            if before - ahead > look:
                log.warning("the host's clock was set back", seconds=round(before - ahead))
                wake()


@contextmanager
def _signals() -> Iterator[SimpleQueue[int]]:
    """The signals to stop or to read the configuration anew, as they come."""
    received: SimpleQueue[int] = SimpleQueue()

    def receive(number: int, _frame: FrameType | None) -> None:
        received.put(number)

    before = {number: signal.signal(number, receive) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pools() -> Start:
    """Threads for each kind of step; how many bounds what is done at the same time."""
    pools = {
        name: ThreadPoolExecutor(size, thread_name_prefix=name)
        for name, size in ((READING, READERS), (HOLDING, 1), (PUBLISHING, 1))
    }

    def start(name: str, step: Callable[[], None]) -> None:
        pools[name].submit(step)

    return start


@contextmanager
def _scheduler() -> Iterator[BackgroundScheduler]:
    """A scheduler that never leaves out a late round, and remembers nothing beyond this process."""
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.start()
    try:
        yield scheduler
    finally:
        if scheduler.running:
            scheduler.shutdown(wait=False)


def reload(settings: Settings, work: Work, stop: Event, refusals: Refusals) -> Settings:
    """The settings in force after reading the file anew: the new ones, or the old ones where the new are wrong."""
    tell_manager(RELOADING=1, MONOTONIC_USEC=monotonic_usec())
    try:
        new = _successor(settings)
        setup = setup_of(new, stop, refusals)
    except PlanwardError as error:
        refusals.refuse(CONFIGURATION, getattr(error, "problems", (str(error),)))
    except Exception:
        log.exception("reading the configuration ended in a fault of Planward")
        refusals.refuse(CONFIGURATION, ("reading the configuration ended in a fault of Planward; see the log",))
    else:
        work.take(setup)
        refusals.accept(CONFIGURATION)
        log.info("configuration read anew", sources=list(new.sources), projects=list(new.projects))
        settings = new
    tell_manager(READY=1)
    return settings


def _successor(settings: Settings) -> Settings:
    """The settings as the file has them now. Raises ConfigurationError, also for what cannot change while we run."""
    new = load(settings.path)
    fixed = [f"`{name}`" for name in ("store_reference", "http") if getattr(new, name) != getattr(settings, name)]
    if fixed:
        what = " and ".join(fixed).replace("store_reference", "store")
        raise ConfigurationError(
            f"{settings.path}: {what} changed, which takes a restart", advice="Restart, or change it back."
        )
    return new


def _stop(work: Work, scheduler: BackgroundScheduler, signals: SimpleQueue[int]) -> None:
    """End the steps in hand. What does not end in time, or at the second signal, is cut off, as by a crash."""
    tell_manager(STOPPING=1, STATUS="finishing the steps in hand")
    log.info("stopping", finishing=work.busy())
    work.halt()
    scheduler.shutdown(wait=False)
    until = time.monotonic() + PATIENCE
    while work.busy() and time.monotonic() < until:
        try:
            again = signals.get(timeout=0.1) != signal.SIGHUP
        except Empty:
            continue
        if again:
            break
    if cut_off := work.busy():
        # Threads cannot be ended. The store takes it like a crash: a page is whole or was never there.
        log.warning("stopped; the next run goes on from what is saved", cut_off=cut_off)
        logging.shutdown()
        os._exit(0)
    log.info("stopped")
