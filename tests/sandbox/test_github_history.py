"""What happens on the sandbox, what timelines tell of it, and what moves `updatedAt`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.github_calls import ERP, START, Caller, site

HOUR = timedelta(hours=1)


@pytest.fixture
def state() -> GithubState:
    return site()


@pytest.fixture
def github(state: GithubState) -> Iterator[GithubSandbox]:
    with GithubSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def caller(github: GithubSandbox) -> Iterator[Caller]:
    with Caller(github) as client:
        yield client


def issue(caller: Caller, fields: str, number: int = 1) -> Any:
    return caller.erp(f"issue(number: {number}) {{ {fields} }}")["issue"]


def pull(caller: Caller, fields: str, number: int = 1) -> Any:
    return caller.erp(f"pullRequest(number: {number}) {{ {fields} }}")["pullRequest"]


def test_a_timeline_tells_what_happened_in_its_order(state: GithubState, caller: Caller) -> None:
    state.add_milestone(ERP, "Go-live")
    key = state.open_issue(ERP, "Plan", author="li-wei", labels=["bug"], assignees=["ana"], milestone=1)
    state.comment(key, "ana", "On it", START + HOUR)
    state.rename(key, "Plan the cut-over", "ana", START + 2 * HOUR)
    state.unassign(key, "ana", "ana", START + 3 * HOUR)
    state.unlabel(key, "bug", "ana", START + 4 * HOUR)
    state.set_milestone(key, None, "ana", START + 5 * HOUR)
    state.close(key, "ana", START + 6 * HOUR, reason="NOT_PLANNED")
    state.reopen(key, "ana", START + 7 * HOUR)

    told = caller.timeline(
        1,
        """... on RenamedTitleEvent { previousTitle currentTitle createdAt actor { login } }
        ... on DemilestonedEvent { milestoneTitle } ... on ClosedEvent { stateReason closer { __typename } }
        ... on AssignedEvent { assignee { ... on User { login } } } ... on LabeledEvent { label { name } }
        ... on ReopenedEvent { stateReason }""",
    )

    assert [(entry.pop("__typename"), entry.pop("id") != "", entry) for entry in told] == [
        ("LabeledEvent", True, {"label": {"name": "bug"}}),
        ("AssignedEvent", True, {"assignee": {"login": "ana"}}),
        ("MilestonedEvent", True, {}),
        ("IssueComment", True, {}),
        (
            "RenamedTitleEvent",
            True,
            {
                "previousTitle": "Plan",
                "currentTitle": "Plan the cut-over",
                "createdAt": "2026-03-02T11:00:00Z",
                "actor": {"login": "ana"},
            },
        ),
        ("UnassignedEvent", True, {}),
        ("UnlabeledEvent", True, {}),
        ("DemilestonedEvent", True, {"milestoneTitle": "Go-live"}),
        ("ClosedEvent", True, {"stateReason": "NOT_PLANNED", "closer": None}),
        ("ReopenedEvent", True, {"stateReason": "REOPENED"}),
    ]
    assert issue(caller, "state stateReason closedAt") == {
        "state": "OPEN",
        "stateReason": "REOPENED",
        "closedAt": None,
    }


def test_a_timeline_can_be_asked_for_some_types_since_a_time_by_pages(state: GithubState, caller: Caller) -> None:
    key = state.open_issue(ERP, "Plan", author="li-wei")
    for hour in range(1, 4):
        state.close(key, "ana", START + (2 * hour) * HOUR)
        state.reopen(key, "ana", START + (2 * hour + 1) * HOUR)
    since = "2026-03-02T13:00:00Z"
    page = "pageInfo { hasNextPage endCursor } nodes { ... on ClosedEvent { createdAt } }"

    def read(after: str | None) -> Any:
        bounds = f'first: 1, after: $after, itemTypes: [CLOSED_EVENT], since: "{since}"'
        found = caller.erp(f"issue(number: 1) {{ timelineItems({bounds}) {{ totalCount {page} }} }}", after=after)
        return found["issue"]["timelineItems"]

    first = read(None)
    second = read(first["pageInfo"]["endCursor"])

    assert first["totalCount"] == 2
    assert first["nodes"] + second["nodes"] == [
        {"createdAt": "2026-03-02T13:00:00Z"},
        {"createdAt": "2026-03-02T15:00:00Z"},
    ]
    assert not second["pageInfo"]["hasNextPage"]


def test_ids_of_events_are_all_different_and_stay(state: GithubState, caller: Caller) -> None:
    key = state.open_issue(ERP, "Plan", author="li-wei", labels=["a", "b"])
    state.close(key, "ana")
    state.reopen(key, "ana")

    first = [entry["id"] for entry in caller.timeline(1)]
    state.rename_repository(ERP, "erp-next")
    state.rename_repository("acme/erp-next", "erp")
    state.close(key, "ana")

    assert len(set(first)) == 4
    assert [entry["id"] for entry in caller.timeline(1)][:4] == first


Deed = Callable[[GithubState, str, int], object]
MOVING: dict[str, Deed] = {
    "a comment": lambda state, key, comment: state.comment(key, "ana", "New"),
    "an edited comment": lambda state, key, comment: state.edit_comment(comment, "Other"),
    "a deleted comment": lambda state, key, comment: state.delete_comment(comment),
    "a label": lambda state, key, comment: state.label(key, "bug"),
    "an assignee": lambda state, key, comment: state.assign(key, "ana"),
    "a title": lambda state, key, comment: state.rename(key, "Other"),
    "a text": lambda state, key, comment: state.edit_body(key, "Other"),
    "closing": lambda state, key, comment: state.close(key, "ana"),
}
STAYING: dict[str, Deed] = {
    "a sub-issue": lambda state, key, comment: state.add_sub_issue(key, state.open_issue(ERP, "Part")),
    "a milestone's date": lambda state, key, comment: state.edit_milestone(ERP, 1, due_on=date(2026, 7, 1)),
    "a pull request that closes it": lambda state, key, comment: state.open_pull_request(ERP, "Work", body="Fixes #1"),
    "a link by hand": lambda state, key, comment: state.connect(state.open_pull_request(ERP, "Work"), key),
    "a review request's answer elsewhere": lambda state, key, comment: state.review(
        state.open_pull_request(ERP, "Work"), "ana"
    ),
}


@pytest.mark.parametrize("what", [*MOVING, *STAYING])
def test_what_moves_the_time_of_change_and_what_does_not(state: GithubState, caller: Caller, what: str) -> None:
    state.add_milestone(ERP, "Go-live")
    key = state.open_issue(ERP, "Plan", author="li-wei", milestone=1)
    comment = state.comment(key, "ana", "First")
    state.clock.advance(HOUR)

    (MOVING | STAYING)[what](state, key, comment)

    moved = issue(caller, "updatedAt")["updatedAt"] == "2026-03-02T10:00:00Z"
    assert moved == (what in MOVING)


def test_an_edited_comment_tells_when_and_by_whom(state: GithubState, caller: Caller) -> None:
    key = state.open_issue(ERP, "Plan")
    first = state.comment(key, "planward-bot", "One")
    state.comment(key, "ana", "Two")
    state.edit_comment(first, "Changed", "ana", START + HOUR)

    fields = "body viewerDidAuthor lastEditedAt editor { login } author { login }"
    told = issue(caller, f"comments(first: 9) {{ nodes {{ {fields} }} }}")["comments"]["nodes"]

    assert told == [
        {
            "body": "Changed",
            "viewerDidAuthor": True,
            "lastEditedAt": "2026-03-02T10:00:00Z",
            "editor": {"login": "ana"},
            "author": {"login": "planward-bot"},
        },
        {
            "body": "Two",
            "viewerDidAuthor": False,
            "lastEditedAt": None,
            "editor": None,
            "author": {"login": "ana"},
        },
    ]


def test_a_deleted_comment_leaves_its_event(state: GithubState, caller: Caller) -> None:
    key = state.open_issue(ERP, "Plan")
    state.delete_comment(state.comment(key, "ana", "Oops"), "ana")

    assert caller.kinds(1) == ["CommentDeletedEvent"]


def test_a_duplicate_says_so_only_when_asked_the_new_way(state: GithubState, caller: Caller) -> None:
    first, second = state.open_issue(ERP, "Plan"), state.open_issue(ERP, "Plan again")
    state.close(second, "ana", duplicate_of=first)

    told = issue(caller, "old: stateReason new: stateReason(enableDuplicate: true)", 2)

    assert told == {"old": "NOT_PLANNED", "new": "DUPLICATE"}
    assert caller.kinds(2) == ["MarkedAsDuplicateEvent", "ClosedEvent"]
    assert issue(caller, "state")["state"] == "OPEN"


@pytest.mark.parametrize("deleted", ["ana", "li-wei"])
def test_those_who_are_gone_are_nobody(state: GithubState, caller: Caller, deleted: str) -> None:
    key = state.open_issue(ERP, "Plan", author="ana", assignees=["ana"])
    state.comment(key, "ana", "Hello")
    state.delete_user(deleted)

    fields = "author { login } assignees(first: 9) { totalCount } comments(first: 1) { nodes { author { login } } }"
    told = issue(caller, fields)
    event = caller.timeline(1, "... on AssignedEvent { actor { login } assignee { ... on User { login } } }")[0]

    who = None if deleted == "ana" else {"login": "ana"}
    assert (told["author"], event["actor"], event["assignee"]) == (who, who, who)
    assert told["comments"]["nodes"] == [{"author": who}]
    assert told["assignees"]["totalCount"] == (0 if deleted == "ana" else 1)


def test_bots_and_mannequins_are_told_apart_from_people(state: GithubState, caller: Caller) -> None:
    state.add_user("dependabot", kind="Bot")
    state.add_user("old-ana", kind="Mannequin")
    state.open_issue(ERP, "Bump", author="dependabot", assignees=["old-ana", "ana"])

    told = issue(caller, "author { __typename login } assignees(first: 9) { nodes { login } }")
    events = caller.timeline(1, "... on AssignedEvent { assignee { __typename } }")

    assert told == {
        "author": {"__typename": "Bot", "login": "dependabot"},
        "assignees": {"nodes": [{"login": "ana"}]},
    }
    assert [event["assignee"]["__typename"] for event in events] == ["Mannequin", "User"]


@pytest.mark.parametrize(
    ("day", "shown"), [(date(2026, 7, 1), "2026-07-01T07:00:00Z"), (date(2026, 1, 15), "2026-01-15T08:00:00Z")]
)
def test_a_milestone_is_due_at_midnight_in_california(
    state: GithubState, caller: Caller, day: date, shown: str
) -> None:
    state.add_milestone(ERP, "Go-live", due_on=day)
    state.open_issue(ERP, "Plan", milestone=1)

    assert issue(caller, "milestone { dueOn }") == {"milestone": {"dueOn": shown}}


# Pull requests


def test_a_word_in_the_text_links_without_a_connected_event(state: GithubState, caller: Caller) -> None:
    state.open_issue(ERP, "Plan")
    state.open_issue(ERP, "Only named")
    state.open_pull_request(ERP, "Work", body="Fixes #1, see acme/erp#2 and `closes #2`", author="ana")

    linked = issue(caller, "closedByPullRequestsReferences(first: 9) { nodes { number } }")
    closes = pull(caller, "closingIssuesReferences(first: 9) { nodes { number } }", 3)
    events = [
        caller.timeline(number, "... on CrossReferencedEvent { willCloseTarget source { __typename } }")
        for number in (1, 2)
    ]

    assert linked["closedByPullRequestsReferences"]["nodes"] == [{"number": 3}]
    assert closes["closingIssuesReferences"]["nodes"] == [{"number": 1}]
    assert [[entry["__typename"] for entry in told] for told in events] == [["CrossReferencedEvent"]] * 2
    assert [told[0]["willCloseTarget"] for told in events] == [True, False]


def test_what_names_it_from_where_one_may_not_look_is_not_told(
    state: GithubState, github: GithubSandbox, caller: Caller
) -> None:
    state.open_issue(ERP, "Plan")
    state.add_repository("acme/secret")
    key = state.open_pull_request("acme/secret", "Work", body=f"Fixes {ERP}#1")
    state.connect(key, f"{ERP}#1", "ana")
    state.permit(token="narrow", repositories=[ERP])
    linked = "closedByPullRequestsReferences(first: 1) { totalCount }"

    with Caller(github, "narrow") as narrow:
        unseen = (narrow.kinds(1), issue(narrow, linked)["closedByPullRequestsReferences"]["totalCount"])
    seen = (caller.kinds(1), issue(caller, linked)["closedByPullRequestsReferences"]["totalCount"])

    assert unseen == ([], 0)
    assert seen == (["CrossReferencedEvent", "ConnectedEvent"], 1)


def test_a_text_that_no_longer_closes_takes_its_link_back(state: GithubState, caller: Caller) -> None:
    state.open_issue(ERP, "Plan")
    key = state.open_pull_request(ERP, "Work", body="Closes #1")
    state.edit_body(key, "About #1")

    assert pull(caller, "closingIssuesReferences(first: 1) { totalCount }", 2)["closingIssuesReferences"] == {
        "totalCount": 0
    }
    assert issue(caller, "closedByPullRequestsReferences(first: 1) { totalCount }") == {
        "closedByPullRequestsReferences": {"totalCount": 0}
    }


def test_a_link_by_hand_is_told_in_both_timelines(state: GithubState, caller: Caller) -> None:
    issue_key, key = state.open_issue(ERP, "Plan"), state.open_pull_request(ERP, "Work")
    state.connect(key, issue_key, "ana")
    state.disconnect(key, issue_key, "ana")

    ends = "... on ConnectedEvent { source { __typename } subject { __typename } }"
    events = caller.timeline(1, ends)

    assert (events[0]["source"], events[0]["subject"]) == ({"__typename": "Issue"}, {"__typename": "PullRequest"})
    assert caller.kinds(1) == caller.kinds(2, "PullRequest") == ["ConnectedEvent", "DisconnectedEvent"]


def test_closed_pull_requests_are_hidden_unless_asked_for_and_merged_ones_show(
    state: GithubState, caller: Caller
) -> None:
    state.open_issue(ERP, "Plan")
    state.merge(state.open_pull_request(ERP, "Merged", body="Fixes #1", base="next"), "ana")
    state.close(state.open_pull_request(ERP, "Closed", body="Fixes #1"), "ana")
    state.open_pull_request(ERP, "Open", body="Fixes #1")

    def linked(more: str = "") -> list[int]:
        told = issue(caller, f"closedByPullRequestsReferences(first: 9{more}) {{ nodes {{ number }} }}")
        return [node["number"] for node in told["closedByPullRequestsReferences"]["nodes"]]

    assert linked() == [2, 4]
    assert linked(", includeClosedPrs: true") == [2, 3, 4]


def test_a_merge_closes_what_is_linked_and_says_by_what(state: GithubState, caller: Caller) -> None:
    state.open_issue(ERP, "Plan")
    key = state.open_pull_request(ERP, "Work", body="Resolves: #1", author="ana", head="ERP-12-plan")
    state.merge(key, "li-wei", START + HOUR)

    told = pull(caller, "state mergedAt closedAt mergedBy { login } headRefName merged", 2)
    closing = caller.timeline(1, "... on ClosedEvent { closer { ... on PullRequest { number } } }")[-1]

    assert told == {
        "state": "MERGED",
        "mergedAt": "2026-03-02T10:00:00Z",
        "closedAt": "2026-03-02T10:00:00Z",
        "mergedBy": {"login": "li-wei"},
        "headRefName": "ERP-12-plan",
        "merged": True,
    }
    assert caller.kinds(2, "PullRequest") == ["MergedEvent", "ClosedEvent"]
    assert closing["closer"] == {"number": 2}


def test_what_is_closed_or_merged_stays_so_until_it_is_reopened(state: GithubState) -> None:
    issue_key, key = state.open_issue(ERP, "Plan"), state.open_pull_request(ERP, "Work")
    state.close(issue_key, "ana")
    state.merge(key, "ana")

    for deed in (state.merge, state.close, state.reopen):
        with pytest.raises(ValueError, match=r"merged|closed"):
            deed(key, "ana")
    with pytest.raises(ValueError, match="closed already"):
        state.close(issue_key, "ana")
    state.close(issue_key, "ana", reason="NOT_PLANNED")
    assert state.item(issue_key).state_reason == "NOT_PLANNED"


def test_a_team_can_be_asked_for_a_review(state: GithubState, caller: Caller) -> None:
    state.add_user("acme/qa", kind="Team", name="Quality")
    state.open_pull_request(ERP, "Work", author="ana", reviewers=["acme/qa"])

    team = "requestedReviewer { ... on Team { combinedSlug slug name } }"
    asked = pull(caller, f"reviewRequests(first: 1) {{ nodes {{ {team} }} }}")["reviewRequests"]["nodes"][0]
    event = caller.timeline(1, f"... on ReviewRequestedEvent {{ {team} }}", "PullRequest")[0]

    assert asked["requestedReviewer"] == {"combinedSlug": "acme/qa", "slug": "qa", "name": "Quality"}
    assert event["requestedReviewer"] == asked["requestedReviewer"]


def test_a_merge_into_another_branch_closes_nothing(state: GithubState, caller: Caller) -> None:
    state.open_issue(ERP, "Plan")
    state.merge(state.open_pull_request(ERP, "Work", body="Fixes #1", base="next"), "ana")

    assert issue(caller, "state") == {"state": "OPEN"}


def test_drafts_requests_and_reviews_are_told(state: GithubState, caller: Caller) -> None:
    key = state.open_pull_request(ERP, "Work", author="ana", draft=True)
    state.ready_for_review(key, "ana")
    state.request_review(key, "li-wei", "ana")
    asked = pull(caller, "isDraft reviewDecision reviewRequests(first: 9) { totalCount }")
    state.review(key, "li-wei", "CHANGES_REQUESTED")
    state.request_review(key, "li-wei", "ana")
    state.remove_review_request(key, "li-wei", "ana")
    state.convert_to_draft(key, "ana")

    told = pull(caller, "isDraft reviewDecision reviewRequests(first: 9) { totalCount }")

    assert asked == {"isDraft": False, "reviewDecision": "REVIEW_REQUIRED", "reviewRequests": {"totalCount": 1}}
    assert told == {"isDraft": True, "reviewDecision": "CHANGES_REQUESTED", "reviewRequests": {"totalCount": 0}}
    assert caller.kinds(1, "PullRequest") == [
        "ReadyForReviewEvent",
        "ReviewRequestedEvent",
        "PullRequestReview",  # answers the request without an event of its own
        "ReviewRequestedEvent",
        "ReviewRequestRemovedEvent",
        "ConvertToDraftEvent",
    ]


def test_a_pending_review_is_its_authors_alone(state: GithubState, caller: Caller) -> None:
    key = state.open_pull_request(ERP, "Work", author="ana")
    state.review(key, "planward-bot", "PENDING")
    hidden = state.review(key, "li-wei", "PENDING")
    reviews = "reviews(first: 9) { nodes { state submittedAt author { login } } }"

    before = pull(caller, reviews)["reviews"]["nodes"]
    state.submit_review(hidden, "APPROVED", START + HOUR)
    after = pull(caller, reviews)["reviews"]["nodes"]

    mine = {"state": "PENDING", "submittedAt": None, "author": {"login": "planward-bot"}}
    theirs = {"state": "APPROVED", "submittedAt": "2026-03-02T10:00:00Z", "author": {"login": "li-wei"}}
    assert (before, after) == ([mine], [mine, theirs])
    assert caller.kinds(1, "PullRequest") == ["PullRequestReview"]


def test_a_dismissed_review_stays_with_what_it_was(state: GithubState, caller: Caller) -> None:
    key = state.open_pull_request(ERP, "Work", author="ana")
    state.dismiss_review(state.review(key, "li-wei", "CHANGES_REQUESTED"), "ana", START + HOUR)

    event = caller.timeline(1, "... on ReviewDismissedEvent { previousReviewState review { state } }", "PullRequest")[
        -1
    ]

    assert event["previousReviewState"] == "CHANGES_REQUESTED"
    assert event["review"] == {"state": "DISMISSED"}


def test_reviews_and_pushes_move_the_pull_request_and_not_its_issue(state: GithubState, caller: Caller) -> None:
    key = state.open_pull_request(ERP, "Work", author="ana")
    before = pull(caller, "headRefOid")["headRefOid"]
    state.clock.advance(HOUR)
    state.review(key, "li-wei")
    state.push(key, "ana", force=True)

    listed = caller.get(f"/repos/{ERP}/issues", since="2026-03-02T09:30:00Z")
    told = pull(caller, "updatedAt headRefOid")

    assert listed == []
    assert told["updatedAt"] == "2026-03-02T10:00:00Z"
    assert told["headRefOid"] != before
    assert caller.kinds(1, "PullRequest") == ["PullRequestReview", "HeadRefForcePushedEvent"]
