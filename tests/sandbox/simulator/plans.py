"""The plan behind a story, in all its versions, and the text of its plan file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from tests.sandbox.simulator.cast import Member

Dates = Mapping[int, date]
"""A date by the version of the plan that set it. An entry without a date up to a version is not in that version."""


def date_in(dates: Dates, version: int) -> date | None:
    """The date that a version of the plan gives, None when the entry is not in it yet."""
    known = [number for number in dates if number <= version]
    return dates[max(known)] if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMilestone:
    """A milestone with every date it was ever given."""

    id: str
    name: str
    due: Dates


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDeliverable:
    """A deliverable with every date it was ever given, and what its work is found by. `effort` None: nobody said it.

    `issue`, `parent` and `on_github` are the story's numbers: of an issue in Jira, of the parent of some, and of an
    issue on GitHub.
    """

    id: str
    name: str
    milestone: str
    owner: Member
    start: date
    due: Dates
    effort: str | None = "10d"
    depends_on: tuple[str | Mapping[str, Any], ...] = ()
    label: str | None = None
    issue: int | None = None
    parent: int | None = None
    on_github: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A recorded sign-off of a version of the plan."""

    version: int
    at: datetime
    by: Member
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBook:
    """Everything planned in a story. `latest` is the version that the plan file shows at the story's present."""

    name: str
    owner: Member
    start: date
    due: Dates
    plan_due: date
    latest: int
    milestones: tuple[PlannedMilestone, ...]
    deliverables: tuple[PlannedDeliverable, ...]
    approvals: tuple[Approval, ...]
    requirements: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def subjects(self, version: int) -> dict[str, date]:
        """The due dates of all deliverables and milestones of a version."""
        entries: list[PlannedMilestone | PlannedDeliverable] = [*self.milestones, *self.deliverables]
        return {entry.id: due for entry in entries if (due := date_in(entry.due, version)) is not None}

    def text(self, version: int, keys: Mapping[int, str], kind: str = "jira") -> str:
        """The plan file of a version. `keys` are the issues' keys by the story's number."""
        version_ids = set(self.subjects(version))
        content: dict[str, Any] = {
            "name": self.name,
            "owner": self.owner.email,
            "start": self.start,
            "due": date_in(self.due, version),
            "plan_due": self.plan_due,
            "milestones": [
                {"id": entry.id, "name": entry.name, "due": due}
                for entry in self.milestones
                if (due := date_in(entry.due, version)) is not None
            ],
            "deliverables": [
                _deliverable(entry, due, keys, kind, version_ids)
                for entry in self.deliverables
                if (due := date_in(entry.due, version)) is not None
            ],
            "requirements": [_requirement(entry, keys, kind) for entry in self.requirements],
            **self.extra,
        }
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _deliverable(
    entry: PlannedDeliverable, due: date, keys: Mapping[int, str], kind: str, known: set[str]
) -> dict[str, Any]:
    work: dict[str, str] = {}
    if entry.issue is not None:
        work[kind] = keys[entry.issue]
    if entry.on_github is not None:
        work["github"] = keys[entry.on_github]
    if entry.label is not None:
        work["label"] = entry.label
    if entry.parent is not None:
        work["parent"] = keys[entry.parent]
    row: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "milestone": entry.milestone,
        "owner": entry.owner.email,
        "start": entry.start,
        "due": due,
    }
    if entry.effort is not None:
        row["effort"] = entry.effort
    waits_for = [on if isinstance(on, str) else dict(on) for on in entry.depends_on]
    waits_for = [on for on in waits_for if (on if isinstance(on, str) else on["id"]) in known]
    if waits_for:
        row["depends_on"] = waits_for
    if work:
        row["work"] = work
    return row


def _requirement(entry: Mapping[str, Any], keys: Mapping[int, str], kind: str) -> dict[str, Any]:
    row = dict(entry)
    row["work"] = {kind: keys[row.pop("issue")]}
    return row
