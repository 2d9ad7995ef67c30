"""GitHub's words turned into ours: lives told by timelines, links from texts, days, people, and the recorded rows."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.github.map import Reader
from connectors.github.mentions import mentions
from connectors.github.payloads import ISSUE, PULL_REQUEST
from connectors.github.statuses import STATUSES
from connectors.github.values import account_id, carries, due_day, instant, is_marked, marker_line
from core.history.spans import StatusMapping, derive
from core.model import Category, Change, Provenance, Snapshot

REPOSITORY = "acme/erp"
MEANINGS = {status.status_id: status for status in STATUSES}
ROWS = "recorded/devlake/github/e2e"


def page(*nodes: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": False, "endCursor": None}}


def who(login: str, kind: str = "User") -> dict[str, Any]:
    return {"__typename": kind, "login": login}


def on(day: str) -> str:
    """`02 09:00` of March 2026, in GitHub's notation."""
    return f"2026-03-{day.replace(' ', 'T')}:00Z"


def event(kind: str, at: str, *, actor: str = "ana", **fields: Any) -> dict[str, Any]:
    return {"__typename": kind, "id": f"{kind}-{at}", "createdAt": on(at), "actor": who(actor), **fields}


def pull_end(state: str = "OPEN", *, opened: str = "02 10:00", closed: str | None = None) -> dict[str, Any]:
    return {
        "__typename": "PullRequest",
        "id": "PR_7",
        "number": 7,
        "state": state,
        "createdAt": on(opened),
        "closedAt": closed and on(closed),
        "repository": {"nameWithOwner": REPOSITORY},
    }


def issue(*events: dict[str, Any], **fields: Any) -> Snapshot:
    """The snapshot of an issue that was opened on 2 March at 09:00."""
    raw = {
        "id": "I_1",
        "number": 1,
        "url": "https://github.com/acme/erp/issues/1",
        "title": "Broken",
        "state": "OPEN",
        "createdAt": on("02 09:00"),
        "updatedAt": on("09 09:00"),
        "author": who("ana"),
        "labels": page(),
        "assignees": page(*map(who, fields.pop("assigned", ()))),
        "comments": page(*fields.pop("said", ())),
        "timelineItems": page(*events),
        "closedByPullRequestsReferences": page(*fields.pop("closing", ())),
        **fields,
    }
    return Reader("gh").issue(ISSUE.decode(json.dumps(raw)), REPOSITORY)


def pull(*events: dict[str, Any], **fields: Any) -> Snapshot:
    """The snapshot of a pull request that was opened on 2 March at 09:00."""
    raw = {
        "id": "PR_7",
        "number": 7,
        "url": "https://github.com/acme/erp/pull/7",
        "title": "Mend",
        "state": "OPEN",
        "createdAt": on("02 09:00"),
        "updatedAt": on("09 09:00"),
        "author": who("ana"),
        "isDraft": False,
        "headRefName": "work",
        "labels": page(),
        "assignees": page(*map(who, fields.pop("assigned", ()))),
        "comments": page(),
        "timelineItems": page(*events),
        "reviewRequests": page(*({"requestedReviewer": one} for one in fields.pop("asked", ()))),
        "closingIssuesReferences": page(),
        **fields,
    }
    return Reader("gh").pull_request(PULL_REQUEST.decode(json.dumps(raw)), REPOSITORY)


def review(at: str, by: str, state: str) -> dict[str, Any]:
    return {
        "__typename": "PullRequestReview",
        "id": f"review-{at}",
        "createdAt": on(at),
        "submittedAt": on(at),
        "author": who(by),
        "state": state,
    }


def told(snapshot: Snapshot, field: str = "status") -> list[tuple[str, str | None]]:
    """When a field took which value."""
    of = [change for change in snapshot.changes or () if change.field == field]
    return [(f"{change.changed_at:%d %H:%M}", change.to_id or change.to_value) for change in of]


def is_proven(snapshot: Snapshot) -> bool:
    """Whether the history leads from the creation to the present without a contradiction."""
    return derive(snapshot.item, snapshot.changes, MEANINGS, StatusMapping()).problem is None


