"""The document in the Atlassian Document Format, for comments on Jira Cloud (API version 3).

Text nodes need no escaping there: they are never parsed as markup, a mention or a link is a node of its own that this
dialect makes for nothing but our own links. What the format refuses, and with it the whole comment, is an empty text
node, a newline in a text and an unknown node.
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Sequence

from core.document.characters import visible, web_address
from core.document.length import HEAD_ROOM, fit
from core.document.nodes import (
    TITLE_LEVEL,
    Block,
    Code,
    DateWord,
    Document,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    LinkTo,
    List,
    Paragraph,
    Rule,
    StatusWord,
    Strong,
    Table,
    Text,
    Tone,
)

LIMIT = 32_767
"""Characters that Jira takes in a comment. It counts its own form of the text; we count the longer one, our JSON."""

Node = dict[str, object]

_COLOURS = {Tone.NEUTRAL: "neutral", Tone.GOOD: "green", Tone.WARNING: "yellow", Tone.BAD: "red"}


_MARKS: dict[type[Inline], tuple[Node, ...]] = {
    Text: (),
    Strong: ({"type": "strong"},),
    Emphasis: ({"type": "em"},),
    Code: ({"type": "code"},),
}


def render(document: Document, *, marker: str | None = None, url: str | None = None) -> Node:
    """The `doc` node, within 90 % of Jira's limit; what is longer loses whole nodes from its end and says so.

    With a `marker`, the last paragraph is a link to `url` (the address of the item that carries the comment) whose
    fragment is `planward-MARKER`: a link survives Jira's editor, and one that leads to the same page disturbs nobody.
    Raises ValueError when there is a marker and `url` is no web address.
    """
    foot = [] if marker is None else [_marker_paragraph(marker, url)]
    fitting = fit(document, int(LIMIT * HEAD_ROOM), lambda part: _size(_doc(part, foot)))
    return _doc(fitting, foot)


def _marker_paragraph(marker: str, url: str | None) -> Node:
    address = web_address((url or "").partition("#")[0])
    if address is None:
        raise ValueError("a marker needs the web address of the item that carries it")
    return {"type": "paragraph", "content": [_text("Planward", _link(f"{address}#planward-{marker}"))]}


def _size(doc: Node) -> int:
    """Characters as Jira's Java counts them: UTF-16 units."""
    return len(json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le")) // 2


def _doc(document: Document, foot: Sequence[Node]) -> Node:
    content: list[Node] = []
    if document.title is not None:
        content += _block(Heading(TITLE_LEVEL, (Text(document.title),)))
    for block in document.blocks:
        content += _block(block)
    return {"type": "doc", "version": 1, "content": [*content, *foot]}


def _block(block: Block) -> list[Node]:
    """The node, or none where the block is empty."""
    match block:
        case Heading():
            inlines = _inlines(block.inlines)
            return (
                [{"type": "heading", "attrs": {"level": min(max(block.level, 1), 6)}, "content": inlines}]
                if inlines
                else []
            )
        case Paragraph():
            inlines = _inlines(block.inlines)
            return [{"type": "paragraph", "content": inlines}] if inlines else []
        case List():
            items = [_paragraph(item) for item in block.items]
            content = [{"type": "listItem", "content": [item]} for item in items if item["content"]]
            return [{"type": "bulletList", "content": content}] if content else []
        case Table():
            return [_table(block)] if block.header else []
        case Rule():
            return [{"type": "rule"}]


def _paragraph(inlines: Inlines) -> Node:
    return {"type": "paragraph", "content": _inlines(inlines)}


def _table(table: Table) -> Node:
    head = _row("tableHeader", table.header)
    rows = [_row("tableCell", row) for row in table.whole_rows()]
    attributes = {"isNumberColumnEnabled": False, "layout": "default"}
    return {"type": "table", "attrs": attributes, "content": [head, *rows]}


def _row(kind: str, cells: Sequence[Inlines]) -> Node:
    return {"type": "tableRow", "content": [{"type": kind, "content": [_paragraph(cell)]} for cell in cells]}


def _inlines(inlines: Inlines) -> list[Node]:
    nodes: list[Node] = []
    for inline in inlines:
        node = _inline(inline)
        if node is None:
            continue
        if nodes and node.keys() == nodes[-1].keys() == {"type", "text"}:
            nodes[-1] = _text(f"{nodes[-1]['text']}{node['text']}")  # as Jira's own editor would have it
        else:
            nodes.append(node)
    return nodes


def _inline(inline: Inline) -> Node | None:
    """The node, or None for a text of which nothing may be shown."""
    match inline:
        case LineBreak():
            return {"type": "hardBreak"}
        case DateWord():
            instant = calendar.timegm(inline.on.timetuple()) * 1000
            return {"type": "date", "attrs": {"timestamp": str(instant)}}
    text = visible(inline.text)
    if not text:
        return None
    match inline:
        case StatusWord():
            return {"type": "status", "attrs": {"text": text, "color": _COLOURS[inline.tone]}}
        case LinkTo():
            address = web_address(inline.href)
            return _text(text) if address is None else _text(text, _link(address))
        case _:
            return _text(text, *_MARKS[type(inline)])


def _text(text: str, *marks: Node) -> Node:
    return {"type": "text", "text": text, "marks": list(marks)} if marks else {"type": "text", "text": text}


def _link(address: str) -> Node:
    return {"type": "link", "attrs": {"href": address}}
