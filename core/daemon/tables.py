"""Tables for people: headings in the reader's language, in a shape that the terminal has room for.

Where a terminal is too narrow, the columns that may be folded become narrower, then those that can be spared are left
out and named, and at last each row becomes a few lines. Where stdout is no terminal, nothing is folded or left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from core.daemon.terminal import room, say, show, write
from core.document import messages
from core.document.characters import visible

if TYPE_CHECKING:
    from rich.table import Table

NAME = 16
"""The least room, in columns of the terminal, of a folded column that holds names or values."""
SENTENCE = 32
"""The least room of a folded column that holds sentences: below that they are towers of single words."""
GAP = 3
"""Columns of the terminal between two columns of a table."""

WIDE = "\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
UNIT = re.compile(rf"(\s*)([（《「『【“]*(?:[{WIDE}]|[^\s{WIDE}]+)[，。；：、！？）》」』】”]*)")
"""What folding does not cut, and the space before it: a word, or a Chinese character with its punctuation."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the key of its heading, how narrow it may be folded, and whether it can be spared where room is short.

    `folds` is 0 where it must not be folded: a key, a date or a number is one piece.
    """

    name: str
    folds: int = 0
    spare: bool = False

    def heading(self, language: str) -> str:
        """The heading in the reader's language."""
        return messages.say(f"column.{self.name}", language)


def print_table(title: str | None, columns: Sequence[Column], rows: Sequence[Sequence[str]], language: str) -> None:
    """Print rows under their headings. Cells are texts, never markup."""
    from rich.text import Text

    cleaned = [[visible(cell) for cell in row] for row in rows]
    if title is not None:
        show(Text(visible(title), style="bold"))
    space = room()
    for kept in _choices(columns):
        chosen = [columns[place] for place in kept]
        cells = [[row[place] for place in kept] for row in cleaned]
        widths = _widths(chosen, cells, language, space)
        if widths is not None:
            show(_table(chosen, cells, widths, language))
            left_out = [column.heading(language) for place, column in enumerate(columns) if place not in kept]
            if left_out:
                names = messages.say("and", language).join(left_out)
                say(messages.say("table.left_out", language, columns=names))
            write("\n")
            return
    _print_list(columns, cleaned, language)


def _choices(columns: Sequence[Column]) -> list[list[int]]:
    """The places of all columns, then without the last that can be spared, then without the last two, and so on."""
    kept = list(range(len(columns)))
    choices = [kept]
    for place in reversed(kept):
        if columns[place].spare:
            choices.append([other for other in choices[-1] if other != place])
    return choices


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], language: str, space: int | None
) -> list[int] | None:
    """How wide each column is in that space (None: endless), or None where they do not fit."""
    texts = [[column.heading(language), *(row[place] for row in rows)] for place, column in enumerate(columns)]
    widths = [max(cell_len(text) for text in of_column) for of_column in texts]
    if space is None:
        return widths
    least = [
        min(width, max(column.folds, *map(_longest_unit, of_column))) if column.folds else width
        for column, width, of_column in zip(columns, widths, texts, strict=True)
    ]
    excess = sum(widths) + GAP * (len(columns) - 1) - space
    while excess > 0:
        widest = max(range(len(widths)), key=lambda place: widths[place] - least[place])
        if widths[widest] == least[widest]:
            return None
        widths[widest] -= 1
        excess -= 1
    return widths


def _longest_unit(text: str) -> int:
    return max((cell_len(unit) for _, unit in UNIT.findall(text)), default=0)


def _folded(text: str, width: int) -> str:
    """The text in lines of at most that width, none of its units cut."""
    lines, line = [], ""
    for space, unit in UNIT.findall(text):
        longer = f"{line} {unit}" if line and space else line + unit
        if line and cell_len(longer) > width:
            lines.append(line)
            line = unit
        else:
            line = longer
    return "\n".join([*lines, line])


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: Sequence[int], language: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column.heading(language), width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_folded(cell, width)) for cell, width in zip(row, widths, strict=True)))
    return table


def _print_list(columns: Sequence[Column], rows: Sequence[Sequence[str]], language: str) -> None:
    """Print each row as lines of heading and cell, without the empty ones."""
    for row in rows:
        lines = [
            messages.say("table.line", language, heading=column.heading(language), cell=cell)
            for column, cell in zip(columns, row, strict=True)
            if cell
        ]
        show("\n".join(lines) + "\n")
