"""What we keep of GitHub's answers, field by field. Everything else in them is skipped while decoding.

Lenient where GitHub is: whatever it may leave out or send as null has a default. What an item cannot do without (id,
number, state, times) has none, so that a record without it is set aside rather than guessed.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding ends in when somebody else's JSON is broken, not text, or nested without end."""

NULL = Raw(b"null")

Node = TypeVar("Node")


class Payload(Struct, rename="camel", gc=False):
    """An object of the GraphQL interface, its names turned into ours."""


class Plain(Struct, gc=False):
    """An object of the REST interface, which writes names as we do."""


# --- what lists are made of --------------------------------------------------------------------------------------


class PageInfo(Payload):
    """Whether a list goes on, and behind which place."""

    has_next_page: bool
    end_cursor: str | None = None


class Connection(Payload, Generic[Node]):
    """A page of a list. A node is null where we may not see what stands there."""

    nodes: list[Node | None]
    page_info: PageInfo


class Records(Payload):
    """A page of a list of items, each of them to be decoded by itself."""

    nodes: list[Raw]
    page_info: PageInfo


# --- who and what --------------------------------------------------------------------------------------------------


class Actor(Payload):
    """An account: a User, Bot, Mannequin or Organization, or a Team, which has a slug instead of a login."""

    typename: str = msgspec.field(name="__typename", default="")
    login: str | None = None
    name: str | None = None
    combined_slug: str | None = None


class Label(Payload):
    """A label."""

    name: str


class Milestone(Payload):
    """A milestone. Its due date is an instant that means a day in California."""

    title: str
    due_on: str | None = None


class RepositoryName(Payload):
    """A repository by its full name."""

    name_with_owner: str


class Reference(Payload):
    """Another issue or pull request. Of an issue only what both kinds have."""

    typename: str = msgspec.field(name="__typename", default="")
    id: str = ""
    number: int = 0
    state: str = ""
    created_at: str = ""
    closed_at: str | None = None
    repository: RepositoryName | None = None


class Review(Payload):
    """A review that another event is about."""

    id: str | None = None


class Event(Payload):
    """An event of a timeline, of any type; which fields it has depends on that."""

    typename: str = msgspec.field(name="__typename")
    id: str
    created_at: str
    actor: Actor | None = None
    state_reason: str | None = None
    assignee: Actor | None = None
    label: Label | None = None
    milestone_title: str | None = None
    previous_title: str | None = None
    current_title: str | None = None
    from_repository: RepositoryName | None = None
    parent: Reference | None = None
    will_close_target: bool = False
    source: Reference | None = None
    subject: Reference | None = None
    requested_reviewer: Actor | None = None
    author: Actor | None = None
    state: str | None = None
    submitted_at: str | None = None
    review: Review | None = None
    previous_review_state: str | None = None


class CommentPayload(Payload):
    """A comment. `viewer_did_author` tells whether our own account wrote it."""

    id: str
    created_at: str
    body: str = ""
    author: Actor | None = None
    last_edited_at: str | None = None
    viewer_did_author: bool = False


class Requested(Payload):
    """A review that is asked for now."""

    requested_reviewer: Actor | None = None


class Issue(Payload):
    """An issue."""

    id: str
    number: int
    url: str
    title: str
    state: str
    created_at: str
    updated_at: str
    labels: Connection[Label]
    assignees: Connection[Actor]
    comments: Connection[CommentPayload]
    timeline_items: Connection[Event]
    closed_by_pull_requests_references: Connection[Reference]
    body: str = ""
    viewer_did_author: bool = False
    author: Actor | None = None
    closed_at: str | None = None
    state_reason: str | None = None
    milestone: Milestone | None = None
    parent: Reference | None = None


