"""The program that reads one calendar and ends: `python -m connectors.calendars.program`, run by `reading`."""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import msgspec

from connectors.calendars.ical import read
from connectors.calendars.lines import NotACalendar, take_apart
from connectors.calendars.task import OUT_OF_MEMORY, Outcome, Task


class _Interrupted(BaseException):
    """No `Exception`: the libraries catch those and make others of them."""


def main() -> int:
    """Read the calendar on the standard input within the limits given with it, and write the outcome. The exit code."""
    try:
        task, content = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[Task, bytes])
        resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
        resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds + 1))  # a signal that tells, then the end
        sys.stdout.buffer.write(msgspec.msgpack.encode(perform(task, content)))
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def perform(task: Task, content: bytes) -> Outcome:
    """The outcome of the task."""
    left = task.all_series_seconds

    @contextmanager
    def patience() -> Iterator[None]:
        nonlocal left
        if left <= 0:
            raise TimeoutError
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, min(task.series_seconds, left))
        try:
            try:
                yield
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                left -= time.process_time() - begun
        except _Interrupted:
            raise TimeoutError from None

    signal.signal(signal.SIGPROF, _interrupt)
    try:
        feed = take_apart(content)
        digest = feed.digest()
        if digest == task.known:
            return Outcome(digest=digest)
        reading = read(
            feed,
            source=task.source,
            calendar=task.calendar,
            window=task.window,
            zone=ZoneInfo(task.zone),
            limits=task.limits,
            patience=patience,
        )
    except NotACalendar as error:
        return Outcome(refusal=str(error), page=error.page)
    return Outcome(digest=digest, reading=reading)


def _interrupt(_number: int, _frame: object) -> None:
    raise _Interrupted


if __name__ == "__main__":
    sys.exit(main())
