"""What moves without GitHub calling it an update, held against what was seen at the look before. Pure.

A review, or a link that is made by hand, need not move the list of updates, and nothing happens to the items of a
milestone that gets another name or day. So every open pull request and milestone is looked at now and then, and what
differs from the look before is read again. A look is older than the reading that it is kept with, never newer: what
moves between the two is read once more for nothing, and nothing is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """An open pull request: what tells that something happened to it, and the issues that it closes, of those read."""

    state: str
    closes: tuple[str, ...] = ()


class Look(msgspec.Struct, frozen=True, omit_defaults=True):
    """A repository's open pull requests by their ids, and its milestones by theirs, with name and day as one text."""

    pulls: Mapping[str, Seen] = {}
    milestones: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Moved:
    """The ids of what has to be read again: pull requests, issues, and all that is in these milestones."""

    pulls: tuple[str, ...]
    issues: tuple[str, ...]
    milestones: tuple[str, ...]


def moved(before: Look, now: Look) -> Moved:
    """What moved from one look to the next. A pull request that is open no more did, and so did what it closes."""
    pulls = [one for one in {**before.pulls, **now.pulls} if before.pulls.get(one) != now.pulls.get(one)]
    ends = [look.pulls[one].closes for one in pulls for look in (before, now) if one in look.pulls]
    return Moved(
        pulls=tuple(pulls),
        issues=tuple(dict.fromkeys(issue for closes in ends for issue in closes)),
        milestones=tuple(one for one, told in now.milestones.items() if before.milestones.get(one) != told),
    )


def after(before: Look | None, now: Look) -> Look:
    """What to keep of two looks: the later one, and milestones that it did not come to."""
    known = {} if before is None else before.milestones
    return Look(now.pulls, {**known, **now.milestones})
