"""GraphQL: the entries of timelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sandbox.github.accounts import actor
from tests.sandbox.github.asking import Asking
from tests.sandbox.github.issues import commented, item_path
from tests.sandbox.github.model import Event, Item, Label, Repository, Review


def _said(name: str) -> Callable[[Event, Any], Any]:
    return lambda event, info: event.data.get(name)


def _account(name: str) -> Callable[[Event, Any], Any]:
    return lambda event, info: info.context.state.living(event.data.get(name))


def _item(name: str) -> Callable[[Event, Any], Item | None]:
    def resolver(event: Event, info: Any) -> Item | None:
        asking: Asking = info.context
        found = asking.state.items.get(event.data.get(name) or "")
        return found if asking.may_see(found) else None

    return resolver


def _label(event: Event, info: Any) -> Label:
    asking: Asking = info.context
    known = (repository.labels.get(event.data["label"]) for repository in asking.state.repositories.values())
    return next(label for label in known if label is not None)


def _reason(event: Event, info: Any) -> str | None:
    reason: str | None = event.data.get("state_reason")
    return "NOT_PLANNED" if reason == "DUPLICATE" and not info.context.duplicates_told else reason


def _across(name: str) -> Callable[[Event, Any], bool]:
    def resolver(event: Event, info: Any) -> bool:
        other = _item(name)(event, info)
        return other is not None and other.repository_id != commented(event, info).repository_id

    return resolver


def _will_close(event: Event, info: Any) -> bool:
    source = _item("source")(event, info)
    return source is not None and commented(event, info) in info.context.state.closes(source)


def _from_repository(event: Event, info: Any) -> Repository | None:
    asking: Asking = info.context
    found = asking.state.repositories.get(event.data["from_repository"])
    return found if found is not None and asking.may_read(found) else None


def _review(event: Event, info: Any) -> Review | None:
    asking: Asking = info.context
    item = commented(event, info)
    return next((review for review in asking.reviews(item) if review.id == event.data["review"]), None)


def _path(event: Event, info: Any) -> str:
    return f"{item_path(commented(event, info), info)}#event-{event.database_id}"


def _url(event: Event, info: Any) -> str:
    asking: Asking = info.context
    return asking.url + _path(event, info)


WHO = {"actor": actor("actor")}
PLACE = {"resourcePath": _path, "url": _url}
ASSIGNED = WHO | {"assignable": commented, "assignee": _account("assignee")}
LABELED = WHO | {"label": _label, "labelable": commented}
MILESTONED = WHO | {"milestoneTitle": _said("milestone_title"), "subject": commented}
CONNECTED = WHO | {"isCrossRepository": _across("subject"), "source": commented, "subject": _item("subject")}
ABOUT_PULL = WHO | PLACE | {"pullRequest": commented}
REQUESTED = WHO | {
    "pullRequest": commented,
    "requestedReviewer": lambda event, info: info.context.reviewer(event.data["reviewer"]),
}

RESOLVERS: dict[str, dict[str, Any]] = {
    "AssignedEvent": ASSIGNED,
    "UnassignedEvent": ASSIGNED,
    "ClosedEvent": WHO | PLACE | {"closable": commented, "closer": _item("closer"), "stateReason": _reason},
    "ReopenedEvent": WHO | {"closable": commented, "stateReason": _said("state_reason")},
    "LabeledEvent": LABELED,
    "UnlabeledEvent": LABELED,
    "MilestonedEvent": MILESTONED,
    "DemilestonedEvent": MILESTONED,
    "RenamedTitleEvent": WHO
    | {
        "currentTitle": _said("current_title"),
        "previousTitle": _said("previous_title"),
        "subject": commented,
    },
    "LockedEvent": WHO | {"lockReason": _said("lock_reason"), "lockable": commented},
    "UnlockedEvent": WHO | {"lockable": commented},
    "TransferredEvent": WHO | {"fromRepository": _from_repository, "issue": commented},
    "CommentDeletedEvent": WHO | {"deletedCommentAuthor": _account("deleted_author")},
    "MarkedAsDuplicateEvent": WHO
    | {
        "canonical": _item("canonical"),
        "duplicate": _item("duplicate"),
        "isCrossRepository": _across("canonical"),
    },
    "CrossReferencedEvent": WHO
    | PLACE
    | {
        "isCrossRepository": _across("source"),
        "referencedAt": lambda event, info: event.created_at,
        "source": _item("source"),
        "target": commented,
        "willCloseTarget": _will_close,
    },
    "ConnectedEvent": CONNECTED,
    "DisconnectedEvent": CONNECTED,
    "ParentIssueAddedEvent": WHO | {"parent": _item("parent")},
    "ParentIssueRemovedEvent": WHO | {"parent": _item("parent")},
    "SubIssueAddedEvent": WHO | {"subIssue": _item("sub_issue")},
    "SubIssueRemovedEvent": WHO | {"subIssue": _item("sub_issue")},
    "ConvertToDraftEvent": ABOUT_PULL,
    "ReadyForReviewEvent": ABOUT_PULL,
    "ReviewRequestedEvent": REQUESTED,
    "ReviewRequestRemovedEvent": REQUESTED,
    "ReviewDismissedEvent": ABOUT_PULL
    | {
        "dismissalMessage": _said("message"),
        "previousReviewState": _said("previous_state"),
        "review": _review,
    },
    "MergedEvent": ABOUT_PULL | {"mergeRefName": _said("merge_ref")},
    "HeadRefForcePushedEvent": WHO | {"pullRequest": commented},
}
