"""What both the reading and the writing side ask Jira: who we are, and everything that was said on an issue."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira.client import JiraClient
from connectors.jira.map import read_identity
from connectors.jira.payloads import CommentPage, CommentPayload, User
from core.errors import AccessDenied
from core.model import Identity

COMMENTS_AT_ONCE = 100


def identify(client: JiraClient, source: str) -> Identity:
    """The account that Jira takes us for. Raises AccessDenied when that is nobody, RemoteError."""
    user = client.read("myself", User).value
    if not user.account_id:
        raise AccessDenied(f"{client.host} takes us for a stranger.")
    return read_identity(source, user)


def comments(
    client: JiraClient, issue: str, *, newest_first: bool = False, with_properties: bool = False
) -> Iterator[CommentPayload]:
    """All comments of an issue that we may see, read from Jira's primary store. Raises NotThere, RemoteError."""
    start = 0
    while True:
        query: dict[str, str | int] = {
            "startAt": start,
            "maxResults": COMMENTS_AT_ONCE,
            "orderBy": "-created" if newest_first else "created",
        }
        if with_properties:
            query["expand"] = "properties"
        page = client.read(f"issue/{issue}/comment", CommentPage, query=query).value
        yield from page.comments
        start += len(page.comments)
        # The total may count what we may not see, so an empty page ends it too.
        if not page.comments or start >= (page.total or 0):
            return
