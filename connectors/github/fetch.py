"""Reading GitHub: what changed in some repositories since the cursor, whole. `walk` says in which order.

A quiet repository costs one request and no points: the list of its last updates, asked for only if it changed.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import TypeVar

import msgspec

from config.sources import GithubSettings
from connectors.github.client import GithubClient, Polled, Query
from connectors.github.failures import TooHeavy
from connectors.github.login import reading
from connectors.github.map import Reader, is_ours
from connectors.github.payloads import (
    ISSUE,
    NULL,
    PULL_REQUEST,
    UNREADABLE,
    Issue,
    Listing,
    Lists,
    Nodes,
    PageInfo,
    PullRequest,
    Records,
    Stub,
    Surveyed,
)
from connectors.github.queries import Documents
from connectors.github.questions import identify, survey
from connectors.github.remainder import complete
from connectors.github.statuses import STATUSES
from connectors.github.values import instant
from connectors.github.walk import Place, Places, Stretch, anew, begin, go_on, iso, rename, smaller, start
from connectors.transport import ReadRetry, clean
from core.errors import BadAnswer, NotThere, RemoteError
from core.model import Cursor, Identity, Page, SetAside, Snapshot, Status
from core.ports import Known

NEWEST: Query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
"""The list whose change tells that something changed. Sorted like this its first page tells that of all."""
AT_ONCE = 100
"""Issues that are asked for by their ids with one request."""

NAMELESS = "unreadable-"
"""How the names begin that we give to records without an id."""
NOT_OF_THAT_KIND = msgspec.Raw(b"{}")
END = PageInfo(has_next_page=False)

Item = TypeVar("Item", Issue, PullRequest)


@dataclass(slots=True)
class Batch:
    """What an answer brought that the store does not hold, and when the walk that it belongs to began."""

    at: datetime | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


class GithubSource:
    """The issues and pull requests of some repositories. Making one sends nothing."""

    def __init__(
        self, name: str, settings: GithubSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._repositories = tuple(dict.fromkeys(settings.repositories))
        self._client = GithubClient(settings, reading(settings), stop=stop, retry=retry)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def identify(self) -> Identity:
        """Who GitHub says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        return identify(self._client, self.name)

    def lists(self) -> tuple[Status, ...]:
        """The statuses that we make for GitHub, which has none. Asks nothing."""
        return STATUSES

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Yield what was updated since the cursor, repository after repository; first what is asked for `again`.

        Items that the store holds in this version are left out. A walk that was broken off goes on where it stood;
        `wide` begins a new one a day earlier. A repository that is not there does not hold up the others: it is told of
        when they are read. Raises RemoteError.
        """
        places = begin(cursor, self._repositories, wide=wide)
        places, expected = self._found(places)
        reader, told = Reader(self.name), 0
        extra = self._again(again, places, reader, known)
        failures: list[RemoteError] = []
        for repository in self._repositories:
            try:
                for place, batch in self._read(repository, places, reader, known):
                    places = places.at(repository, place)
                    people = tuple(reader.people.values())
                    yield Page(
                        cursor=places.cursor,
                        snapshots=(*extra.snapshots, *batch.snapshots),
                        identities=people[told:],
                        set_aside=(*extra.set_aside, *batch.set_aside),
                        complete=place.started is None and not failures and repository == self._repositories[-1],
                        expected=expected,
                        answered_at=batch.at,
                    )
                    told, expected, extra = len(people), None, Batch()
            except (NotThere, BadAnswer) as error:
                failures.append(_about(repository, error))
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _found(self, places: Places) -> tuple[Places, int | None]:
        """The places with those of repositories that are new, and how many items a reading from nothing brings."""
        new = [repository for repository in self._repositories if repository not in places.places]
        if not new:
            return places, None
        told = survey(self._client, new)
        for repository, found in zip(new, told.repositories, strict=True):
            places = places.at(repository, _first_place(found))
        whole = len(new) == len(self._repositories)
        return msgspec.structs.replace(places, lacks=told.lacks), told.items if whole else None

    # --- a repository ---

    def _read(self, repository: str, places: Places, reader: Reader, known: Known) -> Iterator[tuple[Place, Batch]]:
        """What comes of a repository from its place on, each time with the place behind it. Raises RemoteError."""
        documents, place = Documents(places.lacks), places.places[repository]
        resumed = place.started is not None
        if place.started is not None:
            at = datetime.fromtimestamp(place.started, UTC)
        else:
            polled = self._poll(place)
            at = polled.at
            if not polled.changed:
                yield place, Batch(at)
                return
            place = start(place, at=polled.at, etag=polled.etag)
        while place.started is not None:
            place, batch = self._step(repository, place, documents, reader, known, resumed=resumed)
            batch.at = at
            yield place, batch
            resumed = False

    def _poll(self, place: Place) -> Polled:
        """Whether anything changed since the last walk. To read wide or everything, it did."""
        etag = None if place.is_whole or place.wide else place.etag
        return self._client.poll(f"/repos/{place.name}/issues", query=NEWEST, etag=etag)

    def _step(
        self, repository: str, place: Place, documents: Documents, reader: Reader, known: Known, *, resumed: bool
    ) -> tuple[Place, Batch]:
        """What the next page of the lists brings that the store does not hold."""
        try:
            lists, place = self._list(repository, place, documents)
        except BadAnswer:
            if not resumed:
                raise
            # A place in a list may be forgotten after a while. The list is read again from its beginning.
            place = anew(place)
            lists, place = self._list(repository, place, documents)
        if lists.id != place.id:
            raise BadAnswer(
                f"{repository} is another repository than the one that was read before.",
                advice="If that one was renamed, name it by its new name; else read everything anew with --full.",
            )
        batch, name, stretches = Batch(), lists.name_with_owner, self._stretches(place, lists)
        if name != place.name:
            return rename(place, name), batch
        if place.renamed:
            known = _nothing
        issues = self._new(lists.issues, ISSUE, known, batch)
        pulls = self._new(_recent(lists.pull_requests, place.since), PULL_REQUEST, known, batch)
        issues += self._linked(pulls, issues, place, name, documents)
        issues = [issue for issue in issues if not is_ours(issue)]
        complete(self._client, documents, [*issues, *pulls])
        for issue in issues:
            _take(batch, issue, name, reader.issue)
        for pull in pulls:
            _take(batch, pull, name, reader.pull_request)
        return go_on(place, stretches), batch

    def _list(self, repository: str, place: Place, documents: Documents) -> tuple[Lists, Place]:
        """The next page of what is not read to its end, and the place with the size that GitHub managed."""
        # What changed is little, so both lists are asked for at once; a whole repository is heavy enough one by one.
        issues = not place.issues.ended
        pulls = not place.pull_requests.ended and not (issues and place.is_whole)
        document = documents.listing(issues=issues, pull_requests=pulls)
        owner, _, name = repository.partition("/")
        variables: dict[str, object] = {"owner": owner, "name": name}
        if issues:
            since = None if place.since is None else {"since": iso(place.since)}
            variables |= {"issuesAfter": place.issues.after, "filter": since}
        if pulls:
            variables["pullRequestsAfter"] = place.pull_requests.after
        while True:
            try:
                told = self._client.ask(document, Listing, {**variables, "size": place.size})
            except TooHeavy:
                less = smaller(place)
                if less is None:
                    raise
                place = less
                continue
            if told.repository is None:
                raise NotThere(f"{self._client.host} has no such repository, or hides it from our account.")
            return told.repository, place

    def _stretches(self, place: Place, lists: Lists) -> dict[str, Stretch]:
        """How far the lists of a page are read after it. Raises BadAnswer when the pages lead nowhere."""
        stretches = {}
        for name, held in (("issues", place.issues), ("pull_requests", place.pull_requests)):
            page: Records | None = getattr(lists, name)
            if page is None:
                continue
            ended = not page.page_info.has_next_page
            if name == "pull_requests" and page.nodes and not _is_recent(page.nodes[-1], place.since):
                ended = True
            after = page.page_info.end_cursor
            if not ended and after in (None, held.after):
                raise BadAnswer(f"{self._client.host} leads us through the same pages again.")
            stretches[name] = Stretch(ended=True) if ended else Stretch(after=after)
        return stretches

    def _new(self, page: Records | None, decoder: msgspec.json.Decoder[Item], known: Known, batch: Batch) -> list[Item]:
        """The items of a page that the store does not hold in this version."""
        found: dict[str, Item] = {}
        for raw in page.nodes if page is not None else ():
            try:
                item = decoder.decode(raw)
            except UNREADABLE as error:
                batch.set_aside.append(_set_aside(raw, error))
            else:
                found[item.id] = item
        held = known(list(found)) if found else {}
        return [item for item in found.values() if item.id not in held or not _is_same(item, held[item.id])]

    def _linked(
        self, pulls: Sequence[PullRequest], issues: Sequence[Issue], place: Place, repository: str, documents: Documents
    ) -> list[Issue]:
        """Issues whose work began or ended with these pull requests: GitHub does not call that an update of theirs."""
        if place.since is None:
            return []
        since, seen = datetime.fromtimestamp(place.since, UTC), {issue.id for issue in issues}
        wanted = {
            end.id: None
            for pull in pulls
            if _turned(pull, since)
            for end in pull.closing_issues_references.nodes
            if end is not None and end.id not in seen
            if end.repository is not None and end.repository.name_with_owner == repository
        }
        return [ISSUE.decode(raw) for raw in self._by_id(list(wanted), "Issue", documents)]

    # --- some items ---

    def _again(self, ids: Sequence[str], places: Places, reader: Reader, known: Known) -> Batch:
        """What can be understood by now of records that could not be before; those that are gone do not come."""
        batch, documents = Batch(), Documents(places.lacks)
        wanted = [remote_id for remote_id in ids if not remote_id.startswith(NAMELESS)]
        for raw in self._by_id(wanted, "Issue", documents):
            for issue in self._new(Records([raw], END), ISSUE, known, batch):
                complete(self._client, documents, [issue])
                _take(batch, issue, _repository(raw), reader.issue)
        for raw in self._by_id(wanted, "PullRequest", documents):
            for pull in self._new(Records([raw], END), PULL_REQUEST, known, batch):
                complete(self._client, documents, [pull])
                _take(batch, pull, _repository(raw), reader.pull_request)
        return batch

    def _by_id(self, ids: Sequence[str], kind: str, documents: Documents) -> Iterator[msgspec.Raw]:
        """Those of these items that are of that kind and still there."""
        for first in range(0, len(ids), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            try:
                told = self._client.ask(documents.by_id(kind), Nodes, {"ids": some})
            except NotThere:
                # One that is gone spoils the answer for all.
                if len(some) > 1:
                    half = len(some) // 2
                    yield from self._by_id(some[:half], kind, documents)
                    yield from self._by_id(some[half:], kind, documents)
                continue
            yield from (raw for raw in told.nodes if raw not in (NULL, NOT_OF_THAT_KIND))


def _nothing(_: Sequence[str]) -> dict[str, datetime]:
    """What a store that holds nothing says that it holds of these."""
    return {}


def _first_place(found: Surveyed) -> Place:
    """The place of a repository that is new to us. What is empty is not asked for."""
    return Place(
        found.id,
        found.name_with_owner,
        issues=Stretch(ended=not found.issues.total_count),
        pull_requests=Stretch(ended=not found.pull_requests.total_count),
    )


def _recent(page: Records | None, since: int | None) -> Records | None:
    """The page without what was updated before."""
    if page is not None:
        page.nodes = [raw for raw in page.nodes if _is_recent(raw, since)]
    return page


def _is_recent(raw: msgspec.Raw, since: int | None) -> bool:
    if since is None:
        return True
    try:
        updated = msgspec.json.decode(raw, type=Stub).updated_at
        return updated is None or instant(updated).timestamp() >= since
    except (*UNREADABLE, ValueError):
        return True


def _is_same(item: Issue | PullRequest, held: datetime) -> bool:
    try:
        return instant(item.updated_at) == held
    except ValueError:
        return False


def _turned(pull: PullRequest, since: datetime) -> bool:
    """Whether a pull request was opened or closed since."""
    times = [pull.created_at, pull.closed_at]
    times += [event.created_at for event in pull.timeline_items.nodes if event and event.typename == "ReopenedEvent"]
    return any(instant(time) >= since for time in times if time)


def _take(batch: Batch, item: Item, repository: str, read: Callable[[Item, str], Snapshot]) -> None:
    """Put the snapshot of an item into the batch, or the item aside."""
    try:
        batch.snapshots.append(read(item, repository))
    except (ValueError, OverflowError) as error:
        key = f"{repository}#{item.number}"
        batch.set_aside.append(SetAside(remote_id=item.id, key=key, reason=clean(str(error))))


def _repository(raw: msgspec.Raw) -> str:
    found = msgspec.json.decode(raw, type=Stub).repository
    return "" if found is None else found.name_with_owner


def _set_aside(raw: msgspec.Raw, error: Exception) -> SetAside:
    try:
        stub = msgspec.json.decode(raw, type=Stub)
    except UNREADABLE:
        stub = Stub()
    # Without an id it still needs a name of its own, the same one every time.
    remote_id = stub.id or NAMELESS + hashlib.sha256(bytes(raw)).hexdigest()[:16]
    return SetAside(remote_id=remote_id, key=None, reason=clean(f"it cannot be read: {error}"))


def _about(repository: str, error: RemoteError) -> RemoteError:
    """The same failure with the name of its repository."""
    text = str(error)
    named = type(error)(text if repository in text else f"{repository}: {text}", advice=error.advice)
    named.__cause__ = error
    return named
