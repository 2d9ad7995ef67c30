"""Jira's words turned into ours. Pure: the same payloads always give the same values.

Raises ValueError or OverflowError where a payload holds something that cannot be meant, such as a time that is none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from connectors.jira.payloads import UNREADABLE, CommentPayload, Entry, Issue, LinkPayload, StatusPayload, User
from core.model import Category, Change, Comment, Identity, Link, Status, WorkItem

CATEGORIES = {"new": Category.TODO, "indeterminate": Category.ACTIVE, "done": Category.DONE}

WORDS = {
    "duedate": "due_on",
    "fixVersions": "fix_versions",
    "issuetype": "type",
    "IssueParentAssociation": "parent",
    "summary": "title",
    "timeoriginalestimate": "estimate",
}
"""Id of a system field -> our word. The other ids are our words already (`status`, `assignee`, `labels`, ...)."""

NAMED_WORDS = {
    "duedate": "due_on",
    "epic link": "parent",
    "fix version": "fix_versions",
    "issueparentassociation": "parent",
    "issuetype": "type",
    "key": "key",
    "parent": "parent",
    "sprint": "sprint",
    "start date": "start_on",
    "story point estimate": "estimate",
    "story points": "estimate",
    "summary": "title",
    "timeoriginalestimate": "estimate",
}
"""Name of a field -> our word, for custom fields, whose ids differ from site to site, and for entries without an id."""

PROPERTY = "planward"
"""Key of the property that a comment of ours carries."""
MARK = "#planward-"
"""How the address in the last link of a comment of ours goes on, before its marker."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reader:
    """Maps the payloads of one source, and remembers the accounts that it met in `people`, by their ids."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.people: dict[str, Identity] = {}

    def account(self, user: User | None) -> str | None:
        """The account's id, or None for nobody and for accounts that Jira itself does not know any more."""
        if user is None:
            return None
        account_id = user.account_id
        if not account_id or account_id == "unknown":
            return None
        if account_id not in self.people:
            self.people[account_id] = read_identity(self._source, user)
        return account_id

    def item(self, issue: Issue, site: str) -> WorkItem:
        """The work item that an issue is. `site` is the address that people open in a browser."""
        fields = issue.fields
        category = fields.status.status_category
        return WorkItem(
            source=self._source,
            remote_id=issue.id,
            key=issue.key,
            url=f"{site}/browse/{issue.key}",
            title=fields.summary or issue.key,
            status=fields.status.name,
            status_id=fields.status.id,
            created_at=instant(fields.created),
            updated_at=instant(fields.updated),
            project=fields.project.key if fields.project else None,
            type=fields.issuetype.name if fields.issuetype else None,
            tracker_category=CATEGORIES.get(category.key or "") if category else None,
            resolution=fields.resolution.name if fields.resolution else None,
            priority=fields.priority.name if fields.priority else None,
            assignee=self.account(fields.assignee),
            reporter=self.account(fields.reporter),
            parent_id=fields.parent.id if fields.parent else None,
            parent_key=fields.parent.key if fields.parent else None,
            labels=tuple(fields.labels or ()),
            fix_versions=tuple(version.name for version in fields.fix_versions or () if version.name),
            resolved_at=instant(fields.resolutiondate) if fields.resolutiondate else None,
            due_on=date.fromisoformat(fields.duedate) if fields.duedate else None,
        )

    def links(self, links: Sequence[LinkPayload] | None) -> tuple[Link, ...]:
        """The links as read from this end, in the order of their ids. The other end may be an issue unknown to us."""
        found = []
        for link in links or ():
            end, kind = link.outward_issue, link.type.outward
            if end is None:
                end, kind = link.inward_issue, link.type.inward
            if end is not None and end.key:
                words = kind or link.type.name or "relates to"
                found.append(Link(remote_id=link.id, kind=words, to_source=self._source, to_key=end.key))
        return tuple(sorted(found, key=lambda link: by_age(link.remote_id)))

    def changes(self, entries: Iterable[Entry]) -> tuple[Change, ...]:
        """The history, oldest first. An entry that came twice counts once."""
        distinct = {str(entry.id): entry for entry in entries}
        dated = [(instant(entry.created), by_age(remote_id), entry) for remote_id, entry in distinct.items()]
        dated.sort(key=lambda row: row[:2])
        return tuple(
            change
            for changed_at, (_, remote_id), entry in dated
            for change in self._entry(entry, remote_id, changed_at)
        )

    def _entry(self, entry: Entry, remote_id: str, changed_at: datetime) -> Iterable[Change]:
        author = self.account(entry.author)
        for position, item in enumerate(entry.items or ()):
            field = _word(item.field_id, item.field)
            from_value, to_value = item.from_string, item.to_string
            if field == "due_on":
                from_value, to_value = _day(item.from_, from_value), _day(item.to, to_value)
            yield Change(
                remote_id=remote_id,
                position=position,
                field=field,
                changed_at=changed_at,
                author=author,
                from_value=from_value or None,
                to_value=to_value or None,
                from_id=item.from_ or None,
                to_id=item.to or None,
            )

    def comments(self, comments: Iterable[CommentPayload], ours: str | None = None) -> tuple[Comment, ...]:
        """That people commented, oldest first, without what the account `ours` wrote for Planward."""
        distinct = {
            comment.id: Comment(
                remote_id=comment.id,
                author=self.account(comment.author),
                created_at=(created_at := instant(comment.created)),
                updated_at=instant(comment.updated) if comment.updated else created_at,
            )
            for comment in comments
            if ours is None or not is_marked(comment) or comment.author is None or comment.author.account_id != ours
        }
        return tuple(sorted(distinct.values(), key=lambda comment: (comment.created_at, by_age(comment.remote_id))))


