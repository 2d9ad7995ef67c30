"""Changes of an issue's fields, and what its history says about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tests.sandbox.jira import adf
from tests.sandbox.jira.model import ChangeItem, Issue, Named

if TYPE_CHECKING:
    from tests.sandbox.jira.state import JiraState

Told = tuple[str | None, str | None]  # an id and a text, as history shows them

LISTS = {"fixVersions": "Fix Version", "versions": "Version", "components": "Component"}
DOCUMENTS = ("description", "environment")
DATES = ("duedate",)


def apply(state: JiraState, issue: Issue, fields: Mapping[str, Any]) -> tuple[Issue, list[ChangeItem]]:
    """The issue with the new values, and one history item for each that differs (lists: for each entry)."""
    items: list[ChangeItem] = []
    for field, value in fields.items():
        before = issue
        if field in LISTS:
            issue, new = _edit_list(state, issue, field, value)
        else:
            issue, told = _edit_one(state, issue, field, value)
            new = [_item(state, field, told(before), told(issue))]
        if issue != before:
            items += new
    return issue, items


def _edit_one(state: JiraState, issue: Issue, field: str, value: Any) -> tuple[Issue, Callable[[Issue], Told]]:
    match field:
        case "summary":
            return replace(issue, summary=value), lambda i: (None, i.summary)
        case "assignee":
            return replace(issue, assignee=value), lambda i: _person(state, i.assignee)
        case "reporter":
            return replace(issue, reporter=value), lambda i: _person(state, i.reporter)
        case "priority":
            entry_id = state.named(state.priorities, value).id if value else None
            return replace(issue, priority_id=entry_id), lambda i: _named(state.priorities, i.priority_id)
        case "issuetype":
            return replace(issue, type_id=state.named(state.types, value).id), lambda i: _named(state.types, i.type_id)
        case "parent":
            entry_id = state.issue(value).id if value else None
            return replace(issue, parent_id=entry_id, parent_stub=None), lambda i: _key(state, i.parent_id)
        case "labels":
            return replace(issue, labels=tuple(value)), lambda i: (None, " ".join(i.labels))
        case _:
            return replace(issue, values={**issue.values, field: _plain(field, value)}), lambda i: _told(field, i)


def _edit_list(state: JiraState, issue: Issue, field: str, names: Iterable[str]) -> tuple[Issue, list[ChangeItem]]:
    attribute = {"fixVersions": "version_ids", "versions": "affected_ids", "components": "component_ids"}[field]
    kind = state.components if field == "components" else state.versions
    before: tuple[str, ...] = getattr(issue, attribute)
    after = state.named_all(kind, names)
    gone = [_item(state, field, _named(kind, entry_id), (None, None)) for entry_id in before if entry_id not in after]
    come = [_item(state, field, (None, None), _named(kind, entry_id)) for entry_id in after if entry_id not in before]
    return replace(issue, **{attribute: after}), gone + come


def _item(state: JiraState, field: str, before: Told, after: Told) -> ChangeItem:
    # Cloud's history calls a parent by another name and gives it no field id.
    name = "IssueParentAssociation" if field == "parent" else LISTS.get(field) or CUSTOM_NAMES.get(field, field)
    return ChangeItem(
        field=state.field_names.get(field, name),
        field_id=None if field == "parent" else field,
        custom=field.startswith("customfield_"),
        before=before[0],
        before_text=before[1],
        after=after[0],
        after_text=after[1],
    )


def _plain(field: str, value: Any) -> Any:
    if field in DOCUMENTS and isinstance(value, str):
        return adf.from_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _told(field: str, issue: Issue) -> Told:
    value = issue.values.get(field)
    if value is None:
        return None, None
    if field in DOCUMENTS:
        return None, adf.to_text(value)
    if field in DATES:
        return value, f"{value} 00:00:00.0"
    if isinstance(value, list):
        ids = ", ".join(str(entry.get("id", "")) for entry in value)
        options = any("value" in entry for entry in value)  # sprints have names instead
        return f"[{ids}]" if options else ids, ", ".join(
            str(entry.get("name", entry.get("value", ""))) for entry in value
        )
    return (str(value), str(value)) if field == "timeoriginalestimate" else (None, str(value))


def _person(state: JiraState, account_id: str | None) -> Told:
    user = state.users.get(account_id) if account_id else None
    return account_id, user.name if user else None


def _named(kind: Mapping[str, Named], entry_id: str | None) -> Told:
    return (entry_id, kind[entry_id].name) if entry_id else (None, None)


def _key(state: JiraState, entry_id: str | None) -> Told:
    parent = state.find(entry_id) if entry_id else None
    return entry_id, parent.key if parent else None


CUSTOM_NAMES = {
    "customfield_10014": "Epic Link",
    "customfield_10015": "Start date",
    "customfield_10016": "Story point estimate",
    "customfield_10020": "Sprint",
    "customfield_10021": "Flagged",
    "customfield_10026": "Story Points",
}
