from __future__ import annotations

import unicodedata
from datetime import date

from hypothesis import given

from core.document.nodes import DateWord, Document, Heading, LineBreak, LinkTo, List, Paragraph, Rule, Table, Text
from core.document.text import render
from tests.document.hostile import documents


def test_a_document_reads_well_in_a_terminal() -> None:
    document = Document(
        (
            Paragraph((Text("Due "), DateWord(date(2026, 3, 3)), LineBreak(), Text("soon"))),
            Heading(3, (Text("里程碑"),)),
            Table(((Text("Name"),), (Text("State"),)), (((Text("上线"),), (Text("open"),)), ((Text("Go-live"),),))),
            List(((Text("one"),), (LinkTo("ERP-1", "https://acme.example/ERP-1"),))),
            Rule(),
        ),
        title="ERP",
    )

    assert render(document).splitlines() == [
        "ERP", "===", "",
        "Due 3 March 2026", "soon", "",
        "里程碑", "------", "",
        "Name     State", "-------  -----", "上线     open", "Go-live", "",
        "- one", "- ERP-1", "",
        "-" * 40,
    ]  # fmt: skip
    assert "ERP-1 <https://acme.example/ERP-1>" in render(document, links=True)


def test_a_title_cannot_speak_to_the_terminal() -> None:
    document = Document((Paragraph((Text("a\x1b[31mred\x1b]0;title\x07\nb\u202ec\x9b1m"),)),))

    assert render(document) == "ared bc1m\n"


@given(documents)
def test_only_printable_characters_and_newlines_come_out(document: Document) -> None:
    text = render(document, links=True)

    assert not [
        character for character in text if unicodedata.category(character) in {"Cc", "Cs"} and character != "\n"
    ]
