"""GitHub's words turned into ours. Pure: the same payloads always give the same values.

Raises ValueError or OverflowError where a payload holds something that cannot be meant, such as a time that is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.github.issues import tell_issue
from connectors.github.mentions import mentions
from connectors.github.payloads import Actor, CommentPayload, Event, Issue, PullRequest, Reference
from connectors.github.pulls import tell_pull_request
from connectors.github.timeline import Story, key_of
from connectors.github.values import account_id, due_day, instant, is_bot, is_marked
from core.model import Comment, Identity, Kind, Link, Snapshot, WorkItem


class Reader:
    """Maps the payloads of one source, and remembers the accounts that it met in `people`, by their ids.

    `repositories` are the source's, as they are spelt. `writers` are the accounts that write for us beside the one that
    reads.
    """

    def __init__(self, source: str, repositories: Sequence[str] = (), writers: Sequence[str] = ()) -> None:
        self._source = source
        self._repositories = repositories
        self._writers = frozenset(writers)
        self.people: dict[str, Identity] = {}
        self._met: dict[tuple[str | None, str, str | None], str | None] = {}

    def account(self, actor: Actor | None) -> str | None:
        """The account's id, which is its login, or None for nobody and for the deleted."""
        if actor is None:
            return None
        met = actor.login, actor.typename, actor.name
        if met not in self._met:
            # The same few people do nearly everything.
            self._met[met] = self._introduce(actor)
        return self._met[met]

    def issue(self, issue: Issue, repository: str) -> Snapshot:
        """An issue of that repository with all that belongs to it. Its lists have to be whole."""
        story = tell_issue(issue, _present(issue.timeline_items.nodes), self.account)
        closing = [
            _link(self._source, "closed by", pull) for pull in issue.closed_by_pull_requests_references.nodes if pull
        ]
        item = self._item(issue, repository, story, kind=Kind.ISSUE, parent=issue.parent)
        return self._snapshot(issue, item, story, closing, (issue.title, issue.body))

    def pull_request(self, pull: PullRequest, repository: str) -> Snapshot:
        """A pull request of that repository with all that belongs to it. Its lists have to be whole."""
        story = tell_pull_request(pull, _present(pull.timeline_items.nodes), self.account)
        closing = [_link(self._source, "closes", issue) for issue in pull.closing_issues_references.nodes if issue]
        item = self._item(pull, repository, story, kind=Kind.PULL_REQUEST, parent=None)
        return self._snapshot(pull, item, story, closing, (pull.title, pull.body), branch=pull.head_ref_name)

    def comments(self, comments: Iterable[CommentPayload | None]) -> tuple[Comment, ...]:
        """That people commented, oldest first, without what accounts of ours wrote for Planward."""
        found = {
            comment.id: Comment(
                remote_id=comment.id,
                author=self.account(comment.author),
                created_at=instant(comment.created_at),
                updated_at=instant(comment.last_edited_at or comment.created_at),
            )
            for comment in comments
            if comment is not None and not self.is_ours(comment)
        }
        return tuple(sorted(found.values(), key=lambda comment: (comment.created_at, comment.remote_id)))

    def is_ours(self, text: Issue | CommentPayload) -> bool:
        """Whether an account of ours wrote a comment, or an issue as a dashboard: it is no work.

        Anybody may copy our mark, and we may write by hand with the same account, so both count.
        """
        return is_marked(text.body) and (text.viewer_did_author or _account_of(text.author) in self._writers)

    def _introduce(self, actor: Actor) -> str | None:
        found = _account_of(actor)
        if found is not None and (found not in self.people or self.people[found].name is None):
            self.people[found] = read_identity(self._source, actor)
        return found

    def _item(
        self, item: Issue | PullRequest, repository: str, story: Story, *, kind: Kind, parent: Reference | None
    ) -> WorkItem:
        milestone = item.milestone
        return WorkItem(
            source=self._source,
            remote_id=item.id,
            key=f"{repository}#{item.number}",
            url=item.url,
            title=item.title,
            status=story.status.name,
            status_id=story.status.status_id,
            created_at=instant(item.created_at),
            updated_at=instant(item.updated_at),
            kind=kind,
            project=repository,
            tracker_category=story.status.category,
            assignee=story.assignee,
            reporter=self.account(item.author),
            parent_id=parent.id if parent else None,
            parent_key=key_of(parent) if parent else None,
            milestone=milestone.title if milestone else None,
            labels=tuple(label.name for label in item.labels.nodes if label),
            resolved_at=instant(item.closed_at) if item.closed_at and item.state != "OPEN" else None,
            due_on=due_day(milestone.due_on) if milestone and milestone.due_on else None,
        )

    def _snapshot(
        self,
        item: Issue | PullRequest,
        mapped: WorkItem,
        story: Story,
        native: Sequence[Link | None],
        texts: Sequence[str],
        *,
        branch: str = "",
    ) -> Snapshot:
        closing = tuple(link for link in native if link is not None)
        named = mentions(
            texts,
            self._source,
            mapped.url,
            known={mapped.key, *(link.to_key for link in closing)},
            branch=branch,
            repositories=self._repositories,
        )
        return Snapshot(
            item=mapped,
            changes=story.changes,
            comments=self.comments(item.comments.nodes),
            links=(*sorted(closing, key=lambda link: link.remote_id), *named),
            history_whole=None not in item.timeline_items.nodes and not item.timeline_items.page_info.has_next_page,
        )


def read_identity(source: str, actor: Actor) -> Identity:
    """Who an account is. Raises ValueError for one that is nobody's."""
    bot = is_bot(actor.login, actor.typename)
    found = account_id(actor.login, bot=bot)
    if found is None:
        raise ValueError("an account has no login")
    return Identity(source=source, account_id=found, name=actor.name or None, bot=bot)


def _account_of(actor: Actor | None) -> str | None:
    return None if actor is None else account_id(actor.login, bot=is_bot(actor.login, actor.typename))


def _link(source: str, kind: str, end: Reference) -> Link | None:
    key = key_of(end)
    return None if key is None else Link(remote_id=end.id, kind=kind, to_source=source, to_key=key)


def _present(events: Iterable[Event | None]) -> list[Event]:
    """The events that we may see. A review that is still being written is nobody's business but its author's."""
    return [event for event in events if event is not None and event.state != "PENDING"]
