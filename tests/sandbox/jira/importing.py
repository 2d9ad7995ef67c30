"""Issues of a Jira Server export (REST v2 shape) taken over as Cloud would hold them, nothing lost, nothing added.

People become accounts with ids made from their keys; texts become documents; links to absent issues keep what the
export showed of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.clock import to_milliseconds
from tests.sandbox.jira import adf
from tests.sandbox.jira.model import Comment, Issue, IssueLink, Named

if TYPE_CHECKING:
    from tests.sandbox.jira.state import JiraState

TAKEN = frozenset(
    {
        "issuetype",
        "parent",
        "project",
        "fixVersions",
        "resolution",
        "resolutiondate",
        "created",
        "priority",
        "labels",
        "versions",
        "issuelinks",
        "assignee",
        "updated",
        "status",
        "components",
        "summary",
        "creator",
        "reporter",
        "comment",
        "subtasks",
    }
)
DOCUMENTS = ("description", "environment")


def import_issue(state: JiraState, raw: Mapping[str, Any]) -> str:
    """The key of the issue; taken over again, it replaces itself."""
    fields = raw["fields"]
    project = fields["project"]
    if project["id"] not in state.projects:
        state.add_project(project["key"], project["name"], id=project["id"])
    status = fields["status"]
    if status["id"] not in state.statuses:
        state.add_status(status["id"], status["name"], status["statusCategory"]["key"])
    parent = fields.get("parent")
    issue = Issue(
        id=raw["id"],
        key=raw["key"],
        project_id=project["id"],
        type_id=_take(state, state.types, fields["issuetype"]),
        status_id=status["id"],
        summary=fields["summary"],
        reporter=_account(state, fields.get("reporter")),
        creator=_account(state, fields.get("creator")),
        assignee=_account(state, fields.get("assignee")),
        created=_moment(fields["created"]),
        updated=_moment(fields["updated"]),
        priority_id=_take(state, state.priorities, fields["priority"]) if fields.get("priority") else None,
        resolution_id=_take(state, state.resolutions, fields["resolution"]) if fields.get("resolution") else None,
        resolved=_moment(fields["resolutiondate"]) if fields.get("resolutiondate") else None,
        parent_id=parent["id"] if parent else None,
        parent_stub=_stub(parent) if parent else None,
        labels=tuple(fields.get("labels") or ()),
        version_ids=tuple(_take(state, state.versions, entry) for entry in fields.get("fixVersions") or ()),
        affected_ids=tuple(_take(state, state.versions, entry) for entry in fields.get("versions") or ()),
        component_ids=tuple(_take(state, state.components, entry) for entry in fields.get("components") or ()),
        links=tuple(_link(state, link) for link in fields.get("issuelinks") or ()),
        comments=_comments(state, (fields.get("comment") or {}).get("comments", ())),
        values=_values(fields),
    )
    state.adopt(issue)
    return issue.key


def _take(state: JiraState, kind: dict[str, Named], raw: Mapping[str, Any]) -> str:
    entry_id = str(raw["id"])
    if entry_id not in kind:
        more = {name: value for name, value in raw.items() if name not in {"id", "name", "self"}}
        state.add_named(kind, raw["name"], id=entry_id, **more)
    return entry_id


def _account(state: JiraState, raw: Mapping[str, Any] | None) -> str | None:
    if raw is None:
        return None
    account_id = hashlib.sha256(str(raw.get("key") or raw["name"]).encode()).hexdigest()[:24]
    if account_id not in state.users:
        zone = raw.get("timeZone") or state.zone
        state.add_user(account_id, raw["displayName"], raw.get("emailAddress"), raw.get("active", True), zone=zone)
    return account_id


def _moment(text: str) -> int:
    return to_milliseconds(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z"))


def _stub(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name in {"id", "key", "fields"}}


def _link(state: JiraState, raw: Mapping[str, Any]) -> IssueLink:
    kind = raw["type"]
    if kind["id"] not in state.link_types:
        # A site's own kinds win over the default ones of the same name.
        for entry_id in [entry_id for entry_id, known in state.link_types.items() if known.name == kind["name"]]:
            del state.link_types[entry_id]
        state.add_link_type(kind["name"], kind["inward"], kind["outward"], id=kind["id"])
    outward = "outwardIssue" in raw
    other = raw["outwardIssue" if outward else "inwardIssue"]
    return IssueLink(id=raw["id"], type_id=kind["id"], outward=outward, other_id=other["id"], stub=_stub(other))


def _comments(state: JiraState, raws: Any) -> tuple[Comment, ...]:
    comments = [
        Comment(
            id=raw["id"],
            author=_account(state, raw.get("author")),
            editor=_account(state, raw.get("updateAuthor")),
            body=adf.from_text(raw["body"]),
            created=_moment(raw["created"]),
            updated=_moment(raw["updated"]),
            visibility=raw.get("visibility"),
        )
        for raw in raws
    ]
    return tuple(sorted(comments, key=lambda comment: (comment.created, int(comment.id))))


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in fields.items() if name not in TAKEN}
    for name in DOCUMENTS:
        if isinstance(values.get(name), str):
            values[name] = adf.from_text(values[name])
    return values