# --- the life of an issue ---------------------------------------------------------------------------------------


def test_an_issue_is_in_progress_while_somebody_is_assigned() -> None:
    snapshot = issue(
        event("AssignedEvent", "02 10:00", assignee=who("bo")),
        event("UnassignedEvent", "02 12:00", assignee=who("bo")),
        event("AssignedEvent", "03 09:00", assignee=who("ana")),
        assigned=["ana"],
    )

    assert told(snapshot) == [("02 10:00", "in_progress"), ("02 12:00", "open"), ("03 09:00", "in_progress")]
    assert told(snapshot, "assignee") == [("02 10:00", "bo"), ("02 12:00", None), ("03 09:00", "ana")]
    assert (snapshot.item.status, snapshot.item.assignee) == ("In progress", "ana")
    assert is_proven(snapshot)


def test_the_assignee_is_who_came_first_of_those_assigned() -> None:
    snapshot = issue(
        event("AssignedEvent", "02 10:00", assignee=who("bo")),
        event("AssignedEvent", "02 11:00", assignee=who("ana")),
        event("UnassignedEvent", "02 12:00", assignee=who("bo")),
        assigned=["ana"],
    )

    assert told(snapshot, "assignee") == [("02 10:00", "bo"), ("02 12:00", "ana")]
    assert told(snapshot) == [("02 10:00", "in_progress")]
    assert is_proven(snapshot)


def test_an_issue_that_a_program_works_on_is_in_progress_though_only_events_tell_that() -> None:
    copilot = {"__typename": "Bot", "login": "copilot"}
    given = event("AssignedEvent", "02 10:00", assignee=copilot)

    alone = issue(given)
    with_bo = issue(given, event("AssignedEvent", "02 11:00", assignee=who("bo")), assigned=["bo"])
    over = issue(given, event("UnassignedEvent", "02 12:00", assignee=copilot))

    assert [(s.item.status_id, s.item.assignee) for s in (alone, with_bo, over)] == [
        ("in_progress", "copilot[bot]"),
        ("in_progress", "copilot[bot]"),
        ("open", None),
    ]
    assert told(alone, "assignee") == [("02 10:00", "copilot[bot]")]
    assert all(map(is_proven, (alone, with_bo, over)))


def test_events_of_one_second_make_one_change_whatever_order_a_store_gives_them() -> None:
    snapshot = issue(
        {**event("AssignedEvent", "02 10:00", assignee=who("bo")), "id": "z"},
        {**event("AssignedEvent", "02 10:00", assignee=who("cy")), "id": "y"},
        {**event("UnassignedEvent", "02 10:00", assignee=who("bo")), "id": "x"},
        assigned=["cy"],
    )

    backwards: tuple[Change, ...] = tuple(reversed(snapshot.changes or ()))
    assert told(snapshot, "assignee") == [("02 10:00", "cy")]
    assert derive(snapshot.item, backwards, MEANINGS, StatusMapping()).complete


def test_closing_reopening_and_closing_again_is_told_with_its_reasons() -> None:
    snapshot = issue(
        event("ClosedEvent", "03 09:00", stateReason="COMPLETED"),
        event("ReopenedEvent", "04 09:00"),
        event("ClosedEvent", "05 09:00", stateReason="NOT_PLANNED"),
        state="CLOSED",
        stateReason="NOT_PLANNED",
        closedAt=on("05 09:00"),
    )

    assert told(snapshot) == [("03 09:00", "completed"), ("04 09:00", "open"), ("05 09:00", "not_planned")]
    assert snapshot.item.tracker_category is Category.CANCELLED
    assert snapshot.item.resolved_at == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert is_proven(snapshot)


def test_a_duplicate_is_one_although_its_event_says_not_planned() -> None:
    snapshot = issue(
        event("ClosedEvent", "03 09:00", stateReason="NOT_PLANNED"),
        state="CLOSED",
        stateReason="DUPLICATE",
        closedAt=on("03 09:00"),
    )

    assert told(snapshot) == [("03 09:00", "duplicate")]
    assert is_proven(snapshot)


