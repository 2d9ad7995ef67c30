"""What we keep of Jira's answers, field by field. Everything else in them is skipped while decoding.

Lenient where Jira is: whatever it may leave out or send as null has a default. What an item cannot do without (id, key,
status, times) has none, so that a record without it is set aside rather than guessed.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding ends in when somebody else's JSON is broken, not text, or nested without end."""


class Payload(Struct, rename="camel", gc=False):
    """An object of Jira's, its names turned into ours."""


class User(Payload):
    """An account. After its person asked to be forgotten little of it is left."""

    account_id: str | None = None
    display_name: str | None = None
    email_address: str | None = None
    account_type: str | None = None
    active: bool | None = None


class Named(Payload):
    """A priority, type, resolution or version."""

    name: str | None = None


class StatusCategory(Payload):
    """`new`, `indeterminate`, `done` or `undefined`: the only meaning of a status that is the same everywhere."""

    key: str | None = None


class StatusPayload(Payload):
    """A status."""

    id: str
    name: str
    status_category: StatusCategory | None = None


class ProjectPayload(Payload):
    """A project. `project_type_key` is `software`, `business`, `service_desk` or one that came later."""

    id: str | None = None
    key: str | None = None
    project_type_key: str | None = None


class Reference(Payload):
    """Another issue, as a parent or the end of a link."""

    id: str | None = None
    key: str | None = None


class LinkType(Payload):
    """The two readings of a link."""

    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class LinkPayload(Payload):
    """A link, with the end that is not this issue."""

    id: str
    type: LinkType
    inward_issue: Reference | None = None
    outward_issue: Reference | None = None


class Property(Payload):
    """A property of a comment, any JSON."""

    key: str
    value: Raw


class CommentPayload(Payload):
    """A comment. `properties` is None when the answer does not tell them."""

    id: str
    created: str
    author: User | None = None
    update_author: User | None = None
    updated: str | None = None
    body: Raw = msgspec.field(default_factory=lambda: Raw(b"null"))
    properties: list[Property] | None = None


class CommentPage(Payload):
    """Some of an issue's comments; `total` says how many there are."""

    comments: list[CommentPayload]
    total: int | None = None


class Fields(Payload):
    """An issue's fields, those that we ask for."""

    status: StatusPayload
    created: str
    updated: str
    summary: str | None = None
    issuetype: Named | None = None
    priority: Named | None = None
    resolution: Named | None = None
    resolutiondate: str | None = None
    duedate: str | None = None
    labels: list[str] | None = None
    assignee: User | None = None
    reporter: User | None = None
    parent: Reference | None = None
    project: ProjectPayload | None = None
    fix_versions: list[Named] | None = None
    issuelinks: list[LinkPayload] | None = None
    comment: CommentPage | None = None


class Issue(Payload):
    """An issue of a search."""

    id: str
    key: str
    fields: Fields


class IssueStub(Payload):
    """What can be said of an issue that cannot be read."""

    id: str | int | None = None
    key: str | None = None


class SearchPage(Payload):
    """A page of a search. The issues are left undecoded, so that one that is broken does not spoil the others."""

    issues: list[Raw]
    next_page_token: str | None = None
    is_last: bool | None = None
    warnings: list[Raw] | None = None


class FoundIssues(Payload):
    """Issues that were asked for by their ids, left undecoded; those that are not to be seen are named elsewhere."""

    issues: list[Raw]


class Item(Payload):
    """One field changed by an entry of the history. `from_` and `to` are ids, the texts are as they were then."""

    field: str | None = None
    field_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    from_string: str | None = None
    to_string: str | None = None


class Entry(Payload):
    """An entry of an issue's history. `created` is ISO text or an epoch number, depending on who asks."""

    id: str | int
    created: str | int | float
    author: User | None = None
    items: list[Item] | None = None


class IssueEntries(Payload):
    """Some entries of one issue; more of them may be on the next page."""

    issue_id: str | int
    change_histories: list[Entry] | None = None


class IssueEntriesStub(Payload):
    """Which issue a history belongs to that cannot be read."""

    issue_id: str | int


class BulkChangelog(Payload):
    """A page of the histories of many issues."""

    issue_change_logs: list[Raw]
    next_page_token: str | None = None


class IssueChangelog(Payload):
    """A page of one issue's history."""

    values: list[Entry]
    total: int | None = None
    start_at: int = 0


class Count(Payload):
    """About how many issues a query finds."""

    count: int


class ServerInfo(Payload):
    """Where people find the site."""

    base_url: str


class IssueProject(Payload):
    """An issue's id and its project."""

    id: str | int
    fields: FieldsProject


class FieldsProject(Payload):
    """An issue's project and nothing else."""

    project: ProjectPayload


class Refusal(Payload):
    """Jira's own words about what was wrong."""

    error_messages: list[str] | None = None
    errors: dict[str, Raw] | None = None
    message: str | None = None


ISSUE: msgspec.json.Decoder[Issue] = msgspec.json.Decoder(Issue)
ISSUE_ENTRIES: msgspec.json.Decoder[IssueEntries] = msgspec.json.Decoder(IssueEntries)
