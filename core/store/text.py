"""Text from outside, made fit to be stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

# PostgreSQL refuses NUL, both engines refuse halves of surrogate pairs, and JSON escapes of trackers can hold either.
UNFIT = re.compile("[\x00\ud800-\udfff]")
NUL_IN_JSON = re.compile(rb"\\u0000")  # half the time that `in` takes for so long a text
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(value: T) -> T:
    """The value with every character that a database refuses replaced by U+FFFD, all the way down.

    Values, tuples, lists and mappings are walked. What is clean already, which is nearly everything, is given back as
    it is after one pass at the speed of a JSON encoder.
    """
    try:
        if not NUL_IN_JSON.search(msgspec.json.encode(value)):
            return value
    except UnicodeEncodeError:
        pass
    cleaned: T = _walk(value)
    return cleaned


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return UNFIT.sub(REPLACEMENT, value) if UNFIT.search(value) else value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{entry.name: _walk(getattr(value, entry.name)) for entry in fields(value)})
    if isinstance(value, Mapping):
        return {_walk(key): _walk(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_walk(entry) for entry in value)
    return value
