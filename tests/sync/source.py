"""A source that gives the pages that a test lays out, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

from core.model import Category, Cursor, Identity, Page, Snapshot, Status
from core.ports import Known
from core.store.engine import Store
from core.sync.drain import Drained, SourceJob, drain
from tests.builders import MAPPING, STATUSES, in_status, issue, moment, moves

HOUR = timedelta(hours=1)
CHECKS = {"identity": HOUR, "lists": HOUR, "reread": 6 * HOUR, "census": 24 * HOUR}


@dataclass(kw_only=True)
class PagedSource:
    """Yields its pages. `fault` is called with the page's number before each; `asked` keeps cursors and `wide`."""

    pages: Sequence[Page] = ()
    account: str = "us"
    statuses: Mapping[str, Status] = field(default_factory=lambda: STATUSES)
    fault: Callable[[int], None] = lambda number: None
    name: str = "jira"
    requests: int = 0
    asked: list[tuple[Cursor | None, bool]] = field(default_factory=list)
    asked_again: list[tuple[str, ...]] = field(default_factory=list)
    held: list[Mapping[str, datetime]] = field(default_factory=list)

    def identify(self) -> Identity:
        self.requests += 1
        return Identity(source=self.name, account_id=self.account)

    def lists(self) -> tuple[Status, ...]:
        self.requests += 1
        return tuple(self.statuses.values())

    def holds(self) -> int:
        self.requests += 1
        return sum(len(page.snapshots) for page in self.pages)

    def pull(
        self, cursor: Cursor | None, known: Known, *, wide: bool = False, again: Sequence[str] = ()
    ) -> Iterator[Page]:
        self.asked.append((cursor, wide))
        self.asked_again.append(tuple(again))
        for number, page in enumerate(self.pages):
            self.requests += 1
            self.fault(number)
            self.held.append(known([snapshot.item.remote_id for snapshot in page.snapshots]))
            yield page

    def close(self) -> None:
        pass


def job(source: PagedSource, *, scope: str = "project = ERP") -> SourceJob:
    return SourceJob(name="jira", kind="jira", open=lambda: source, scope=scope, mapping=MAPPING, checks=CHECKS)


def read(
    store: Store,
    at: str | Callable[[], datetime],
    *pages: Page,
    source: PagedSource | None = None,
    full: bool = False,
    scope: str = "project = ERP",
    stop: Event | None = None,
) -> Drained:
    """What came of draining a source at a moment."""
    source = source or PagedSource(pages=pages)
    return drain(
        store,
        job(source, scope=scope),
        full=full,
        now=(lambda: moment(at)) if isinstance(at, str) else at,
        stop=stop or Event(),
        progress=lambda *_: None,
    )


def page(*snapshots: Snapshot, complete: bool = True, token: str = "t", warnings: tuple[str, ...] = ()) -> Page:
    return Page(cursor=Cursor(token=token), snapshots=snapshots, complete=complete, warnings=warnings)


def snapshot(key: str, *stays: tuple[str | datetime, Category], **fields: object) -> Snapshot:
    """An item that lived so, touched last at its last move."""
    lived = [(moment(at), category) for at, category in stays]
    item = in_status(issue(key, lived[0][0], **fields), lived[-1][1])
    return Snapshot(item=replace(item, updated_at=lived[-1][0]), changes=tuple(moves(*lived)), comments=(), links=())
