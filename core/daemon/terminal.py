"""How commands speak: sentences on stdout, progress on stderr, or one JSON document."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.document.characters import visible
from core.errors import PlanwardError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.sync.drain import Progress

ENDLESS = 100_000
"""Columns where stdout is no terminal: nothing is folded there, because programs and searches read it by lines."""


class LogFormat(StrEnum):
    """How the log of the service is written: to be read, or by lines of JSON."""

    TEXT = "text"
    JSON = "json"


def prepare_streams() -> None:
    """Make stdout and stderr take any text: a closed one swallows it, one of few characters shows `?` for others."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - lives as long as we do
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def write(text: str) -> None:
    """Write text to stdout. Where the reader went away (`planward findings | head`) it is dropped.

    Raises PlanwardError when stdout cannot be written, such as to a full disk.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would be tried again at exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise PlanwardError(
                f"the output cannot be written: {error.strerror}", advice="Send it somewhere else."
            ) from error


def print_json(payload: object) -> None:
    """Print one JSON document."""
    write(json_text(payload))


def json_text(payload: object) -> str:
    """One JSON document. Instants become ISO 8601 text in UTC, days like 2026-03-31."""
    return json.dumps(payload, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON output")


def instant(at: datetime) -> str:
    """An instant as ISO 8601 text in UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def room() -> int | None:
    """The columns of the terminal that stdout is, or None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant as people in that zone write it, to the minute, or a dash."""
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def show(renderable: RenderableType) -> None:
    """Print a table or sentence as the terminal takes it, or plain and unfolded where stdout is none."""
    from rich.console import Console

    columns = room()
    # Drawn first and written by `write`, which knows what to do when nobody takes it.
    drawn = io.StringIO()
    Console(
        file=drawn,
        force_terminal=columns is not None,
        width=columns or ENDLESS,
        highlight=False,
        markup=False,
        emoji=False,
    ).print(renderable)
    write("".join(f"{line.rstrip(' ')}\n" for line in drawn.getvalue().splitlines()))


def say(text: str) -> None:
    """Print a sentence. Text from trackers loses its control characters."""
    show(visible(text))


def say_lines(text: str) -> None:
    """Print lines as they are, unfolded, such as those of a diff."""
    write("".join(f"{visible(line)}\n" for line in text.splitlines()))


@contextmanager
def progress_shown(wanted: bool) -> Iterator[Progress]:
    """A progress line on stderr while a source is read, where stderr is a terminal and `wanted` says so."""
    if not wanted or not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(source: str, done: int, expected: int | None) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task(visible(source), total=expected)
            bars.update(tasks[source], completed=done, total=expected)

        yield show


def _silent(source: str, done: int, expected: int | None) -> None:
    """Say nothing."""
