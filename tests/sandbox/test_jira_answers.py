"""The sandbox's answers fit the official description of Jira Cloud, and its idea of rich text the official schema.

Where Jira itself does not keep to its description, the sandbox does as Jira does, and the difference is taken out here:
`null` in one issue's history, and numbers as times in bulk histories.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator

from tests.sandbox.jira import JiraSandbox, JiraState, adf
from tests.sandbox.jira_calls import LI, START, Caller, add_issues, document, site

SPECIFICATION = "specs/jira/jira-cloud-platform-v3-2025-12.openapi.json"
SCHEMA = "specs/jira/adf-schema-57.7.22.json"


@pytest.fixture(scope="module")
def specification(test_data: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((test_data / SPECIFICATION).read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def documents(test_data: Path) -> Draft4Validator:
    return Draft4Validator(json.loads((test_data / SCHEMA).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSandbox]:
    """A site that has something of everything."""
    state = site()
    first, second, third = add_issues(state, 3)
    state.transition(first, "In Progress", LI, START)
    state.transition(first, "Done", LI, START, resolution="Done")
    state.edit(
        first, author=LI, labels=["a"], duedate="2026-03-09", parent=second, fixVersions=["1"], description="Text"
    )
    state.edit(first, author=LI, assignee=LI, components=["Core"], customfield_10015="2026-03-03", environment="test")
    state.edit(third, author=None, summary="By nobody")
    state.link("Blocks", first, third, LI)
    state.add_comment(first, LI, "Two\nlines", properties={"planward": {"id": 1}})
    state.add_comment(
        first, None, "By nobody", visibility={"type": "role", "value": "Developers", "identifier": "10002"}
    )
    state.add_project("HELP", "Help desk", "service_desk")
    with JiraSandbox(state, history_times="iso", writes=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def caller(jira: JiraSandbox) -> Iterator[Caller]:
    with Caller(jira) as client:
        yield client


def allow_nulls(schema: Any) -> Any:
    """An OpenAPI schema in JSON Schema's words: `nullable` becomes a type."""
    if isinstance(schema, list):
        return [allow_nulls(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {name: allow_nulls(value) for name, value in schema.items() if name != "example"}
    if turned.get("nullable") is True and isinstance(turned.get("type"), str):
        turned["type"] = [turned["type"], "null"]
    return turned


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def faults(specification: dict[str, Any], method: str, path: str, status: int, answer: Any) -> list[str]:
    """What in the answer is not as the description has it."""
    response = specification["paths"][path][method.lower()]["responses"][str(status)]
    schema = response["content"]["application/json"]["schema"]
    whole = allow_nulls({"components": {"schemas": specification["components"]["schemas"]}}) | allow_nulls(schema)
    found = Draft202012Validator(whole).iter_errors(answer)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


BODY = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hello"}]}]}
CALLS: list[tuple[str, str, str, Any]] = [
    ("POST", "/rest/api/3/search/jql", "", {"jql": "project = ERP"}),
    ("POST", "/rest/api/3/search/jql", "", {"jql": "project = ERP", "fields": ["*all"], "maxResults": 1}),
    (
        "POST",
        "/rest/api/3/search/jql",
        "",
        {"jql": "project = ERP", "fields": ["*navigable", "comment"], "expand": "names"},
    ),
    ("GET", "/rest/api/3/search/jql", "?jql=project%20%3D%20ERP&fields=summary,comment&maxResults=1", None),
    ("POST", "/rest/api/3/search/approximate-count", "", {"jql": "project = ERP"}),
    ("POST", "/rest/api/3/changelog/bulkfetch", "", {"issueIdsOrKeys": ["ERP-1", "ERP-2", "ERP-3"]}),
    (
        "POST",
        "/rest/api/3/changelog/bulkfetch",
        "",
        {"issueIdsOrKeys": ["ERP-1"], "maxResults": 1, "fieldIds": ["status"]},
    ),
    ("POST", "/rest/api/3/issue/bulkfetch", "", {"issueIdsOrKeys": ["ERP-1", "NO-1"], "fields": ["*all"]}),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}", "", None),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}", "?expand=changelog", None),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}/changelog", "?maxResults=1", None),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}/comment", "", None),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}/comment", "?expand=properties&orderBy=-created", None),
    ("POST", "/rest/api/3/issue/{issueIdOrKey}/comment", "", {"body": BODY, "properties": [{"key": "k", "value": {}}]}),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}/comment/{id}", "", None),
    ("GET", "/rest/api/3/comment/{commentId}/properties", "", None),
    ("GET", "/rest/api/3/comment/{commentId}/properties/{propertyKey}", "", None),
    ("GET", "/rest/api/3/myself", "", None),
    ("GET", "/rest/api/3/serverInfo", "", None),
    ("GET", "/rest/api/3/status", "", None),
    ("GET", "/rest/api/3/field", "", None),
    ("GET", "/rest/api/3/priority", "", None),
    ("GET", "/rest/api/3/resolution", "", None),
    ("GET", "/rest/api/3/issuetype", "", None),
    ("GET", "/rest/api/3/issueLinkType", "", None),
    ("GET", "/rest/api/3/project/{projectIdOrKey}", "", None),
    ("GET", "/rest/api/3/project/search", "?maxResults=1", None),
]


