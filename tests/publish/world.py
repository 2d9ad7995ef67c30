"""A tracker with comments, people and faults, and a process that can be killed at every step."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event

from core.document.digest import digest_of
from core.document.nodes import Document, Paragraph, Text
from core.errors import AccessDenied, NotThere, OutcomeUnknown, RateLimited, SourceUnavailable, WriteRefused
from core.model import Identity, Publication, Snapshot
from core.ports import Posted, Written
from core.publish import ledger
from core.publish.outbox import TargetOf, Wanted
from core.store import items
from core.store.engine import Store
from tests.builders import change, issue

US = "planward-account"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone, at once."""


@dataclass(kw_only=True)
class Clock:
    """A clock that moves only when told, or when somebody waits."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Stop(Event):
    """The stop event of a process that lives by a clock of ours."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set() and timeout:
            self.waited.append(timeout)
            self.clock.pass_by(timeout)
        return self.is_set()


@dataclass(kw_only=True)
class Note:
    """A comment at the tracker, on the item with the id `target`. `before` is how it stood before its last edit."""

    remote_id: str
    target: str
    author: str
    marker: str
    body: str
    editor: str
    edited_at: datetime
    visible_at: datetime
    before: Note | None = None
    gone: bool = False

    def edit(self, body: str, editor: str, at: datetime) -> None:
        """Replace its text."""
        self.before = replace(self, before=None)
        self.body, self.editor, self.edited_at = body, editor, at


@dataclass(kw_only=True)
class Tracker:
    """The tracker's side. `faults` are used up by the next writes, one each; `lag` hides a new comment for a while.

    `names` are what items are called otherwise than by their ids; `account` is who it takes us for, and `foreign` tells
    whether that may edit comments of other accounts.
    `misreading` is what becomes of a read that follows a write: it is lost, refused until later, or tells what stood
    there before.
    """

    clock: Clock
    notes: list[Note] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    account: str = US
    foreign: bool = True
    faults: list[str] = field(default_factory=list)
    misreading: str | None = None
    lag: timedelta = timedelta(0)
    down: bool = False
    hidden: bool = False
    locked_until: datetime | None = None
    kill_in: int | None = None
    calls: list[str] = field(default_factory=list)

    def step(self) -> None:
        """An instant at which the process may be killed."""
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                raise Killed

    def live(self) -> list[Note]:
        return [note for note in self.notes if not note.gone]

    @property
    def writes(self) -> int:
        return sum(call in {"create", "edit"} for call in self.calls)


