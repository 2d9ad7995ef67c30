"""Everything that we send, held against GitHub's own descriptions of its two interfaces."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode
from jsonschema import Draft4Validator

from connectors.github import queries
from connectors.github.queries import Documents
from tests.connectors.contract import Mirror
from tests.connectors.github_site import REPOSITORY, grow, new_dashboard, new_source, new_target
from tests.connectors.test_github_target import MARKER
from tests.sandbox.github import GithubSandbox
from tests.sandbox.server import Logged

SCHEMA = "specs/github/github-graphql-schema-15.26.1.graphql"
DESCRIPTION = "specs/github/github-rest-23.0.2.openapi.json.gz"
NESTED = ["labels", "assignees", "comments", "timelineItems"]


@lru_cache(maxsize=1)
def official(path: Path) -> GraphQLSchema:
    # Some of its deprecated fields break the rules of the language, which is nothing to us.
    return build_schema(path.read_text(encoding="utf-8"), assume_valid=True)


@pytest.fixture(scope="module")
def schema(test_data: Path) -> GraphQLSchema:
    return official(test_data / SCHEMA)


class Description:
    """An OpenAPI description, asked whether a request fits."""

    def __init__(self, path: Path) -> None:
        self._spec = json.loads(gzip.decompress(path.read_bytes()))
        self._paths = [
            (re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))), template, operations)
            for template, operations in self._spec["paths"].items()
        ]

    def problems(self, request: Logged) -> Iterator[str]:
        """What the description does not allow, nothing where the request fits."""
        operation = self._operation(request)
        if operation is None:
            yield "no such operation"
            return
        if operation.get("deprecated"):
            yield "deprecated"
        parameters = [self._resolved(parameter) for parameter in operation.get("parameters", ())]
        known = {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}
        for name, values in request.query.items():
            if name not in known:
                yield f"unknown parameter {name}"
            elif not all(_fits(value, known[name]) for value in values):
                yield f"{name} cannot be {values}"
        body = operation.get("requestBody")
        if body is None or request.body is None:
            if request.body is not None or (body is not None and body.get("required")):
                yield "a body where there is none, or none where there is one"
            return
        content = body["content"]["application/json"]["schema"]
        yield from (error.message for error in Draft4Validator(self._resolved(content)).iter_errors(request.body))
        yield from (f"unknown field {name}" for name in request.body if name not in content["properties"])

    def _operation(self, request: Logged) -> dict[str, Any] | None:
        fitting = [(t, o) for pattern, t, o in self._paths if pattern.fullmatch(request.path)]
        fitting.sort(key=lambda row: row[0].count("{"))
        return next((o[request.method.lower()] for _, o in fitting if request.method.lower() in o), None)

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        found: Any = self._spec
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        assert isinstance(found, dict)
        return found


def _fits(value: str, schema: dict[str, Any]) -> bool:
    match schema.get("type"):
        case "integer":
            return re.fullmatch(r"-?\d+", value) is not None
        case "boolean":
            return value in ("true", "false")
        case _:
            return value in schema["enum"] if "enum" in schema else True


@pytest.fixture(scope="module")
def description(test_data: Path) -> Description:
    return Description(test_data / DESCRIPTION)


def exercise(github: GithubSandbox) -> list[Logged]:
    """Every request that we can send, at least once each."""
    state = github.state
    keys = grow(state, 30)
    for key in (keys[0], keys[2]):
        for number in range(60):
            moment = state.clock.advance(timedelta(minutes=1))
            state.comment(key, "bo", f"Comment {number}", at=moment)
            state.label(key, f"label {number}", "bo", at=moment)
    issue = state.open_issue(REPOSITORY, "Linked", author="ana")
    pull = state.open_pull_request(REPOSITORY, "Link", author="ana", body=f"Fixes #{issue.partition('#')[2]}")
    state.clock.advance(timedelta(hours=1))
    github.manners.page_ceiling = 25
    mirror, source = Mirror(), new_source(github)
    target, board = new_target(github), new_dashboard(github)
    source.identify()
    mirror.pull(source)
    state.close(pull, "ana")
    mirror.pull(source)
    mirror.pull(source, wide=True, again=[state.item(keys[0]).id])
    state.set_milestone(keys[1], state.add_milestone(REPOSITORY, "M1"), "ana")
    source.lists()
    mirror.pull(source)
    for place, where in ((target, keys[0]), (board, REPOSITORY)):
        written = place.create(where, MARKER, "# On course.\n")
        place.find(where, [MARKER])
        place.read(where, written.remote_id)
        place.edit(where, written.remote_id, MARKER, "# Late.\n")
    for opened in (source, target, board):
        opened.close()
    return list(github.requests)


def test_every_query_is_one_that_github_describes(github: GithubSandbox, schema: GraphQLSchema) -> None:
    bodies = [request.body for request in exercise(github) if request.path == "/graphql"]

    asked = {body["query"].split("(")[0].split("{")[0].strip() for body in bodies}
    assert asked == {
        f"query {name}" for name in ("Viewer", "Survey", "Listing", "ById", "More", "Editor", "Look", "Members")
    }
    for body in bodies:
        document = parse(body["query"])
        assert validate(schema, document) == []
        (operation,) = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        values = get_variable_values(schema, operation.variable_definitions or (), body["variables"])
        assert not isinstance(values, list), values  # a list is one of faults


@pytest.mark.parametrize("lacks", [(), (queries.TEAMS, *(word for words in queries.WANTED.values() for word in words))])
def test_every_document_is_valid_whatever_a_server_lacks(schema: GraphQLSchema, lacks: tuple[str, ...]) -> None:
    documents = Documents([word for word in lacks if word != "CLOSED_EVENT"])
    parts = [(kind, name) for kind in ("Issue", "PullRequest") for name in NESTED]
    parts += [("Issue", "closedByPullRequestsReferences")]
    parts += [("PullRequest", "reviewRequests"), ("PullRequest", "closingIssuesReferences")]
    texts = [
        *(documents.listing(issues=i, pull_requests=p) for i in (True, False) for p in (True, False)),
        *(documents.by_id(kind) for kind in ("Issue", "PullRequest")),
        documents.more(parts),
        queries.survey([("acme", "erp"), ("acme", "ops")]),
        queries.VIEWER,
        queries.EDITOR,
        queries.LOOK,
        *(queries.members(kind) for kind in ("issues", "pullRequests")),
    ]

    problems = [str(problem) for text in texts for problem in validate(schema, parse(text))]

    assert problems == []


def test_every_event_that_we_ask_for_is_one_of_its_enumeration(schema: GraphQLSchema) -> None:
    for name, words in queries.WANTED.items():
        known: Any = schema.type_map[name]

        assert set(words) <= set(known.values)


def test_every_other_request_is_one_that_github_describes(github: GithubSandbox, description: Description) -> None:
    requests = [request for request in exercise(github) if request.path != "/graphql"]

    problems = {(r.method, r.path, problem) for r in requests for problem in description.problems(r)}
    asked = {(r.method, re.sub(r"\d+", "*", r.path).removeprefix("/repos/acme/erp/")) for r in requests}
    assert problems == set()
    assert asked == {
        ("GET", "issues"),
        ("POST", "issues"),
        ("GET", "issues/*"),
        ("PATCH", "issues/*"),
        ("GET", "issues/*/comments"),
        ("POST", "issues/*/comments"),
        ("GET", "issues/comments/*"),
        ("PATCH", "issues/comments/*"),
    }


def test_the_descriptions_find_what_is_wrong(description: Description, schema: GraphQLSchema) -> None:
    def log(method: str, path: str, query: dict[str, list[str]] | None = None, body: object = None) -> Logged:
        return Logged(method, f"/repos/acme/erp/{path}", query or {}, body)

    wrong = [
        log("GET", "nowhere/at/all"),
        log("GET", "issues", {"status": ["all"]}),
        log("GET", "issues", {"state": ["any"]}),
        log("GET", "issues", {"per_page": ["many"]}),
        log("POST", "issues/1/comments", body={"text": "x"}),
        log("POST", "issues/1/comments", body={"body": "x", "colour": "red"}),
        log("POST", "issues/1/comments"),
        log("POST", "issues", body={"body": "x"}),
    ]

    assert [log for log in wrong if not list(description.problems(log))] == []
    assert validate(schema, parse("{ viewer { logon } }")) != []


def test_the_token_of_an_app_is_asked_for_as_described(description: Description) -> None:
    asked = Logged("POST", "/app/installations/67890/access_tokens", {}, {})

    assert list(description.problems(asked)) == []
