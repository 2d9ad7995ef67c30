"""Pages of a connection: cursors that stand for a place in an order, not for a count."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.sandbox.github.refused import Refused

Key = tuple[Any, ...]


class Entry(NamedTuple):
    """A thing in a connection with its place in the order."""

    key: Key
    node: Any


class Page(NamedTuple):
    """What a connection shows: its entries, how many there are in all, and whether there is more on each side."""

    entries: list[Entry]
    total: int
    before: bool
    after: bool


def page(
    entries: Iterable[Entry],
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    descending: bool = False,
) -> Page:
    """The page that was asked for. A thing that moved in the order is found at its new place.

    Raises Refused for a cursor that is none.
    """
    everything = sorted(entries, key=lambda entry: entry.key, reverse=descending)
    start, stop = 0, len(everything)
    if after is not None:
        start = _place(everything, _key(after), descending, behind=True)
    if before is not None:
        stop = _place(everything, _key(before), descending, behind=False)
    lower, upper = start, stop
    if first is not None:
        upper = min(upper, lower + first)
    if last is not None:
        lower = max(lower, upper - last)
    return Page(everything[lower:upper], len(everything), lower > 0, upper < len(everything))


def cursor(key: Key) -> str:
    """The cursor of a place."""
    return base64.b64encode(b"cursor:v2:" + json.dumps(key).encode()).decode()


def _key(text: str) -> Key:
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        decoded = b""
    if not decoded.startswith(b"cursor:v2:"):
        raise Refused("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.")
    return tuple(json.loads(decoded.removeprefix(b"cursor:v2:")))


def _place(entries: list[Entry], key: Key, descending: bool, *, behind: bool) -> int:
    """How many entries lie before a place, with `behind` the one at the place itself too."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        found = entries[middle].key
        earlier = found > key if descending else found < key
        if earlier or (behind and found == key):
            low = middle + 1
        else:
            high = middle
    return low
