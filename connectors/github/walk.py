"""Where reading the repositories of a source stands, and how it goes on. Pure.

A *walk* through a repository reads what was updated since an instant: issues from the oldest update to the newest, and
pull requests, for which GitHub knows no `since`, from the newest to that instant. Both orders lose nothing to an update
that comes meanwhile: the item moves to the end of the one list, and to the part of the other that the next walk reads.
The next walk begins a little before this one began, by the server's clock: never at the newest update seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import msgspec

from connectors.github.looks import Look, after
from core.model import Cursor

OVERLAP_S = 5 * 60
WIDE_S = 24 * 60 * 60
DOUBT_S = 10
"""What was updated so shortly before it was read may have been updated again after that, at the same time: updates are
told in whole seconds, and not all servers of GitHub have the same one."""
SIZES = (100, 50, 25, 10)
"""Items asked for at once: as many as GitHub manages in its ten seconds for the repository."""


class Stretch(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a list is read: to its end, or to the place behind which it goes on (None: its beginning)."""

    ended: bool = False
    after: str | None = None


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where reading a repository stands. Instants are epoch seconds of the server.

    `id` is what stays when the repository gets another `name`. `since` is from where updates are read (None:
    everything), `etag` and `digest` those of the list of updates as it was when the last walk began: the etags of a
    token that lasts an hour last no longer. While a walk is under way `started` is when it began, `coming` and
    `coming_digest` what the list had then; `wide` remembers that `since` was set back to read wide, and `renamed` that
    everything has to come again, since all keys changed with the name of the repository. `look` is the last one that
    what moved without an update was read for (None: there was none yet).
    """

    id: str
    name: str
    since: int | None = None
    etag: str | None = None
    digest: str | None = None
    size: int = SIZES[0]
    started: int | None = None
    coming: str | None = None
    coming_digest: str | None = None
    issues: Stretch = Stretch()
    pull_requests: Stretch = Stretch()
    wide: bool = False
    renamed: bool = False
    look: Look | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything is read, and not only what changed."""
        return self.since is None

    @property
    def sure_until(self) -> datetime:
        """What is held and was updated before that was read so long after it that it is held as it is."""
        read = self.started if self.since is None else self.since + OVERLAP_S + (WIDE_S if self.wide else 0)
        return datetime.fromtimestamp((read or 0) - DOUBT_S, UTC)


class Places(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where all repositories stand, by the names in the configuration; as JSON it is the cursor.

    `lacks` are those of our words that the server's schema does not know, or that our token may not use. `writers` are
    the accounts that have written for us beside the one that reads.
    """

    places: dict[str, Place] = {}
    lacks: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()

    @property
    def cursor(self) -> Cursor:
        """The cursor that `begin` understands."""
        return Cursor(token=msgspec.json.encode(self).decode())

    def at(self, repository: str, place: Place) -> Places:
        """These places with another one for that repository."""
        return msgspec.structs.replace(self, places={**self.places, repository: place})


def begin(cursor: Cursor | None, repositories: Collection[str], *, wide: bool) -> Places:
    """Where to read on. A repository without a place is read from the beginning; `wide` starts a day earlier."""
    if cursor is None:
        return Places()
    try:
        held = msgspec.json.decode(cursor.token, type=Places)
    except msgspec.MsgspecError:
        return Places()
    kept = {name: place for name, place in held.places.items() if name in repositories}
    if wide:
        kept = {name: _widened(place) for name, place in kept.items()}
    return msgspec.structs.replace(held, places=kept)


def _widened(place: Place) -> Place:
    if place.since is None or place.wide:
        return place
    return Place(place.id, place.name, since=place.since - WIDE_S, size=place.size, wide=True, look=place.look)


def start(place: Place, *, at: datetime, etag: str | None, digest: str | None) -> Place:
    """The place at the beginning of a walk that starts at that time, with the list of updates as it is then."""
    return msgspec.structs.replace(place, started=int(at.timestamp()), coming=etag, coming_digest=digest)


def rename(place: Place, name: str) -> Place:
    """The place at the beginning of a repository with another name, within the walk that found out."""
    return Place(place.id, name, size=place.size, started=place.started, renamed=True, look=place.look)


def go_on(place: Place, lists: Mapping[str, Stretch]) -> Place:
    """The place behind a page of some lists (`issues`, `pull_requests`); with both ended, that of the next walk."""
    behind = msgspec.structs.replace(place, **lists)
    if not (behind.issues.ended and behind.pull_requests.ended):
        return behind
    assert place.started is not None
    since = place.started - OVERLAP_S
    return Place(
        place.id,
        place.name,
        since=since,
        etag=place.coming,
        digest=place.coming_digest,
        size=place.size,
        look=place.look,
    )


def looked(place: Place, look: Look) -> Place:
    """The place after what moved until that look was read again."""
    return msgspec.structs.replace(place, look=after(place.look, look))


def anew(place: Place) -> Place:
    """The place with lists that are not at their end begun again: where they stood is not known any more."""
    lists = {"issues": place.issues, "pull_requests": place.pull_requests}
    fresh = {name: stretch if stretch.ended else Stretch() for name, stretch in lists.items()}
    return msgspec.structs.replace(place, **fresh)


def iso(seconds: int) -> str:
    """An instant of ours as GitHub reads it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