def read_identity(source: str, user: User) -> Identity:
    """Who an account is. Raises ValueError for one without an id."""
    if not user.account_id:
        raise ValueError("an account has no id")
    return Identity(
        source=source,
        account_id=user.account_id,
        name=user.display_name or None,
        email=user.email_address or None,
        active=user.active is not False,
        bot=user.account_type == "app",
    )


def read_status(payload: StatusPayload) -> Status:
    """A status with the category that Jira gives it, or none where Jira calls it undefined."""
    category = payload.status_category
    return Status(
        status_id=payload.id, name=payload.name, category=CATEGORIES.get(category.key or "") if category else None
    )


def is_marked(comment: CommentPayload) -> bool:
    """Whether a comment says of itself that Planward wrote it. Only with its author known may that be believed."""
    if any(entry.key == PROPERTY for entry in comment.properties or ()):
        return True
    return MARK.encode() in bytes(comment.body)


def carries(comment: CommentPayload, markers: Collection[str]) -> bool:
    """Whether a comment carries one of these markers, as its property or at the end of its last paragraph's link."""
    for entry in comment.properties or ():
        if entry.key == PROPERTY and property_marker(bytes(entry.value)) in markers:
            return True
    return any(href.rpartition(MARK)[2] in markers for href in _last_links(bytes(comment.body)) if MARK in href)


def property_marker(value: bytes) -> str | None:
    """The marker in the value of a property of ours, or None."""
    try:
        found = msgspec.json.decode(value)
    except UNREADABLE:
        return None
    marker = found.get("id") if isinstance(found, dict) else None
    return marker if isinstance(marker, str) else None


def instant(value: str | int | float) -> datetime:
    """The UTC instant of a time of Jira's: ISO text with an offset (`+0200`), epoch milliseconds or epoch seconds."""
    if isinstance(value, str):
        found = datetime.fromisoformat(value)
        if found.tzinfo is UTC:
            return found
        if found.tzinfo is None:
            raise ValueError("a time has no offset")
        return found.astimezone(UTC)
    # No issue is older than 1973, where a count of milliseconds passes a hundred thousand million.
    return EPOCH + (timedelta(milliseconds=value) if abs(value) >= 1e11 else timedelta(seconds=value))


@lru_cache(maxsize=1024)
def _word(field_id: str | None, name: str | None) -> str:
    if field_id and not field_id.startswith("customfield_"):
        return WORDS.get(field_id, field_id)
    return NAMED_WORDS.get((name or "").casefold()) or name or field_id or "unknown"


def _day(text: str | None, shown: str | None) -> str | None:
    try:
        return date.fromisoformat((text or shown or "")[:10]).isoformat()
    except ValueError:
        return text or shown


def by_age(remote_id: str) -> tuple[int, str]:
    """What sorts ids from the oldest to the newest: they are numbers in texts, and only grow."""
    return (int(remote_id) if remote_id.isascii() and remote_id.isdigit() else 0, remote_id)


def _last_links(body: bytes) -> list[str]:
    """Where the links of the last paragraph of an ADF document lead."""
    try:
        paragraph = json.loads(body)["content"][-1]
        texts = paragraph["content"] if paragraph["type"] == "paragraph" else []
        marks = [mark for text in texts for mark in text.get("marks", ()) if mark["type"] == "link"]
        return [str(mark["attrs"]["href"]) for mark in marks]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # anybody may write a comment, of any shape
