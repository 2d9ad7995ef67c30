"""The sandbox's schema is a part of the official one, and its REST answers fit the official description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)
from jsonschema import Draft202012Validator

from tests.sandbox.github import OLD_LACKS, GithubSandbox
from tests.sandbox.github.schema import schema
from tests.sandbox.github_calls import ERP, Caller, open_issues, site

SDL = "specs/github/github-graphql-schema-15.26.1.graphql"
DESCRIPTION = "specs/github/github-rest-subset.prism-ready.json"
REPOSITORY = "/repos/{owner}/{repo}"
ISSUE = f"{REPOSITORY}/issues/{{issue_number}}"


@pytest.fixture(scope="module")
def official(test_data: Path) -> GraphQLSchema:
    return build_schema((test_data / SDL).read_text(encoding="utf-8"), assume_valid=True)


@pytest.fixture(scope="module")
def description(test_data: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((test_data / DESCRIPTION).read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A client of a site that has something of everything."""
    state = site()
    state.add_milestone(ERP, "Go-live", due_on=date(2026, 7, 1), creator="ana")
    first, second, third, _ = open_issues(state, 4)
    state.add_user("dependabot", kind="Bot")
    pull = state.open_pull_request(ERP, "Work", body="Fixes #1", author="dependabot", draft=True, labels=["bug"])
    for key in (first, pull):
        state.label(key, "bug", "ana")
        state.assign(key, "ana", "ana")
        state.set_milestone(key, 1, "ana")
        state.comment(key, "li-wei", "Two\nlines")
    state.close(second, "ana", duplicate_of=first)
    state.lock_conversation(third, "ana", reason="TOO_HEATED")
    state.merge(pull, "ana")
    state.delete_user("li-wei")
    with GithubSandbox(state) as github, Caller(github) as client:
        yield client


def differences(own: GraphQLNamedType, other: GraphQLNamedType | None) -> Iterator[str]:
    """What a type has that the other has not, or has otherwise."""
    if other is None or type(own) is not type(other):
        yield f"{own.name} is {other!r}"
    elif isinstance(own, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
        yield from (f"{own.name}.{value}" for value in set(own.values) - set(other.values))
    elif isinstance(own, GraphQLUnionType) and isinstance(other, GraphQLUnionType):
        yield from (f"{own.name} = {name}" for name in {t.name for t in own.types} - {t.name for t in other.types})
    elif isinstance(own, GraphQLInputObjectType) and isinstance(other, GraphQLInputObjectType):
        told = {name: str(field.type) for name, field in other.fields.items()}
        yield from (f"{own.name}.{name}" for name, field in own.fields.items() if str(field.type) != told.get(name))
    elif isinstance(own, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(other, GraphQLObjectType | GraphQLInterfaceType)
        kept = {interface.name for interface in other.interfaces}
        yield from (f"{own.name}: {interface}" for interface in own.interfaces if interface.name not in kept)
        for name, field in own.fields.items():
            there = other.fields.get(name)
            if there is None or str(there.type) != str(field.type):
                yield f"{own.name}.{name}: {field.type}, not {there and there.type}"
                continue
            known = {word: str(argument.type) for word, argument in there.args.items()}
            for word, argument in field.args.items():
                if known.get(word) != str(argument.type):
                    yield f"{own.name}.{name}({word}: {argument.type})"


def test_the_schema_is_a_part_of_the_official_one(official: GraphQLSchema) -> None:
    own = {name: kind for name, kind in schema().type_map.items() if not name.startswith("__")}

    assert len(own) > 80
    assert [said for name, kind in own.items() for said in differences(kind, official.type_map.get(name))] == []


def test_an_old_schema_is_a_part_of_the_present_one() -> None:
    old = {name: kind for name, kind in schema(OLD_LACKS).type_map.items() if not name.startswith("__")}
    now = schema().type_map

    assert len(old) < len(now)
    assert [said for name, kind in old.items() for said in differences(kind, now.get(name))] == []


def allow_nulls(part: Any) -> Any:
    """An OpenAPI schema in JSON Schema's words: `nullable` becomes a type."""
    if isinstance(part, list):
        return [allow_nulls(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    turned = {name: allow_nulls(value) for name, value in part.items() if name not in ("example", "examples")}
    if turned.get("nullable") is True:
        if isinstance(turned.get("type"), str):
            turned["type"] = [turned["type"], "null"]
        if "enum" in turned:
            turned["enum"] = [*turned["enum"], None]
    return turned


def faults(description: dict[str, Any], method: str, path: str, status: int, answer: Any) -> list[str]:
    """What in the answer is not as the description has it."""
    response = description["paths"][path][method.lower()]["responses"][str(status)]
    told = response["content"]["application/json"]["schema"]
    whole = allow_nulls({"components": {"schemas": description["components"]["schemas"]}}) | allow_nulls(told)
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(whole).iter_errors(answer)]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/user", "/user"),
        (REPOSITORY, f"/repos/{ERP}"),
        (f"{REPOSITORY}/issues", f"/repos/{ERP}/issues?state=all"),
        (ISSUE, f"/repos/{ERP}/issues/2"),
        (f"{ISSUE}/comments", f"/repos/{ERP}/issues/1/comments"),
    ],
)
def test_what_is_read_fits_the_description(
    caller: Caller, description: dict[str, Any], template: str, path: str
) -> None:
    told = caller.get(path)

    assert told
    assert faults(description, "GET", template, 200, told) == []


def test_what_is_written_fits_the_description(caller: Caller, description: dict[str, Any]) -> None:
    opened = caller.send("POST", f"/repos/{ERP}/issues", {"title": "Dashboard"})
    edited = caller.send("PATCH", f"/repos/{ERP}/issues/1", {"title": "Plan"})
    posted = caller.send("POST", f"/repos/{ERP}/issues/1/comments", {"body": "Hello"})
    address = f"/repos/{ERP}/issues/comments/{posted.json()['id']}"
    changed = caller.send("PATCH", address, {"body": "Hello again"})
    comment = f"{REPOSITORY}/issues/comments/{{comment_id}}"

    assert faults(description, "POST", f"{REPOSITORY}/issues", 201, opened.json()) == []
    assert faults(description, "PATCH", ISSUE, 200, edited.json()) == []
    assert faults(description, "POST", f"{ISSUE}/comments", 201, posted.json()) == []
    assert faults(description, "PATCH", comment, 200, changed.json()) == []
    assert faults(description, "GET", comment, 200, caller.get(address)) == []


def test_refusals_fit_the_description(caller: Caller, description: dict[str, Any]) -> None:
    missing = caller.send("GET", f"/repos/{ERP}/issues/99")
    wrong = caller.send("POST", f"/repos/{ERP}/issues", {})

    assert missing.status_code == 404
    assert "message" in missing.json()
    told = allow_nulls(description["components"]["schemas"]["validation-error"])
    assert list(Draft202012Validator(told).iter_errors(wrong.json())) == []
