"""Calendars are read in a process of their own: what a hostile one costs is bounded, and cannot hold up or harm us.

The process (`program`) holds no secret: of our environment it gets nothing but where Python's modules are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from tempfile import TemporaryFile
from threading import Event
from zoneinfo import ZoneInfo

import msgspec

from connectors.calendars.task import OUT_OF_MEMORY, Limits, Outcome, Task, Window
from core.errors import BadAnswer, SourceUnavailable

MOST_BYTES = 16 * 1024 * 1024
"""Of one calendar. Ten thousand events are about two MiB."""
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space for reading one calendar."""
MOST_OUTPUT = 64 * 1024 * 1024
"""Bytes of what the reading gives. `Limits` keep it below; here nothing of it is trusted."""
PATIENCE = 60
"""Seconds of a processor for reading one calendar."""
SERIES_PATIENCE = 5.0
"""Seconds of a processor for working out one series. A year of a weekly meeting takes a millisecond."""
ALL_SERIES_PATIENCE = 30.0
"""Seconds of a processor for working out all series of a calendar. Those that come after are set aside."""
LONGEST = 300.0
"""Seconds for reading one calendar, however busy the machine is."""
MOST_TOLD = 8192
"""Bytes of a fault's traceback that are kept."""
CHECK_EVERY = 0.2
"""Seconds after which a stop is noticed."""


def read_apart(
    content: bytes,
    *,
    source: str,
    window: Window,
    zone: ZoneInfo,
    known: str | None,
    stop: Event,
    limits: Limits | None = None,
) -> Outcome:
    """What the calendar of the source holds within the window, unless its digest is the known one.

    Raises BadAnswer when reading it costs too much, SourceUnavailable when `stop` is set meanwhile.
    """
    task = Task(
        source=source,
        calendar=source,
        window=window,
        zone=zone.key,
        known=known,
        limits=limits or Limits(),
        memory=MEMORY,
        seconds=PATIENCE,
        series_seconds=SERIES_PATIENCE,
        all_series_seconds=ALL_SERIES_PATIENCE,
    )
    code, output, errors = _run(msgspec.msgpack.encode((task, content)), source, stop)
    if code == OUT_OF_MEMORY:
        raise BadAnswer(f"Reading the calendar {source} takes more than {MEMORY // 1024**2} MiB of memory.")
    if code == -signal.SIGXCPU:
        raise BadAnswer(f"Reading the calendar {source} takes longer than {PATIENCE} seconds of a processor.")
    if code < 0:
        raise BadAnswer(f"Reading the calendar {source} took more than it may, and was ended (signal {-code}).")
    if code != 0:
        raise RuntimeError(f"reading a calendar ended with exit code {code}:\n{errors.decode(errors='replace')}")
    if len(output) > MOST_OUTPUT:
        raise BadAnswer(f"The calendar {source} holds more than {MOST_OUTPUT // 1024**2} MiB when it is written out.")
    return msgspec.msgpack.decode(output, type=Outcome)


def _run(given: bytes, calendar: str, stop: Event) -> tuple[int, bytes, bytes]:
    """Exit code, output and error output of the program. Raises BadAnswer when it takes too long."""
    # Files and not pipes: `communicate` forgets the rest of its input when it is interrupted to look at `stop`.
    with TemporaryFile() as put_in, TemporaryFile() as output, TemporaryFile() as errors:
        put_in.write(given)
        put_in.seek(0)
        program = subprocess.Popen(
            [sys.executable, "-P", "-m", "connectors.calendars.program"],
            stdin=put_in,
            stdout=output,
            stderr=errors,
            env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"},
        )
        with program:
            try:
                _wait(program, calendar, stop)
            finally:
                program.kill()
        output.seek(0)
        errors.seek(0)
        return program.returncode, output.read(MOST_OUTPUT + 1), errors.read(MOST_TOLD)


def _wait(program: subprocess.Popen[bytes], calendar: str, stop: Event) -> None:
    until = time.monotonic() + LONGEST
    while True:
        try:
            program.wait(CHECK_EVERY)
        except subprocess.TimeoutExpired:
            if stop.is_set():
                raise SourceUnavailable("Planward is stopping; the calendar was not read.") from None
            if time.monotonic() > until:
                raise BadAnswer(f"Reading the calendar {calendar} takes longer than {LONGEST:g} seconds.") from None
        else:
            return
