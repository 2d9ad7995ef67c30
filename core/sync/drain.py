"""One source drained into the store, page by page; a crash costs at most one page of reading again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from core.errors import (
    BadAnswer,
    ConfigurationError,
    PlanwardError,
    RateLimited,
    RemoteError,
    SourceUnavailable,
    StoreError,
)
from core.history.spans import StatusMapping, derive
from core.model import Change, History, Identity, Page, Snapshot, Status
from core.ports import Source
from core.store import events, items, runs
from core.store.engine import Store
from core.store.upsert import serialise

logger = logging.getLogger(__name__)

STREAM = "items"
MEANING_NOTE = "meaning of statuses"
ACCOUNT_NOTE = "account"
DERIVATION = 1
"""Raised when `core.history` learns to read histories differently, so that stored ones are worked out anew."""


class Progress(Protocol):
    """Told how far a source is. `expected` is an estimate or None."""

    def __call__(self, source: str, done: int, expected: int | None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceJob:
    """A source as configured: how to reach it, what its statuses mean, and how often the slower checks run.

    `scope` names what is asked for (projects, query); when it changes, everything is read again. `open` is called when
    the source is drained, so that a source that cannot even be made harms no other.
    """

    name: str
    kind: str
    open: Callable[[], Source]
    scope: str
    mapping: StatusMapping
    checks: Mapping[str, timedelta]


@dataclass(slots=True, kw_only=True)
class Drained:
    """What draining one source brought. `items` counts new and really changed ones.

    `answered_at` is when the source gave its first page by its own clock, where it tells. `stopped`: we were told to
    stop before its end, and nothing was wrong with it.
    """

    items: int = 0
    changes: int = 0
    comments: int = 0
    events: int = 0
    deleted: int = 0
    set_aside: int = 0
    requests: int = 0
    requests_upkeep: int = 0
    started_at: datetime
    late: timedelta = timedelta()
    seconds: float = 0.0
    answered_at: datetime | None = None
    stopped: bool = False
    error: PlanwardError | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for came."""
        return self.error is None and not self.stopped


def drain(
    store: Store,
    job: SourceJob,
    *,
    full: bool,
    now: Callable[[], datetime],
    stop: Event,
    progress: Progress,
    due_at: datetime | None = None,
) -> Drained:
    """What came. A source's failure is returned and recorded, never raised, so that it cannot hold up the others.

    `due_at` is when it should have begun; how late it is, is recorded with it. Raises StoreError: without a store
    nothing else can go on either.
    """
    started_at = now()
    drained = Drained(started_at=started_at)
    if due_at is not None:
        drained.late = max(started_at - due_at, timedelta())
    with store.read() as connection:
        last = runs.last_runs(connection).get(job.name)
    if last is not None and last.not_before is not None and started_at < last.not_before:
        until = f"{last.not_before:%Y-%m-%d %H:%M:%S} UTC"
        drained.error = RateLimited(f"{job.name} asked to be left alone until {until}", not_before=last.not_before)
        return drained
    try:
        source = job.open()
        try:
            stranger = _run_due_checks(store, job, source, drained, now)
            _pull(store, job, source, drained, full=full, stranger=stranger, now=now, stop=stop, progress=progress)
        finally:
            source.close()
    except (RemoteError, ConfigurationError) as error:
        # What waits or would ask once more is given up when we stop, as if the source could not be reached.
        drained.stopped = stop.is_set() and isinstance(error, SourceUnavailable)
        drained.error = None if drained.stopped else error
    except StoreError:
        raise
    except Exception:
        # A fault of ours in one source must not hold up the others. It is told with all that helps to find it.
        logger.exception("reading %s ended in a fault of Planward", job.name)
        drained.error = PlanwardError(f"reading {job.name} ended in a fault of Planward; the log has its traceback")
    finished_at = now()
    drained.seconds = (finished_at - started_at).total_seconds()
    with store.write() as connection:
        runs.record_run(connection, _run(job, drained, finished_at))
    return drained


