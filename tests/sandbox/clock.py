"""The sandbox's own time: it stands still, or runs, and can be set."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock:
    """A clock that shows what it was set to; with `running` it goes on from there with real time."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self.running = running
        self._base = start.astimezone(UTC)
        self._since = time.monotonic()
        self._advanced = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        with self._lock:
            return self._now()

    def milliseconds(self) -> int:
        """The sandbox's time as milliseconds since the epoch."""
        return to_milliseconds(self.now())

    def set(self, instant: datetime) -> None:
        """Jump to an instant, forwards or backwards."""
        with self._lock:
            self._advanced += max(0.0, (instant - self._now()).total_seconds())
            self._base, self._since = instant.astimezone(UTC), time.monotonic()

    def advance(self, step: timedelta) -> datetime:
        """The time after going forward by `step`."""
        with self._lock:
            self._advanced += max(0.0, step.total_seconds())
            self._base, self._since = self._now() + step, time.monotonic()
            return self._base

    def waited(self) -> float:
        """Seconds for limiters: real time and set time both count, so that waiting and advancing both free them."""
        with self._lock:
            return time.monotonic() + self._advanced

    def _now(self) -> datetime:
        if not self.running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)


def to_milliseconds(instant: datetime) -> int:
    """Whole milliseconds since the epoch, rounded down."""
    return (instant - EPOCH) // MILLISECOND


def to_instant(milliseconds: int) -> datetime:
    """The aware UTC instant of milliseconds since the epoch."""
    return EPOCH + milliseconds * MILLISECOND
