from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft4Validator

from core.document.adf import LIMIT, render
from core.document.length import HEAD_ROOM
from core.document.nodes import (
    Code,
    DateWord,
    Document,
    Heading,
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
from tests.document.hostile import documents

MARKER = "0123456789abcdefghjkmnpqrs"
URL = "https://acme.example/browse/ERP-1"


@cache
@cache
def schema(folder: Path) -> Draft4Validator:
    return Draft4Validator(json.loads((folder / "specs/jira/adf-schema-57.7.22.json").read_text(encoding="utf-8")))


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("content", ()):
        yield from nodes(child)


def text(value: str, *marks: dict[str, object]) -> dict[str, object]:
    return {"type": "text", "text": value, "marks": list(marks)} if marks else {"type": "text", "text": value}


def test_every_node_has_its_form() -> None:
    document = Document(
        (
            Heading(3, (Text("Measures"),)),
            Paragraph(
                (Strong("Late"), LineBreak(), DateWord(date(2026, 3, 3)), Code("x"), StatusWord("late", Tone.BAD))
            ),
            Table(((Text("Item"),), (Text("State"),)), (((LinkTo("ERP-1", URL),),),)),
            List(((Text("one"),), (Text(""),))),
            Rule(),
            Paragraph(()),
        ),
        title="ERP",
    )

    cell = {"type": "tableCell", "content": [{"type": "paragraph", "content": []}]}
    assert render(document) == {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [text("ERP")]},
            {"type": "heading", "attrs": {"level": 3}, "content": [text("Measures")]},
            {
                "type": "paragraph",
                "content": [
                    text("Late", {"type": "strong"}),
                    {"type": "hardBreak"},
                    {"type": "date", "attrs": {"timestamp": "1772496000000"}},
                    text("x", {"type": "code"}),
                    {"type": "status", "attrs": {"text": "late", "color": "red"}},
                ],
            },
            {
                "type": "table",
                "attrs": {"isNumberColumnEnabled": False, "layout": "default"},
                "content": [
                    {
                        "type": "tableRow",
                        "content": [
                            {"type": "tableHeader", "content": [{"type": "paragraph", "content": [text(word)]}]}
                            for word in ("Item", "State")
                        ],
                    },
                    {
                        "type": "tableRow",
                        "content": [
                            {
                                "type": "tableCell",
                                "content": [
                                    {
                                        "type": "paragraph",
                                        "content": [text("ERP-1", {"type": "link", "attrs": {"href": URL}})],
                                    }
                                ],
                            },
                            cell,
                        ],
                    },
                ],
            },
            {
                "type": "bulletList",
                "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [text("one")]}]}],
            },
            {"type": "rule"},
        ],
    }


def test_the_marker_is_a_link_to_the_item_in_the_last_paragraph() -> None:
    body = render(Document((Paragraph((Text("x"),)),)), marker=MARKER, url=URL + "#old")

    content: Any = body["content"]
    assert content[-1] == {
        "type": "paragraph",
        "content": [text("Planward", {"type": "link", "attrs": {"href": f"{URL}#planward-{MARKER}"}})],
    }


def test_a_marker_without_an_address_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="web address"):
        render(Document(()), marker=MARKER, url="ERP-1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=documents)
def test_whatever_the_texts_the_body_is_valid(test_data: Path, document: Document) -> None:
    body = render(document, marker=MARKER, url=URL)

    assert not [error.message for error in schema(test_data).iter_errors(body)]


@given(documents)
def test_no_text_is_empty_broken_or_able_to_act(document: Document) -> None:
    body = render(document)

    json.dumps(body).encode()
    json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate would not be sent
    for node in nodes(body):
        assert node["type"] not in {"mention", "inlineCard", "emoji", "extension"}
        shown = node.get("text", "x") if node["type"] == "text" else node.get("attrs", {}).get("text", "x")
        assert shown
        assert not set(shown) & set("\n\r\x00\x1b\u202e\u2066\u200b\u2028")
        for mark in node.get("marks", ()):
            assert mark.get("attrs", {}).get("href", "https://").lower().startswith(("https://", "http://"))


def test_a_long_document_is_cut_by_nodes_and_says_so() -> None:
    items = tuple((Text(f"finding {number} " + "中" * 100),) for number in range(1000))
    document = Document((Heading(3, (Text("Findings"),)), List(items)), title="ERP", language="zh-CN")

    body = render(document, marker=MARKER, url=URL)

    content: Any = body["content"]
    assert len(json.dumps(body, ensure_ascii=False, separators=(",", ":"))) <= LIMIT * HEAD_ROOM
    assert [node["type"] for node in content] == ["heading", "heading", "bulletList", "paragraph", "paragraph"]
    assert "其余部分已省略" in content[-2]["content"][0]["text"]
    assert len(content[2]["content"]) > 50


def test_a_heading_is_not_left_alone_by_a_cut() -> None:
    long = Paragraph(tuple(Text("x" * 2000) for _ in range(20)))
    document = Document((Paragraph((Text("kept"),)), Heading(3, (Text("promise"),)), long))

    content: Any = render(document)["content"]

    assert [node["type"] for node in content] == ["paragraph", "paragraph"]
