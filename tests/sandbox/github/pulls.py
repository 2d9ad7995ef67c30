"""GraphQL: pull requests, reviews and requests for reviews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sandbox.github.asking import Asking, Connection
from tests.sandbox.github.issues import CONVERSATION, SAID, commented, item_path
from tests.sandbox.github.model import Item, Pull, Review
from tests.sandbox.github.repositories import home


def _of(field: str) -> Callable[[Item, Any], Any]:
    def resolver(item: Item, info: Any) -> Any:
        return getattr(_pull(item), field)

    return resolver


def _pull(item: Item) -> Pull:
    assert item.pull is not None
    return item.pull


def _order(review: Review) -> tuple[int, int]:
    return review.submitted_at or review.created_at, review.database_id


def _reviews(
    item: Item, info: Any, states: list[str] | None = None, author: str | None = None, **bounds: Any
) -> Connection:
    asking: Asking = info.context
    chosen = [
        review
        for review in asking.reviews(item)
        if (states is None or review.state in states)
        and (author is None or review.author == asking.state.logins.get(author.casefold()))
    ]
    return asking.connection(chosen, _order, **bounds)


def _latest(asking: Asking, item: Item) -> list[Review]:
    latest = {review.author: review for review in sorted(asking.reviews(item), key=_order) if review.submitted_at}
    return list(latest.values())


def _latest_reviews(item: Item, info: Any, **bounds: Any) -> Connection:
    asking: Asking = info.context
    return asking.connection(_latest(asking, item), _order, **bounds)


def _decision(item: Item, info: Any) -> str | None:
    weighty = [r for r in sorted(_pull(item).reviews, key=_order) if r.state in ("APPROVED", "CHANGES_REQUESTED")]
    states = set({review.author: review.state for review in weighty}.values())
    for state in ("CHANGES_REQUESTED", "APPROVED"):
        if state in states:
            return state
    return "REVIEW_REQUIRED" if _pull(item).requests else None


def _requests(item: Item, info: Any, **bounds: Any) -> Connection:
    asking: Asking = info.context
    return asking.connection(_pull(item).requests, lambda request: (request.database_id,), **bounds)


def _closing(item: Item, info: Any, orderBy: Any = None, **bounds: Any) -> Connection:  # noqa: N803
    asking: Asking = info.context
    seen = [issue for issue in asking.state.closes(item) if asking.may_see(issue)]
    return asking.connection(seen, lambda issue: (issue.created_at, issue.database_id), **bounds)


def _review_path(review: Any, info: Any) -> str:
    return f"{item_path(commented(review, info), info)}#pullrequestreview-{review.database_id}"


RESOLVERS: dict[str, dict[str, Any]] = {
    "PullRequest": CONVERSATION
    | {
        "additions": _of("additions"),
        "baseRefName": _of("base"),
        "changedFiles": _of("changed_files"),
        "closingIssuesReferences": _closing,
        "databaseId": _of("database_id"),
        "deletions": _of("deletions"),
        "fullDatabaseId": lambda item, info: str(_pull(item).database_id),
        "headRefName": _of("head"),
        "headRefOid": _of("head_oid"),
        "isCrossRepository": lambda item, info: False,
        "isDraft": _of("draft"),
        "latestReviews": _latest_reviews,
        "merged": lambda item, info: item.state == "MERGED",
        "mergedAt": _of("merged_at"),
        "mergedBy": lambda item, info: info.context.state.living(_pull(item).merged_by),
        "reviewDecision": _decision,
        "reviewRequests": _requests,
        "reviews": _reviews,
        "totalCommentsCount": lambda item, info: len(item.comments),
    },
    "PullRequestReview": SAID
    | {
        "editor": lambda review, info: None,
        "includesCreatedEdit": lambda review, info: False,
        "lastEditedAt": lambda review, info: None,
        "publishedAt": lambda review, info: review.submitted_at,
        "pullRequest": commented,
        "repository": lambda review, info: home(commented(review, info), info),
        "resourcePath": _review_path,
        "url": lambda review, info: info.context.url + _review_path(review, info),
    },
    "ReviewRequest": {
        "asCodeOwner": lambda request, info: False,
        "pullRequest": commented,
        "requestedReviewer": lambda request, info: info.context.reviewer(request.reviewer),
    },
}
