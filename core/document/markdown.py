"""The document in GitHub Markdown, for comments and dashboard issues on GitHub.

GitHub acts on a text twice: first as Markdown with HTML, then it looks through the visible words for mentions, issue
numbers, commit ids, addresses and emoji names, and each find notifies somebody or leaves a public link behind. So a
foreign text is escaped for the first and broken with a zero-width space (`&#8203;`) for the second; it reads the same.
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from core.document.characters import visible, web_address
from core.document.length import HEAD_ROOM, fit
from core.document.messages import date_text
from core.document.nodes import (
    TITLE_LEVEL,
    Block,
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

LIMIT = 65_536
"""Characters that GitHub takes in a comment."""

_BREAK = "\u200b"  # stripped from every foreign text by `visible`, so each one left is ours
_LINE_BREAK = "\n"
_Marked: TypeAlias = Text | Strong | Emphasis | Code | LinkTo | StatusWord | LineBreak

_ACTS_ON_WORDS = re.compile(
    r"(?<=@)(?=\S)"  # mentions, e-mail addresses
    r"|(?<=#)(?=\d)"  # issue numbers, owner/repo#1
    r"|(?<=[^\W\d_][-_+=:/])(?=\d)"  # GH-1 and the custom references of a repository: ERP-12
    r"|(?<=:)(?=//)|(?<=[wW]{3}\.)"  # addresses
    r"|(?<=:)(?=[\w+-]+:)"  # emoji names
)
_COMMIT_ID = re.compile(r"[0-9a-fA-F]{6}(?=[0-9a-fA-F])")
_MARKUP = re.compile(r"[\\`*_\[\]~#]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;", _BREAK: "&#8203;"}
_LEADING = re.compile(r"^(?:[-+=]|:-|\d+[.)])")
_REFERENCE = re.compile(
    r"https?://(?P<host>[^/?#]+)(?P<rest>/[^/?#]+/[^/?#]+/(?:issues|pull|pulls|discussions|commit|compare)/.+)",
    re.IGNORECASE,
)


def render(document: Document) -> str:
    """The Markdown text, ending in a newline, within 90 % of GitHub's limit; a longer one loses its end and says so."""
    return _whole(fit(document, int(LIMIT * HEAD_ROOM), lambda part: len(_whole(part))))


def _whole(document: Document) -> str:
    blocks = document.blocks
    if document.title is not None:
        blocks = (Heading(TITLE_LEVEL, (Text(document.title),)), *blocks)
    parts: list[str] = []
    bullet = "-"
    for block in blocks:
        if isinstance(block, List):
            bullet = "*" if bullet == "-" else "-"  # two lists in a row with the same bullet would be one
        text = _block(block, document.language, bullet)
        if text:
            parts.append(text)
    return "\n\n".join(parts) + "\n"


def _block(block: Block, language: str, bullet: str) -> str:
    match block:
        case Heading():
            words = _words(block.inlines, language).replace(_LINE_BREAK, " ")
            return f"{'#' * min(max(block.level, 1), 6)} {words}" if words else ""
        case Paragraph():
            return _lines(_words(block.inlines, language), "")
        case List():
            items = (_words(item, language) for item in block.items)
            return "\n".join(f"{bullet} {_lines(words, '  ')}" for words in items if words)
        case Table():
            return _table(block, language)
        case Rule():
            return "---"


def _table(table: Table, language: str) -> str:
    if not table.header:
        return ""
    rows = [
        [_words(cell, language, in_table=True).replace(_LINE_BREAK, " ") for cell in row]
        for row in (table.header, *table.whole_rows())
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(table.header), *lines[1:]])


def _lines(words: str, indent: str) -> str:
    """The lines with what would start a list, a heading or a table at their beginning escaped."""
    lines = [_LEADING.sub(_escaped_end, line.strip()) for line in words.split(_LINE_BREAK)]
    return f"\\\n{indent}".join(line or "&#8203;" for line in lines) if any(lines) else ""


def _escaped_end(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}\\{match[0][-1]}"


def _words(inlines: Inlines, language: str, *, in_table: bool = False) -> str:
    text = ""
    for inline in _joined(inlines, language, in_table):
        part = _inline(inline)
        if part and text and text[-1] in "*`" and part[0] in "*`":
            text += _BREAK  # touching delimiters would be read as one longer one
        text += part
    return text.strip(" ")


def _joined(inlines: Inlines, language: str, in_table: bool) -> Iterator[_Marked]:
    """The same words with neighbouring plain texts in one: "@" and "name" apart would pass, and meet on the page."""
    pending = ""
    for inline in inlines:
        match inline:
            case DateWord():
                pending += date_text(inline.on, language)
            case Text():
                pending += visible(inline.text)
            case LinkTo() if _quiet_address(inline.href) is None:
                pending += visible(inline.text)
            case Code() if in_table and "|" in inline.text:  # a bar would end the cell even between backticks
                pending += visible(inline.text)
            case _:
                if not isinstance(inline, LineBreak) and not visible(inline.text).strip(" "):
                    continue  # it leaves nothing on the page, so the words around it meet
                yield Text(pending)
                pending = ""
                yield inline
    yield Text(pending)


def _inline(inline: _Marked) -> str:
    match inline:
        case LineBreak():
            return _LINE_BREAK
        case Strong() | StatusWord():
            return _delimited("**", inline.text)
        case Emphasis():
            return _delimited("*", inline.text)
        case Code():
            return _code(inline.text)
        case LinkTo():
            words = escape(inline.text).strip(" ")
            return f"[{words}](<{_quiet_address(inline.href)}>)" if words else ""
        case Text():
            return escape(inline.text)


def _delimited(mark: str, text: str) -> str:
    """The words between marks. Next to punctuation a mark gets a neighbour that is none, else it counts as a star."""
    words = visible(text).strip(" ")
    if not words:
        return ""
    before = "" if words[0].isalnum() else _BREAK
    after = "" if words[-1].isalnum() else _BREAK
    return f"{mark}{before}{escape(words)}{after}{mark}"


def _code(text: str) -> str:
    """The characters between backticks, more of them than in any run inside."""
    words = visible(text).strip(" ")
    if not words:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    pad = " " if words[0] == "`" or words[-1] == "`" else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def escape(text: str) -> str:
    """The text so that GitHub shows it and does nothing else with it, on one line."""
    broken = _COMMIT_ID.sub(rf"\g<0>{_BREAK}", _ACTS_ON_WORDS.sub(_BREAK, visible(text)))
    quoted = _MARKUP.sub(lambda match: "\\" + match[0], broken)
    return "".join(_ENTITIES.get(character, character) for character in quoted)


def _quiet_address(href: str) -> str | None:
    """The address of a link that leaves no cross-reference behind, or None where there is no such.

    A link to an issue, pull request or commit makes GitHub write "mentioned this" there for all to see. Its own
    redirect host does not; another server with such paths (GitHub Enterprise) has none, so the link is dropped.
    """
    address = web_address(href)
    if address is None:
        return None
    reference = _REFERENCE.fullmatch(address)
    if reference is not None:
        if reference["host"].lower() not in ("github.com", "www.github.com"):
            return None
        address = f"https://redirect.github.com{reference['rest']}"
    return address.replace("&", "&amp;")
