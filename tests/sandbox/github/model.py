"""What the sandbox holds: GitHub's things, in GitHub's words. Instants are whole seconds since the epoch."""

from __future__ import annotations

from typing import Any

import msgspec


class Account(msgspec.Struct, kw_only=True):
    """A user, bot, mannequin, organization or team. A deleted one is a ghost: nobody is told who it was."""

    id: str
    database_id: int
    kind: str
    login: str
    name: str | None = None
    email: str | None = None
    created_at: int = 0
    deleted: bool = False


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a token lets its account do. `repositories` None: all; `issues` is write, read or none.

    `collaborator`: may write to locked conversations. `fine_grained`: refusals name the permission that is missing.
    Without `teams` those of the organization are hidden: from a fine-grained token and an app each where it stands,
    while to a classic token, which lacks a scope, no query that asks for them is answered.
    From `expires_at` on it is worth nothing.
    """

    account: str
    repositories: frozenset[str] | None = None
    issues: str = "write"
    collaborator: bool = True
    fine_grained: bool = True
    teams: bool = True
    expires_at: int | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A GitHub App with its one installation. Who signs with its key gets tokens for an hour with its `access`."""

    id: int
    installation: int
    public_key: str
    access: Access


class Label(msgspec.Struct, kw_only=True):
    """A label of a repository."""

    id: str
    database_id: int
    repository_id: str
    name: str
    color: str = "ededed"
    description: str | None = None
    created_at: int = 0


class Milestone(msgspec.Struct, kw_only=True):
    """A milestone. `due_on` is midnight in California on the day that was meant."""

    id: str
    database_id: int
    repository_id: str
    number: int
    title: str
    description: str | None = None
    due_on: int | None = None
    state: str = "OPEN"
    created_at: int
    updated_at: int
    closed_at: int | None = None
    creator: str | None = None


class Repository(msgspec.Struct, kw_only=True):
    """A repository. `numbers` are its issues and pull requests; `gone` says where numbers went (None: deleted)."""

    id: str
    database_id: int
    owner: str
    name: str
    private: bool = True
    archived: bool = False
    has_issues: bool = True
    description: str | None = None
    default_branch: str = "main"
    created_at: int
    updated_at: int
    pushed_at: int
    next_number: int = 1
    labels: dict[str, Label] = {}
    milestones: dict[str, Milestone] = {}
    numbers: dict[int, str] = {}
    gone: dict[int, str | None] = {}

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


class Comment(msgspec.Struct, kw_only=True):
    """A comment below an issue or pull request. `edits` are when and what it was before each edit."""

    id: str
    database_id: int
    item_id: str
    author: str | None
    body: str
    created_at: int
    updated_at: int
    last_edited_at: int | None = None
    editor: str | None = None
    edits: list[tuple[int, str]] = []


class Review(msgspec.Struct, kw_only=True):
    """A review of a pull request; until it is submitted only its author sees it."""

    id: str
    database_id: int
    item_id: str
    author: str | None
    state: str
    body: str
    created_at: int
    updated_at: int
    submitted_at: int | None = None


class ReviewRequest(msgspec.Struct, kw_only=True):
    """A review that somebody was asked for and has not given."""

    id: str
    database_id: int
    item_id: str
    reviewer: str


class Event(msgspec.Struct, kw_only=True):
    """One entry of a timeline, `kind` as GraphQL names the type. `data` are its own fields, things by their ids."""

    id: str
    database_id: int
    item_id: str
    kind: str
    actor: str | None
    created_at: int
    data: dict[str, Any] = {}


class Pull(msgspec.Struct, kw_only=True):
    """What a pull request has beyond an issue.

    `keywords` are the issues that its text closes, `connected` those that somebody linked by hand.
    """

    database_id: int
    head: str
    head_oid: str
    base: str
    draft: bool = False
    updated_at: int
    merged_at: int | None = None
    merged_by: str | None = None
    reviews: list[Review] = []
    requests: list[ReviewRequest] = []
    keywords: list[str] = []
    connected: list[str] = []
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0


class Item(msgspec.Struct, kw_only=True):
    """An issue, or a pull request when `pull` is there. `database_id` is the issue's in both cases.

    `closers` are the pull requests that close it when they are merged.
    `state` is OPEN, CLOSED or MERGED; `updated_at` is the issue's, which reviews and pushes do not move.
    """

    id: str
    database_id: int
    repository_id: str
    number: int
    title: str
    body: str
    author: str | None
    created_at: int
    updated_at: int
    state: str = "OPEN"
    state_reason: str | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    duplicate_of: str | None = None
    labels: list[str] = []
    assignees: list[str] = []
    milestone: str | None = None
    locked: bool = False
    lock_reason: str | None = None
    last_edited_at: int | None = None
    editor: str | None = None
    parent: str | None = None
    children: list[str] = []
    closers: list[str] = []
    comments: list[Comment] = []
    events: list[Event] = []
    pull: Pull | None = None

    @property
    def touched_at(self) -> int:
        """The `updatedAt` that is shown for it: a pull request has one of its own."""
        return self.updated_at if self.pull is None else max(self.updated_at, self.pull.updated_at)


class Snapshot(msgspec.Struct, kw_only=True):
    """The whole state, for another process."""

    now: int
    last_id: int
    accounts: dict[str, Account]
    tokens: dict[str, Access]
    apps: dict[int, App]
    repositories: dict[str, Repository]
    former_names: dict[str, str]
    items: dict[str, Item]
