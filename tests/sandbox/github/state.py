"""A GitHub site's pull requests, and the whole of its state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.sandbox.github import importing
from tests.sandbox.github.conversations import Conversations
from tests.sandbox.github.ids import node_id
from tests.sandbox.github.model import Item, Pull, Review, ReviewRequest


class GithubState(Conversations):
    """What people and bots do to the site. Logins name people, `acme/erp#12` an issue or pull request."""

    def open_pull_request(
        self,
        repository: str,
        title: str,
        *,
        body: str = "",
        author: str | None = None,
        head: str = "work",
        base: str | None = None,
        draft: bool = False,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        reviewers: Iterable[str] = (),
        milestone: int | None = None,
        at: datetime | None = None,
        number: int | None = None,
        database_id: int | None = None,
    ) -> str:
        """The key of a new pull request. "Fixes #12" in its body links an issue without a ConnectedEvent."""
        with self.lock:
            home = self.repository(repository)
            pull_id = database_id or self.hand_out_id()
            item = self._new_item(home, title, body, author, at, number, None, kind="PullRequest")
            del self.items[item.id]
            item.id = node_id("PullRequest", home.database_id, pull_id)
            item.pull = Pull(
                database_id=pull_id,
                head=head,
                head_oid=commit_id(item.id),
                base=base or home.default_branch,
                draft=draft,
                updated_at=item.created_at,
            )
            self._adopt(home, item)
            self._dress(item, labels, assignees, milestone, author, at)
            self._refer(item, body, author, item.created_at)
            for login in reviewers:
                self.request_review(self.key(item), login, author, at)
            return self.key(item)

    def convert_to_draft(self, key: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Say that a pull request is not ready."""
        with self.lock:
            item, pull = self._pull(key)
            pull.draft = True
            self._tell_pull(item, "ConvertToDraftEvent", actor, self.seconds(at))

    def ready_for_review(self, key: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Say that a draft is ready."""
        with self.lock:
            item, pull = self._pull(key)
            pull.draft = False
            self._tell_pull(item, "ReadyForReviewEvent", actor, self.seconds(at))

    def request_review(self, key: str, reviewer: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Ask a person or a team for a review, also again after one."""
        with self.lock:
            item, pull = self._pull(key)
            asked = self.actor(reviewer)
            assert asked is not None
            if all(request.reviewer != asked for request in pull.requests):
                number = self.hand_out_id()
                home = self.repositories[item.repository_id]
                request_id = node_id("ReviewRequest", home.database_id, number)
                pull.requests.append(ReviewRequest(id=request_id, database_id=number, item_id=item.id, reviewer=asked))
                self._tell_pull(item, "ReviewRequestedEvent", actor, self.seconds(at), {"reviewer": asked})

    def remove_review_request(
        self, key: str, reviewer: str, actor: str | None = None, at: datetime | None = None
    ) -> None:
        """Ask no more."""
        with self.lock:
            item, pull = self._pull(key)
            asked = self.account(reviewer).id
            pull.requests = [request for request in pull.requests if request.reviewer != asked]
            self._tell_pull(item, "ReviewRequestRemovedEvent", actor, self.seconds(at), {"reviewer": asked})

    def review(
        self,
        key: str,
        author: str | None,
        state: str = "APPROVED",
        body: str = "",
        at: datetime | None = None,
    ) -> int:
        """The number of a new review: APPROVED, CHANGES_REQUESTED, COMMENTED, or PENDING until `submit_review`.

        A request to its author is answered by it, without an event of its own.
        """
        with self.lock:
            item, pull = self._pull(key)
            number, moment = self.hand_out_id(), self.seconds(at)
            review = Review(
                id=node_id("PullRequestReview", self.repositories[item.repository_id].database_id, number),
                database_id=number,
                item_id=item.id,
                author=self.actor(author),
                state="PENDING",
                body=body,
                created_at=moment,
                updated_at=moment,
            )
            pull.reviews.append(review)
            self.reviews[number] = review
            if state != "PENDING":
                self.submit_review(number, state, at)
            return number

    def submit_review(self, number: int, state: str = "APPROVED", at: datetime | None = None) -> None:
        """Show a pending review to everybody."""
        with self.lock:
            review, moment = self.reviews[number], self.seconds(at)
            item = self.items[review.item_id]
            assert item.pull is not None
            review.state, review.submitted_at, review.updated_at = state, moment, moment
            item.pull.requests = [request for request in item.pull.requests if request.reviewer != review.author]
            self._bump_pull(item, moment)

    def dismiss_review(
        self, number: int, actor: str | None = None, at: datetime | None = None, *, message: str | None = None
    ) -> None:
        """Take the weight from a review. It stays, as DISMISSED."""
        with self.lock:
            review, moment = self.reviews[number], self.seconds(at)
            before, review.state, review.updated_at = review.state, "DISMISSED", moment
            told = {"review": review.id, "previous_state": before, "message": message}
            self._tell_pull(self.items[review.item_id], "ReviewDismissedEvent", actor, moment, told)

    def push(self, key: str, actor: str | None = None, at: datetime | None = None, *, force: bool = False) -> str:
        """The commit that the head has now."""
        with self.lock:
            item, pull = self._pull(key)
            pull.head_oid = commit_id(f"{pull.head_oid}{self.hand_out_id()}")
            if force:
                self._tell_pull(item, "HeadRefForcePushedEvent", actor, self.seconds(at))
            self._bump_pull(item, self.seconds(at))
            return pull.head_oid

    def merge(self, key: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Merge a pull request; into the default branch it closes what it is linked to."""
        with self.lock:
            item, pull = self._pull(key)
            moment = self.seconds(at)
            home = self.repositories[item.repository_id]
            if item.state != "OPEN":
                raise ValueError(f"{key} is {item.state.lower()}")
            item.state, item.closed_at, item.closed_by = "MERGED", moment, self.actor(actor)
            pull.merged_at, pull.merged_by, pull.draft = moment, self.actor(actor), False
            self._tell(item, "MergedEvent", actor, moment, {"merge_ref": pull.base})
            self._tell(item, "ClosedEvent", actor, moment, {"state_reason": None, "closer": None})
            if pull.base == home.default_branch:
                for other in self.closes(item):
                    if other.state == "OPEN":
                        self.close(self.key(other), actor, at, closer=key)

    def connect(self, key: str, issue: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Link a pull request to an issue by hand; both timelines say so."""
        with self.lock:
            item, pull = self._pull(key)
            other, moment = self.item(issue), self.seconds(at)
            self._relink(item, keywords=pull.keywords, connected=[*pull.connected, other.id])
            self._tell(item, "ConnectedEvent", actor, moment, {"subject": other.id}, bump=self.references_bump)
            self._tell(other, "ConnectedEvent", actor, moment, {"subject": item.id}, bump=self.references_bump)

    def disconnect(self, key: str, issue: str, actor: str | None = None, at: datetime | None = None) -> None:
        """Take back a link made by hand."""
        with self.lock:
            item, pull = self._pull(key)
            other, moment = self.item(issue), self.seconds(at)
            rest = [known for known in pull.connected if known != other.id]
            self._relink(item, keywords=pull.keywords, connected=rest)
            self._tell(item, "DisconnectedEvent", actor, moment, {"subject": other.id}, bump=self.references_bump)
            self._tell(other, "DisconnectedEvent", actor, moment, {"subject": item.id}, bump=self.references_bump)

    # What was recorded elsewhere (see `importing`)

    def import_issue(self, raw: Mapping[str, Any]) -> str:
        """The key of an issue taken over as REST told it."""
        with self.lock:
            return importing.import_issue(self, raw)

    def import_pull_request(self, raw: Mapping[str, Any]) -> str:
        """The key of a pull request taken over as REST told it."""
        with self.lock:
            return importing.import_pull_request(self, raw)

    def import_comment(self, raw: Mapping[str, Any]) -> int | None:
        """The number of a comment taken over as REST told it, None when what it is about is not there."""
        with self.lock:
            return importing.import_comment(self, raw)

    def import_review(self, raw: Mapping[str, Any]) -> int | None:
        """The number of a review taken over as REST told it, None when its pull request is not there."""
        with self.lock:
            return importing.import_review(self, raw)

    # What is linked

    def closes(self, item: Item) -> list[Item]:
        """The issues that a pull request closes when it is merged, by number."""
        if item.pull is None:
            return []
        ids = dict.fromkeys([*item.pull.keywords, *item.pull.connected])
        return sorted((self.items[known] for known in ids if known in self.items), key=lambda other: other.number)

    def closed_by(self, item: Item) -> list[Item]:
        """The pull requests that close an issue, by number."""
        found = (self.items[known] for known in item.closers if known in self.items)
        return sorted(found, key=lambda other: other.number)

    def _pull(self, key: str) -> tuple[Item, Pull]:
        item = self.item(key)
        if item.pull is None:
            raise ValueError(f"{key} is no pull request")
        return item, item.pull

    def _tell_pull(
        self, item: Item, kind: str, actor: str | None, moment: int, data: dict[str, str | None] | None = None
    ) -> None:
        self._tell(item, kind, actor, moment, data, bump=False)
        self._bump_pull(item, moment)

    def _bump_pull(self, item: Item, moment: int) -> None:
        assert item.pull is not None
        item.pull.updated_at = max(item.pull.updated_at, moment)


def commit_id(text: str) -> str:
    """A commit's id, made up."""
    return hashlib.sha1(text.encode()).hexdigest()
