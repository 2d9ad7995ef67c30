"""Texts that somebody would put into a title to make our comment do something, and documents full of them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from core.document.nodes import (
    Block,
    Code,
    DateWord,
    Document,
    Emphasis,
    Heading,
    Inline,
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

TOKENS = (
    "@octocat", "@acme/team", "a@b.co", "#12", "GH-1", "acme/erp#1", "ERP-12", "fixes #3", "Closes GH-7",
    "resolves acme/erp#9", "https://github.com/acme/erp/issues/1", "http://evil.example/x", "www.evil.example",
    "deadbeef", "0123456789abcdef" * 2, "acme/erp@deadbeefcafe", "<b>x</b>", "<!-- x -->", "<img src=x>",
    "<details>", "&lt;", "&amp;", "&#64;all", "|", "\\|", "\\", "\n", "\r\n", "\t", "- x", "+ x", "* x", "# x",
    "> x", "1. x", "12) x", "---", "===", ":--", "[x] y", "- [ ] y", "[a](http://e.example)",
    "![a](http://e.example/i.png)", "[^1]", "[!NOTE]", "`", "```", "``` mermaid", "~~~", "~~x~~", "**", "*",
    "_x_", "__", ":smile:", ":+1:", "$x$", "$$", "javascript:alert(1)", "\x1b[31m", "\x1b]0;t\x07", "\x00",
    "\x07", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800", "\U000e0041", "中文：", "完成", "é", "🇨🇳",
    "{code}", "[~accountid:1]", "h1. x", " ", "    ", "a", "b1", "7",
)  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=4)), max_size=6).map("".join)
addresses = st.one_of(
    st.sampled_from(
        (
            "https://acme.example/browse/ERP-1",
            "https://github.com/acme/erp/issues/12?a=1&copy=2#c",
            "https://ghe.example/acme/erp/pull/3",
            "http://127.0.0.1:8080/x(y)_z*",
            "https://acme.example/$x$/`y`/|/<z>",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "https://user:pass@evil.example/",
            "https://",
            "//evil.example",
            "/relative",
            "",
        )
    ),
    texts,
    texts.map(lambda text: f"https://acme.example/{text}"),
)

inlines: st.SearchStrategy[tuple[Inline, ...]] = st.lists(
    st.one_of(
        texts.map(Text),
        texts.map(Strong),
        texts.map(Emphasis),
        texts.map(Code),
        st.builds(LinkTo, texts, addresses),
        st.builds(StatusWord, texts, st.sampled_from(Tone)),
        st.dates(date(1970, 1, 1), date(2200, 1, 1)).map(DateWord),
        st.just(LineBreak()),
    ),
    max_size=5,
).map(tuple)

_rows = st.lists(inlines, max_size=3).map(tuple)
blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, st.integers(1, 6), inlines),
    inlines.map(Paragraph),
    st.builds(Table, _rows, st.lists(_rows, max_size=3).map(tuple)),
    _rows.map(List),
    st.just(Rule()),
)
documents = st.builds(
    Document,
    st.lists(blocks, max_size=5).map(tuple),
    title=st.one_of(st.none(), texts),
    language=st.sampled_from(("en", "zh-CN")),
)
