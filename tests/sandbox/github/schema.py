"""The GraphQL schema of the types in `schema.graphql`, with what answers each field."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    REMOVE,
    EnumValueDefinitionNode,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    Node,
    ObjectTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    parse,
    visit,
)

from tests.sandbox.clock import to_instant
from tests.sandbox.github import accounts, events, issues, pulls, repositories
from tests.sandbox.github.model import Account, Comment, Event, Item, Label, Milestone, Repository, Review

SDL = Path(__file__).with_name("schema.graphql")
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

OLD_LACKS = frozenset(
    {
        *("Issue.parent", "Issue.subIssues", "Issue.subIssuesSummary", "SubIssuesSummary"),
        *("SUB_ISSUE_ADDED_EVENT", "SUB_ISSUE_REMOVED_EVENT", "SubIssueAddedEvent", "SubIssueRemovedEvent"),
        *("PARENT_ISSUE_ADDED_EVENT", "PARENT_ISSUE_REMOVED_EVENT", "ParentIssueAddedEvent", "ParentIssueRemovedEvent"),
        *("DUPLICATE", "Issue.stateReason.enableDuplicate"),
    }
)
"""What a server that was not updated for long does not know yet."""
ROOMS = (accounts, repositories, issues, pulls, events)


@lru_cache(maxsize=8)
def schema(lacks: frozenset[str] = frozenset()) -> GraphQLSchema:
    """The schema, without what `lacks` names: values of enumerations, types, `Type.field`, `Type.field.argument`."""
    built = build_ast_schema(visit(parse(SDL.read_text(encoding="utf-8")), _Without(lacks)))
    instant = built.type_map["DateTime"]
    assert isinstance(instant, GraphQLScalarType)
    for attribute in ("serialize", "coerce_output_value"):  # one each for older and newer graphql-core
        setattr(instant, attribute, _told)
    for attribute in ("parse_value", "coerce_input_value"):
        setattr(instant, attribute, _understood)
    for type_name, resolvers in (known for room in ROOMS for known in room.RESOLVERS.items()):
        kind = built.type_map.get(type_name)
        for field, resolver in resolvers.items():
            if isinstance(kind, GraphQLObjectType) and field in kind.fields:
                kind.fields[field].resolve = resolver
    return built


class _Without(Visitor):
    """Takes out of the text what is lacking."""

    def __init__(self, lacks: frozenset[str]) -> None:
        super().__init__()
        self.lacks = lacks

    def enter(self, node: Node, key: Any, parent: Any, path: Any, ancestors: list[Any]) -> Any:
        name = getattr(getattr(node, "name", None), "value", None)
        if name is None or isinstance(node, NameNode):
            return None
        owners = [known.name.value for known in ancestors if hasattr(known, "name")]
        return REMOVE if ".".join([*owners, name]) in self.lacks or self._bare(node, name) else None

    def _bare(self, node: Node, name: str) -> bool:
        return name in self.lacks and isinstance(
            node, ObjectTypeDefinitionNode | NamedTypeNode | EnumValueDefinitionNode
        )


def resolve(source: Any, info: Any, **arguments: Any) -> Any:
    """The value of a field without a resolver of its own: a member, or an attribute of the same name."""
    if isinstance(source, dict):
        return source.get(info.field_name)
    return getattr(source, snake(info.field_name))


def type_of(thing: Any, info: Any, abstract: Any) -> str:
    """The name of a thing's type."""
    match thing:
        case Item():
            return "Issue" if thing.pull is None else "PullRequest"
        case Account() | Event():
            return thing.kind
        case Comment():
            return "IssueComment"
        case Review():
            return "PullRequestReview"
        case Repository() | Label() | Milestone():
            return type(thing).__name__
        case _:
            raise TypeError(f"{thing!r} is nothing that {abstract} can be")


@lru_cache(maxsize=512)
def snake(name: str) -> str:
    """`createdAt` as `created_at`."""
    return CAPITAL.sub("_", name).lower()


def _told(seconds: int) -> str:
    return to_instant(seconds * 1000).strftime("%Y-%m-%dT%H:%M:%SZ")


def _understood(text: Any) -> int:
    instant = datetime.fromisoformat(text)
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())
