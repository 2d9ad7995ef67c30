"""The entries of timelines: when each happened and what it is called there."""

from __future__ import annotations

import re
from functools import lru_cache

from tests.sandbox.github.model import Comment, Event, Review

CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def moment(entry: Event | Comment | Review) -> int:
    """When a timeline shows it."""
    return (entry.submitted_at or entry.created_at) if isinstance(entry, Review) else entry.created_at


def type_in_timeline(entry: Event | Comment | Review) -> str:
    """What it is called in `itemTypes`."""
    match entry:
        case Event():
            return _shouted(entry.kind)
        case Comment():
            return "ISSUE_COMMENT"
        case _:
            return "PULL_REQUEST_REVIEW"


@lru_cache(maxsize=64)
def _shouted(name: str) -> str:
    return CAPITAL.sub("_", name).upper()
