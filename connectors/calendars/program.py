"""The program that reads one calendar and ends: `python -m connectors.calendars.program`, run by `reading`."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import msgspec

from connectors.calendars.ical import read
from connectors.calendars.lines import NotACalendar, take_apart
from connectors.calendars.task import OUT_OF_MEMORY, Outcome, Task


def main() -> int:
    """Read the calendar on the standard input within the limits given with it, and write the outcome. The exit code."""
    try:
        task, content = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[Task, bytes])
        resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
        resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds))
        sys.stdout.buffer.write(msgspec.msgpack.encode(perform(task, content)))
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def perform(task: Task, content: bytes) -> Outcome:
    """The outcome of the task."""

    @contextmanager
    def patience() -> Iterator[None]:
        signal.setitimer(signal.ITIMER_VIRTUAL, task.series_seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    signal.signal(signal.SIGVTALRM, _interrupt)
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
    raise TimeoutError


if __name__ == "__main__":
    sys.exit(main())
