"""The primary store of a Jira site: its issues with their past, and what the lagging index knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec
from msgspec.structs import replace

from tests.sandbox.clock import Clock, to_instant, to_milliseconds
from tests.sandbox.jira.catalogue import LINK_TYPES, PRIORITIES, Catalogue, Token
from tests.sandbox.jira.model import Change, Comment, Issue, Mail, Record, Snapshot, Version

SERVICE_ACCOUNT = "712020:0f5bbd4b-planward"
SERVICE_TOKEN = "sandbox-token-of-planward"
KEPT = timedelta(days=2) // timedelta(
    milliseconds=1
)  # versions that were followed this long ago are dropped: no index lags so


class PrimaryStore(Catalogue):
    """Issues, held as all their versions, with indexes by key, comment and parent.

    A bot account with a valid token is there from the start: `service`. `settled_at` is when the index of a site
    without lag has nothing more to learn.
    """

    def __init__(self, clock: Clock, *, site_name: str = "sandbox", zone: str = "Europe/Berlin") -> None:
        super().__init__(clock, site_name=site_name, zone=zone)
        self.mails: list[Mail] = []
        self.ids_by_key: dict[str, str] = {}
        self.ids_by_former_key: dict[str, str] = {}
        self.issue_of_comment: dict[str, str] = {}
        self.ids_by_parent: dict[str, dict[str, None]] = {}
        self.settled_at = 0
        for name in PRIORITIES:
            self.add_named(self.priorities, name)
        for name, inward, outward in LINK_TYPES:
            self.add_link_type(name, inward, outward)
        self.add_user(SERVICE_ACCOUNT, "Planward", "planward@example.com", account_type="app")
        self.service: Token = self.add_token(SERVICE_ACCOUNT, SERVICE_TOKEN)

    def adopt(self, issue: Issue, changes: Iterable[Change] = ()) -> None:
        """Take a whole issue in, or replace the one with its id, as it is."""
        with self.lock:
            self.reserve_id(issue.id)
            prefix, _, number = issue.key.rpartition("-")
            home = self.projects[issue.project_id]
            if prefix == home.key:
                self.project_counters[home.id] = max(self.project_counters[home.id], int(number))
            self.settled_at = max(self.settled_at, issue.updated)
            self.records[issue.id] = Record(versions=[Version(since=issue.updated, issue=issue)], changes=list(changes))
            for comment in issue.comments:
                self.reserve_id(comment.id)
            self._index(issue)
            self.revision += 1

    def hide(self, key: str, hidden: bool = True) -> None:
        """Put an issue under a security level that no token here has, or take it out. `updated` stays."""
        with self.lock:
            self.records[self.issue(key).id].hidden = hidden
            self.revision += 1

    def stall_indexing(self, key: str, until: datetime) -> None:
        """Let the search index learn nothing new of this issue between now and then."""
        with self.lock:
            self.records[self.issue(key).id].stalled = (self.clock.milliseconds(), to_milliseconds(until))
            self.settled_at = max(self.settled_at, to_milliseconds(until))
            self.revision += 1

    # Reading

    def find(self, text: str) -> Issue | None:
        """The issue with this id, key or former key, hidden or not. An active key wins over a former one."""
        issue_id = text if text in self.records else self.ids_by_key.get(text.upper())
        issue_id = issue_id or self.ids_by_former_key.get(text.upper())
        return self.records[issue_id].issue if issue_id else None

    def issue(self, text: str) -> Issue:
        """As `find`, but it must be there. Raises KeyError."""
        found = self.find(text)
        if found is None:
            raise KeyError(f"no issue {text}")
        return found

    def comment(self, issue_id: str) -> tuple[Issue, Comment]:
        """A comment and its issue. Raises KeyError."""
        issue = self.issue(self.issue_of_comment[issue_id])
        return issue, next(comment for comment in issue.comments if comment.id == issue_id)

    def comments(self, key: str) -> tuple[Comment, ...]:
        """The comments of an issue, oldest first."""
        return self.issue(key).comments

    def children(self, issue_id: str) -> list[Issue]:
        """The issues that have this one as their parent, hidden or not."""
        found = (self.find(child) for child in self.ids_by_parent.get(issue_id, ()))
        return [issue for issue in found if issue is not None and issue.parent_id == issue_id]

    def indexed(self, record: Record, now: int, lag: int) -> Issue | None:
        """The issue as the search index knows it: `lag` milliseconds behind, or stalled."""
        horizon = now - lag
        if record.stalled is not None and record.stalled[0] <= now < record.stalled[1]:
            horizon = min(horizon, record.stalled[0])
        return next((version.issue for version in reversed(record.versions) if version.since <= horizon), None)

    def counts(self) -> dict[str, int]:
        """How many issues, comments, history entries and notifications there are."""
        live = [record for record in self.records.values() if record.issue is not None]
        return {
            "issues": len(live),
            "comments": len(self.issue_of_comment),
            "changes": sum(len(record.changes) for record in live),
            "mails": len(self.mails),
        }

    # For another process

    def snapshot(self) -> bytes:
        """The whole state as JSON."""
        with self.lock:
            now = self.clock.milliseconds()
            held = {name: getattr(self, name) for name in Snapshot.__struct_fields__ if name != "now"}
            held["records"] = {issue_id: _without_the_old(record, now) for issue_id, record in self.records.items()}
            return msgspec.json.encode(Snapshot(now=now, **held))

    def save(self, path: Path) -> Path:
        """The file that `load` reads."""
        path.write_bytes(self.snapshot())
        return path

    @classmethod
    def load(cls, path: Path, clock: Clock | None = None) -> Self:
        """A state as it was saved; without a clock, at the time when it was saved."""
        held = msgspec.json.decode(path.read_bytes(), type=Snapshot)
        state = cls(clock or Clock(to_instant(held.now)), site_name=held.site_name, zone=held.zone)
        for name in Snapshot.__struct_fields__:
            if name != "now":
                setattr(state, name, getattr(held, name))
        for issue_id, record in state.records.items():
            if record.issue is not None:
                state.ids_by_former_key.update(dict.fromkeys(record.former_keys, issue_id))
                state._index(record.issue)
            state.settled_at = max(state.settled_at, record.versions[-1].since, (record.stalled or (0, 0))[1])
        return state

    # How a version is kept

    def _index(self, issue: Issue) -> None:
        self.ids_by_key[issue.key] = issue.id
        self.issue_of_comment.update(dict.fromkeys((comment.id for comment in issue.comments), issue.id))
        if issue.parent_id is not None:
            self.ids_by_parent.setdefault(issue.parent_id, {})[issue.id] = None

    def _at(self, instant: datetime | None) -> int:
        return self.clock.milliseconds() if instant is None else to_milliseconds(instant)

    def _rename(self, issue_id: str, old: str, new: str) -> None:
        del self.ids_by_key[old]
        self.ids_by_key[new] = issue_id
        self.ids_by_former_key[old] = issue_id
        self.records[issue_id].former_keys.append(old)

    def _put(self, issue: Issue, moment: int) -> None:
        versions = self.records[issue.id].versions
        versions.append(Version(since=moment, issue=issue))
        while len(versions) > 1 and versions[1].since <= moment - KEPT:
            del versions[0]
        if issue.parent_id is not None:
            self.ids_by_parent.setdefault(issue.parent_id, {})[issue.id] = None
        self.settled_at = max(self.settled_at, moment)
        self.revision += 1


def _without_the_old(record: Record, now: int) -> Record:
    first = len(record.versions) - 1
    while first > 0 and record.versions[first].since > now - KEPT:
        first -= 1
    return replace(record, versions=record.versions[first:])
