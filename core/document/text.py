"""The document as plain text, for a terminal and for showing differences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from core.document.characters import visible, web_address
from core.document.messages import date_text
from core.document.nodes import (
    TITLE_LEVEL,
    Block,
    DateWord,
    Document,
    Heading,
    Inlines,
    LineBreak,
    LinkTo,
    List,
    Paragraph,
    Rule,
    Table,
    Text,
)


def render(document: Document, *, links: bool = False) -> str:
    """The text, ending in a newline; with `links`, each link's address follows its words in angle brackets.

    No control character but the newline gets through, so no text can speak to the terminal.
    """
    blocks = document.blocks
    if document.title is not None:
        blocks = (Heading(TITLE_LEVEL, (Text(document.title),)), *blocks)
    parts = [_block(block, document.language, links) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, language: str, links: bool) -> str:
    match block:
        case Heading():
            text = _line(block.inlines, language, links).replace("\n", " ")
            return f"{text}\n{('=' if block.level <= TITLE_LEVEL else '-') * _width(text)}" if text else ""
        case Paragraph():
            return _line(block.inlines, language, links)
        case List():
            return "\n".join("- " + _line(item, language, links).replace("\n", "\n  ") for item in block.items)
        case Table():
            return _table(block, language, links)
        case Rule():
            return "-" * 40


def _line(inlines: Inlines, language: str, links: bool) -> str:
    words: list[str] = []
    for node in inlines:
        match node:
            case LineBreak():
                words.append("\n")
            case DateWord():
                words.append(date_text(node.on, language))
            case LinkTo():
                address = web_address(node.href) if links else None
                words.append(visible(node.text) + (f" <{address}>" if address else ""))
            case _:
                words.append(visible(node.text))
    return "\n".join(line.strip() for line in "".join(words).split("\n")).strip("\n")


def _table(table: Table, language: str, links: bool) -> str:
    if not table.header:
        return ""
    rows = [
        [_line(cell, language, links).replace("\n", " ") for cell in row] for row in (table.header, *table.whole_rows())
    ]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(table.header))]
    rule = ["-" * width for width in widths]
    return "\n".join(_columns(row, widths) for row in (rows[0], rule, *rows[1:]))


def _columns(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Terminal columns of the text: an East Asian wide character takes two, a combining one none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
