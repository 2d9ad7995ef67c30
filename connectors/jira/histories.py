"""The whole histories of issues: a thousand at once where Jira lets us, one by one where it does not.

Never the `changelog` that a search can carry: that is cut at 40 entries, without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.jira.client import JiraClient
from connectors.jira.payloads import ISSUE_ENTRIES, UNREADABLE, BulkChangelog, Entry, IssueChangelog, IssueEntriesStub
from connectors.transport import NotAllowed, clean
from core.errors import BadAnswer, NotThere

ISSUES_AT_ONCE = 1000
ENTRIES_AT_ONCE = 10_000
ENTRIES_OF_ONE_AT_ONCE = 100


@dataclass(slots=True)
class Story:
    """One issue's entries, in no order. `whole` is False when Jira counts more than it gave, or gave none at all.

    `problem` says why they cannot be read.
    """

    entries: list[Entry] = field(default_factory=list)
    whole: bool = True
    problem: str | None = None


class Histories:
    """Reads histories, and remembers whether this Jira gives them in bulk."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client
        self._in_bulk = True

    def of(self, issues: Sequence[str]) -> dict[str, Story | None]:
        """The story of each issue, by its id; None for one that is gone. Raises RemoteError."""
        found: dict[str, Story | None] = {}
        for start in range(0, len(issues), ISSUES_AT_ONCE):
            some = issues[start : start + ISSUES_AT_ONCE]
            try:
                found |= self._together(some) if self._in_bulk else self._apart(some)
            except (NotAllowed, NotThere):
                if not self._in_bulk:
                    raise
                self._in_bulk = False
                found |= self._apart(some)
        return found

    def _together(self, issues: Sequence[str]) -> dict[str, Story]:
        stories = {issue: Story() for issue in issues}
        body: dict[str, object] = {"issueIdsOrKeys": issues, "maxResults": ENTRIES_AT_ONCE}
        seen: set[str] = set()
        while True:
            page = self._client.read("changelog/bulkfetch", BulkChangelog, body=body).value
            for raw in page.issue_change_logs:
                _add(stories, raw)
            token = page.next_page_token
            if not token:
                return stories
            if token in seen:
                raise BadAnswer(f"{self._client.host} leads us through the same pages of histories again.")
            seen.add(token)
            body["nextPageToken"] = token

    def _apart(self, issues: Sequence[str]) -> dict[str, Story | None]:
        return {issue: self._alone(issue) for issue in issues}

    def _alone(self, issue: str) -> Story | None:
        story = Story()
        while True:
            query: dict[str, str | int] = {"startAt": len(story.entries), "maxResults": ENTRIES_OF_ONE_AT_ONCE}
            try:
                page = self._client.read(f"issue/{issue}/changelog", IssueChangelog, query=query).value
            except NotThere:
                return None
            story.entries += page.values
            total = page.total or 0
            if not page.values or len(story.entries) >= total:
                story.whole = len(story.entries) >= total
                return story


def _add(stories: dict[str, Story], raw: msgspec.Raw) -> None:
    """Add a piece of one issue's history; an issue's entries may be spread over several pages."""
    try:
        part = ISSUE_ENTRIES.decode(raw)
    except UNREADABLE as error:
        try:
            stub = msgspec.json.decode(raw, type=IssueEntriesStub)
        except UNREADABLE:
            raise BadAnswer("A history does not say which issue it belongs to.") from error
        broken = stories.get(str(stub.issue_id))
        if broken is not None:
            broken.problem = clean(f"its history cannot be read: {error}")
        return
    story = stories.get(str(part.issue_id))
    if story is not None:
        story.entries += part.change_histories or ()
