"""Reading Jira Cloud: what changed since the cursor, with whole histories and comments. `walk` says in which order.

https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Final

import msgspec

from config.sources import JiraSettings
from connectors.jira.client import JiraClient, Told
from connectors.jira.histories import Histories, Story
from connectors.jira.map import EPOCH, Reader, instant, is_marked, read_status
from connectors.jira.payloads import (
    ISSUE,
    UNREADABLE,
    CommentPayload,
    Count,
    FoundIssues,
    Issue,
    IssueStub,
    SearchPage,
    StatusPayload,
)
from connectors.jira.questions import comments, identify, site_address
from connectors.jira.walk import Place, anew, begin, go_on
from connectors.transport import ReadRetry, clean
from core.errors import AccessDenied, BadAnswer, NotThere, SourceUnavailable
from core.model import Comment, Cursor, Identity, Link, Page, SetAside, Snapshot, Status, WorkItem
from core.ports import Known

FIELDS: Final = (
    "summary",
    "status",
    "issuetype",
    "priority",
    "resolution",
    "resolutiondate",
    "created",
    "updated",
    "duedate",
    "labels",
    "assignee",
    "reporter",
    "parent",
    "project",
    "fixVersions",
    "issuelinks",
    "comment",
)
PAGE_SIZE = 100
"""Issues asked for at once; Jira gives fewer when it likes."""
PAGES_AT_ONCE = 10
"""Searches whose issues share a transaction and one request for their histories, which takes 1000 issues."""


@dataclass(slots=True)
class Draft:
    """An issue on its way to a snapshot. `comments` is None while Jira has more of them than it told."""

    item: WorkItem
    links: tuple[Link, ...]
    comments: tuple[Comment, ...] | None


@dataclass(slots=True)
class Batch:
    """What a few searches brought: the issues that the store does not hold yet, and the place behind them."""

    place: Place
    drafts: dict[str, Draft] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    found: int = 0
    at: datetime | None = None
    doubtful: bool = False
    ended: bool = False


class JiraSource:
    """The issues of some projects of a Jira Cloud site, or of a query. Making one sends nothing."""

    def __init__(
        self, name: str, settings: JiraSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._url = settings.url
        self._client = JiraClient(settings, settings.token, stop=stop, retry=retry)
        self._scope = _scope(settings)
        self._digest = hashlib.sha256(self._scope.encode()).hexdigest()[:16]
        self._histories = Histories(self._client)
        self._tokens: set[str] = set()
        self._account: str | None = None
        self._site: str | None = None

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def identify(self) -> Identity:
        """Who Jira says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        found = identify(self._client, self.name)
        self._account = found.account_id
        return found

    def lists(self) -> tuple[Status, ...]:
        """All statuses of the site. Raises RemoteError."""
        return tuple(read_status(status) for status in self._client.read("status", list[StatusPayload]).value)

    def holds(self) -> int | None:
        """About how many issues the projects or the query have. Raises BadAnswer with Jira's reason, RemoteError."""
        # A search, as a reading sends it, is refused for the same reasons. It does not tell how many there are.
        self._client.read("search/jql", SearchPage, body={"jql": self._scope, "fields": ["id"], "maxResults": 1})
        return self._count(self._scope)

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Yield what was updated since the cursor, up to a thousand issues a page, and before it those asked for again.

        Issues that the store holds in this version are left out. A walk that was broken off goes on where it stood;
        `wide` begins a new one a day earlier. Raises RemoteError.
        """
        place = begin(cursor, self._digest, wide=wide)
        reader = Reader(self.name)
        self._tokens.clear()
        whole, told, first = place == Place(self._digest), 0, True
        wanted = [remote_id for remote_id in again if remote_id.isdecimal()]  # an unreadable one may have had none
        for start in range(0, len(wanted), PAGE_SIZE):
            batch = self._ask_again(place, wanted[start : start + PAGE_SIZE], reader, known)
            yield Page(cursor=place.cursor, snapshots=self._complete(batch, reader), set_aside=tuple(batch.set_aside))
        while True:
            batch = self._gather(place, reader, known, resumed=first and place.token is not None)
            if whole and first and batch.ended and not batch.found:
                self.identify()  # a stranger, too, sees nothing at all
            snapshots = self._complete(batch, reader)
            people = tuple(reader.people.values())
            yield Page(
                cursor=batch.place.cursor,
                snapshots=snapshots,
                identities=people[told:],
                set_aside=tuple(batch.set_aside),
                warnings=tuple(batch.warnings),
                complete=batch.ended and not batch.doubtful,
                expected=self._expected(batch) if whole and first else None,
                answered_at=batch.at,
            )
            if batch.ended:
                return
            place, told, first = batch.place, len(people), False

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # --- the walk ---

    def _gather(self, place: Place, reader: Reader, known: Known, *, resumed: bool) -> Batch:
        batch = Batch(place)
        for _ in range(PAGES_AT_ONCE):
            try:
                told = self._search(batch.place)
            except (BadAnswer, NotThere):
                if not resumed:
                    raise
                # Tokens of a walk that was broken off expire. Its last stretch is read again from where it stood.
                batch.place = anew(batch.place)
                told = self._search(batch.place)
            resumed = False
            reached = self._take(batch, told.value.issues, reader, known)
            self._advance(batch, told, reached)
            if batch.ended:
                break
        return batch

    def _search(self, place: Place) -> Told[SearchPage]:
        body = {
            "jql": place.jql(self._scope) + " ORDER BY created ASC, id ASC",
            "fields": FIELDS,
            "maxResults": PAGE_SIZE,
        }
        if place.token is not None:
            body["nextPageToken"] = place.token
        return self._client.read("search/jql", SearchPage, body=body)

    def _ask_again(self, place: Place, ids: Sequence[str], reader: Reader, known: Known) -> Batch:
        """These issues, up to a hundred, from the primary store, without those that are gone or out of scope now."""
        batch = Batch(place)
        body: dict[str, object] = {"issueIdsOrKeys": ids, "fields": FIELDS}
        found = {
            str(msgspec.json.decode(raw, type=IssueStub).id): raw
            for raw in self._client.read("issue/bulkfetch", FoundIssues, body=body).value.issues
        }
        # A query that names an issue which is gone is refused as a whole, so these are asked for only now.
        scoped = f"({self._scope}) AND id in ({', '.join(found)})"
        token = None
        while found:
            body = {"jql": scoped, "fields": ["id"], "maxResults": PAGE_SIZE, "nextPageToken": token}
            page = self._client.read("search/jql", SearchPage, body={k: v for k, v in body.items() if v}).value
            stubs = [msgspec.json.decode(raw, type=IssueStub) for raw in page.issues]
            self._take(batch, [found[str(stub.id)] for stub in stubs if str(stub.id) in found], reader, known)
            token = page.next_page_token
            if not token:
                break
        return batch

    def _take(self, batch: Batch, found: Sequence[msgspec.Raw], reader: Reader, known: Known) -> int | None:
        """Put the new and changed ones of the found issues into the batch. Gives the last one's creation instant."""
        issues, reached = [], None
        for raw in found:
            batch.found += 1
            try:
                issues.append(ISSUE.decode(raw))
            except UNREADABLE as error:
                batch.set_aside.append(_set_aside(raw, error))
        held = known([issue.id for issue in issues]) if issues else {}
        for issue in issues:
            try:
                reached = _milliseconds(instant(issue.fields.created))
                if held.get(issue.id) != instant(issue.fields.updated):
                    batch.drafts[issue.id] = self._draft(issue, reader)
            except (ValueError, OverflowError) as error:
                batch.set_aside.append(SetAside(remote_id=issue.id, key=issue.key, reason=clean(str(error))))
        return reached

    def _advance(self, batch: Batch, told: Told[SearchPage], reached: int | None) -> None:
        """Move the batch's place behind this page. Raises BadAnswer when the pages lead nowhere."""
        page, token = told.value, told.value.next_page_token
        batch.at = batch.at or told.at
        if told.at is None:
            raise BadAnswer(f"{self._client.host} does not say what time it has, which we go by.")
        if not token and page.is_last is False:
            raise BadAnswer(f"{self._client.host} says that there are more issues and not where.")
        if token in self._tokens:
            raise BadAnswer(f"{self._client.host} leads us through the same pages again.")
        warnings = [clean(bytes(warning).decode(errors="replace")) for warning in page.warnings or ()]
        batch.warnings += warnings
        batch.doubtful = batch.place.doubtful or bool(warnings)
        batch.ended = not token
        batch.place = go_on(
            batch.place,
            at=_milliseconds(told.at),
            token=token,
            issues=len(page.issues),
            reached=reached,
            doubtful=bool(warnings),
        )
        if token:
            self._tokens.add(token)

    def _expected(self, batch: Batch) -> int | None:
        """About how many issues a whole walk will bring, for a progress bar; None when Jira does not tell."""
        if batch.ended:
            return batch.found
        return self._count(batch.place.jql(self._scope))

    def _count(self, jql: str) -> int | None:
        """About how many issues a query finds; None when Jira does not tell."""
        try:
            return self._client.read("search/approximate-count", Count, body={"jql": jql}).value.count
        except (BadAnswer, NotThere, AccessDenied, SourceUnavailable):
            return None

    # --- an issue as a whole ---

    def _draft(self, issue: Issue, reader: Reader) -> Draft:
        page = issue.fields.comment
        told = page.comments if page is not None and len(page.comments) >= (page.total or 0) else None
        return Draft(
            item=reader.item(issue, self._browsed()),
            links=reader.links(issue.fields.issuelinks),
            comments=None if told is None else self._others(told, reader),
        )

    def _others(self, told: Sequence[CommentPayload], reader: Reader) -> tuple[Comment, ...]:
        """The comments that are not Planward's own. Whose they are is asked only when one looks like ours."""
        ours = None
        if any(is_marked(comment) for comment in told):
            ours = self._account or self.identify().account_id
        return reader.comments(told, ours)

    def _complete(self, batch: Batch, reader: Reader) -> tuple[Snapshot, ...]:
        stories = self._histories.of(list(batch.drafts)) if batch.drafts else {}
        snapshots = []
        for remote_id, draft in batch.drafts.items():
            story = stories[remote_id]
            problem = story.problem if story is not None else None
            if problem is None:
                try:
                    snapshots.append(self._snapshot(draft, story, reader))
                except (ValueError, OverflowError) as error:
                    problem = clean(str(error))
            if problem is not None:
                batch.set_aside.append(SetAside(remote_id=remote_id, key=draft.item.key, reason=problem))
        return tuple(snapshots)

    def _snapshot(self, draft: Draft, story: Story | None, reader: Reader) -> Snapshot:
        said = draft.comments
        if said is None:
            try:
                said = self._others(list(comments(self._client, draft.item.remote_id)), reader)
            except NotThere:
                said = None  # gone since the search; whether for good is for the census to find out
        return Snapshot(
            item=draft.item,
            changes=None if story is None else reader.changes(story.entries),
            comments=said,
            links=draft.links,
            history_whole=story is not None and story.whole,
        )

    def _browsed(self) -> str:
        if self._site is None:
            self._site = site_address(self._client, self._url)
        return self._site


def _scope(settings: JiraSettings) -> str:
    if settings.jql is not None:
        return settings.jql
    return "project in ({})".format(", ".join(f'"{key}"' for key in settings.projects))


def _set_aside(raw: msgspec.Raw, error: Exception) -> SetAside:
    try:
        stub = msgspec.json.decode(raw, type=IssueStub)
    except UNREADABLE:
        stub = IssueStub()
    # Without an id it still needs a name of its own, the same one every time.
    remote_id = str(stub.id) if stub.id is not None else "unreadable-" + hashlib.sha256(bytes(raw)).hexdigest()[:16]
    return SetAside(remote_id=remote_id, key=stub.key, reason=clean(f"it cannot be read: {error}"))


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
