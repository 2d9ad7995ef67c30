from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.document.length import HEAD_ROOM
from core.document.markdown import LIMIT, escape, render
from core.document.nodes import (
    Code,
    DateWord,
    Document,
    Emphasis,
    Heading,
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
)
from tests.document.hostile import documents, texts

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

# What GitHub looks for in the visible words.
FINDS = {
    "a mention": r"@\w",
    "an issue": r"#\d",
    "a reference by prefix": r"[A-Za-z]-\d",
    "a commit": r"[0-9a-fA-F]{7}",
    "an address": r"://|(?i:www\.)\w",
    "an emoji": r":[\w+-]+:",
}
OURS = {
    "document", "paragraph_open", "paragraph_close", "heading_open", "heading_close", "inline", "text", "softbreak",
    "hardbreak", "strong_open", "strong_close", "em_open", "em_close", "code_inline", "link_open", "link_close", "hr",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close",
    "th_open", "th_close", "td_open", "td_close",
}  # fmt: skip


def tokens(markdown: str) -> Iterator[Token]:
    def walk(found: Sequence[Token]) -> Iterator[Token]:
        for token in found:
            yield token
            yield from walk(token.children or ())

    return walk(GITHUB.parse(markdown))


def words(markdown: str) -> str:
    """What a reader sees, without the zero-width spaces."""
    return "".join(token.content for token in tokens(markdown) if token.type in {"text", "code_inline"}).replace(
        "\u200b", ""
    )


def paragraph(*inlines: str) -> Document:
    return Document((Paragraph(tuple(Text(text) for text in inlines)),))


@pytest.mark.parametrize(
    ("title", "markdown"),
    [
        ("ask @octocat of @acme/team", "ask @&#8203;octocat of @&#8203;acme/team"),
        ("see #12, GH-12 and acme/erp#3", r"see \#&#8203;12, GH-&#8203;12 and acme/erp\#&#8203;3"),
        ("Fixes #3", r"Fixes \#&#8203;3"),
        ("after ERP-7", "after ERP-&#8203;7"),
        ("https://github.com/acme/erp/issues/1", "https:&#8203;//github.com/acme/erp/issues/&#8203;1"),
        ("reverted in deadbeefcafe", "reverted in deadbe&#8203;efcafe"),
        ("<b>bold</b> & <!-- gone -->", "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;!-- gone --&gt;"),
        ("a | b", "a &#124; b"),
        ("- [x] done", r"\- \[x\] done"),
        ("1. first", r"1\. first"),
        ("# big", r"\# big"),
        ("> said", "&gt; said"),
        ("[here](javascript:alert(1))", r"\[here\](javascript:alert(1))"),
        (":tada: *now* _then_ `code` ~~no~~", r":&#8203;tada: \*now\* \_then\_ \`code\` \~\~no\~\~"),
        ("costs $5 or $6", "costs &#36;5 or &#36;6"),
        ("two\nlines", "two lines"),
        ("中文标题：完成 2026-03-01 10:30", "中文标题：完成 2026-03-01 10:30"),
    ],
)
def test_a_title_is_shown_and_does_nothing(title: str, markdown: str) -> None:
    assert render(paragraph(title)) == markdown + "\n"


def test_two_texts_do_not_meet_as_a_mention() -> None:
    assert render(paragraph("@", "octocat")) == "@&#8203;octocat\n"
    assert render(Document((Paragraph((Text("@"), LinkTo("octocat", "javascript:x"))),))) == "@&#8203;octocat\n"


