"""Lists of words and item keys, as nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from core.document.messages import say
from core.document.nodes import Inline, Inlines, LinkTo, Text

MOST_KEYS = 3
"""Items named in one sentence; the others are counted."""


def natural(text: str) -> tuple[str | int, ...]:
    """What to sort keys and ids by, so that D9 comes before D10."""
    # Texts and numbers take turns, so that each is compared with its like.
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", text))


def joined(parts: Iterable[Inlines], language: str, between: str = "and") -> Inlines:
    """The parts with the language's comma between them, or another message."""
    nodes: list[Inline] = []
    for part in parts:
        if nodes:
            nodes.append(Text(say(between, language)))
        nodes.extend(part)
    return tuple(nodes)


def shortened(named: Sequence[Inlines], total: int, language: str) -> Inlines:
    """The first few of so many by name, the others counted."""
    rest = total - len(named)
    words = joined(named, language)
    return (*words, Text(f" {say('more', language, n=rest)}")) if rest > 0 else words


def key_link(key: str, url: str | None) -> Inline:
    """The key, leading to its item where there is an address."""
    return Text(key) if url is None else LinkTo(key, url)


def listed(keys: Sequence[tuple[str | None, str]], urls: Mapping[tuple[str, str], str], language: str) -> Inlines:
    """The items, given by source and key, each linked where its address is known, the first few by name."""
    ordered = sorted(keys, key=lambda place: (place[0] or "", natural(place[1])))
    named = [(key_link(key, urls.get((source or "", key))),) for source, key in ordered[:MOST_KEYS]]
    return shortened(named, len(keys), language)