class FakeTarget:
    """Our side of the tracker, with the manners of a real one."""

    name = "jira"

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.requests = 0
        self.closed = False
        self.wrote = False
        self.resolved: dict[str, str] = {}

    def identify(self) -> Identity:
        return Identity(source=self.name, account_id=self.tracker.account)

    def address(self, target: str) -> str:
        return f"https://acme.example/browse/{target}"

    def resolve(self, target: str) -> str:
        if target not in self.resolved:
            self._ask("resolve")
            self.resolved[target] = self._item(target)
        return self.resolved[target]

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        self._ask("find")
        for note in self.tracker.live():
            ours = note.target == self._item(target) and note.marker in markers and note.author == self.tracker.account
            if ours and note.visible_at <= self.tracker.clock.now:
                return self._posted(note)
        return None

    def read(self, target: str, remote_id: str) -> Posted | None:
        follows, self.wrote = self.wrote, False
        self._ask("read")
        note = next((note for note in self.tracker.live() if note.remote_id == remote_id), None)
        match self.tracker.misreading if follows else None:
            case "lost":
                raise SourceUnavailable("the connection was cut")
            case "limit":
                self.tracker.locked_until = self.tracker.clock.now + timedelta(minutes=5)
                raise RateLimited("wait", not_before=self.tracker.locked_until)
            case "old":
                note = None if note is None else note.before
        return None if note is None else self._posted(note)

    def create(self, target: str, marker: str, body: object) -> Written:
        def apply() -> Note:
            now = self.tracker.clock.now
            note = Note(
                remote_id=str(len(self.tracker.notes) + 1),
                target=self._item(target),
                author=self.tracker.account,
                marker=marker,
                body=str(body),
                editor=self.tracker.account,
                edited_at=now,
                visible_at=now + self.tracker.lag,
            )
            self.tracker.notes.append(note)
            return note

        return self._write("create", apply)

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        def apply() -> Note:
            note = next((note for note in self.tracker.live() if note.remote_id == remote_id), None)
            if note is None:
                raise NotThere("the comment is gone")
            if note.author != self.tracker.account and not self.tracker.foreign:
                raise WriteRefused("we may not edit what others wrote")
            note.edit(str(body), self.tracker.account, self.tracker.clock.now)
            note.marker = marker
            return note

        return self._write("edit", apply)

    def close(self) -> None:
        self.closed = True

    def _item(self, target: str) -> str:
        return self.tracker.names.get(target, target)

    def _posted(self, note: Note) -> Posted:
        return Posted(
            remote_id=note.remote_id,
            digest=f"#{note.body}",
            edition=edition(note),
            editor=note.editor,
            ours=note.editor == self.tracker.account,
        )

    def _ask(self, what: str) -> None:
        self.tracker.step()
        self.tracker.calls.append(what)
        self.requests += 1
        if self.tracker.down:
            raise SourceUnavailable("the tracker does not answer")
        if self.tracker.hidden:
            raise NotThere("ERP-1 does not exist, or is hidden from us")

    def _write(self, what: str, apply: Callable[[], Note]) -> Written:
        tracker = self.tracker
        tracker.step()
        fault = tracker.faults.pop(0) if tracker.faults else None
        tracker.calls.append(what)
        self.requests += 1
        if tracker.locked_until is not None and tracker.clock.now < tracker.locked_until:
            raise AssertionError("a write before the time that the tracker gave")
        match fault:
            case "cut":
                raise OutcomeUnknown("the connection was cut")
            case "apply_and_cut":
                apply()
                raise OutcomeUnknown("the connection was cut")
            case "refuse":
                raise WriteRefused("too many comments")
            case "limit":
                tracker.locked_until = tracker.clock.now + timedelta(minutes=5)
                raise RateLimited("wait", not_before=tracker.locked_until)
            case "deny":
                raise AccessDenied("we may not comment here")
        note = apply()
        tracker.step()
        self.wrote = True
        return Written(remote_id=note.remote_id, edition=edition(note))


def read(store: Store, remote_id: str, at: datetime, *, renamed: str | None = None) -> None:
    """An item that was updated at that instant comes into the store; `renamed`: it had its id for a key until then."""
    renaming = change(at, "key", remote_id, renamed)
    snapshot = Snapshot(
        item=issue(renamed or remote_id, remote_id=remote_id, updated_at=at),
        changes=() if renamed is None else (renaming,),
        comments=(),
        links=(),
    )
    with store.write() as connection:
        items.save_snapshots(connection, "jira", [snapshot], {}, at)


def edition(note: Note) -> str:
    return f"of {note.edited_at}"


def document(text: str) -> Document:
    return Document((Paragraph((Text(text),)),))


def wanted(text: str, *, project: str = "erp", target: str = "ERP-1", topic: str = "status") -> Wanted:
    what = document(text)
    return Wanted(
        project=project,
        source="jira",
        target=target,
        topic=topic,
        document=what,
        digest=digest_of(what),
    )


def render(document: Document, *, marker: str | None, url: str | None) -> object:
    """The text itself: the marker is kept apart."""
    return "".join(getattr(node, "text", "") for block in document.blocks for node in getattr(block, "inlines", ()))


def targets(tracker: Tracker) -> dict[str, TargetOf]:
    return {"jira": TargetOf(open=lambda: FakeTarget(tracker), render=render)}


class KillableLedger(ledger.Ledger):
    """A ledger whose process may die before and after each of its transactions."""

    tracker: Tracker

    def keep(self, publication: Publication) -> Publication:
        self.tracker.step()
        kept = super().keep(publication)
        self.tracker.step()
        return kept
