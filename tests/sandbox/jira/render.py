"""How Jira shows its things as JSON. Times are in the caller's zone, without a colon in the offset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tests.sandbox.jira.edits import CUSTOM_NAMES
from tests.sandbox.jira.model import Change, Comment, Issue, IssueLink, LinkType, Named, Project, Status, User
from tests.sandbox.jira.state import JiraState

CATEGORIES = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
SCHEMAS: dict[str, tuple[str, str | None, str | None]] = {
    "customfield_10014": ("any", None, "com.pyxis.greenhopper.jira:gh-epic-link"),
    "customfield_10015": ("date", None, "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"),
    "customfield_10016": ("number", None, "com.pyxis.greenhopper.jira:jsw-story-points"),
    "customfield_10020": ("array", "json", "com.pyxis.greenhopper.jira:gh-sprint"),
    "customfield_10021": ("array", "option", "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"),
    "customfield_10026": ("number", None, "com.atlassian.jira.plugin.system.customfieldtypes:float"),
}
PLAIN = ("description", "environment", "duedate", "timeoriginalestimate", "timeestimate", "timespent")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Show:
    """Shows things to one caller. `comments` is how many of an issue's newest it shows, None: all."""

    state: JiraState
    url: str
    zone: str
    comments: int | None = None

    def at(self, moment: int | None) -> str | None:
        """An instant as Jira writes it."""
        if moment is None:
            return None
        local = datetime.fromtimestamp(moment // 1000, _zone(self.zone))
        return f"{local:%Y-%m-%dT%H:%M:%S}.{moment % 1000:03d}{local:%z}"

    def user(self, account_id: str | None) -> dict[str, Any] | None:
        """An account, None for nobody. An unknown one is shown as a former user."""
        if account_id is None:
            return None
        user = self.state.users.get(account_id) or User(
            account_id=account_id, name="Former user", email=None, active=False, zone=self.zone, account_type="unknown"
        )
        shown = {
            "self": f"{self.url}/rest/api/3/user?accountId={account_id}",
            "accountId": account_id,
            "avatarUrls": {f"{size}x{size}": f"{self.url}/avatar/{size}" for size in (16, 24, 32, 48)},
            "displayName": user.name,
            "active": user.active,
            "timeZone": user.zone,
            "accountType": user.account_type,
        }
        if user.email is not None:
            shown["emailAddress"] = user.email
        return shown

    def status(self, status: Status) -> dict[str, Any]:
        """A status with its category."""
        category = CATEGORIES[status.category]
        return {
            "self": f"{self.url}/rest/api/3/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.url}/images/icons/status.png",
            "name": status.name,
            "id": status.id,
            "statusCategory": {"self": f"{self.url}/rest/api/3/statuscategory/{category['id']}", **category},
        }

    def project(self, project: Project) -> dict[str, Any]:
        """A project as its own endpoints and its issues show it."""
        return {
            "self": f"{self.url}/rest/api/3/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.type_key,
            "simplified": False,
            "avatarUrls": {f"{size}x{size}": f"{self.url}/project-avatar/{size}" for size in (16, 24, 32, 48)},
        }

    def named(self, path: str, kind: Mapping[str, Named], entry_id: str | None) -> dict[str, Any] | None:
        """An entry of a list, None for none."""
        return None if entry_id is None else self.entry(path, kind[entry_id])

    def entry(self, path: str, named: Named) -> dict[str, Any]:
        """An entry of a list."""
        return {"self": f"{self.url}/rest/api/3/{path}/{named.id}", "id": named.id, "name": named.name, **named.more}

    def type(self, entry_id: str) -> dict[str, Any]:
        """An issue type."""
        return {"subtask": False, "description": "", **self.entry("issuetype", self.state.types[entry_id])}

    def brief(self, entry_id: str | None, stub: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """A parent or linked issue as it is now; as the stub has it when it never was here; None when it is gone."""
        record = self.state.records.get(entry_id) if entry_id else None
        if record is None:
            return {**stub, "self": f"{self.url}/rest/api/3/issue/{stub['id']}"} if stub else None
        issue = record.issue
        if issue is None or record.hidden:
            return None
        return {
            "id": issue.id,
            "key": issue.key,
            "self": f"{self.url}/rest/api/3/issue/{issue.id}",
            "fields": {
                "summary": issue.summary,
                "status": self.status(self.state.statuses[issue.status_id]),
                "priority": self.named("priority", self.state.priorities, issue.priority_id),
                "issuetype": self.type(issue.type_id),
            },
        }

    def link(self, link: IssueLink) -> dict[str, Any] | None:
        """A link; None when the other issue was deleted or hidden, as then the link is gone too."""
        other = self.brief(link.other_id, link.stub)
        if other is None:
            return None
        return {
            "id": link.id,
            "self": f"{self.url}/rest/api/3/issueLink/{link.id}",
            "type": self.link_type(self.state.link_types[link.type_id]),
            "outwardIssue" if link.outward else "inwardIssue": other,
        }

    def link_type(self, kind: LinkType) -> dict[str, Any]:
        """A kind of link."""
        return {
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": f"{self.url}/rest/api/3/issueLinkType/{kind.id}",
        }

    def comment(self, issue: Issue, comment: Comment, *, properties: bool = False) -> dict[str, Any]:
        """A comment; its properties only when asked for."""
        internal = comment.properties.get("sd.public.comment")
        shown: dict[str, Any] = {
            "self": f"{self.url}/rest/api/3/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.user(comment.author),
            "body": comment.body,
            "updateAuthor": self.user(comment.editor),
            "created": self.at(comment.created),
            "updated": self.at(comment.updated),
            "jsdPublic": not (isinstance(internal, dict) and internal.get("internal") is True),
        }
        if comment.visibility is not None:
            shown["visibility"] = comment.visibility
        if properties:
            shown["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return {name: value for name, value in shown.items() if value is not None}

    def change(self, change: Change, *, created: Any = None, nulls: bool = True) -> dict[str, Any]:
        """A history entry. Where nobody is known to have made it there is no author."""
        shown: dict[str, Any] = {"id": str(change.id)}
        if change.author is not None:
            shown["author"] = self.user(change.author)
        shown["created"] = self.at(change.created) if created is None else created
        shown["items"] = items = []
        for item in change.items:
            entry: dict[str, Any] = {"field": item.field, "fieldtype": "custom" if item.custom else "jira"}
            if item.field_id is not None:
                entry["fieldId"] = item.field_id
            values = {
                "from": item.before,
                "fromString": item.before_text,
                "to": item.after,
                "toString": item.after_text,
            }
            items.append(entry | {name: value for name, value in values.items() if nulls or value is not None})
        return shown

    # Issues

    def issue(self, issue: Issue, fields: Iterable[str], more: Mapping[str, Any] | None = None) -> bytes:
        """An issue with the chosen fields; with `id` alone it is an id and nothing else."""
        fields = list(fields)
        if fields == ["id"] and not more:
            return msgspec.json.encode({"id": issue.id})
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": issue.id,
            "self": f"{self.url}/rest/api/3/issue/{issue.id}",
            "key": issue.key,
        }
        values = {name: value for name in fields if (value := self.field(issue, name)) is not MISSING}
        if values:
            shown["fields"] = values
        return msgspec.json.encode(shown | dict(more or {}))

    def field(self, issue: Issue, name: str) -> Any:
        """The value of a field, MISSING when the site has no such field."""
        shape = SHAPES.get(name)
        if shape is not None:
            return shape(self, issue)
        if name in issue.values:
            return issue.values[name]
        return None if name in PLAIN or name in CUSTOM_NAMES else MISSING

    def comment_field(self, issue: Issue) -> dict[str, Any]:
        """The `comment` field: the newest ones only, with the number of all."""
        first = 0 if self.comments is None else max(0, len(issue.comments) - self.comments)
        shown = [self.comment(issue, comment) for comment in issue.comments[first:]]
        return {
            "comments": shown,
            "self": f"{self.url}/rest/api/3/issue/{issue.id}/comment",
            "maxResults": len(shown),
            "total": len(issue.comments),
            "startAt": 0,
        }


def _subtasks(show: Show, issue: Issue) -> list[dict[str, Any] | None]:
    children = show.state.children(issue.id)
    return [show.brief(child.id, None) for child in children if show.state.types[child.type_id].more.get("subtask")]


MISSING = object()
Shape = Callable[[Show, Issue], Any]
SHAPES: dict[str, Shape] = {
    "summary": lambda show, i: i.summary,
    "issuetype": lambda show, i: show.type(i.type_id),
    "project": lambda show, i: show.project(show.state.projects[i.project_id]),
    "status": lambda show, i: show.status(show.state.statuses[i.status_id]),
    "statusCategory": lambda show, i: show.status(show.state.statuses[i.status_id])["statusCategory"],
    "priority": lambda show, i: show.named("priority", show.state.priorities, i.priority_id),
    "resolution": lambda show, i: show.named("resolution", show.state.resolutions, i.resolution_id),
    "resolutiondate": lambda show, i: show.at(i.resolved),
    "created": lambda show, i: show.at(i.created),
    "updated": lambda show, i: show.at(i.updated),
    "statuscategorychangedate": lambda show, i: show.at(i.category_changed),
    "assignee": lambda show, i: show.user(i.assignee),
    "reporter": lambda show, i: show.user(i.reporter),
    "creator": lambda show, i: show.user(i.creator),
    "labels": lambda show, i: i.labels,
    "fixVersions": lambda show, i: [show.named("version", show.state.versions, entry_id) for entry_id in i.version_ids],
    "versions": lambda show, i: [show.named("version", show.state.versions, entry_id) for entry_id in i.affected_ids],
    "components": lambda show, i: [
        show.named("component", show.state.components, entry_id) for entry_id in i.component_ids
    ],
    "issuelinks": lambda show, i: [shown for link in i.links if (shown := show.link(link)) is not None],
    "subtasks": _subtasks,
    "comment": lambda show, i: show.comment_field(i),
    "parent": lambda show, i: show.brief(i.parent_id, i.parent_stub) if i.parent_id else MISSING,
}


def chosen(issue: Issue, fields: Iterable[str]) -> list[str]:
    """The names of the fields that a request means; `*all`, `*navigable` and `-name` as Jira reads them."""
    names: dict[str, None] = {}
    for field in fields:
        if field == "*all":
            names |= dict.fromkeys((*SHAPES, *PLAIN, *CUSTOM_NAMES, *issue.values))
        elif field == "*navigable":
            names |= dict.fromkeys(name for name in (*SHAPES, *PLAIN, *CUSTOM_NAMES) if name != "comment")
        elif field.startswith("-"):
            if not names:
                names |= dict.fromkeys((*SHAPES, *PLAIN, *CUSTOM_NAMES, *issue.values))
            names.pop(field[1:], None)
        else:
            names[field] = None
    return list(names)