@pytest.mark.parametrize(("method", "path", "query", "body"), CALLS, ids=[f"{m} {p}{q}" for m, p, q, _ in CALLS])
def test_each_endpoints_answer_fits_the_official_description(
    specification: dict[str, Any], jira: JiraSandbox, caller: Caller, method: str, path: str, query: str, body: Any
) -> None:
    comment = jira.state.comments("ERP-1")[0].id
    filled = path.format(
        issueIdOrKey="ERP-1", id=comment, commentId=comment, propertyKey="planward", projectIdOrKey="HELP"
    )

    answer = caller.send(method, filled.removeprefix("/rest/api/3/") + query, body)

    assert answer.ok, answer.text
    assert faults(specification, method, path, answer.status_code, without_nulls_in_history(answer)) == []


def without_nulls_in_history(answer: requests.Response) -> Any:
    """The answer's JSON, with the nulls that real histories have and the description does not allow taken out."""
    told = answer.json()
    return without_nulls(told) if "changelog" in answer.url else told


def test_an_edit_fits_the_official_description(
    specification: dict[str, Any], jira: JiraSandbox, caller: Caller
) -> None:
    made = caller.post("issue/ERP-2/comment", {"body": document("Hello")})

    answer = caller.send("PUT", f"issue/ERP-2/comment/{made['id']}", {"body": document("Edited")})

    assert faults(specification, "PUT", "/rest/api/3/issue/{issueIdOrKey}/comment/{id}", 200, answer.json()) == []


