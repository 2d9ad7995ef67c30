"""Cutting a document to what a target takes: whole rows, items and blocks from its end, and a sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.document.messages import say
from core.document.nodes import Block, Document, Emphasis, Heading, List, Paragraph, Table

HEAD_ROOM = 0.9
"""Share of a limit that we use: targets count after their own conversion, which can make a text longer."""


def fit(document: Document, limit: int, size: Callable[[Document], int]) -> Document:
    """The document itself where `size` of it is within the limit, else as much of its beginning as is.

    A cut document ends with a sentence saying that more is left out.
    """
    if size(document) <= limit:
        return document
    note = Paragraph((Emphasis(say("more_left_out", document.language)),))
    fits, fails = 0, sum(_units(block) for block in document.blocks)
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if size(_beginning(document, middle, note)) <= limit:
            fits = middle
        else:
            fails = middle
    return _beginning(document, fits, note)


def _units(block: Block) -> int:
    match block:
        case Table():
            return 1 + len(block.rows)
        case List():
            return len(block.items)
        case _:
            return 1


def _beginning(document: Document, units: int, note: Paragraph) -> Document:
    kept: list[Block] = []
    for block in document.blocks:
        if units <= 0:
            break
        match block:
            case Table():
                kept.append(replace(block, rows=block.rows[: units - 1]))
            case List():
                kept.append(replace(block, items=block.items[:units]))
            case _:
                kept.append(block)
        units -= _units(block)
    while kept and (isinstance(kept[-1], Heading) or (isinstance(kept[-1], Table) and not kept[-1].rows)):
        kept.pop()  # a heading or a table's head alone promises what was cut away
    return replace(document, blocks=(*kept, note))