class PullRequest(Payload):
    """A pull request."""

    id: str
    number: int
    url: str
    title: str
    state: str
    created_at: str
    updated_at: str
    is_draft: bool
    head_ref_name: str
    labels: Connection[Label]
    assignees: Connection[Actor]
    comments: Connection[CommentPayload]
    timeline_items: Connection[Event]
    review_requests: Connection[Requested]
    closing_issues_references: Connection[Reference]
    body: str = ""
    author: Actor | None = None
    closed_at: str | None = None
    merged_at: str | None = None
    milestone: Milestone | None = None


class Stub(Payload):
    """What can be told of a record that cannot be read."""

    id: str | None = None
    number: int | None = None
    updated_at: str | None = None
    repository: RepositoryName | None = None


# --- answers ---------------------------------------------------------------------------------------------------------


class Failure(Payload):
    """An error, and where in the query it arose."""

    message: str = ""
    type: str = ""
    path: list[str | int] | None = None


class Envelope(Payload):
    """Every answer of the GraphQL interface. With `errors` its data are not whole."""

    data: Raw = NULL
    errors: list[Failure] | None = None


class Budget(Payload):
    """How many points are left, and until when."""

    remaining: int
    reset_at: str


class Metered(Payload):
    """The part of an answer that tells of our budget. A server of one's own may have no limits."""

    rate_limit: Budget | None = None


class Viewer(Payload):
    """Who we are."""

    viewer: Actor


class Lists(Payload):
    """A repository and a page of the lists that were asked for."""

    id: str
    name_with_owner: str
    issues: Records | None = None
    pull_requests: Records | None = None


class Listing(Payload):
    """A page of lists of a repository."""

    repository: Lists | None = None


class Nodes(Payload):
    """Some objects, by their ids; null for those that are gone, empty for those of another kind."""

    nodes: list[Raw]


class Counted(Payload):
    """How long a list is."""

    total_count: int


class Surveyed(Payload):
    """A repository and how much is in it."""

    id: str
    name_with_owner: str
    issues: Counted
    pull_requests: Counted


class Value(Payload):
    """A value of an enumeration."""

    name: str


class Enumeration(Payload):
    """An enumeration of the server's schema."""

    enum_values: list[Value] | None = None


class More(Payload):
    """The next page of one of the lists of an item."""

    labels: Connection[Label] | None = None
    assignees: Connection[Actor] | None = None
    comments: Connection[CommentPayload] | None = None
    timeline_items: Connection[Event] | None = None
    closed_by_pull_requests_references: Connection[Reference] | None = None
    review_requests: Connection[Requested] | None = None
    closing_issues_references: Connection[Reference] | None = None


class Edited(Payload):
    """Who wrote a text last; no editor where nobody edited it since its author wrote it."""

    editor: Actor | None = None
    last_edited_at: str | None = None


class EditedNode(Payload):
    """A comment or issue, asked for its editor."""

    node: Edited | None = None


class RestUser(Plain):
    """An account in the REST interface, where the login of a bot ends in `[bot]`."""

    login: str
    type: str = ""


class RestComment(Plain):
    """A comment in the REST interface."""

    id: int
    node_id: str
    created_at: str
    updated_at: str
    issue_url: str = ""
    user: RestUser | None = None
    body: str | None = None


class RestIssue(Plain):
    """An issue in the REST interface, where pull requests are issues with one field more."""

    id: int
    node_id: str
    number: int
    created_at: str
    repository_url: str = ""
    user: RestUser | None = None
    body: str | None = None
    pull_request: Raw = NULL


class RestRepository(Plain):
    """A repository in the REST interface."""

    node_id: str


class InstallationToken(Plain):
    """A token for an hour, made for an installation of an app."""

    token: str
    expires_at: str


class Refusal(Plain):
    """GitHub's own words about what was wrong."""

    message: str | None = None
    errors: Raw = NULL


class RefusedField(Plain):
    """What was wrong with one field."""

    message: str | None = None
    field: str | None = None
    code: str | None = None


ISSUE: msgspec.json.Decoder[Issue] = msgspec.json.Decoder(Issue)
PULL_REQUEST: msgspec.json.Decoder[PullRequest] = msgspec.json.Decoder(PullRequest)
