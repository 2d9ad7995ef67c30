"""How commands speak: tables and sentences on stdout, progress on stderr, or one JSON document."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.document.characters import visible
from core.errors import PlanwardError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.sync.drain import Progress

PIPED_WIDTH = 140
"""Columns where stdout is no terminal: wide enough that a table's titles survive in a log."""


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
    """Print one JSON document. Instants become ISO 8601 text in UTC."""
    write(json.dumps(payload, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON output")


def instant(at: datetime) -> str:
    """An instant as ISO 8601 text in UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show(renderable: RenderableType) -> None:
    """Print a table or sentence as the terminal takes it, or plain where stdout is none."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    # Drawn first and written by `write`, which knows what to do when nobody takes it.
    drawn = io.StringIO()
    Console(
        file=drawn,
        force_terminal=terminal,
        width=None if terminal else PIPED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    ).print(renderable)
    write(drawn.getvalue())


def say(text: str) -> None:
    """Print a sentence. Text from trackers loses its control characters."""
    show(visible(text))


def say_lines(text: str) -> None:
    """Print lines as they are, unfolded, such as those of a diff."""
    write("".join(f"{visible(line)}\n" for line in text.splitlines()))


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header. Cells are texts, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    show(table)


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