def test_an_issue_that_is_open_again_has_no_resolution_date() -> None:
    snapshot = issue(
        event("ClosedEvent", "03 09:00", stateReason="NOT_PLANNED"),
        event("ReopenedEvent", "04 09:00"),
        stateReason="REOPENED",
    )

    assert told(snapshot) == [("03 09:00", "not_planned"), ("04 09:00", "open")]
    assert snapshot.item.resolved_at is None
    assert is_proven(snapshot)


def test_an_end_that_no_event_tells_is_taken_from_the_issue() -> None:
    snapshot = issue(state="CLOSED", stateReason="COMPLETED", closedAt=on("03 09:00"))

    assert told(snapshot) == [("03 09:00", "completed")]
    assert is_proven(snapshot)


def test_an_open_pull_request_is_work_from_its_reference_on() -> None:
    snapshot = issue(
        event("CrossReferencedEvent", "02 10:00", willCloseTarget=True, source=pull_end()), closing=[pull_end()]
    )

    assert told(snapshot) == [("02 10:00", "in_progress")]
    assert snapshot.item.status_id == "in_progress"
    assert is_proven(snapshot)


def test_a_pull_request_that_only_mentions_an_issue_is_no_work_on_it() -> None:
    snapshot = issue(event("CrossReferencedEvent", "02 10:00", willCloseTarget=False, source=pull_end()))

    assert told(snapshot) == []
    assert snapshot.item.status_id == "open"


def test_work_ends_when_the_pull_request_is_closed_or_disconnected() -> None:
    closed = pull_end("CLOSED", closed="04 09:00")
    abandoned = issue(event("CrossReferencedEvent", "02 10:00", willCloseTarget=True, source=closed), closing=[closed])
    untied = issue(
        event("ConnectedEvent", "02 10:00", subject=pull_end()),
        event("DisconnectedEvent", "03 10:00", subject=pull_end()),
    )

    assert told(abandoned) == [("02 10:00", "in_progress"), ("04 09:00", "open")]
    assert told(untied) == [("02 10:00", "in_progress"), ("03 10:00", "open")]
    assert is_proven(abandoned)
    assert is_proven(untied)


def test_a_merge_that_closes_the_issue_leaves_no_gap_before_it() -> None:
    merged = pull_end("MERGED", closed="04 09:00")
    snapshot = issue(
        event("CrossReferencedEvent", "02 10:00", willCloseTarget=True, source=merged),
        {**event("ClosedEvent", "04 09:00", stateReason="COMPLETED"), "createdAt": "2026-03-04T09:00:02Z"},
        closing=[merged],
        state="CLOSED",
        stateReason="COMPLETED",
        closedAt="2026-03-04T09:00:02Z",
    )

    assert told(snapshot) == [("02 10:00", "in_progress"), ("04 09:00", "completed")]
    assert is_proven(snapshot)


def test_a_linked_pull_request_without_an_event_counts_from_its_creation() -> None:
    snapshot = issue(closing=[pull_end(opened="02 11:00")])

    assert told(snapshot) == [("02 11:00", "in_progress")]
    assert is_proven(snapshot)


def test_a_ghost_leaves_no_trace_and_breaks_nothing() -> None:
    snapshot = issue(
        {**event("AssignedEvent", "02 10:00", assignee=None), "actor": None},
        {**event("ClosedEvent", "03 09:00", stateReason="COMPLETED"), "actor": None},
        author=None,
        state="CLOSED",
        stateReason="COMPLETED",
        closedAt=on("03 09:00"),
    )

    assert (snapshot.item.reporter, snapshot.item.assignee) == (None, None)
    assert [change.author for change in snapshot.changes or ()] == [None]
    assert is_proven(snapshot)


def test_other_fields_keep_their_events() -> None:
    snapshot = issue(
        event("LabeledEvent", "02 10:00", label={"name": "bug"}),
        event("UnlabeledEvent", "02 11:00", label={"name": "bug"}),
        event("MilestonedEvent", "02 12:00", milestoneTitle="M1"),
        event("RenamedTitleEvent", "02 13:00", previousTitle="Old", currentTitle="Broken"),
        event("TransferredEvent", "02 14:00", fromRepository=None),
        event("TransferredEvent", "02 15:00", fromRepository={"nameWithOwner": "acme/ops"}),
    )

    assert [(c.field, c.from_value, c.to_value, c.position) for c in snapshot.changes or ()] == [
        ("labels", None, "bug", 0),
        ("labels", "bug", None, 0),
        ("milestone", None, "M1", 0),
        ("title", "Old", "Broken", 0),
        ("project", "acme/ops", None, 0),
    ]


