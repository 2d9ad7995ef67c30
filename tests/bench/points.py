"""How the points that GitHub charged divide over what was asked for: by kind of item, and by nested list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import REMOVE, DocumentNode, FieldNode, OperationDefinitionNode, Visitor, parse, visit
from graphql.execution.values import get_variable_values

from tests.sandbox.github.cost import cost_of
from tests.sandbox.github.schema import schema

OUTER = {"issues": "Issue", "pullRequests": "PullRequest"}
FOUR = frozenset({"labels", "assignees", "timelineItems", "comments"})
"""The nested lists that the goal counts together."""


@dataclass(slots=True)
class Spent:
    """Points in `total`; those of pages of items `by_kind`, with how many `requests`; the others `apart`.

    `further` is what each nested list beyond FOUR adds, by kind of item and name.
    """

    total: int = 0
    apart: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    further: Counter[tuple[str, str]] = field(default_factory=Counter)


def spent(requests: Iterable[dict[str, Any]]) -> Spent:
    """What the logged requests of a stand-in were charged."""
    found = Spent()
    for request in requests:
        if not request["path"].endswith("/graphql"):
            continue
        document, variables = parse(request["body"]["query"]), request["body"]["variables"]
        points = _points(document, variables)
        found.total += points
        outer = list(_outer(document))
        if not outer:
            found.apart += points
            continue
        (kind,) = outer  # a whole repository is read one list at a time
        found.by_kind[kind] += points
        found.requests[kind] += 1
        for name in _nested(document) - FOUR:
            without = visit(document, _Without(name))
            found.further[kind, name] += points - _points(without, variables)
    return found


def _points(document: DocumentNode, variables: dict[str, Any]) -> int:
    given = get_variable_values(schema(), _operation(document).variable_definitions or (), variables)
    return cost_of(schema(), document, None, given).points


def _outer(document: DocumentNode) -> Iterator[str]:
    """The kinds of item that a document lists a page of, whole."""
    if _operation(document).name.value == "Listing":
        yield from (OUTER[node.name.value] for node in _fields(document) if node.name.value in OUTER)


def _operation(document: DocumentNode) -> Any:
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def _nested(document: DocumentNode) -> set[str]:
    """The lists within the items."""
    pages = [node for node in _fields(document) if any(inner.name.value == "pageInfo" for inner in _inside(node))]
    return {node.name.value for node in pages} - set(OUTER)


def _inside(node: FieldNode) -> Iterator[FieldNode]:
    for selection in node.selection_set.selections if node.selection_set else ():
        if isinstance(selection, FieldNode):
            yield selection


def _fields(document: DocumentNode) -> list[FieldNode]:
    found: list[FieldNode] = []

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            found.append(node)

    visit(document, Collect())
    return found


class _Without(Visitor):
    """Takes a field out of a document."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        return REMOVE if node.name.value == self.name else None
