"""Reading GitHub: what changed in some repositories since the cursor, whole. `walk` says in which order.

A quiet repository costs one request and no points: the list of its last updates, asked for only if it changed.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import msgspec

from config.sources import GithubSettings
from connectors.github.batches import NAMELESS, Batch
from connectors.github.client import GithubClient, Polled, Query
from connectors.github.failures import TooHeavy
from connectors.github.inquiry import Inquiry, less
from connectors.github.login import reading
from connectors.github.looking import look, members
from connectors.github.looks import Look, moved
from connectors.github.map import Reader
from connectors.github.payloads import (
    ISSUE,
    PULL_REQUEST,
    UNREADABLE,
    Listing,
    Lists,
    PullRequest,
    Records,
    Stub,
    Surveyed,
)
from connectors.github.picking import pick
from connectors.github.questions import identify, survey
from connectors.github.remainder import complete
from connectors.github.statuses import STATUSES
from connectors.github.values import instant
from connectors.github.walk import SIZES, Place, Places, Stretch, anew, begin, go_on, iso, looked, rename, start
from connectors.transport import NotAllowed, ReadRetry
from core.errors import BadAnswer, NotThere, RemoteError
from core.model import Cursor, Identity, Page, Status
from core.ports import Known

NEWEST: Query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
"""The list whose change tells that something changed. Sorted like this its first page tells that of all."""

OWN = (NotThere, BadAnswer, NotAllowed, TooHeavy)
"""What is wrong with one repository and says nothing of the others."""


class GithubSource:
    """The issues and pull requests of some repositories. Making one sends nothing."""

    def __init__(
        self, name: str, settings: GithubSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._repositories = tuple(dict.fromkeys(settings.repositories))
        self._client = GithubClient(settings, reading(settings), stop=stop, retry=retry)
        # Who writes is asked for alone: nothing is read and nothing written with that token here.
        other = settings.write_token if settings.write_token != settings.token else None
        self._writing = None if other is None else GithubClient(settings, other, stop=stop, retry=retry)
        self._looks: dict[str, tuple[str, Look]] = {}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests + (self._writing.requests if self._writing else 0)

    def identify(self) -> Identity:
        """Who GitHub says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        return identify(self._client, self.name)

    def lists(self) -> tuple[Status, ...]:
        """The statuses that we make for GitHub, which has none.

        What is asked meanwhile is what moved without an update, for the next `pull` to read. Of a repository that is
        not there that `pull` tells. Raises RemoteError.
        """
        for repository in self._repositories:
            with suppress(*OWN):
                self._looks[repository] = look(self._client, repository, self._repositories)
        return STATUSES

    def holds(self) -> int:
        """How many issues and pull requests the repositories have. Raises NotThere with the names of those missing."""
        return survey(self._client, self._repositories).items

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Yield what was updated since the cursor, repository after repository; first what is asked for `again`.

        Items that the store holds in this version are left out, unless they may have changed in the second in which
        they were read. A walk that was broken off goes on where it stood; `wide` begins a new one a day earlier. A
        repository that is not there, or that we may not read, does not hold up the others: it is told of when they are
        read. Raises RemoteError.
        """
        failures: list[RemoteError] = []
        places = begin(cursor, self._repositories, wide=wide)
        places, expected = self._found(places, failures)
        places = msgspec.structs.replace(places, writers=self._writers(places.writers, anew=wide))
        inquiry = Inquiry(self._client, places.lacks)
        reader, told = Reader(self.name, self._repositories, places.writers), 0
        extra = Batch()
        try:
            extra = self._again(again, places, inquiry, reader)
        except OWN as error:
            failures.append(error)
        for repository in self._repositories:
            if repository not in places.places:
                continue
            try:
                for place, batch in self._read(repository, places.places[repository], inquiry, reader, known):
                    places = msgspec.structs.replace(places.at(repository, place), lacks=inquiry.lacks)
                    people = tuple(reader.people.values())
                    yield Page(
                        cursor=places.cursor,
                        snapshots=(*extra.snapshots, *batch.snapshots),
                        identities=people[told:],
                        set_aside=(*extra.set_aside, *batch.set_aside),
                        complete=batch.ended and not failures and repository == self._repositories[-1],
                        expected=expected,
                        answered_at=batch.at,
                    )
                    told, expected, extra = len(people), None, Batch()
            except OWN as error:
                failures.append(_about(repository, error))
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        if self._writing is not None:
            self._writing.close()

    def _found(self, places: Places, failures: list[RemoteError]) -> tuple[Places, int | None]:
        """The places with those of repositories that are new, and how many items a reading from nothing brings.

        A new one that is not there is told of in `failures`.
        """
        new = [repository for repository in self._repositories if repository not in places.places]
        asked, items = [new] if new else [], 0
        while asked:
            some = asked.pop()
            try:
                told = survey(self._client, some)
            except OWN as error:
                if len(some) > 1:
                    # One that is not there spoils the answer for all.
                    asked = [[repository] for repository in reversed(some)]
                else:
                    failures.append(_about(some[0], error))
                continue
            items += told.items
            places = msgspec.structs.replace(places, lacks=told.lacks)
            for repository, found in zip(some, told.repositories, strict=True):
                # What is read from nothing holds all that was there to be seen before.
                place, seen = _first_place(found), self._looks.pop(repository, None)
                places = places.at(repository, looked(place, seen[1]) if seen and seen[0] == place.id else place)
        return places, items if len(new) == len(self._repositories) and not failures else None

    def _writers(self, known: tuple[str, ...], *, anew: bool) -> tuple[str, ...]:
        """The accounts that have written for us beside the one that reads; asked for `anew`, or where there are none.

        Raises RemoteError where that cannot be known: our own texts would be taken for work.
        """
        if self._writing is None or (known and not anew):
            return known
        try:
            found = identify(self._writing, self.name).account_id
        except RemoteError:
            if not known:
                raise
            return known
        return tuple(dict.fromkeys([*known, found]))

    # --- a repository ---

    def _read(
        self, repository: str, place: Place, inquiry: Inquiry, reader: Reader, known: Known
    ) -> Iterator[tuple[Place, Batch]]:
        """What comes of a repository from its place on, each time with the place behind it. Raises RemoteError."""
        resumed = place.started is not None
        if place.started is not None:
            at = datetime.fromtimestamp(place.started, UTC)
        else:
            polled = self._poll(place)
            at = polled.at
            if polled.changed:
                place = start(place, at=polled.at, etag=polled.etag, digest=polled.digest)
            else:
                place = msgspec.structs.replace(place, etag=polled.etag)
        identity, seen = self._looks.pop(repository, (place.id, None))
        if seen is not None and identity == place.id:
            for batch in self._moved(place, seen, inquiry, reader):
                batch.at = at
                yield place, batch
            place = looked(place, seen)
        if place.started is None:
            yield place, Batch(at, ended=True)
            return
        while place.started is not None:
            place, batch = self._step(repository, place, inquiry, reader, known, resumed=resumed)
            batch.at, batch.ended = at, place.started is None
            yield place, batch
            resumed = False

    def _moved(self, place: Place, seen: Look, inquiry: Inquiry, reader: Reader) -> Iterator[Batch]:
        """What moved without an update since the last look, also where the store holds it in the same version."""
        found = moved(place.look or Look(), seen)
        issues, pulls = dict.fromkeys(found.issues), dict.fromkeys(found.pulls)
        for milestone in found.milestones:
            issues |= dict.fromkeys(members(self._client, milestone, "issues"))
            pulls |= dict.fromkeys(members(self._client, milestone, "pullRequests"))
        return pick(inquiry, reader, issues=list(issues), pull_requests=list(pulls), size=place.size)

    def _poll(self, place: Place) -> Polled:
        """Whether anything changed since the last walk. To read wide or everything, it did."""
        anyhow = place.is_whole or place.wide
        polled = self._client.poll(f"/repos/{place.name}/issues", query=NEWEST, etag=None if anyhow else place.etag)
        same = polled.digest is not None and polled.digest == place.digest and not anyhow
        return replace(polled, changed=False) if same else polled

    def _step(
        self, repository: str, place: Place, inquiry: Inquiry, reader: Reader, known: Known, *, resumed: bool
    ) -> tuple[Place, Batch]:
        """What the next page of the lists brings that the store does not hold."""
        try:
            lists, place = self._list(repository, place, inquiry)
        except BadAnswer:
            if not resumed:
                raise
            # A place in a list may be forgotten after a while. The list is read again from its beginning.
            place = anew(place)
            lists, place = self._list(repository, place, inquiry)
        if lists.id != place.id:
            raise BadAnswer(
                f"{repository} is another repository than the one that was read before.",
                advice="If that one was renamed, name it by its new name; else read everything anew with --full.",
            )
        batch, name, stretches = Batch(), lists.name_with_owner, self._stretches(place, lists)
        if name != place.name:
            return rename(place, name), batch
        until = place.sure_until

        def sure(ids: Sequence[str]) -> Mapping[str, datetime]:
            return {} if place.renamed else {one: at for one, at in known(ids).items() if at < until}

        issues = batch.decoded(lists.issues.nodes if lists.issues else (), ISSUE, reader, sure)
        pulls = batch.decoded(_recent(lists.pull_requests, place.since), PULL_REQUEST, reader, sure)
        complete(inquiry, [*issues, *pulls])
        for issue in issues:
            batch.take(issue, name, reader.issue)
        for pull in pulls:
            batch.take(pull, name, reader.pull_request)
        linked = [one for one in self._linked(pulls, place) if one not in {issue.id for issue in issues}]
        for more in pick(inquiry, reader, issues=linked, pull_requests=(), size=place.size):
            batch.add(more)
        return go_on(place, stretches), batch

    def _list(self, repository: str, place: Place, inquiry: Inquiry) -> tuple[Lists, Place]:
        """The next page of what is not read to its end, and the place with the size that GitHub managed."""
        # What changed is little, so both lists are asked for at once; a whole repository is heavy enough one by one.
        issues = not place.issues.ended
        pulls = not place.pull_requests.ended and not (issues and place.is_whole)
        owner, _, name = repository.partition("/")
        variables: dict[str, object] = {"owner": owner, "name": name}
        if issues:
            since = None if place.since is None else {"since": iso(place.since)}
            variables |= {"issuesAfter": place.issues.after, "filter": since}
        if pulls:
            variables["pullRequestsAfter"] = place.pull_requests.after
        while True:
            try:
                told = inquiry.ask(
                    lambda documents: documents.listing(issues=issues, pull_requests=pulls),
                    Listing,
                    {**variables, "size": place.size},
                )
            except TooHeavy as failure:
                place = msgspec.structs.replace(place, size=less(place.size, failure))
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

    def _linked(self, pulls: Sequence[PullRequest], place: Place) -> list[str]:
        """The issues that these pull requests close, or closed at the last look.

        Whether somebody works on them may be otherwise now, and GitHub does not call that an update of theirs.
        """
        if place.is_whole:
            return []
        read = {name.casefold() for name in (*self._repositories, place.name)}
        seen = place.look.pulls if place.look else {}
        wanted: dict[str, None] = {}
        for pull in pulls:
            for end in pull.closing_issues_references.nodes:
                if end is not None and end.repository and end.repository.name_with_owner.casefold() in read:
                    wanted[end.id] = None
            if pull.id in seen:
                wanted |= dict.fromkeys(seen[pull.id].closes)
        return list(wanted)

    def _again(self, ids: Sequence[str], places: Places, inquiry: Inquiry, reader: Reader) -> Batch:
        """What can be understood by now of records that could not be before; those that are gone do not come."""
        wanted = [remote_id for remote_id in ids if not remote_id.startswith(NAMELESS)]
        found, size = Batch(), min((place.size for place in places.places.values()), default=SIZES[-1])
        for batch in pick(inquiry, reader, issues=wanted, pull_requests=wanted, size=size):
            found.add(batch)
        return found


def _first_place(found: Surveyed) -> Place:
    """The place of a repository that is new to us. What is empty is not asked for."""
    return Place(
        found.id,
        found.name_with_owner,
        issues=Stretch(ended=not found.issues.total_count),
        pull_requests=Stretch(ended=not found.pull_requests.total_count),
    )


def _recent(page: Records | None, since: int | None) -> Sequence[msgspec.Raw]:
    """What a page holds without what was updated before."""
    return [raw for raw in page.nodes if _is_recent(raw, since)] if page is not None else ()


def _is_recent(raw: msgspec.Raw, since: int | None) -> bool:
    if since is None:
        return True
    try:
        updated = msgspec.json.decode(raw, type=Stub).updated_at
        return updated is None or instant(updated).timestamp() >= since
    except (*UNREADABLE, ValueError):
        return True


def _about(repository: str, error: RemoteError) -> RemoteError:
    """The same failure with the name of its repository."""
    text = str(error)
    named = type(error)(text if repository in text else f"{repository}: {text}", advice=error.advice)
    named.__cause__ = error
    return named