def test_a_longer_timeline_tells_the_same_beginning() -> None:
    events = [
        event("AssignedEvent", "02 10:00", assignee=who("bo")),
        event("ClosedEvent", "03 09:00", stateReason="COMPLETED"),
        event("ReopenedEvent", "04 09:00"),
        event("UnassignedEvent", "05 09:00", assignee=who("bo")),
        event("ClosedEvent", "06 09:00", stateReason="NOT_PLANNED"),
    ]
    states: list[dict[str, Any]] = [
        {"assigned": ["bo"]},
        {"assigned": ["bo"], "state": "CLOSED", "stateReason": "COMPLETED", "closedAt": on("03 09:00")},
        {"assigned": ["bo"], "stateReason": "REOPENED"},
        {"stateReason": "REOPENED"},
        {"state": "CLOSED", "stateReason": "NOT_PLANNED", "closedAt": on("06 09:00")},
    ]

    lives = [issue(*events[: number + 1], **state).changes or () for number, state in enumerate(states)]

    assert all(longer[: len(shorter)] == shorter for shorter, longer in pairwise(lives))


# --- the life of a pull request ---------------------------------------------------------------------------------


def test_a_pull_request_goes_from_draft_through_review_to_merged() -> None:
    snapshot = pull(
        event("ReadyForReviewEvent", "02 10:00"),
        event("ReviewRequestedEvent", "02 11:00", requestedReviewer=who("bo")),
        review("03 09:00", "bo", "CHANGES_REQUESTED"),
        event("ReviewRequestedEvent", "03 10:00", requestedReviewer=who("bo")),
        review("04 09:00", "bo", "APPROVED"),
        event("MergedEvent", "04 10:00", actor="bo"),
        event("ClosedEvent", "04 10:00", actor="bo"),
        state="MERGED",
        mergedAt=on("04 10:00"),
        closedAt=on("04 10:00"),
    )

    assert told(snapshot) == [
        ("02 10:00", "review"),
        ("02 11:00", "review_requested"),
        ("03 09:00", "review"),
        ("03 10:00", "review_requested"),
        ("04 09:00", "review"),
        ("04 10:00", "merged"),
    ]
    assert [(c.to_value, c.author) for c in snapshot.changes or () if c.field == "review"] == [
        ("changes_requested", "bo"),
        ("approved", "bo"),
    ]
    assert is_proven(snapshot)


def test_a_draft_waits_for_nobody() -> None:
    snapshot = pull(
        event("ReviewRequestedEvent", "02 10:00", requestedReviewer=who("bo")),
        event("ConvertToDraftEvent", "02 11:00"),
        isDraft=True,
        asked=[who("bo")],
    )

    assert told(snapshot) == [("02 10:00", "review_requested"), ("02 11:00", "draft")]
    assert snapshot.item.status_id == "draft"
    assert is_proven(snapshot)


def test_closed_and_opened_again() -> None:
    snapshot = pull(event("ClosedEvent", "02 10:00"), event("ReopenedEvent", "03 10:00"))

    assert told(snapshot) == [("02 10:00", "closed"), ("03 10:00", "review")]
    assert is_proven(snapshot)


def test_a_request_to_a_team_ends_with_the_review_of_a_member() -> None:
    team = {"__typename": "Team", "combinedSlug": "acme/core"}
    answered = pull(
        event("ReviewRequestedEvent", "02 10:00", requestedReviewer=team),
        review("02 11:00", "ana", "COMMENTED"),
        review("03 10:00", "cy", "APPROVED"),
    )
    standing = pull(
        event("ReviewRequestedEvent", "02 10:00", requestedReviewer=team),
        review("03 10:00", "cy", "COMMENTED"),
        asked=[team],
    )

    assert told(answered) == [("02 10:00", "review_requested"), ("03 10:00", "review")]
    assert told(standing) == [("02 10:00", "review_requested")]
    assert is_proven(answered)
    assert is_proven(standing)