def test_every_node_has_its_markdown() -> None:
    document = Document(
        (
            Heading(3, (Text("Measures"),)),
            Paragraph(
                (
                    Strong("Late:"),
                    Text(" since "),
                    DateWord(date(2026, 3, 3)),
                    LineBreak(),
                    Emphasis("very"),
                    Code("a`b"),
                )
            ),
            Table(
                ((Text("Item"),), (Text("State"),)),
                (((LinkTo("ERP-1", "https://a.example/x"),), (StatusWord("late"),)), ()),
            ),
            List(((Text("one"),), (), (Text("two"),))),
            Rule(),
        ),
        title="ERP",
    )

    assert render(document) == (
        "## ERP\n\n### Measures\n\n**Late:\u200b** since 3 March 2026\\\n*very*\u200b``a`b``\n\n"
        "| Item | State |\n| --- | --- |\n| [ERP-&#8203;1](<https://a.example/x>) | **late** |\n|  |  |\n\n"
        "* one\n* two\n\n---\n"
    )


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://acme.example/browse/ERP-1?a=1&b=2", "https://acme.example/browse/ERP-1?a=1&amp;b=2"),
        ("https://github.com/acme/erp/issues/12#c1", "https://redirect.github.com/acme/erp/issues/12#c1"),
        ("https://WWW.GitHub.com/acme/erp/pull/12", "https://redirect.github.com/acme/erp/pull/12"),
        ("https://github.com/acme/erp", "https://github.com/acme/erp"),
        ("https://ghe.acme.example/acme/erp/issues/12", None),
        ("javascript:alert(1)", None),
        ("https://u:p@acme.example/", None),
        ("https://acme.example/a b", None),
    ],
)
def test_a_link_leaves_no_reference_behind_at_its_target(address: str, href: str | None) -> None:
    linked = render(Document((Paragraph((LinkTo("there", address),)),)))

    assert linked == ("there\n" if href is None else f"[there](<{href}>)\n")


@given(documents)
@example(Document((Paragraph((Text("x #12"), Strong(" "), Text("deadbeef"))),)))  # words that meet are one
def test_no_text_becomes_markup_or_a_reference(document: Document) -> None:
    found = list(tokens(render(document)))

    assert {token.type for token in found} <= OURS
    links = [str(token.attrGet("href")) for token in found if token.type == "link_open"]
    assert all(re.match(r"https?://", link) for link in links)
    assert not [link for link in links if re.match(r"https?://(www\.)?github\.com/[^/]+/[^/]+/(issues|pull)/", link)]
    for token in found:
        if token.type == "text":
            assert not [name for name, pattern in FINDS.items() if re.search(pattern, token.content)], token.content


@given(texts)
def test_a_text_still_reads_as_it_was(text: str) -> None:
    from core.document.characters import visible

    shown = words(render(paragraph("x" + text + "x")))

    assert shown == "x" + visible(text) + "x"


@given(texts)
def test_marked_words_read_the_same_too(text: str) -> None:
    from core.document.characters import visible

    document = Document((Paragraph((Text("a"), Strong(text), Text("b"), Emphasis(text), Code(text), Text("c"))),))
    seen = visible(text).strip(" ")

    assert words(render(document)) == f"a{seen}b{seen}{seen}c"


def test_a_table_keeps_its_columns_whatever_its_cells_say() -> None:
    row: tuple[Inlines, ...] = ((Text("a|b\\|c\nd"),), (Code("x|y"),))
    document = Document((Table(((Text("h|1"),), (Text("h2"),)), (row, row)),))

    found = list(tokens(render(document)))

    assert sum(token.type == "td_open" for token in found) == 4
    assert "a|b\\|c dx|y" in words(render(document))


def test_a_long_document_is_cut_by_rows_and_says_so() -> None:
    rows = tuple(((Text(f"row {number} " + "@x" * 200),),) for number in range(400))
    document = Document((Paragraph((Text("first"),)), Table(((Text("head"),),), rows), Paragraph((Text("last"),))))

    markdown = render(document)

    assert len(markdown) <= LIMIT * HEAD_ROOM
    assert markdown.startswith("first\n\n| head |")
    assert markdown.endswith("the rest is left out. “planward status” shows all of it.\u200b*\n")
    assert "row 20 " in markdown
    assert "last" not in markdown


def test_escaping_is_the_same_on_its_own() -> None:
    assert escape("@a") == "@&#8203;a"
