"""What both the reading and the writing side ask Jira: who we are, where the site is, what was said on an issue."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.jira.client import JiraClient
from connectors.jira.map import read_identity
from connectors.jira.payloads import CommentPage, CommentPayload, ServerInfo, User
from core.errors import AccessDenied, BadAnswer
from core.model import Identity

COMMENTS_AT_ONCE = 100
GATEWAY_PATH = "/ex/jira/"
"""How the path goes on at Atlassian's gateway, where tokens with scopes are used instead of at the site itself."""


def identify(client: JiraClient, source: str) -> Identity:
    """The account that Jira takes us for. Raises AccessDenied when that is nobody, RemoteError."""
    user = client.read("myself", User).value
    if not user.account_id:
        raise AccessDenied(f"{client.host} takes us for a stranger.")
    return read_identity(source, user)


def site_address(client: JiraClient, url: str) -> str:
    """The address of the site that people open. A gateway's is not; the site behind it knows. Raises RemoteError."""
    if not urlsplit(url).path.startswith(GATEWAY_PATH):
        return url.rstrip("/")
    site = client.read("serverInfo", ServerInfo).value.base_url.rstrip("/")
    if not site.startswith("https://"):
        raise BadAnswer(f"{client.host} names an address for browsers that does not begin with https://.")
    return site


def comments(
    client: JiraClient, issue: str, *, newest_first: bool = False, with_properties: bool = False
) -> Iterator[CommentPayload]:
    """All comments of an issue that we may see, each once, from Jira's primary store. Raises NotThere, RemoteError.

    One that was deleted while we read may come or not; it hides no other.
    """
    start, last = 0, None
    told: set[str] = set()
    while True:
        query: dict[str, str | int] = {
            "startAt": start,
            "maxResults": COMMENTS_AT_ONCE,
            "orderBy": "-created" if newest_first else "created",
        }
        if with_properties:
            query["expand"] = "properties"
        page = client.read(f"issue/{issue}/comment", CommentPage, query=query).value
        ids = [comment.id for comment in page.comments]
        if last is not None and last not in ids:
            # Some were deleted, and what stood behind them moved up: it may stand before this page now.
            start = max(0, start - COMMENTS_AT_ONCE)
            last = last if start else None
            continue
        yield from (comment for comment in page.comments if comment.id not in told)
        told.update(ids)
        # The total may count what we may not see, so an empty page ends it too.
        if not ids or start + len(ids) >= (page.total or 0):
            return
        # Each page begins with the last comment of the one before it, which shows that nothing lies between them.
        last, start = (ids[-1], start + len(ids) - 1) if len(ids) > 1 else (None, start + 1)
