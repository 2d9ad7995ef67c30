"""What is due: a pure function of when each source was read last, how that went, and the present.

Not of when the process began: a source that is read once a day is read once a day, however often Planward is restarted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

TICK = timedelta(seconds=5)
FIRST_PAUSE = timedelta(minutes=15)
"""The longest wait after a first failure. It doubles with each further one."""
LONGEST_PAUSE = timedelta(hours=1)
"""The longest wait after failures, where the source is not read more seldom anyway."""
WIDEST_SPREAD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of a source: when its last reading began, how many failed in a row, when it may be asked again."""

    started_at: datetime | None = None
    failures: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A source whose turn it is, since `at`."""

    source: str
    at: datetime


def due(
    every: Mapping[str, timedelta],
    readings: Mapping[str, Reading],
    busy: Collection[str],
    *,
    since: datetime,
    now: datetime,
) -> list[Due]:
    """The sources to be read now, the one that waits longest first; none of those that are `busy`.

    `since` is when the configuration was read. What has failed until then is asked again at once: a person may have put
    it right. Turns that were missed come once.
    """
    found = []
    for source, interval in every.items():
        reading = readings.get(source, Reading())
        at = next_at(source, interval, reading, since=since)
        if reading.started_at is not None and reading.started_at > now:  # the clock was set back
            at = now if reading.not_before is None else max(now, reading.not_before)
        if at <= now and source not in busy:
            found.append(Due(source=source, at=at))
    return sorted(found, key=lambda one: (one.at, one.source))


def next_at(source: str, every: timedelta, reading: Reading, *, since: datetime) -> datetime:
    """When a source is to be read next: an interval after its last reading began, and never before it may be asked."""
    if reading.started_at is None:
        at = since
    elif reading.failures == 0:
        at = reading.started_at + every + spread(source, reading.started_at, every)
    else:
        at = reading.started_at + pause(every, reading.failures)
        if reading.started_at < since:
            at = min(at, since)
    return at if reading.not_before is None else max(at, reading.not_before)


def pause(every: timedelta, failures: int) -> timedelta:
    """The wait after so many failures in a row: doubled each time, for a source that is read seldom shorter than usual.

    >>> [str(pause(timedelta(minutes=5), failures)) for failures in (1, 2, 3, 9)]
    ['0:05:00', '0:10:00', '0:20:00', '1:00:00']
    """
    doubled = min(every, FIRST_PAUSE) * int(2 ** min(failures - 1, 20))
    return min(doubled, max(every, LONGEST_PAUSE))


def spread(source: str, started_at: datetime, every: timedelta) -> timedelta:
    """A wait of up to a tenth of the interval, so that sources that began together do not stay together.

    Made from what it is for and not by chance: asked again, the answer is the same.
    """
    seed = hashlib.sha256(f"{source} {started_at.isoformat()}".encode()).digest()
    return min(every / 10, WIDEST_SPREAD) * (seed[0] / 256)
