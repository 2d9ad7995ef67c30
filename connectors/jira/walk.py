"""Where reading a site stands, and how it goes on. Pure.

A *walk* reads everything that was updated since an instant, in the order of creation, which no update disturbs. Jira's
index lags behind, so the next walk begins well before this one began, by the server's clock: never at the newest
`updated` seen, behind which a late issue would be lost for ever. Reading an issue twice is harmless.

A walk goes through windows, since beyond 50,000 issues a row of page tokens has been seen to end early without a word.
"""

from __future__ import annotations

import msgspec

from core.errors import BadAnswer
from core.model import Cursor

WINDOW = 40_000
"""Issues after which a new row of page tokens is begun."""
MOST_PAGES = 20_000
"""Pages of one window, some of them empty, after which Jira is taken to be going round in circles."""
OVERLAP_MS = 15 * 60 * 1000
WIDE_MS = 24 * 60 * 60 * 1000
MINUTE_MS = 60 * 1000


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands; as JSON it is the cursor. Instants are epoch milliseconds.

    `scope` names the set of issues. `since` is from where updates are read (None: everything), `started` the server's
    time when the walk began (None: it has not). The present window begins at the creation instant `window` and is
    `count` issues on `pages` pages far; `token` leads to its next page, `reached` is the creation instant of its last
    issue. `doubtful` remembers that Jira itself doubted an answer, `wide` that `since` was set back to read wide.
    """

    scope: str
    since: int | None = None
    started: int | None = None
    window: int | None = None
    token: str | None = None
    reached: int | None = None
    count: int = 0
    pages: int = 0
    doubtful: bool = False
    wide: bool = False

    @property
    def cursor(self) -> Cursor:
        """The cursor that `begin` understands."""
        return Cursor(token=msgspec.json.encode(self).decode())

    def jql(self, scope: str) -> str:
        """The query of this window, without an order."""
        # Bare epoch milliseconds are an instant everywhere; a quoted date is read in the zone of the account's profile.
        clauses = [f"({scope})"]
        if self.since is not None:
            clauses.append(f"updated >= {self.since}")
        if self.window is not None:
            clauses.append(f"created >= {self.window}")
        return " AND ".join(clauses)


def begin(cursor: Cursor | None, scope: str, *, wide: bool) -> Place:
    """Where to read on. Without a cursor that means this scope, at the very beginning; `wide` starts a day earlier."""
    fresh = Place(scope)
    if cursor is None:
        return fresh
    try:
        place = msgspec.json.decode(cursor.token, type=Place)
    except msgspec.MsgspecError:
        return fresh
    if place.scope != scope:
        return fresh
    if wide and place.since is not None and not place.wide:
        return Place(scope, since=place.since - WIDE_MS, wide=True)
    return place


def anew(place: Place) -> Place:
    """The place with a new row of page tokens, from the minute in which the last issue seen was created.

    Minutes, since the index may know no finer ones. What is read twice by that is held already.
    """
    window = place.window if place.reached is None else place.reached - place.reached % MINUTE_MS
    return msgspec.structs.replace(place, window=window, token=None, count=0, pages=0)


def go_on(place: Place, *, at: int, token: str | None, issues: int, reached: int | None, doubtful: bool) -> Place:
    """The place behind a page that came at `at` with so many issues; without a token for the next, where to begin next.

    Raises BadAnswer when the pages lead nowhere.
    """
    started = at if place.started is None else place.started
    doubtful = doubtful or place.doubtful
    if not token:
        if not doubtful:
            return Place(place.scope, since=started - OVERLAP_MS)
        # After a doubtful answer the next walk begins where this one did.
        back = WIDE_MS if place.wide else 0
        return Place(place.scope, since=None if place.since is None else place.since + back)
    if token == place.token or place.pages >= MOST_PAGES:
        raise BadAnswer("The search leads through the same pages again.")
    behind = msgspec.structs.replace(
        place,
        started=started,
        token=token,
        reached=place.reached if reached is None else reached,
        count=place.count + issues,
        pages=place.pages + 1,
        doubtful=doubtful,
    )
    onward = anew(behind)
    return onward if behind.count >= WINDOW and onward.window != place.window else behind
