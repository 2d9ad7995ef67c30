"""Running a command and learning what it cost, by the operating system's own accounting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost: processor seconds, elapsed seconds, peak resident MiB, and what it printed."""

    cpu: float
    wall: float
    peak: float
    out: str


LAUNCHER = """
import os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - begun
process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss, file=open(int(sys.argv[1]), "w"))
"""


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """The cost of a command that succeeds. Raises RuntimeError with its stderr when it does not."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, tempfile.TemporaryFile("w+") as told:
        # Started by a small process: Linux counts what the starting one held as the peak of the one that is started.
        subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, str(told.fileno()), *command],
            stdout=out,
            stderr=err,
            env={**os.environ, **(env or {})},
            pass_fds=[told.fileno()],
            check=True,
        )
        for file in (out, err, told):
            file.seek(0)
        code, cpu, wall, peak = told.read().split()
        if code != "0":
            raise RuntimeError(f"{' '.join(command)} ended with {code}: {err.read()}{out.read()}")
        # ru_maxrss is in KiB on Linux
        return Cost(cpu=float(cpu), wall=float(wall), peak=int(peak) / 1024, out=out.read())


def planward(*arguments: str, env: Mapping[str, str] | None = None) -> Cost:
    """The cost of a `planward` command."""
    return run([sys.executable, "-m", "core.daemon.command", *arguments], env)


@contextmanager
def served(kind: str, *sizes: int) -> Iterator[dict[str, Any]]:
    """What a stand-in tracker of that kind and those sizes tells of itself, with its `url`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", kind, *map(str, sizes)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
