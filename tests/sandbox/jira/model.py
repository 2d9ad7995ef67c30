"""What the sandbox holds: Jira's things, in Jira's words. Instants are integer milliseconds since the epoch."""

from __future__ import annotations

from typing import Any

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person's or bot's account."""

    account_id: str
    name: str
    email: str | None
    active: bool = True
    zone: str
    account_type: str = "atlassian"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a token lets its account do. `browse` None: all projects."""

    account_id: str
    browse: frozenset[str] | None = None
    comment: bool = True
    edit_own: bool = True
    edit_all: bool = False
    delete_own: bool = True
    delete_all: bool = False
    admin: bool = False


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project; `former_keys` still resolve unless another project took them."""

    id: str
    key: str
    name: str
    type_key: str = "software"
    public: bool = False
    former_keys: tuple[str, ...] = ()


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A status with the key of its category: new, indeterminate or done."""

    id: str
    name: str
    category: str


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An issue type, priority, resolution, version or component. `more` holds what else it shows."""

    id: str
    name: str
    more: dict[str, Any] = {}


class LinkType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of link: A `outward` B, B `inward` A."""

    id: str
    name: str
    inward: str
    outward: str


class IssueLink(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a link as its issue shows it. `stub` is what to show when the other issue is not there."""

    id: str
    type_id: str
    outward: bool
    other_id: str
    stub: dict[str, Any] | None = None


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment; `body` is an ADF document."""

    id: str
    author: str | None
    editor: str | None
    body: dict[str, Any]
    created: int
    updated: int
    properties: dict[str, Any] = {}
    visibility: dict[str, Any] | None = None


class ChangeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a history entry; ids in `before`/`after`, names as they were then in the texts."""

    field: str
    field_id: str | None
    custom: bool = False
    before: str | None
    before_text: str | None
    after: str | None
    after_text: str | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One history entry of an issue."""

    id: int
    author: str | None
    created: int
    items: tuple[ChangeItem, ...]


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an issue. Every change makes a new one, so the search index can lag behind.

    `values` are the plain fields (text, dates, numbers, labels) and custom fields by field id, ready to be shown.
    """

    id: str
    key: str
    project_id: str
    type_id: str
    status_id: str
    summary: str
    reporter: str | None
    creator: str | None
    created: int
    updated: int
    assignee: str | None = None
    priority_id: str | None = None
    resolution_id: str | None = None
    resolved: int | None = None
    category_changed: int | None = None
    parent_id: str | None = None
    parent_stub: dict[str, Any] | None = None
    labels: tuple[str, ...] = ()
    version_ids: tuple[str, ...] = ()
    affected_ids: tuple[str, ...] = ()
    component_ids: tuple[str, ...] = ()
    links: tuple[IssueLink, ...] = ()
    comments: tuple[Comment, ...] = ()
    values: dict[str, Any] = {}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as the index learnt of it at an instant; None: it was deleted or hidden then."""

    since: int
    issue: Issue | None


class Record(msgspec.Struct, kw_only=True):
    """An issue with its past: the versions that the index may still show, its history, the keys that it had.

    `stalled` is since when and until when the index learns nothing new of this issue.
    """

    versions: list[Version]
    changes: list[Change] = []
    former_keys: list[str] = []
    hidden: bool = False
    stalled: tuple[int, int] | None = None

    @property
    def issue(self) -> Issue | None:
        """The issue as the primary store has it, None when it was deleted."""
        return self.versions[-1].issue


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that people got. `kind` is commented, comment edited, or customer told (service desks)."""

    kind: str
    issue_key: str
    comment_id: str | None
    at: int


class Snapshot(msgspec.Struct, kw_only=True):
    """The whole state, for another process."""

    site_name: str
    zone: str
    now: int
    next_id: int
    users: dict[str, User]
    tokens: dict[str, dict[str, Access]]
    projects: dict[str, Project]
    project_counters: dict[str, int]
    statuses: dict[str, Status]
    types: dict[str, Named]
    priorities: dict[str, Named]
    resolutions: dict[str, Named]
    versions: dict[str, Named]
    components: dict[str, Named]
    link_types: dict[str, LinkType]
    records: dict[str, Record]
    field_names: dict[str, str]
    mails: list[Mail]
