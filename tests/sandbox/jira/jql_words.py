"""The words of Jira's query language."""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator>>=|<=|!=|!~|[=><~])
    | (?P<mark>[(),])
    | (?P<and>&&?)|(?P<or>\|\|?)|(?P<bang>!)
    | (?P<word>[^\s"'=!<>~(),&|]+)
    )""",
    re.VERBOSE,
)


class JqlFault(Exception):
    """The query is refused; the text is what Jira's `errorMessages` say."""


class Word(NamedTuple):
    """One piece of a query."""

    kind: str
    text: str

    @property
    def plain(self) -> str:
        return self.text.casefold() if self.kind == "word" else ""


def split(text: str) -> list[Word]:
    words, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise JqlFault(f"Error in the JQL Query: The character '{text[position]}' is a reserved JQL character.")
        kind, piece = str(match.lastgroup), match.group().strip()
        if kind == "quoted":
            piece = re.sub(r"\\(.)", r"\1", piece[1:-1])
        words.append(Word(kind, piece))
        position = match.end()
    return words
