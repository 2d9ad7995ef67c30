"""Everything that we send, held against Atlassian's own description of its interface."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from config.sources import JiraSettings
from connectors.jira import fetch, histories, walk
from connectors.jira.fetch import JiraSource
from connectors.jira.write import JiraTarget
from tests.connectors.conftest import grow
from tests.connectors.contract import Mirror
from tests.connectors.test_jira_target import MARKER, document
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.primary import SERVICE_ACCOUNT
from tests.sandbox.server import Logged

Settings = Callable[..., JiraSettings]
DESCRIPTION = "specs/jira/jira-cloud-platform-v3-2025-12.openapi.json"
DOCUMENT_FORMAT = "specs/jira/adf-schema-57.7.22.json"


class Description:
    """An OpenAPI description, asked whether a request fits."""

    def __init__(self, path: Path) -> None:
        self._spec = json.loads(path.read_bytes())
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
        known = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
        for name, values in request.query.items():
            if name not in known:
                yield f"unknown parameter {name}"
            elif not all(_fits(value, known[name]["schema"]) for value in values):
                yield f"{name} cannot be {values}"
        yield from self._body_problems(operation, request.body)

    def _operation(self, request: Logged) -> dict[str, Any] | None:
        fitting = [(t, o) for pattern, t, o in self._paths if pattern.fullmatch(request.path)]
        fitting.sort(key=lambda row: row[0].count("{"))
        return next((o[request.method.lower()] for _, o in fitting if request.method.lower() in o), None)

    def _body_problems(self, operation: dict[str, Any], body: Any) -> Iterator[str]:
        described = operation.get("requestBody")
        if described is None:
            if body is not None:
                yield "a body where there is none"
            return
        schema = described["content"]["application/json"]["schema"]
        validator = Draft4Validator({**schema, "components": self._spec["components"]})
        yield from (f"{list(error.path)}: {error.message}" for error in validator.iter_errors(body))
        properties = self._spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]].get("properties", {})
        yield from (f"{name} is for reading only" for name in body if properties.get(name, {}).get("readOnly"))


def _fits(value: str, schema: dict[str, Any]) -> bool:
    match schema.get("type"):
        case "integer":
            return re.fullmatch(r"-?\d+", value) is not None
        case "boolean":
            return value in ("true", "false")
        case "array":
            return all(_fits(part, schema["items"]) for part in value.split(","))
        case _:
            return value in schema["enum"] if "enum" in schema else True


@pytest.fixture(scope="module")
def description(test_data: Path) -> Description:
    return Description(test_data / DESCRIPTION)


def test_every_request_is_one_that_jira_describes(
    description: Description, state: JiraState, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "PAGE_SIZE", 5)
    monkeypatch.setattr(fetch, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(walk, "WINDOW", 12)
    monkeypatch.setattr(histories, "ENTRIES_AT_ONCE", 7)
    keys = grow(state, 30)
    for number in range(130):
        state.add_comment(keys[0], "bo", f"Comment {number}", at=state.clock.advance(timedelta(minutes=1)))
    mirror = Mirror()

    with JiraSandbox(state) as jira:
        source, target = JiraSource("acme", settings(jira)), JiraTarget("acme", settings(jira))
        source.identify()
        source.lists()
        mirror.pull(source)
        state.edit(keys[3], author="bo", summary="Touched")
        mirror.pull(source)
        mirror.pull(source, wide=True)
        jira.faults.add(what="status", where="changelog/bulkfetch", code=403)
        Mirror().pull(source)
        written = target.create(keys[0], MARKER, document("On course.", jira.url))
        target.find(keys[0], [MARKER])
        target.read(keys[0], written.remote_id)
        target.edit(keys[0], written.remote_id, MARKER, document("Late.", jira.url))
        state.add_comment(keys[1], SERVICE_ACCOUNT, "Without a mark")
        bare = {
            "id": "1",
            "author": {"accountId": SERVICE_ACCOUNT},
            "created": "2026-03-02T10:00:00.000+0100",
            "body": {},
        }
        listing = {"comments": [bare], "total": 1}
        jira.faults.add(what="status", where=f"GET .*{keys[1]}/comment", code=200, body=listing)
        target.find(keys[1], [MARKER])
        bare_project = {"id": "10002", "fields": {"project": {"id": next(iter(state.projects))}}}
        jira.faults.add(what="status", where=f"GET .*{keys[2]}\\?", code=200, body=bare_project)
        target.create(keys[2], MARKER, document("On course."))
        requests = list(jira.requests)

    problems = {(r.method, r.path, problem) for r in requests for problem in description.problems(r)}
    asked = {(r.method, re.sub(r"[A-Z]+-\d+|\d{4,}", "*", r.path).removeprefix("/rest/api/3/")) for r in requests}
    assert problems == set()
    assert asked == {
        ("GET", "myself"),
        ("GET", "status"),
        ("POST", "search/jql"),
        ("POST", "search/approximate-count"),
        ("POST", "changelog/bulkfetch"),
        ("GET", "issue/*/changelog"),
        ("GET", "issue/*/comment"),
        ("GET", "issue/*"),
        ("GET", "project/*"),
        ("POST", "issue/*/comment"),
        ("GET", "issue/*/comment/*"),
        ("PUT", "issue/*/comment/*"),
        ("GET", "comment/1/properties/planward"),
    }


def test_the_description_finds_what_is_wrong(description: Description) -> None:
    def log(method: str, path: str, query: dict[str, list[str]] | None = None, body: object = None) -> Logged:
        return Logged(method, f"/rest/api/3/{path}", query or {}, body)

    wrong = [
        log("GET", "nowhere"),
        log("GET", "issue/ERP-1/comment", {"page": ["1"]}),
        log("GET", "issue/ERP-1/comment", {"startAt": ["one"]}),
        log("GET", "issue/ERP-1/comment", {"orderBy": ["updated"]}),
        log("POST", "search/jql", body={"jql": "project = ERP", "startAt": 0}),
        log("POST", "search/jql", body={"maxResults": "fifty"}),
        log("POST", "changelog/bulkfetch", body={"issueIdsOrKeys": ["1"], "maxResults": 10_001}),
        log("POST", "changelog/bulkfetch", body={}),
        log("POST", "issue/ERP-1/comment", body={"body": {}, "id": "5"}),
    ]

    assert [log for log in wrong if not list(description.problems(log))] == []


def test_the_bodies_that_we_send_here_are_documents(test_data: Path) -> None:
    schema = json.loads((test_data / DOCUMENT_FORMAT).read_bytes())

    for body in (document("On course."), document("Late.", "https://acme.example/browse/ERP-1")):
        Draft4Validator(schema).validate(body)
