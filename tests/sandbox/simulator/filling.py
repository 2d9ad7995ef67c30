"""Puts a story's events into the sandbox's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator.cast import CAST
from tests.sandbox.simulator.events import (
    BLOCKED,
    CATEGORY,
    CLOSED,
    DONE,
    PROGRESS,
    REVIEW,
    TODO,
    Assigned,
    Commented,
    Created,
    Event,
    Linked,
    Moved,
    Prioritised,
    Rescheduled,
    Retitled,
)

STATUS_IDS = {TODO: "10", PROGRESS: "11", REVIEW: "12", BLOCKED: "13", DONE: "14", CLOSED: "15"}
JIRA_CATEGORY = {"todo": "new", "active": "indeterminate", "waiting": "indeterminate", "done": "done"}
RESOLUTIONS = ("Done", "Won't Do", "Won't Fix", "Duplicate", "Invalid", "Cannot Reproduce")


def prepare(state: JiraState, projects: Mapping[str, str], zone: str) -> None:
    """Give an empty site its people, projects (key to name), statuses, types and resolutions."""
    for member in CAST:
        state.add_user(member.account, member.name, member.email, zone=zone)
    for key, name in projects.items():
        state.add_project(key, name)
    for status, status_id in STATUS_IDS.items():
        state.add_status(status_id, status, JIRA_CATEGORY[CATEGORY[status]])
    for type in ("Task", "Bug", "Incident", "Requirement", "Epic"):  # noqa: A001 - the tracker's word
        state.named(state.types, type)
    state.add_named(state.types, "Sub-task", subtask=True)
    for resolution in RESOLUTIONS:
        state.named(state.resolutions, resolution)


def apply(state: JiraState, events: Iterable[Event], keys: Mapping[int, str]) -> int:
    """How many events were put into the state. They must come in time order."""
    count = 0
    for event in events:
        _apply(state, event, keys)
        count += 1
    return count


def _apply(state: JiraState, event: Event, keys: Mapping[int, str]) -> None:
    key, at, author = keys[event.issue], event.at, event.author.account
    match event.action:
        case Created() as created:
            _create(state, created, key, at, author, keys)
        case Moved(status=status, resolution=resolution):
            held = state.issue(key).resolution_id
            had = state.resolutions[held].name if held else None
            state.transition(key, status, author, at, resolution=None if resolution == had else resolution or "")
        case Assigned(to=to):
            state.edit(key, author=author, at=at, assignee=to.account if to else None)
        case Prioritised(priority=priority):
            state.edit(key, author=author, at=at, priority=priority)
        case Rescheduled(due_on=due_on):
            state.edit(key, author=author, at=at, duedate=due_on)
        case Retitled(title=title):
            state.edit(key, author=author, at=at, summary=title)
        case Commented(text=text):
            state.add_comment(key, author, text, at)
        case Linked(kind=kind, to=to):
            state.link(kind, key, keys[to], author, at)


def _create(state: JiraState, created: Created, key: str, at: datetime, author: str, keys: Mapping[int, str]) -> None:
    fields: dict[str, Any] = {"priority": created.priority, "labels": created.labels}
    if created.assignee is not None:
        fields["assignee"] = created.assignee.account
    if created.parent is not None:
        fields["parent"] = keys[created.parent]
    if created.due_on is not None:
        fields["duedate"] = created.due_on
    made = state.add_issue(
        created.project,
        summary=created.title,
        type=created.type,
        status=created.status,
        reporter=author,
        created=at,
        key=key,
        **fields,
    )
    if made != key:
        raise ValueError(f"the state made {made} of {key}")
