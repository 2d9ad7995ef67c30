"""Looking at a repository for what moves without an update, and into milestones. `looks` says what is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from connectors.github import queries
from connectors.github.client import GithubClient, Value
from connectors.github.failures import TooHeavy
from connectors.github.looks import Look, Seen
from connectors.github.payloads import Connection, Counted, PageInfo, Payload, RepositoryName
from connectors.github.walk import SIZES
from core.errors import BadAnswer, NotThere


class DatedMilestone(Payload):
    """A milestone as it is now."""

    id: str
    title: str
    due_on: str | None = None


class DatedMilestones(Payload):
    """Some milestones of a repository."""

    nodes: list[DatedMilestone | None]


class End(Payload):
    """An issue that a pull request closes."""

    id: str
    repository: RepositoryName | None = None


class Ends(Payload):
    """The issues that a pull request closes, as far as we may see them."""

    nodes: list[End | None]


class OpenPull(Payload):
    """What tells of an open pull request that something happened to it."""

    id: str
    updated_at: str
    is_draft: bool
    timeline_items: Counted
    closing_issues_references: Ends


class Looked(Payload):
    """A repository, looked at."""

    id: str
    name_with_owner: str
    pull_requests: Connection[OpenPull]
    milestones: DatedMilestones | None = None


class LookedAt(Payload):
    """What a look at a repository brings."""

    repository: Looked | None = None


class Identified(Payload):
    """A thing by its id alone."""

    id: str


class Members(Payload):
    """What is in a milestone: a page of one of the two."""

    issues: Connection[Identified] | None = None
    pull_requests: Connection[Identified] | None = None


class MembersOf(Payload):
    """A milestone, asked for what is in it; nothing where it is gone."""

    node: Members | None = None


def look(client: GithubClient, repository: str, read: Collection[str]) -> tuple[str, Look]:
    """The id of a repository, and what its open pull requests and milestones look like. Raises RemoteError.

    `read` are the repositories whose issues count.
    """
    owner, _, name = repository.partition("/")
    pulls: dict[str, Seen] = {}
    milestones: dict[str, str] = {}
    after: str | None = None
    counted = {one.casefold() for one in read}
    while True:
        variables = {"owner": owner, "name": name, "after": after}
        found = _at_a_size(client, queries.LOOK, LookedAt, variables).repository
        if found is None:
            raise NotThere(f"{client.host} has no such repository, or hides it from our account.")
        pulls |= {
            pull.id: _seen(pull, {*counted, found.name_with_owner.casefold()})
            for pull in found.pull_requests.nodes
            if pull
        }
        told = found.milestones.nodes if found.milestones else ()
        milestones |= {one.id: f"{one.due_on or 'no day'} {one.title}" for one in told if one}
        after = _next(client, found.pull_requests.page_info, after)
        if after is None:
            return found.id, Look(pulls, milestones)


def members(client: GithubClient, milestone: str, kind: str) -> Iterator[str]:
    """The ids of the `issues` or `pullRequests` in a milestone, nothing where it is gone. Raises RemoteError."""
    after: str | None = None
    while True:
        try:
            node = _at_a_size(client, queries.members(kind), MembersOf, {"id": milestone, "after": after}).node
        except NotThere:
            return
        page = None if node is None else node.issues if kind == "issues" else node.pull_requests
        if page is None:
            return
        yield from (one.id for one in page.nodes if one)
        after = _next(client, page.page_info, after)
        if after is None:
            return


def _seen(pull: OpenPull, counted: Collection[str]) -> Seen:
    ends = [end for end in pull.closing_issues_references.nodes if end is not None and end.repository is not None]
    closes = sorted(end.id for end in ends if end.repository and end.repository.name_with_owner.casefold() in counted)
    state = f"{pull.updated_at} {pull.timeline_items.total_count}{' draft' if pull.is_draft else ''}"
    return Seen(state, tuple(closes))


def _at_a_size(client: GithubClient, document: str, kind: type[Value], variables: dict[str, str | None]) -> Value:
    """The answer for as many things at once as GitHub manages. Raises RemoteError."""
    for size in SIZES[:-1]:
        try:
            return client.ask(document, kind, {**variables, "size": size})
        except TooHeavy:
            continue
    return client.ask(document, kind, {**variables, "size": SIZES[-1]})


def _next(client: GithubClient, page: PageInfo, after: str | None) -> str | None:
    """The place behind which a list goes on, or None at its end. Raises BadAnswer when it leads nowhere."""
    if not page.has_next_page:
        return None
    if page.end_cursor in (None, after):
        raise BadAnswer(f"{client.host} leads us through the same pages again.")
    return page.end_cursor
