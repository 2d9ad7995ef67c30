from __future__ import annotations

from datetime import date

from hypothesis import given

from core.document.digest import digest_of
from core.document.nodes import DateWord, Document, Paragraph, Strong, Text
from tests.document.hostile import documents


def test_a_digest_is_the_same_in_every_run() -> None:
    document = Document((Paragraph((Text("Due "), DateWord(date(2026, 3, 3)))),), title="ERP")

    assert digest_of(document) == "b2e4b47ddac4f51a6ec6c0d30527aa25bf359d4a7292dd27cde8ba8e78589259"


def test_what_is_said_and_how_changes_the_digest() -> None:
    said = [
        Document((Paragraph((Text("a"),)),)),
        Document((Paragraph((Strong("a"),)),)),
        Document((Paragraph((Text("a"), Text(""))),)),
        Document((Paragraph((Text("a"),)),), language="zh-CN"),
        Document((), title="a"),
    ]

    assert len({digest_of(document) for document in said}) == len(said)


@given(documents)
def test_any_document_has_a_digest(document: Document) -> None:
    assert len(digest_of(document)) == 64