def test_requests_to_those_whom_we_may_not_know_count_as_one() -> None:
    def unknown(kind: str, at: str) -> dict[str, Any]:
        return event(kind, at, requestedReviewer=None)

    asked = unknown("ReviewRequestedEvent", "02 10:00")
    waiting = pull(asked, review("02 11:00", "bo", "COMMENTED"), asked=[None])
    one_of_two = pull(asked, asked, unknown("ReviewRequestRemovedEvent", "02 11:00"), asked=[None])
    no_more = pull(asked, unknown("ReviewRequestRemovedEvent", "02 11:00"))
    reviewed = pull(asked, review("02 11:00", "bo", "APPROVED"))

    assert [told(snapshot) for snapshot in (waiting, one_of_two, no_more, reviewed)] == [
        [("02 10:00", "review_requested")],
        [("02 10:00", "review_requested")],
        [("02 10:00", "review_requested"), ("02 11:00", "review")],
        [("02 10:00", "review_requested"), ("02 11:00", "review")],
    ]
    assert told(waiting, "review_request") == []
    assert all(map(is_proven, (waiting, one_of_two, no_more, reviewed)))


def test_a_request_that_vanished_without_a_word_is_left_out() -> None:
    snapshot = pull(event("ReviewRequestedEvent", "02 10:00", requestedReviewer=who("gone")))

    assert told(snapshot) == []
    assert snapshot.item.status_id == "review"
    assert is_proven(snapshot)


def test_a_dismissed_review_said_what_it_said_until_then() -> None:
    snapshot = pull(
        review("03 09:00", "bo", "DISMISSED"),
        event(
            "ReviewDismissedEvent",
            "04 09:00",
            review={"id": "review-03 09:00"},
            previousReviewState="CHANGES_REQUESTED",
        ),
        review("05 09:00", "bo", "PENDING"),
    )

    assert told(snapshot, "review") == [("03 09:00", "review-03 09:00"), ("04 09:00", "review-03 09:00")]
    assert [c.to_value for c in snapshot.changes or ()] == ["changes_requested", "dismissed"]


# --- texts, people, days ----------------------------------------------------------------------------------------


HERE = "https://github.com/acme/erp/issues/1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix ERP-12 and OPS_2-7", ["ERP-12", "OPS_2-7"]),
        ("ERP-12-2fa-login, (ERP-13) and 修复ERP-14问题", ["ERP-12", "ERP-13", "ERP-14"]),
        ("FEATURE_ERP-12", ["ERP-12", "FEATURE_ERP-12"]),
        ("EN-5, MD-2 and HTTP-2 are keys where a project has that name", ["EN-5", "HTTP-2", "MD-2"]),
        ("erp-12, A-1, ERP-0, ERP-012", []),
        ("ERP-12x xERP-12", []),
        (f"{'A' * 600}-1 https://jira.example/browse/{'A' * 600}-1", []),
        ("", []),
    ],
)
def test_keys_are_found_in_texts(text: str, expected: list[str]) -> None:
    found = mentions([text], "gh", HERE, known=())

    assert [link.to_key for link in found] == expected
    assert {(link.to_source, link.provenance, link.kind) for link in found} <= {(None, Provenance.KEY, "mentions")}


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("feature/ERP-12-rounding", ["ERP-12"]),
        ("feature/ERP-12-3d-view", ["ERP-12"]),
        ("fix-erp-12_rounding", ["ERP-12"]),
        ("`erp-12`", ["ERP-12"]),
        ("main", []),
    ],
)
def test_keys_are_found_in_names_of_branches_in_any_case(branch: str, expected: list[str]) -> None:
    assert [link.to_key for link in mentions([], "gh", HERE, known=(), branch=branch)] == expected


