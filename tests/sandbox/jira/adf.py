"""The part of the Atlassian Document Format that the sandbox accepts: anything else refuses the whole body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

LIMIT = 32_767  # characters, counted after conversion to the stored markup

Check = Callable[[Any], bool]

BLOCKS = frozenset({"paragraph", "heading", "bulletList", "orderedList", "rule", "panel", "codeBlock"})
INLINE = frozenset({"text", "hardBreak", "status", "date"})

# node -> what may be in it; nodes that are not here have no content
CONTENT: dict[str, frozenset[str]] = {
    "doc": BLOCKS | {"table"},
    "paragraph": INLINE,
    "heading": INLINE,
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "tableCell": BLOCKS,
    "tableHeader": BLOCKS,
    "panel": BLOCKS - {"panel"},
    "codeBlock": frozenset({"text"}),
}
NOT_EMPTY = frozenset({"bulletList", "orderedList", "listItem", "table", "tableCell", "tableHeader", "panel"})
CONTENT_REQUIRED = NOT_EMPTY | {"doc", "tableRow"}
MARKED = frozenset({"paragraph", "heading", "table", "codeBlock"})  # these may carry an empty list of marks


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_number, value))


def _between(low: float, high: float) -> Check:
    return lambda value: _number(value) and low <= value <= high


def _one_of(*words: str) -> Check:
    return lambda value: value in words


def _matching(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.search(pattern, value) is not None


CELL: dict[str, Check] = {
    "colspan": _number,
    "rowspan": _number,
    "colwidth": _numbers,
    "background": _text,
    "valign": _one_of("top", "middle", "bottom"),
}
# node or mark -> its attributes; every node but doc and text may also have a localId
ATTRIBUTES: dict[str, dict[str, Check]] = {
    "heading": {"level": _between(1, 6)},
    "orderedList": {"order": _between(0, float("inf"))},
    "hardBreak": {"text": _one_of("\n")},
    "table": {
        "displayMode": _one_of("default", "fixed"),
        "isNumberColumnEnabled": _flag,
        "layout": _one_of("wide", "full-width", "center", "align-end", "align-start", "default"),
        "width": _number,
    },
    "tableCell": CELL,
    "tableHeader": CELL,
    "status": {
        "text": _filled,
        "color": _matching(r"^(neutral|purple|blue|red|yellow|green|#[0-9a-fA-F]{6})\Z"),
        "style": _text,
    },
    "panel": {
        "panelType": _one_of("info", "note", "tip", "warning", "error", "success", "custom"),
        "panelIcon": _text,
        "panelIconId": _text,
        "panelIconText": _text,
        "panelColor": _text,
    },
    "codeBlock": {
        "language": _text,
        "uniqueId": _text,
        "wrap": _flag,
        "hideLineNumbers": _flag,
    },
    "date": {"timestamp": _filled},
    "link": {
        "href": _matching(r"^(https?://|mailto:|/|#)[^\s]*\Z"),
        "title": _text,
        "id": _text,
        "collection": _text,
        "occurrenceKey": _text,
    },
    "textColor": {"color": _matching(r"^#[0-9a-fA-F]{6}\Z")},
}
REQUIRED = {
    "heading": ("level",),
    "status": ("text", "color"),
    "panel": ("panelType",),
    "date": ("timestamp",),
    "link": ("href",),
    "textColor": ("color",),
}
MARKS = frozenset({"link", "strong", "em", "code", "textColor"})


def fault(body: Any) -> str | None:
    """What is wrong with a comment's body, None when it is accepted. Stricter than the schema on newlines and links."""
    if not isinstance(body, dict) or body.get("type") != "doc" or body.get("version") != 1:
        return "not a document"
    if isinstance(body["version"], bool) or set(body) - {"type", "version", "content"}:
        return "doc"
    return _content_fault(body, "doc")


def _node_fault(node: Any, allowed: frozenset[str]) -> str | None:
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(kind, str) or kind not in allowed:
        return f"unknown or misplaced node {kind}"
    if kind == "text":
        return _text_fault(node)
    keys = {"type", "attrs"} | ({"content"} if kind in CONTENT else set()) | ({"marks"} if kind in MARKED else set())
    if set(node) - keys or node.get("marks", []) != []:
        return f"{kind} has something that it may not have"
    return _attributes_fault(node, kind, local_id=True) or (_content_fault(node, kind) if kind in CONTENT else None)


