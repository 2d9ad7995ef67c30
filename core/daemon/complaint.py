"""How a command says what failed: sentences on stderr, and with `--json` one document on stdout beside them."""

from __future__ import annotations

import sys
from contextlib import suppress

from core.daemon.terminal import print_json
from core.document.characters import visible
from core.errors import ConfigurationError, PlanwardError


def tell(text: str) -> None:
    """Print a line to stderr. Text from trackers loses its control characters."""
    with suppress(OSError):  # stderr itself cannot be written, so there is nowhere left to say so; the exit code does
        sys.stderr.write(f"{visible(text)}\n")
        sys.stderr.flush()


def tell_failure(who: str, error: PlanwardError) -> None:
    """Print to stderr what failed there, and what to do about it."""
    tell(f"{who}: {error}")
    tell(error.advice)


def give_up(error: PlanwardError, *, as_json: bool) -> int:
    """Say what ended the command, and give back its exit code."""
    problems = _problems(error)
    for problem in problems or (str(error),):
        tell(problem if len(problems) > 1 else f"planward: {problem}")
    tell(error.advice)
    if as_json:
        print_json(
            {
                "error": {
                    "kind": type(error).__name__,
                    "message": str(error),
                    "problems": list(problems),
                    "advice": error.advice,
                }
            }
        )
    return error.exit_code


def _problems(error: PlanwardError) -> tuple[str, ...]:
    return error.problems if isinstance(error, ConfigurationError) else ()