def text(value: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": value, "marks": list(marks)} if marks else {"type": "text", "text": value}


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": kind}
    if attributes:
        made["attrs"] = attributes
    if content:
        made["content"] = list(content)
    return made


def whole(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


STRONG, EM, CODE = ({"type": kind} for kind in ("strong", "em", "code"))
HREF = "https://example.com/a#planward-1"
LINK = {"type": "link", "attrs": {"href": HREF}}
RED = {"type": "textColor", "attrs": {"color": "#ff0000"}}
LINE = node("paragraph", text("x"))
ITEM = node("listItem", LINE)
ACCEPTED = [
    whole(),
    whole(LINE, node("paragraph")),
    whole(node("heading", text("Title"), level=2), node("rule")),
    whole(node("paragraph", text("a", STRONG, EM, RED), text("b", CODE, LINK), node("hardBreak"), text("c", LINK))),
    whole(node("bulletList", ITEM, node("listItem", LINE, node("orderedList", ITEM, order=3)))),
    whole(
        node("table", node("tableRow", node("tableHeader", LINE), node("tableCell", LINE, colspan=2)), layout="default")
    ),
    whole(node("paragraph", node("status", text="DONE", color="green"), node("date", timestamp="1772442000000"))),
    whole(node("panel", LINE, node("bulletList", ITEM), panelType="warning")),
    whole(node("codeBlock", text("a\nb"), language="python"), node("codeBlock")),
    whole({"type": "paragraph", "marks": [], "content": []}),
]
REFUSED = [
    {},
    {"type": "doc", "version": 1},
    {"type": "doc", "version": 2, "content": []},
    {"type": "doc", "version": 1, "content": [], "extra": 1},
    whole(text("outside a paragraph")),
    whole(node("paragraph", text(""))),
    whole(node("paragraph", {"type": "text"})),
    whole(node("paragraph", LINE)),
    whole(node("mystery")),
    whole(node("heading", text("no level"))),
    whole(node("heading", text("x"), level=7)),
    whole(node("bulletList")),
    whole(node("bulletList", LINE)),
    whole(node("listItem", LINE)),
    whole(node("table")),
    whole(node("table", node("tableCell", LINE))),
    whole(node("table", node("tableRow", node("tableCell")))),
    whole(node("table", node("tableRow", node("tableCell", node("table", node("tableRow")))))),
    whole(node("paragraph", node("status", text="x"))),
    whole(node("paragraph", node("status", text="", color="red"))),
    whole(node("paragraph", node("status", text="x", color="mauve"))),
    whole(node("paragraph", node("date", timestamp=1772442000000))),
    whole(node("panel", LINE)),
    whole(node("panel", LINE, panelType="loud")),
    whole(node("panel", node("panel", LINE, panelType="info"), panelType="info")),
    whole(node("codeBlock", text("x", STRONG))),
    whole(node("paragraph", text("x", {"type": "blink"}))),
    whole(node("paragraph", text("x", {"type": "link"}))),
    whole(node("paragraph", text("x", {"type": "link", "attrs": {"href": 1}}))),
    whole(node("paragraph", text("x", {"type": "textColor", "attrs": {"color": "red"}}))),
    whole(node("paragraph", text("x", CODE, STRONG))),
    whole(node("paragraph", text("x", {"type": "strong", "attrs": {}}))),
    whole(node("paragraph", text("x"), colour="red")),
    whole({"type": "rule", "content": []}),
    whole({"type": "hardBreak"}),
]
STRICTER = [
    whole(node("paragraph", text("two\nlines"))),
    whole(node("paragraph", text("x", {"type": "link", "attrs": {"href": "no address"}}))),
    whole(node("paragraph", text("x", {"type": "link", "attrs": {"href": "javascript:alert(1)"}}))),
    whole(node("blockquote", LINE)),
    whole(node("paragraph", node("mention", id="1"))),
    whole(node("paragraph", text("x", {"type": "underline"}))),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_what_the_schema_and_jira_accept_is_accepted(body: Any) -> None:
    assert adf.fault(body) is None


@pytest.mark.parametrize("body", [*REFUSED, *STRICTER])
def test_what_they_refuse_is_refused(body: Any) -> None:
    assert adf.fault(body) is not None


def test_the_examples_are_what_the_schema_says_they_are(documents: Draft4Validator) -> None:
    assert [body for body in ACCEPTED if not documents.is_valid(body)] == []
    assert [body for body in REFUSED if documents.is_valid(body)] == []
    assert [body for body in STRICTER if not documents.is_valid(body)] == []


KINDS = [*adf.CONTENT, "text", "hardBreak", "status", "date", "rule"]
GOOD: dict[str, dict[str, Any]] = {
    "heading": {"level": 2},
    "status": {"text": "DONE", "color": "green"},
    "date": {"timestamp": "1772442000000"},
    "panel": {"panelType": "note"},
}
ATTRIBUTES: list[Any] = [
    None,
    {},
    {"level": 7},
    {"text": ""},
    {"timestamp": "1"},
    {"order": 1},
    {"layout": "wide"},
    {"a": 1},
]
MARKS = [STRONG, EM, CODE, LINK, RED, {"type": "link"}, {"type": "blink"}, {"type": "em", "attrs": {}}]


@st.composite
def nodes(draw: st.DrawFn, kind: str, depth: int, slips: bool) -> dict[str, Any]:
    """A node that is right when there are no `slips`, and wrong in a place or two when there are."""

    def slip() -> bool:
        return slips and draw(st.integers(0, 11)) == 0

    kind = draw(st.sampled_from(KINDS)) if slip() else kind
    if kind == "text":
        marks: list[Any] = draw(st.lists(st.sampled_from(MARKS if slips else MARKS[:2]), max_size=2, unique_by=str))
        return text("" if slip() else "words", *marks)
    made: dict[str, Any] = {"type": kind}
    attributes = draw(st.sampled_from(ATTRIBUTES)) if slip() else GOOD.get(kind)
    if attributes is not None:
        made["attrs"] = attributes
    if kind in adf.CONTENT and not slip():
        inner = sorted(adf.CONTENT[kind] & SHALLOW or adf.CONTENT[kind]) if depth <= 0 else sorted(adf.CONTENT[kind])
        wanted = draw(st.lists(st.sampled_from(inner), min_size=0 if slip() else 1, max_size=2))
        made["content"] = [draw(nodes(child, depth - 1, slips)) for child in wanted]
        if kind == "codeBlock" and not slips:
            made["content"] = [text("code")]
    return made


SHALLOW = frozenset({"paragraph", "text"})  # where a document that grew deep comes to its end


@pytest.fixture(scope="module")
def part(test_data: Path) -> Callable[[Any], bool]:
    """Whether a body is valid by the schema without the nodes that the test below never makes: many times faster."""
    schema = json.loads((test_data / SCHEMA).read_text(encoding="utf-8"))
    definitions = schema["definitions"]

    def made_here(choice: dict[str, Any]) -> bool:
        while "$ref" in choice:
            choice = definitions[choice["$ref"].rpartition("/")[2]]
        if "allOf" in choice:
            return made_here(choice["allOf"][0])
        return set(choice.get("properties", {}).get("type", {}).get("enum", KINDS)) & {*KINDS, *adf.MARKS} != set()

    def pruned(value: Any) -> Any:
        if isinstance(value, list):
            return [pruned(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        choices = {"anyOf": [choice for choice in value["anyOf"] if made_here(choice)]} if "anyOf" in value else {}
        return {name: pruned(inner) for name, inner in (value | choices).items()}

    validator = Draft4Validator(pruned(schema))

    def accepts(body: Any) -> bool:
        return validator.is_valid(body)

    return accepts


@given(body=st.booleans().flatmap(lambda slips: nodes("doc", 1, slips)))
def test_the_sandbox_accepts_what_the_schema_does_of_the_nodes_that_it_knows(
    part: Callable[[Any], bool], body: Any
) -> None:
    body = {"version": 1, **body}

    assert (adf.fault(body) is None) == part(body), adf.fault(body)


def test_the_limit_counts_what_conversion_adds() -> None:
    plain = document("x" * 1000)
    linked = whole(node("paragraph", text("x" * 1000, LINK)))

    assert adf.length(plain) >= 1000
    assert adf.length(linked) >= 1000 + len(HREF)


def test_text_becomes_a_document_and_back() -> None:
    body = adf.from_text("One\ntwo\n\nthree")

    assert adf.fault(body) is None
    assert adf.to_text(body) == "One\ntwo\nthree"


def test_import_keeps_links_to_absent_issues(specification: dict[str, Any]) -> None:
    state = JiraState(site().clock)
    named = {"id": "10", "name": "Task"}
    status = {
        "id": "1",
        "name": "Open",
        "statusCategory": {"id": 2, "key": "new", "name": "To Do", "colorName": "grey"},
    }
    absent = {"id": "99", "key": "GONE-1", "fields": {"summary": "Elsewhere", "status": status, "issuetype": named}}
    kind = {"id": "7", "name": "Gantt: start-finish", "inward": "is triggered by", "outward": "is triggering"}
    state.import_issue(
        {
            "id": "5",
            "key": "OLD-5",
            "fields": {
                "project": {"id": "3", "key": "OLD", "name": "Old"},
                "issuetype": named,
                "status": status,
                "summary": "Imported",
                "created": "2015-01-01T10:00:00.000+0000",
                "updated": "2015-01-02T10:00:00.000+0000",
                "issuelinks": [{"id": "70", "type": kind, "outwardIssue": absent}],
                "reporter": {"key": "li", "name": "li", "displayName": "Li Wei", "active": True},
            },
        }
    )

    with JiraSandbox(state) as jira, Caller(jira) as caller:
        issue = caller.get("issue/OLD-5")

    assert issue["fields"]["issuelinks"][0]["outwardIssue"]["key"] == "GONE-1"
    assert issue["fields"]["resolutiondate"] is None
    assert faults(specification, "GET", "/rest/api/3/issue/{issueIdOrKey}", 200, issue) == []