def _content_fault(node: Mapping[str, Any], kind: str) -> str | None:
    content = node.get("content", None if kind in CONTENT_REQUIRED else [])
    if not isinstance(content, list) or (kind in NOT_EMPTY and not content):
        return f"{kind} needs content"
    for child in content:
        found = _node_fault(child, CONTENT[kind])
        if found is None and kind == "codeBlock" and child.get("marks"):
            found = "marks in a code block"
        if found is None and kind != "codeBlock" and child["type"] == "text" and "\n" in child["text"]:
            found = "newline in text"
        if found is not None:
            return found
    return None


def _text_fault(node: Mapping[str, Any]) -> str | None:
    marks = node.get("marks", [])
    if set(node) - {"type", "text", "marks"} or not _filled(node.get("text")) or not isinstance(marks, list):
        return "empty or broken text"
    for mark in marks:
        kind = mark.get("type") if isinstance(mark, dict) else None
        if not isinstance(kind, str) or kind not in MARKS or set(mark) - {"type", "attrs"}:
            return f"unknown mark {kind}"
        if kind not in ATTRIBUTES and "attrs" in mark:
            return f"{kind} has attributes"
        if found := _attributes_fault(mark, kind, local_id=False):
            return found
    kinds = {mark["type"] for mark in marks}
    return "code goes with links only" if "code" in kinds and kinds - {"code", "link"} else None


def _attributes_fault(node: Mapping[str, Any], kind: str, *, local_id: bool) -> str | None:
    known = ATTRIBUTES.get(kind, {})
    attributes = node.get("attrs", {} if kind not in REQUIRED else None)
    if not isinstance(attributes, dict) or any(name not in attributes for name in REQUIRED.get(kind, ())):
        return f"{kind} lacks attributes"
    for name, value in attributes.items():
        check = (_filled if kind == "table" else _text) if name == "localId" and local_id else known.get(name)
        if check is None or not check(value):
            return f"{kind} has a wrong {name}"
    return None


def length(body: Mapping[str, Any]) -> int:
    """How long the body is after conversion to markup, which is what the limit counts."""
    return sum(_lengths(body))


def _lengths(node: Mapping[str, Any]) -> Iterator[int]:
    kind = node["type"]
    if kind == "text":
        marks = node.get("marks", [])
        yield len(node["text"]) + sum(len(mark["attrs"]["href"]) + 3 if mark["type"] == "link" else 4 for mark in marks)
    elif kind in {"status", "date"}:
        yield sum(len(str(value)) for value in node["attrs"].values()) + 16
    elif kind in {"panel", "codeBlock"}:
        yield 24
    else:
        yield 0 if kind == "doc" else 2
    for child in node.get("content", ()):
        yield from _lengths(child)


def from_text(text: str) -> dict[str, Any]:
    """A document with a paragraph for each block of lines."""
    paragraphs = []
    for block in re.split(r"\n{2,}", text.replace("\r\n", "\n").replace("\r", "\n")):
        inline: list[dict[str, Any]] = []
        for number, line in enumerate(block.split("\n")):
            if number:
                inline.append({"type": "hardBreak"})
            if line:
                inline.append({"type": "text", "text": line})
        paragraphs.append({"type": "paragraph", "content": inline})
    return {"type": "doc", "version": 1, "content": paragraphs}


def to_text(node: Mapping[str, Any]) -> str:
    """The words of a document, one line a block."""
    match node["type"]:
        case "text":
            return str(node["text"])
        case "hardBreak":
            return "\n"
        case "status":
            return str(node["attrs"]["text"])
        case "date":
            return str(node["attrs"]["timestamp"])
        case "doc" | "listItem" | "bulletList" | "orderedList" | "panel" | "table":
            return "\n".join(to_text(child) for child in node.get("content", ()))
        case "tableRow":
            return " | ".join(to_text(child) for child in node.get("content", ()))
        case _:
            return "".join(to_text(child) for child in node.get("content", ()))
