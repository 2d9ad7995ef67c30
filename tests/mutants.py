"""Deliberate one-line faults, each of which some test must catch: `python -m tests.mutants [NAME ...]`.

A fault that survives means that nothing checks the promise which it breaks. Each runs in a copy of the project.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("config", "connectors", "core", "tests", "deploy", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in `file`, `old` (which must occur exactly once) becomes `new`; `tests` should then fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS: tuple[Mutant, ...] = ()


def survives(mutant: Mutant) -> bool:
    """Whether the tests pass with the fault in place. Raises ValueError when the fault no longer fits the code."""
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source, copy = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, copy)
        path = Path(folder) / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            raise ValueError(f"{mutant.name}: {mutant.old!r} occurs {text.count(mutant.old)} times in {mutant.file}")
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        run = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
        return subprocess.run(run, cwd=folder, capture_output=True, check=False).returncode == 0


def main(names: list[str]) -> int:
    """Try the faults and print a line for each. Returns how many survived."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    survivors = 0
    for mutant in chosen:
        survived = survives(mutant)
        survivors += survived
        print(f"{'SURVIVED' if survived else 'caught  '}  {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} caught, {survivors} survived")
    return survivors


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
