"""GraphQL: issues, and what pull requests share with them; comments."""

from __future__ import annotations

from typing import Any

from tests.sandbox.github.accounts import actor
from tests.sandbox.github.asking import Asking, Connection
from tests.sandbox.github.entries import moment, type_in_timeline
from tests.sandbox.github.model import Comment, Event, Item, Label, Milestone, Review, ReviewRequest
from tests.sandbox.github.repositories import home


def item_path(item: Item, info: Any) -> str:
    """Where an issue or pull request is on the site."""
    return f"/{home(item, info).full_name}/{'issues' if item.pull is None else 'pull'}/{item.number}"


def _assignees(item: Item, info: Any, **bounds: Any) -> Connection:
    asking: Asking = info.context
    known = (asking.state.living(account) for account in item.assignees)
    people = [account for account in known if account is not None and account.kind == "User"]
    return asking.connection(people, lambda account: (account.login.casefold(),), **bounds)


def _labels(item: Item, info: Any, orderBy: Any = None, **bounds: Any) -> Connection:  # noqa: N803
    asking: Asking = info.context
    labels = home(item, info).labels
    worn: list[Label] = [labels[label] for label in item.labels]
    return asking.connection(worn, lambda label: (label.name.casefold(),), **bounds)


def _milestone(item: Item, info: Any) -> Milestone | None:
    return home(item, info).milestones[item.milestone] if item.milestone else None


def _comments(item: Item, info: Any, orderBy: Any = None, **bounds: Any) -> Connection:  # noqa: N803
    asking: Asking = info.context
    if orderBy is None:
        return asking.connection(item.comments, lambda known: (known.created_at, known.database_id), **bounds)
    descending = orderBy["direction"] == "DESC"
    return asking.connection(
        item.comments, lambda known: (known.updated_at, known.database_id), descending=descending, **bounds
    )


def _timeline(
    item: Item,
    info: Any,
    itemTypes: list[str] | None = None,  # noqa: N803
    since: int | None = None,
    skip: int = 0,
    **bounds: Any,
) -> Connection:
    asking: Asking = info.context
    told = [
        entry
        for entry in asking.timeline(item)
        if (itemTypes is None or type_in_timeline(entry) in itemTypes) and (since is None or moment(entry) >= since)
    ]
    told.sort(key=lambda entry: (moment(entry), entry.database_id))
    return asking.connection(told[skip or 0 :], lambda entry: (moment(entry), entry.database_id), **bounds)


def _closed_by(item: Item, info: Any, includeClosedPrs: bool | None = False, **bounds: Any) -> Connection:  # noqa: N803
    # Merged ones are always shown; those that were closed without it only when they are asked for.
    asking: Asking = info.context
    shown = [
        pull
        for pull in asking.state.closed_by(item)
        if asking.may_see(pull) and (includeClosedPrs or pull.state != "CLOSED")
    ]
    return asking.connection(shown, lambda pull: (pull.created_at, pull.database_id), **bounds)


def _reason(item: Item, info: Any, enableDuplicate: bool | None = False) -> str | None:  # noqa: N803
    return "NOT_PLANNED" if item.state_reason == "DUPLICATE" and not enableDuplicate else item.state_reason


def _sub_issues(item: Item, info: Any, **bounds: Any) -> Connection:
    asking: Asking = info.context
    children = [asking.state.items[known] for known in item.children if known in asking.state.items]
    return asking.connection(children, lambda child: (item.children.index(child.id),), **bounds)


def _summary(item: Item, info: Any) -> dict[str, int]:
    asking: Asking = info.context
    children = [asking.state.items[known] for known in item.children if known in asking.state.items]
    done = sum(child.state == "CLOSED" for child in children)
    return {
        "completed": done,
        "percentCompleted": 100 * done // len(children) if children else 0,
        "total": len(children),
    }


def _association(thing: Any, info: Any) -> str:
    return "NONE" if info.context.state.living(thing.author) is None else "MEMBER"


def _edits(thing: Any, info: Any, **bounds: Any) -> Connection:
    asking: Asking = info.context
    edits = [
        {
            "id": f"UCE_{thing.database_id}_{place}",
            "createdAt": at,
            "editedAt": at,
            "updatedAt": at,
            "diff": text,
            "editor": asking.state.living(thing.editor),
        }
        for place, (at, text) in enumerate(getattr(thing, "edits", []))
    ]
    return asking.connection(edits, lambda edit: (-edit["editedAt"], edit["id"]), **bounds)


SAID: dict[str, Any] = {
    "author": actor("author"),
    "authorAssociation": _association,
    "bodyText": lambda thing, info: thing.body,
    "fullDatabaseId": lambda thing, info: str(thing.database_id),
    "publishedAt": lambda thing, info: thing.created_at,
    "userContentEdits": _edits,
    "viewerDidAuthor": lambda thing, info: thing.author == info.context.access.account,
}
EDITED: dict[str, Any] = {
    "editor": actor("editor"),
    "includesCreatedEdit": lambda thing, info: thing.last_edited_at is not None,
}
CONVERSATION: dict[str, Any] = {
    **SAID,
    **EDITED,
    "activeLockReason": lambda item, info: item.lock_reason,
    "assignees": _assignees,
    "closed": lambda item, info: item.state != "OPEN",
    "comments": _comments,
    "labels": _labels,
    "milestone": _milestone,
    "repository": home,
    "resourcePath": item_path,
    "timelineItems": _timeline,
    "updatedAt": lambda item, info: item.touched_at,
    "url": lambda item, info: info.context.url + item_path(item, info),
}


def commented(comment: Comment | Review | ReviewRequest | Event, info: Any) -> Item:
    """The item that a comment, review, request or event belongs to."""
    asking: Asking = info.context
    return asking.state.items[comment.item_id]


def _pull_request(comment: Comment, info: Any) -> Item | None:
    item = commented(comment, info)
    return item if item.pull is not None else None


def _comment_path(comment: Comment, info: Any) -> str:
    return f"{item_path(commented(comment, info), info)}#issuecomment-{comment.database_id}"


RESOLVERS: dict[str, dict[str, Any]] = {
    "Issue": CONVERSATION
    | {
        "closedByPullRequestsReferences": _closed_by,
        "parent": lambda item, info: info.context.state.items.get(item.parent),
        "stateReason": _reason,
        "subIssues": _sub_issues,
        "subIssuesSummary": _summary,
    },
    "IssueComment": SAID
    | EDITED
    | {
        "isMinimized": lambda comment, info: False,
        "issue": commented,
        "pullRequest": _pull_request,
        "repository": lambda comment, info: home(commented(comment, info), info),
        "resourcePath": _comment_path,
        "url": lambda comment, info: info.context.url + _comment_path(comment, info),
        "viewerCanDelete": lambda comment, info: comment.author == info.context.access.account,
        "viewerCanUpdate": lambda comment, info: comment.author == info.context.access.account,
    },
}
