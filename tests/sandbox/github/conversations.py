"""Issues and pull requests as conversations, and what people do to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.sandbox.github.ids import node_id
from tests.sandbox.github.model import Comment, Event, Item, Repository
from tests.sandbox.github.primary import PrimaryStore
from tests.sandbox.github.references import references


class Conversations(PrimaryStore):
    """What people and bots do to issues, and to pull requests as far as they are issues.

    People are named by their logins (None: a ghost), items by keys. Without a time it happens at the clock's.
    """

    references_bump = False  # whether being named elsewhere moves an issue's `updatedAt`

    # Issues

    def open_issue(
        self,
        repository: str,
        title: str,
        *,
        body: str = "",
        author: str | None = None,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        milestone: int | None = None,
        at: datetime | None = None,
        number: int | None = None,
        database_id: int | None = None,
    ) -> str:
        """The key of a new issue. Labels, assignees and milestone given with it have their events."""
        with self.lock:
            home = self.repository(repository)
            item = self._new_item(home, title, body, author, at, number, database_id, kind="Issue")
            self._dress(item, labels, assignees, milestone, author, at)
            self._refer(item, body, author, self.seconds(at))
            return self.key(item)

    def close(
        self,
        key: str,
        actor: str | None = None,
        at: datetime | None = None,
        *,
        reason: str | None = "COMPLETED",
        closer: str | None = None,
        duplicate_of: str | None = None,
    ) -> None:
        """Close an issue (COMPLETED, NOT_PLANNED, DUPLICATE) or a pull request. `closer` is a pull request's key."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            canonical = self.item(duplicate_of) if duplicate_of else None
            if item.state != "OPEN" and (item.pull is not None or reason == item.state_reason):
                raise ValueError(f"{key} is closed already")
            if canonical is not None:
                reason, item.duplicate_of = "DUPLICATE", canonical.id
                told = {"canonical": canonical.id, "duplicate": item.id}
                self._tell(item, "MarkedAsDuplicateEvent", actor, moment, told)
            item.state, item.closed_at, item.closed_by = "CLOSED", moment, self.actor(actor)
            item.state_reason = reason if item.pull is None else None
            pull = self.item(closer).id if closer else None
            self._tell(item, "ClosedEvent", actor, moment, {"state_reason": item.state_reason, "closer": pull})

    def reopen(self, key: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Open a closed issue or pull request again."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            if item.state != "CLOSED":
                raise ValueError(f"{key} is {item.state.lower()}")
            item.state, item.closed_at, item.closed_by, item.duplicate_of = "OPEN", None, None, None
            item.state_reason = "REOPENED" if item.pull is None else None
            self._tell(item, "ReopenedEvent", actor, moment, {"state_reason": item.state_reason})

    def rename(self, key: str, title: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Give it another title."""
        with self.lock:
            item, before = self.item(key), self.item(key).title
            item.title = title
            told = {"previous_title": before, "current_title": title}
            self._tell(item, "RenamedTitleEvent", actor, self.seconds(at), told)

    def edit_body(self, key: str, body: str, editor: str | None = None, at: datetime | None = None) -> None:
        """Replace its text. The timeline says nothing; what it refers to now is told there."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            item.body, item.last_edited_at, item.editor = body, moment, self.actor(editor)
            self._bump(item, moment)
            self._refer(item, body, editor, moment)

    def label(self, key: str, label: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Put a label on it, made when the repository has none of that name."""
        with self.lock:
            item = self.item(key)
            label_id = self.add_label(self.repositories[item.repository_id].full_name, label)
            if label_id not in item.labels:
                item.labels.append(label_id)
                self._tell(item, "LabeledEvent", actor, self.seconds(at), {"label": label_id})

    def unlabel(self, key: str, label: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Take a label off it."""
        with self.lock:
            item = self.item(key)
            label_id = self.add_label(self.repositories[item.repository_id].full_name, label)
            item.labels.remove(label_id)
            self._tell(item, "UnlabeledEvent", actor, self.seconds(at), {"label": label_id})

    def assign(self, key: str, login: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Give it to somebody, one of perhaps several."""
        with self.lock:
            item, assignee = self.item(key), self.actor(login)
            if assignee is not None and assignee not in item.assignees:
                item.assignees.append(assignee)
                self._tell(item, "AssignedEvent", actor, self.seconds(at), {"assignee": assignee})

    def unassign(self, key: str, login: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Take it away from somebody."""
        with self.lock:
            item, assignee = self.item(key), self.account(login).id
            item.assignees.remove(assignee)
            self._tell(item, "UnassignedEvent", actor, self.seconds(at), {"assignee": assignee})

    def set_milestone(self, key: str, number: int | None, actor: str | None = None, at: datetime | None = None) -> None:
        """Put it into a milestone or, with None, into none. The timeline has titles only."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            home = self.repositories[item.repository_id]
            if item.milestone is not None:
                title = home.milestones[item.milestone].title
                self._tell(item, "DemilestonedEvent", actor, moment, {"milestone_title": title})
            item.milestone = None
            if number is not None:
                milestone = self.milestone(home.full_name, number)
                item.milestone = milestone.id
                self._tell(item, "MilestonedEvent", actor, moment, {"milestone_title": milestone.title})

    def lock_conversation(
        self, key: str, actor: str | None = None, at: datetime | None = None, *, reason: str | None = None
    ) -> None:
        """Lock it, so that only collaborators can comment."""
        with self.lock:
            item = self.item(key)
            item.locked, item.lock_reason = True, reason
            self._tell(item, "LockedEvent", actor, self.seconds(at), {"lock_reason": reason})

    def unlock_conversation(self, key: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Let everybody comment again."""
        with self.lock:
            item = self.item(key)
            item.locked, item.lock_reason = False, None
            self._tell(item, "UnlockedEvent", actor, self.seconds(at))

    def add_sub_issue(self, parent: str, child: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Put an issue below another. The timelines of both say so; the `updatedAt` of the parent stays."""
        with self.lock:
            above, below, moment = self.item(parent), self.item(child), self.seconds(at)
            above.children.append(below.id)
            below.parent = above.id
            self._tell(above, "SubIssueAddedEvent", actor, moment, {"sub_issue": below.id}, bump=False)
            self._tell(below, "ParentIssueAddedEvent", actor, moment, {"parent": above.id})

    def remove_sub_issue(self, child: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Take an issue out from below another."""
        with self.lock:
            below, moment = self.item(child), self.seconds(at)
            above = self.items[below.parent or ""]
            above.children.remove(below.id)
            below.parent = None
            self._tell(above, "SubIssueRemovedEvent", actor, moment, {"sub_issue": below.id}, bump=False)
            self._tell(below, "ParentIssueRemovedEvent", actor, moment, {"parent": above.id})

    def delete_issue(self, key: str) -> None:
        """Delete an issue. Who may read its repository learns that it is gone."""
        with self.lock:
            item = self.item(key)
            home = self.repositories[item.repository_id]
            del home.numbers[item.number]
            home.gone[item.number] = None
            self.forget(item)

    def transfer_issue(self, key: str, repository: str, actor: str | None = None, at: datetime | None = None) -> str:
        """The key of the issue after it went to another repository. It has new ids there; the old address leads on."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            old, new = self.repositories[item.repository_id], self.repository(repository)
            titles = [old.labels[label].name for label in item.labels]
            self.forget(item)
            del old.numbers[item.number]
            item.database_id = self.hand_out_id()
            item.id = node_id("Issue", new.database_id, item.database_id)
            item.repository_id, item.number, item.milestone = new.id, new.next_number, None
            item.labels = [self.add_label(new.full_name, title) for title in titles]
            self._adopt(new, item)
            self._tell(item, "TransferredEvent", actor, moment, {"from_repository": old.id})
            old.gone[int(key.rpartition("#")[2])] = item.id
            return self.key(item)

    # Comments

    def comment(self, key: str, author: str | None, body: str, at: datetime | None = None) -> int:
        """The number of a new comment. Moves `updatedAt`; what it names is told there."""
        with self.lock:
            item, moment = self.item(key), self.seconds(at)
            number = self.hand_out_id()
            comment = Comment(
                id=node_id("IssueComment", self.repositories[item.repository_id].database_id, number),
                database_id=number,
                item_id=item.id,
                author=self.actor(author),
                body=body,
                created_at=moment,
                updated_at=moment,
            )
            item.comments.append(comment)
            item.comments.sort(key=lambda known: (known.created_at, known.database_id))
            self.comments[number] = comment
            self._bump(item, moment)
            self._refer(item, body, author, moment)
            return number

    def edit_comment(self, number: int, body: str, editor: str | None = None, at: datetime | None = None) -> None:
        """Replace a comment's text, `editor` None: by its author. Moves the `updatedAt` of both; nobody is told."""
        with self.lock:
            comment, moment = self.comments[number], self.seconds(at)
            comment.edits.append((moment, comment.body))
            comment.body, comment.updated_at, comment.last_edited_at = body, moment, moment
            comment.editor = self.actor(editor) if editor else comment.author
            self._bump(self.items[comment.item_id], moment)

    def delete_comment(self, number: int, actor: str | None = None, at: datetime | None = None) -> None:
        """Delete a comment. The timeline keeps that there was one."""
        with self.lock:
            comment = self.comments.pop(number)
            item = self.items[comment.item_id]
            item.comments.remove(comment)
            self._tell(item, "CommentDeletedEvent", actor, self.seconds(at), {"deleted_author": comment.author})

    # How it is kept

    def _new_item(
        self,
        home: Repository,
        title: str,
        body: str,
        author: str | None,
        at: datetime | None,
        number: int | None,
        database_id: int | None,
        *,
        kind: str,
    ) -> Item:
        moment, database_id = self.seconds(at), database_id or self.hand_out_id()
        item = Item(
            id=node_id(kind, home.database_id, database_id),
            database_id=database_id,
            repository_id=home.id,
            number=number or home.next_number,
            title=title,
            body=body,
            author=self.actor(author),
            created_at=moment,
            updated_at=moment,
        )
        self._adopt(home, item)
        return item

    def _adopt(self, home: Repository, item: Item) -> None:
        self.items[item.id] = item
        home.numbers[item.number] = item.id
        home.next_number = max(home.next_number, item.number + 1)
        for comment in item.comments:
            comment.item_id = item.id
            self.comments[comment.database_id] = comment
        for event in item.events:
            event.item_id = item.id

    def _dress(
        self,
        item: Item,
        labels: Iterable[str],
        assignees: Iterable[str],
        milestone: int | None,
        author: str | None,
        at: datetime | None,
    ) -> None:
        key = self.key(item)
        for label in labels:
            self.label(key, label, author, at)
        for login in assignees:
            self.assign(key, login, author, at)
        if milestone is not None:
            self.set_milestone(key, milestone, author, at)

    def _tell(
        self,
        item: Item,
        kind: str,
        actor: str | None,
        moment: int,
        data: dict[str, Any] | None = None,
        *,
        bump: bool = True,
    ) -> Event:
        number = self.hand_out_id()
        home = self.repositories[item.repository_id]
        event = Event(
            id=node_id(kind, home.database_id, item.database_id, number),
            database_id=number,
            item_id=item.id,
            kind=kind,
            actor=self.actor(actor),
            created_at=moment,
            data=data or {},
        )
        item.events.append(event)
        item.events.sort(key=lambda known: (known.created_at, known.database_id))
        if bump:
            self._bump(item, moment)
        return event

    def _bump(self, item: Item, moment: int) -> None:
        item.updated_at = max(item.updated_at, moment)

    def _refer(self, item: Item, text: str, actor: str | None, moment: int) -> None:
        """Tell those that a text names, once each, and keep what a pull request's own text closes."""
        home = self.repositories[item.repository_id]
        closes = []
        for reference in references(text):
            there = self.find_repository(reference.repository) if reference.repository else home
            other = self.items.get(there.numbers.get(reference.number, "")) if there else None
            if other is None or other.id == item.id:
                continue
            if reference.closes and other.pull is None and other.id not in closes:
                closes.append(other.id)
            told = any(
                event.kind == "CrossReferencedEvent" and event.data["source"] == item.id for event in other.events
            )
            if not told:
                self._tell(other, "CrossReferencedEvent", actor, moment, {"source": item.id}, bump=self.references_bump)
        if item.pull is not None and text is item.body:
            self._relink(item, keywords=closes, connected=item.pull.connected)

    def _relink(self, item: Item, *, keywords: list[str], connected: list[str]) -> None:
        assert item.pull is not None
        for known in {*item.pull.keywords, *item.pull.connected} & self.items.keys():
            self.items[known].closers.remove(item.id)
        item.pull.keywords, item.pull.connected = keywords, connected
        for known in {*keywords, *connected} & self.items.keys():
            self.items[known].closers.append(item.id)
