"""The rest of lists that did not come whole with their items, so that no history is cut without a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.github.failures import TooHeavy
from connectors.github.inquiry import Inquiry
from connectors.github.payloads import Connection, Issue, More, PullRequest
from connectors.github.walk import SIZES
from core.errors import BadAnswer

FEWER = 5
"""As many times fewer lists are read on with one request as each may bring."""

LISTS = {
    "labels": "labels",
    "assignees": "assignees",
    "comments": "comments",
    "timelineItems": "timeline_items",
    "closedByPullRequestsReferences": "closed_by_pull_requests_references",
    "reviewRequests": "review_requests",
    "closingIssuesReferences": "closing_issues_references",
}
"""GitHub's name of a nested list -> ours."""


@dataclass(slots=True)
class _Part:
    """A list of an item that goes on behind `after`."""

    kind: str
    item: str
    name: str
    held: Connection[Any]

    @property
    def after(self) -> str:
        """The place behind which it goes on."""
        return self.held.page_info.end_cursor or ""


def complete(inquiry: Inquiry, items: Sequence[Issue | PullRequest]) -> None:
    """Read every list of these items to its end, into the items. Raises RemoteError.

    A list that GitHub does not give any more keeps what it has, and still says that there is more.
    """
    parts = [part for item in items for part in _open(item)]
    sizes = list(SIZES)
    while parts:
        at_once = sizes[0] // FEWER
        try:
            parts = [*_read(inquiry, parts[:at_once], sizes[0]), *parts[at_once:]]
        except TooHeavy:
            if len(sizes) == 1:
                raise
            sizes.pop(0)


def _open(item: Issue | PullRequest) -> Iterator[_Part]:
    kind = "Issue" if isinstance(item, Issue) else "PullRequest"
    for name, ours in LISTS.items():
        held = getattr(item, ours, None)
        if held is not None and held.page_info.has_next_page:
            yield _Part(kind, item.id, name, held)


def _read(inquiry: Inquiry, parts: Sequence[_Part], size: int) -> list[_Part]:
    """Add the next page of each part to it. Gives those that still go on."""
    variables: dict[str, object] = {"first": size}
    for number, part in enumerate(parts):
        variables |= {f"i{number}": part.item, f"a{number}": part.after}
    lists = [(part.kind, part.name) for part in parts]
    told = inquiry.ask(lambda documents: documents.more(lists), dict[str, msgspec.Raw], variables)
    goes_on = []
    for number, part in enumerate(parts):
        try:
            more = msgspec.json.decode(told[f"m{number}"], type=More | None)
        except (KeyError, msgspec.MsgspecError) as error:
            raise BadAnswer(f"{inquiry.host} does not tell the rest of a list.") from error
        page = None if more is None else getattr(more, LISTS[part.name])
        if page is None:
            continue
        if page.page_info.has_next_page and page.page_info.end_cursor in (None, part.after):
            raise BadAnswer(f"{inquiry.host} leads us through the same pages of a list again.")
        part.held.nodes += page.nodes
        part.held.page_info = page.page_info
        if page.page_info.has_next_page:
            goes_on.append(part)
    return goes_on