@pytest.mark.parametrize(
    "aside",
    [
        "<!-- Name the ticket, e.g. ERP-12\nor https://acme.atlassian.net/browse/ERP-12 -->",
        "<!-- ERP-12 and no end of the comment",
        "`ERP-12`",
        "``a ` before ERP-12``",
        "`over\ntwo lines ERP-12`",
        "```\nlog ERP-12\n```",
        "- ~~~~ text\n  ~~~\n  ERP-12\n  ~~~~~",
        "> ```\n> <!-- ERP-12\n> ```",
        "```\nERP-12 to the end",
    ],
)
def test_comments_and_code_name_nothing(aside: str) -> None:
    beside = "" if aside.endswith(("end", "comment")) else "\nfor ERP-8"

    found = mentions([f"Before ERP-7\n{aside}{beside}"], "gh", HERE, known=())

    assert [link.to_key for link in found] == (["ERP-7", "ERP-8"] if beside else ["ERP-7"])


def test_what_only_looks_like_code_is_text() -> None:
    text = "A `tick and ERP-12\n\nanother ` there, \\`ERP-13\\`, ```in one line``` ERP-14 -> <!- ERP-15"

    assert [link.to_key for link in mentions([text], "gh", HERE, known=())] == ["ERP-12", "ERP-13", "ERP-14", "ERP-15"]


def test_addresses_of_items_say_more_than_keys() -> None:
    text = (
        "See https://acme.atlassian.net/browse/ERP-12, (https://jira.acme.example/projects/ERP/issues/ERP-13). "
        "Also ERP-12 <https://acme.atlassian.net/jira/board?selectedIssue=erp-14>, "
        "https://github.com/acme/ops/issues/3#issuecomment-1, https://github.com/acme/ops/pull/4/files "
        "https://elsewhere.example/acme/ops/issues/5 https://[broken"
    )

    found = mentions([text], "gh", HERE, known={"acme/ops#4"})

    assert [(link.remote_id, link.to_source, link.to_key) for link in found] == [
        ("key:ERP-12", None, "ERP-12"),
        ("url:acme.atlassian.net/ERP-12", None, "ERP-12"),
        ("url:acme.atlassian.net/ERP-14", None, "ERP-14"),
        ("url:github.com/acme/ops#3", "gh", "acme/ops#3"),
        ("url:jira.acme.example/ERP-13", None, "ERP-13"),
    ]


def test_repositories_are_named_in_any_case() -> None:
    text = "https://GitHub.com/Acme/ERP/pull/7 https://github.com/acme/OPS/pull/4 https://github.com/Other/One/pull/1"

    found = mentions([text], "gh", HERE, known={"acme/erp#7"}, repositories=["Acme/Ops"])

    assert [link.to_key for link in found] == ["Acme/Ops#4", "Other/One#1"]


def test_the_item_itself_and_what_it_closes_are_not_mentioned_again() -> None:
    snapshot = pull(
        body="Closes https://github.com/acme/erp/issues/1, see https://github.com/acme/erp/pull/7",
        closingIssuesReferences=page({"id": "I_1", "number": 1, "repository": {"nameWithOwner": REPOSITORY}}),
    )

    assert [(link.kind, link.to_key) for link in snapshot.links or ()] == [("closes", "acme/erp#1")]


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2026-06-26T07:00:00Z", date(2026, 6, 26)),
        ("2026-12-18T08:00:00Z", date(2026, 12, 18)),
        ("2026-12-18T07:59:59Z", date(2026, 12, 17)),
        ("2026-03-08T08:00:00Z", date(2026, 3, 8)),
        ("2026-03-09T07:00:00Z", date(2026, 3, 9)),
    ],
)
def test_a_milestone_is_due_on_a_day_in_california(due: str, day: date) -> None:
    snapshot = issue(milestone={"title": "M1", "dueOn": due})

    assert due_day(due) == snapshot.item.due_on == day


def test_a_bot_has_one_name_in_both_interfaces() -> None:
    assert account_id("renovate", bot=True) == account_id("renovate[bot]", bot=True) == "renovate[bot]"
    assert account_id("renovate", bot=False) == "renovate"
    assert account_id("ghost", bot=False) is None
    assert account_id(None, bot=False) is None


