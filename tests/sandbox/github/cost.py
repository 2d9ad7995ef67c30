"""What a query costs, from its text and variables alone, as GitHub documents it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.values import get_argument_values

from tests.sandbox.github.refused import Refused

MOST_NODES = 500_000
LONGEST_PAGE = 100


@dataclass(slots=True)
class Cost:
    """`requests` is how often connections are asked, `nodes` how many things may come; `widest` is the largest page
    that is not inside another."""

    requests: int = 0
    nodes: int = 0
    widest: int = 0

    @property
    def points(self) -> int:
        """Requests by hundreds, to the nearest whole number, at least 1."""
        return max(1, (self.requests + 50) // 100)


@dataclass(slots=True)
class _Count:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Any
    cost: Cost = field(default_factory=Cost)

    def walk(self, selections: SelectionSetNode | None, parent: Any, times: int, *, inside: bool = False) -> None:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                self._field(selection, parent, times, inside=inside)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else parent
                self.walk(selection.selection_set, inner, times, inside=inside)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                inner = self.schema.get_type(fragment.type_condition.name.value)
                self.walk(fragment.selection_set, inner, times, inside=inside)

    def _field(self, node: FieldNode, parent: Any, times: int, *, inside: bool) -> None:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        definition = parent.fields[name]
        kind = get_named_type(definition.type)
        if kind.name.endswith("Connection"):
            arguments = get_argument_values(definition, node, self.variables)
            size = _size(name, arguments)
            self.cost.requests += times
            self.cost.nodes += times * size
            if not inside:
                self.cost.widest = max(self.cost.widest, size)
            times, inside = times * size, True
        elif name == "nodes" and parent is self.schema.query_type:
            ids = get_argument_values(definition, node, self.variables)["ids"]
            if len(ids) > LONGEST_PAGE:
                raise Refused("ARGUMENT_LIMIT", f"You may not provide more than 100 node ids; you provided {len(ids)}.")
            self.cost.nodes += len(ids)
            self.cost.widest = max(self.cost.widest, len(ids))
            times, inside = times * max(1, len(ids)), True
        self.walk(node.selection_set, kind, times, inside=inside)


def cost_of(schema: GraphQLSchema, document: DocumentNode, operation: str | None, variables: Any) -> Cost:
    """The cost of a valid query. Raises Refused when a page has no size or a bad one, or too much may come."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    chosen = next(d for d in operations if operation is None or (d.name is not None and d.name.value == operation))
    count = _Count(schema, fragments, variables)
    count.walk(chosen.selection_set, schema.query_type, 1)
    if count.cost.nodes > MOST_NODES:
        said = f"This query requests up to {count.cost.nodes:,} possible nodes"
        raise Refused("MAX_NODE_LIMIT_EXCEEDED", f"{said} which exceeds the maximum limit of 500,000.")
    return count.cost


def _size(name: str, arguments: dict[str, Any]) -> int:
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise Refused(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
    for word, size in (("first", first), ("last", last)):
        if size is not None and size > LONGEST_PAGE:
            said = f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
            raise Refused("EXCESSIVE_PAGINATION", said)
        if size is not None and size < 0:
            raise Refused("INVALID_PAGINATION", f"`{word}` on the `{name}` connection cannot be less than zero.")
    return int(min(size for size in (first, last) if size is not None))
