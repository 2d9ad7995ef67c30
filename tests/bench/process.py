"""Running a command and learning what it cost, by the operating system's own accounting."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost: processor seconds, elapsed seconds, peak resident MiB, and what it printed."""

    cpu: float
    wall: float
    peak: float
    out: str


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """The cost of a command that succeeds. Raises RuntimeError with its stderr when it does not."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {err.read()}{out.read()}")
        # ru_maxrss is in KiB on Linux
        return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=wall, peak=usage.ru_maxrss / 1024, out=out.read())


def planward(*arguments: str, env: Mapping[str, str] | None = None) -> Cost:
    """The cost of a `planward` command."""
    return run([sys.executable, "-m", "core.daemon.command", *arguments], env)


@contextmanager
def served(issues: int) -> Iterator[tuple[str, str, str]]:
    """URL, user and token of a stand-in Jira with that many issues."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", str(issues)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url, user, token = process.stdout.readline().split()
        yield url, user, token
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