def _run(job: SourceJob, drained: Drained, finished_at: datetime) -> runs.Run:
    return runs.Run(
        source=job.name,
        started_at=drained.started_at,
        finished_at=finished_at,
        ok=drained.ok,
        counts={
            "items": drained.items,
            "changes": drained.changes,
            "comments": drained.comments,
            "events": drained.events,
            "deleted": drained.deleted,
            "set_aside": drained.set_aside,
            "requests": drained.requests,
            "requests_upkeep": drained.requests_upkeep,
            "late_seconds": round(drained.late.total_seconds()),
        },
        answered_at=drained.answered_at,
        error=None if drained.error is None else str(drained.error),
        not_before=drained.error.not_before if isinstance(drained.error, RateLimited) else None,
    )


def _run_due_checks(
    store: Store, job: SourceJob, source: Source, drained: Drained, now: Callable[[], datetime]
) -> Identity | None:
    """Ask who we are and which statuses there are, when that is due. Gives who we are if that is somebody else now.

    Counted as upkeep.
    """
    with store.read() as connection:
        checked_at = runs.checked_at(connection, job.name)
        known = runs.get_note(connection, job.name, ACCOUNT_NOTE)
    stranger = None
    try:
        if is_due(checked_at, job.checks, "identity", now()):
            account = source.identify()
            if known not in (None, account.account_id):
                stranger = account
            else:
                _note_account(store, job, account, now())
        if is_due(checked_at, job.checks, "lists", now()):
            listed = source.lists()
            with store.write() as connection:
                # A status that is moved was so at some time since it was listed last; what it meant is sure till then.
                items.save_statuses(connection, job.name, listed, checked_at.get("lists", now()))
                runs.record_check(connection, job.name, "lists", now())
    finally:
        drained.requests_upkeep += source.requests
    return stranger


def _note_account(store: Store, job: SourceJob, account: Identity, at: datetime) -> None:
    with store.write() as connection:
        runs.set_note(connection, job.name, ACCOUNT_NOTE, account.account_id)
        items.save_identities(connection, [account])
        runs.record_check(connection, job.name, "identity", at)


def _pull(
    store: Store,
    job: SourceJob,
    source: Source,
    drained: Drained,
    *,
    full: bool,
    stranger: Identity | None,
    now: Callable[[], datetime],
    stop: Event,
    progress: Progress,
) -> None:
    """Save page after page, each with its cursor in one transaction.

    `full` fetches everything again. For a `stranger` everything is asked for, and what is not held fetched: that
    account may see what the former did not. It is noted when the first page is saved, behind which the reading goes on
    by itself; until then the next reading has to find out about it again. Raises BadAnswer when the source doubts what
    it said or does not come to its end; the pages until then are kept, and the cursor behind them.
    """
    with store.read() as connection:
        held = runs.cursor(connection, job.name, STREAM)
        checked_at = runs.checked_at(connection, job.name)
        set_aside = [record.remote_id for record in items.set_aside(connection, job.name)]
    _derive_again_if_meanings_changed(store, job, now(), stop)

    cursor = None if held is None or held[1] != job.scope else held[0]
    wide = cursor is not None and is_due(checked_at, job.checks, "reread", now())
    if full or stranger is not None:
        cursor = None

    def known(ids: Sequence[str]) -> Mapping[str, datetime]:
        if full:
            return {}
        with store.read() as connection:
            return items.held(connection, job.name, ids)

    def record_reading() -> None:
        # A walk from nothing reads wider than any re-reading.
        if wide or cursor is None:
            with store.write() as connection:
                runs.record_check(connection, job.name, "reread", now())

    before, expected, seen, complete, saved = source.requests, None, 0, True, False
    try:
        for page in source.pull(cursor, known, wide=wide, again=set_aside if wide else ()):
            expected = page.expected if page.expected is not None else expected
            seen += len(page.snapshots)
            drained.answered_at = drained.answered_at or page.answered_at
            _save(store, job, page, drained, now())
            if stranger is not None and not saved:
                _note_account(store, job, stranger, now())
            saved = True
            progress(job.name, seen, expected)
            drained.warnings.extend(page.warnings)
            complete = page.complete
            if stop.is_set():
                break
    except RemoteError:
        # Its cursor goes on with what is missing as wide as it began. What is missing for long is not a reason to read
        # all the rest wide each time.
        if saved:
            record_reading()
        raise
    finally:
        asked = source.requests - before
        drained.requests_upkeep += asked if wide else 0
        drained.requests += 0 if wide else asked
    if not complete:
        if drained.warnings:
            raise BadAnswer(f"{job.name} doubts its own answer: {'; '.join(drained.warnings)}")
        if not stop.is_set():
            raise BadAnswer(f"{job.name} did not come to its end")
        drained.stopped = True
        return
    record_reading()