def test_a_marker_counts_in_the_first_line_only() -> None:
    assert carries(f"{marker_line('01J')}\r\nText", "01J")
    assert not carries(f"> {marker_line('01J')}\nText", "01J")
    assert not carries(f"Text\n{marker_line('01J')}", "01J")
    assert is_marked(marker_line("01J"))
    assert not is_marked(f"Text {marker_line('01J')}")


def test_a_time_without_an_offset_is_refused() -> None:
    assert instant("2026-03-02T18:00:00+09:00") == datetime(2026, 3, 2, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="offset"):
        instant("2026-03-02T09:00:00")


# --- recorded rows ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(test_data: Path) -> Path:
    csv.field_size_limit(10**9)
    return test_data / ROWS


def recorded(rows: Path, name: str) -> Iterator[dict[str, Any]]:
    """What GitHub answered, object by object."""
    with (rows / "raw_tables" / f"_raw_github_api_{name}.csv").open(encoding="utf-8", newline="") as stream:
        yield from (json.loads(row["data"]) for row in csv.DictReader(stream))


def expected(rows: Path, name: str) -> dict[str, dict[str, str]]:
    """The rows that it must become, by the last part of their id."""
    with (rows / "snapshot_tables" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return {row["id"].rpartition(":")[2]: row for row in csv.DictReader(stream)}


def as_graphql(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the REST interface as the other interface would have told it."""
    people = [one and {"__typename": one["type"], "login": one["login"]} for one in (row["user"], *row["assignees"])]
    return {
        "id": row["node_id"],
        "number": row["number"],
        "url": row["html_url"],
        "title": row["title"],
        "body": row["body"] or "",
        "state": "MERGED" if row.get("merged_at") else row["state"].upper(),
        "stateReason": (row.get("state_reason") or "").upper() or None,
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "closedAt": row["closed_at"],
        "mergedAt": row.get("merged_at"),
        "isDraft": row.get("draft", False),
        "headRefName": row.get("head", {}).get("ref", ""),
        "author": people[0],
        "assignees": page(*people[1:]),
        "labels": page(*({"name": label["name"]} for label in row["labels"])),
        "milestone": row["milestone"] and {"title": row["milestone"]["title"], "dueOn": row["milestone"]["due_on"]},
        **{name: page() for name in ("comments", "timelineItems", "reviewRequests")},
        **{name: page() for name in ("closedByPullRequestsReferences", "closingIssuesReferences")},
    }


def test_the_recorded_issues_have_their_lead_times(rows: Path) -> None:
    found = [row for row in recorded(rows, "issues") if "pull_request" not in row]
    wanted = {key: int(row["lead_time_minutes"]) for key, row in expected(rows, "issues").items()}
    reader = Reader("gh")

    minutes = {}
    for row in found:
        snapshot = reader.issue(ISSUE.decode(json.dumps(as_graphql(row))), "them/theirs")
        history = derive(snapshot.item, snapshot.changes, MEANINGS, StatusMapping())
        assert history.problem is None
        assert history.category is Category.DONE
        assert history.finished_at == snapshot.item.resolved_at
        assert history.finished_at is not None
        minutes[str(row["id"])] = (history.finished_at - snapshot.item.created_at) // timedelta(minutes=1)

    assert len(minutes) == 26
    assert minutes == wanted
    assert sum(minutes.values()) == 992_949


def test_the_recorded_pull_requests_have_their_states(rows: Path) -> None:
    wanted = {key: row["status"] for key, row in expected(rows, "pull_requests").items()}
    reader = Reader("gh")
    meant = {"merged": "MERGED", "closed": "CLOSED", "review": "OPEN", "draft": "OPEN"}

    states = {}
    for row in recorded(rows, "pull_requests"):
        snapshot = reader.pull_request(PULL_REQUEST.decode(json.dumps(as_graphql(row))), "them/theirs")
        assert derive(snapshot.item, snapshot.changes, MEANINGS, StatusMapping()).problem is None
        states[str(row["id"])] = meant[snapshot.item.status_id]

    assert len(states) == 49
    assert states == wanted
    assert Counter(states.values()) == {"MERGED": 26, "CLOSED": 19, "OPEN": 4}
