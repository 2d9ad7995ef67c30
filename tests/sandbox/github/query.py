"""POST /graphql: queries run by graphql-core, with GitHub's prices, limits and errors inside HTTP 200."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Visitor,
    execute_sync,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from tests.sandbox.github.asking import Asking
from tests.sandbox.github.cost import Cost, cost_of
from tests.sandbox.github.refused import Refused
from tests.sandbox.github.schema import resolve, schema, type_of
from tests.sandbox.github.site import Call, Site, answer, error
from tests.sandbox.server import Answer

DOCS = "https://docs.github.com/graphql"
TOO_SLOW = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub "
    "bug. Please include `SANDBOX` when reporting this issue."
)

NO_SCOPE = (
    "Your token has not been granted the required scopes to execute this query. The 'combinedSlug' field requires one "
    "of the following scopes: ['read:org'], but your token has only been granted the: ['repo'] scopes."
)


def query(site: Site, call: Call) -> Answer:
    """The data, the errors, or both."""
    if call.access is None:
        return error(401, "This endpoint requires you to be authenticated.", docs=DOCS)
    body = call.request.body
    if not isinstance(body, dict):
        return error(400, "Problems parsing JSON", docs=DOCS)
    if not isinstance(body.get("query"), str):
        return error(400, "A query attribute must be specified and must be a string.", docs=DOCS)
    site.limits.pace(call.account, "graphql", 1)
    budget = site.limits.budget(call.account, "graphql")
    if budget.remaining <= 0:
        who = site.state.accounts[call.account].database_id
        message = f"API rate limit already exceeded for user ID {who}."
        said = answer({"errors": [{"type": "RATE_LIMITED", "code": "graphql_rate_limit", "message": message}]})
    else:
        said = _answered(site, call, body)
    said.headers |= site.limits.headers(call.account, "graphql")
    return said


def _answered(site: Site, call: Call, body: dict[str, Any]) -> Answer:
    built = schema(site.manners.lacks)
    document, faults = _read(built, body["query"])
    operation, given = body.get("operationName"), body.get("variables") or {}
    if document is None or faults:
        return answer({"errors": [_told(fault) for fault in faults]})
    assert call.access is not None
    if not (call.access.teams or call.access.fine_grained) and _names_teams(document):
        return answer({"errors": [{"type": "INSUFFICIENT_SCOPES", "message": NO_SCOPE}]})
    variables, faults = _variables(built, document, operation, given)
    if faults:
        return answer({"errors": [_told(fault) for fault in faults]})
    try:
        cost = cost_of(built, document, operation, variables)
    except Refused as refused:
        site.limits.spend(call.account, "graphql", 1)
        return answer({"data": None, "errors": [{"type": refused.type, "path": ["query"], "message": str(refused)}]})
    site.limits.spend(call.account, "graphql", cost.points)
    ceiling = site.manners.page_ceiling
    if ceiling is not None and cost.widest > ceiling:
        # What takes too long is paid for a second time.
        site.limits.spend(call.account, "graphql", cost.points)
        return answer({"data": None, "errors": [{"message": TOO_SLOW}]}, site.manners.ceiling_status)
    return _executed(site, call, built, document, operation, given, cost)


def _executed(
    site: Site,
    call: Call,
    built: GraphQLSchema,
    document: DocumentNode,
    operation: str | None,
    given: dict[str, Any],
    cost: Cost,
) -> Answer:
    assert call.access is not None
    asking = Asking(
        state=site.state,
        access=call.access,
        url=site.url,
        cost=cost,
        budget=site.limits.budget(call.account, "graphql"),
        resources=site.manners.resources,
        duplicates_told=site.manners.duplicates_told,
    )
    done = execute_sync(
        built,
        document,
        context_value=asking,
        variable_values=given,
        operation_name=operation,
        field_resolver=resolve,
        type_resolver=type_of,
    )
    said: dict[str, Any] = {"data": done.data}
    if done.errors:
        said["errors"] = [_told(fault) for fault in done.errors]
    return answer(said)


@lru_cache(maxsize=256)
def _read(built: GraphQLSchema, text: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    try:
        document = parse(text)
    except GraphQLError as fault:
        return None, [fault]
    return document, validate(built, document)


@lru_cache(maxsize=256)
def _names_teams(document: DocumentNode) -> bool:
    """Whether anything is asked of teams, whether there are any or not."""
    found = []

    class Asked(Visitor):
        def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
            if node.type_condition is not None and node.type_condition.name.value == "Team":
                found.append(node)

    visit(document, Asked())
    return bool(found)


def _variables(
    built: GraphQLSchema, document: DocumentNode, operation: str | None, given: dict[str, Any]
) -> tuple[Any, list[GraphQLError]]:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    named = [d for d in operations if operation is None or (d.name is not None and d.name.value == operation)]
    if len(named) != 1:
        return {}, [GraphQLError("An operation name is required" if operations else "No query document present")]
    found = get_variable_values(built, named[0].variable_definitions or (), given)
    return ({}, found) if isinstance(found, list) else (found, [])


def _told(fault: GraphQLError) -> dict[str, Any]:
    """An error as GitHub shows it: with a type where the cause has one. Raises what is a bug of the sandbox."""
    cause = fault.original_error
    if cause is not None and not isinstance(cause, Refused | GraphQLError):
        raise cause
    said: dict[str, Any] = {"type": cause.type} if isinstance(cause, Refused) else {}
    if fault.path is not None:
        said["path"] = fault.path
    if cause is None:
        said["extensions"] = {"code": "invalidQuery"}
    if fault.locations:
        said["locations"] = [{"line": place.line, "column": place.column} for place in fault.locations]
    return said | {"message": fault.message}