def _save(store: Store, job: SourceJob, page: Page, drained: Drained, at: datetime) -> None:
    """One page, what its histories make of it, and the cursor behind it: all or nothing."""
    with store.write() as connection:
        serialise(connection, f"source {job.name}")
        # As they are now: another process may have found that a status was moved since we began.
        statuses = items.statuses(connection, job.name)
        unread = [snapshot.item.remote_id for snapshot in page.snapshots if snapshot.changes is None]
        stored = items.changes(connection, job.name, unread) if unread else {}
        histories = _histories(page.snapshots, statuses, job.mapping, stored)
        saved = items.save_snapshots(connection, job.name, page.snapshots, histories, at)
        named = {record.remote_id for record in page.set_aside}
        agreed = [events.save_agenda(connection, job.name, agenda, at, unread=named) for agenda in page.agendas]
        items.save_identities(connection, page.identities)
        whole = page.complete and bool(page.agendas)
        items.save_set_aside(connection, job.name, page.set_aside, at, whole=whole)
        runs.save_cursor(connection, job.name, STREAM, page.cursor, job.scope, at)
    drained.items += len(saved.new) + len(saved.changed)
    drained.changes += saved.changes
    drained.comments += saved.comments
    drained.set_aside += len(page.set_aside)
    drained.events += sum(one.changed for one in agreed)
    drained.deleted += sum(one.deleted for one in agreed)
    for agenda, one in zip(page.agendas, agreed, strict=True):
        if one.held_back:
            drained.warnings.append(
                f"{one.held_back} events of {agenda.calendar} seem to be gone; they are kept until that has stayed so"
                " for a day"
            )


def _histories(
    snapshots: Iterable[Snapshot],
    statuses: Mapping[str, Status],
    mapping: StatusMapping,
    stored: Mapping[str, Sequence[Change]],
) -> dict[str, History]:
    """The histories of the items. Where one could not be read this time, what is stored of it stands, as not whole."""
    histories = {}
    for snapshot in snapshots:
        item, changes, whole = snapshot.item, snapshot.changes, snapshot.history_whole
        if changes is None and item.remote_id in stored:
            changes, whole = tuple(stored[item.remote_id]), False
        histories[item.remote_id] = derive(item, changes, statuses, mapping, whole=whole)
    return histories


def _derive_again_if_meanings_changed(store: Store, job: SourceJob, at: datetime, stop: Event) -> None:
    """Work every stored history out anew when the configuration or the tracker changed what a status means or meant.

    Nothing is fetched. The note is written after the last batch, so that an interrupted run starts over.
    """
    with store.read() as connection:
        statuses = items.statuses(connection, job.name)
        digest = meaning_digest(job.mapping, statuses)
        if runs.get_note(connection, job.name, MEANING_NOTE) == digest:
            return
    after: str | None = None
    while True:
        # Read and written in one transaction, so that nothing another process saves in between is undone.
        with store.write() as connection:
            batch = items.load_snapshots(connection, job.name, after=after)
            items.save_histories(connection, job.name, _histories(batch, statuses, job.mapping, {}), at)
        if stop.is_set():
            return
        if not batch:
            break
        after = batch[-1].item.remote_id
    with store.write() as connection:
        runs.set_note(connection, job.name, MEANING_NOTE, digest)


def meaning_digest(mapping: StatusMapping, statuses: Mapping[str, Status]) -> str:
    """A digest of all that decides what a history means, beside the history itself."""
    meaning = [
        DERIVATION,
        sorted(mapping.overrides.items()),
        sorted(mapping.cancelled_resolutions),
        [
            (status.status_id, status.name, status.category, [(str(at), was) for at, was in status.earlier])
            for _, status in sorted(statuses.items())
        ],
    ]
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


def is_due(checked_at: Mapping[str, datetime], checks: Mapping[str, timedelta], check: str, at: datetime) -> bool:
    """Whether a slower check is due: never done, or its interval has passed since."""
    last = checked_at.get(check)
    return last is None or at - last >= checks[check]
