"""`make bench`: speed and memory beside the goals. Ratios count; seconds are this machine's.

`python -m tests.bench jira` or `python -m tests.bench github` measures one tracker alone.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys

from tests.bench import github, jira
from tests.bench.process import planward

TRACKERS = {"jira": jira.bench, "github": github.bench}


def main(names: list[str]) -> None:
    """Measure and print tables, of all trackers or of those named."""
    if unknown := set(names) - set(TRACKERS):
        sys.exit(f"there is no {', '.join(unknown)} to measure; there is {', '.join(TRACKERS)}")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores")
    cost = min((planward("--help") for _ in range(3)), key=lambda cost: cost.cpu)
    print(f"--help: {cost.cpu:.2f} s CPU (goal <= 0.25)")
    for name in names or TRACKERS:
        TRACKERS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
