"""The order in which a query's issues come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.sandbox.jira.model import Issue

SORTABLE = frozenset(
    {
        "created",
        "updated",
        "resolved",
        "category_changed",
        "key",
        "id",
        "project",
        "status",
        "priority",
        "summary",
        "type",
    }
)
MOST_SORTS = 7


class Sort(NamedTuple):
    """One part of the order."""

    field: str
    descending: bool


def place(issue: Issue, order: Sequence[Sort]) -> tuple[Any, ...]:
    """What orders the issue among others; the id breaks ties, so that no two are equal."""
    ranks = [_rank(value, sort.descending) for sort in order for value in sort_values(issue, sort.field)]
    return (*ranks, int(issue.id))


def sort_values(issue: Issue, field: str) -> tuple[int | str | None, ...]:
    """What a field is ordered by; keys by project first, then by number."""
    match field:
        case "key":
            prefix, _, number = issue.key.rpartition("-")
            return (prefix, int(number))
        case "id":
            return (int(issue.id),)
        case "project":
            return (issue.key.rpartition("-")[0],)
        case "status":
            return (int(issue.status_id),)
        case "priority":
            return (None if issue.priority_id is None else int(issue.priority_id),)
        case "type":
            return (int(issue.type_id),)
        case _:
            return (getattr(issue, field),)


class _Down:
    """A text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Down) -> bool:
        return self.text > other.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _rank(value: int | str | None, descending: bool) -> tuple[int, Any]:
    if value is None:
        return (1, 0) if descending else (-1, 0)
    if not descending:
        return (0, value)
    return (0, _Down(value) if isinstance(value, str) else -value)
