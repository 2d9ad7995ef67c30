"""What two tools say of the same work, held against each other; and what is missing in the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.model import (
    Attendance,
    Category,
    Event,
    EventStatus,
    Finding,
    Kind,
    Meeting,
    Provenance,
    Response,
    Tie,
)
from core.plan.absences import absences
from core.plan.across import absent_owners, contradictions, missing_meetings, waiting_reviews
from core.plan.reconcile import reconcile
from core.plan.state import Standing, Work, state_of
from tests.builders import ACTIVE, CANCELLED, DONE, OFFICE, OPEN, WAITING, deliverable, moment, plan, work

KINDS = {"jira": "jira", "github": "github"}
OPENED = ("2026-03-02 09:00", OPEN)
PULL, ISSUE = ("github", "acme/erp#7"), ("jira", "ERP-1")
CLOSES = Tie(part=PULL, whole=ISSUE, provenance=Provenance.KEY)


def issue(*stays: tuple[str, Category], **fields: Any) -> Work:
    return work("ERP-1", OPENED, *stays, **fields)


def pull(*stays: tuple[str, Category], key: str = "acme/erp#7", **fields: Any) -> Work:
    return work(
        key, ("2026-03-02 10:00", ACTIVE), *stays, source="github", kind=Kind.PULL_REQUEST, remote_id=key, **fields
    )


def causes(found: list[Finding]) -> list[tuple[str, str | int | float | None]]:
    return [(one.subject, one.facts["cause"]) for one in found]


# --- contradictions ---


@pytest.mark.parametrize(
    ("of_issue", "of_pull", "today", "cause"),
    [
        (("2026-03-03 09:00", DONE), None, "2026-03-03", "done_while_open"),
        (("2026-03-03 09:00", DONE), ("2026-03-04 09:00", WAITING), "2026-03-04", "done_while_open"),
        (("2026-03-03 09:00", DONE), ("2026-03-04 09:00", DONE), "2026-03-04", None),
        (("2026-03-03 09:00", DONE), ("2026-03-04 09:00", CANCELLED), "2026-03-04", None),
        (("2026-03-03 09:00", CANCELLED), None, "2026-03-04", None),
        (None, ("2026-03-04 09:00", DONE), "2026-03-09", None),  # Wednesday; the third working day is Monday
        (None, ("2026-03-04 09:00", DONE), "2026-03-10", "merged_while_open"),
        (None, ("2026-03-04 09:00", CANCELLED), "2026-03-10", None),
        (None, None, "2026-03-10", None),
    ],
)
def test_two_items_about_the_same_work_contradict_each_other(
    of_issue: tuple[str, Category] | None, of_pull: tuple[str, Category] | None, today: str, cause: str | None
) -> None:
    works = [issue(*([of_issue] if of_issue else [])), pull(*([of_pull] if of_pull else []))]

    found = contradictions(works, [CLOSES], OFFICE, date.fromisoformat(today))

    assert causes(found) == ([("jira:ERP-1", cause)] if cause else [])


def test_all_that_is_open_about_a_done_issue_is_one_finding_with_its_evidence() -> None:
    works = [
        issue(("2026-03-03 09:00", DONE)),
        pull(),
        pull(key="acme/erp#9"),
        pull(("2026-03-03 09:00", DONE), key="x#1"),
    ]
    ties = [
        Tie(part=("github", key), whole=ISSUE, provenance=Provenance.URL) for key in ("acme/erp#9", "acme/erp#7", "x#1")
    ]

    (found,) = contradictions(works, ties, OFFICE, date(2026, 3, 4))

    assert found.evidence == (ISSUE, ("github", "acme/erp#7"), ("github", "acme/erp#9"))
    assert found.facts["others"] == "acme/erp#7, acme/erp#9"
    assert found.facts["since_on"] == "2026-03-03"


def test_an_issue_is_open_for_good_reason_while_another_pull_request_of_it_is() -> None:
    works = [issue(), pull(("2026-03-03 09:00", DONE)), pull(key="acme/erp#9")]
    ties = [CLOSES, Tie(part=("github", "acme/erp#9"), whole=ISSUE, provenance=Provenance.KEY)]

    assert contradictions(works, ties, OFFICE, date(2026, 4, 1)) == []


def test_a_tie_to_what_the_project_does_not_hold_says_nothing() -> None:
    assert contradictions([pull()], [CLOSES], OFFICE, date(2026, 4, 1)) == []


# --- pull requests are part of other work ---


def test_a_pull_request_of_an_issue_is_no_shadow_work() -> None:
    at = moment("2026-03-10 09:00")

    alone = reconcile(plan(deliverable()), (), [pull()], KINDS, at=at, today=at.date())
    tied = reconcile(plan(deliverable()), (), [pull()], KINDS, at=at, today=at.date(), ties=[CLOSES])

    assert [one.subject for one in alone if one.kind == "shadow_work"] == ["github:acme/erp#7"]
    assert [one for one in tied if one.kind == "shadow_work"] == []


def test_a_deliverable_is_finished_by_its_issues_and_not_by_their_pull_requests() -> None:
    wanted = plan(deliverable())

    def standing(*works: Work) -> Standing:
        return state_of(wanted, None, works).deliverables["D1"].standing

    open_pull = pull(deliverable="D1")
    assert standing(issue(("2026-03-03 09:00", DONE), deliverable="D1"), open_pull) is Standing.FINISHED
    assert standing(open_pull) is Standing.OPEN  # nothing else does the work


# --- reviews ---


@pytest.mark.parametrize(
    ("today", "late"),
    [("2026-03-06", False), ("2026-03-09", False), ("2026-03-10", True)],  # requested on a Thursday
)
def test_a_review_waits_two_working_days_before_it_is_told(today: str, late: bool) -> None:
    asked = pull(("2026-03-05 09:00", WAITING), reporter="wang")

    found = waiting_reviews([asked, issue(("2026-03-01 09:00", WAITING))], OFFICE, date.fromisoformat(today))

    assert [(one.subject, one.facts["since_on"], one.facts["owner"]) for one in found] == (
        [("github:acme/erp#7", "2026-03-05", "wang")] if late else []
    )


def test_a_review_that_was_given_and_asked_for_again_waits_since_then() -> None:
    asked = pull(("2026-03-05 09:00", WAITING), ("2026-03-09 09:00", ACTIVE), ("2026-03-16 09:00", WAITING))

    (found,) = waiting_reviews([asked], OFFICE, date(2026, 4, 1))

    assert found.facts["since_on"] == "2026-03-16"


# --- meetings ---

WEEKLY = Meeting(id="W1", name="Weekly meeting", match="ERP weekly*", every="week")


def meeting(at: str, title: str = "ERP Weekly (room 3)", **fields: Any) -> Event:
    starts_at = moment(at)
    values: dict[str, Any] = {
        "source": "team",
        "calendar": "main",
        "uid": at,
        "recurrence_start": None,
        "title": title,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
    }
    return Event(**{**values, **fields})


@pytest.mark.parametrize(
    ("held", "cause"),
    [
        (["2026-03-04 10:00", "2026-03-18 10:00"], None),
        (["2026-03-18 10:00"], "not_held"),
        (["2026-03-04 10:00"], "not_planned"),
        ([], "not_held"),
    ],
)
def test_a_meeting_is_missed_in_the_last_week_or_in_the_next(held: list[str], cause: str | None) -> None:
    wanted = plan(start_on=date(2026, 1, 5), due_on=date(2026, 6, 26), meetings=(WEEKLY,))

    found = missing_meetings(wanted, [meeting(at) for at in held], OFFICE, moment("2026-03-11 12:00"))

    assert causes(found) == ([("W1", cause)] if cause else [])


def test_a_cancelled_meeting_and_one_of_another_title_were_not_held() -> None:
    wanted = plan(start_on=date(2026, 1, 5), meetings=(WEEKLY,))
    events = [
        meeting("2026-03-04 10:00", status=EventStatus.CANCELLED),
        meeting("2026-03-05 10:00", "CRM weekly"),
        meeting("2026-03-18 10:00"),
    ]

    assert causes(missing_meetings(wanted, events, OFFICE, moment("2026-03-11 12:00"))) == [("W1", "not_held")]


@pytest.mark.parametrize(
    ("start_on", "due_on", "every"),
    [
        (date(2026, 3, 4), None, "week"),  # began in the middle of last week, and next week is planned
        (None, None, "week"),
        (date(2026, 1, 5), date(2026, 3, 6), "week"),
        (date(2026, 1, 5), None, None),
    ],
)
def test_no_meeting_is_expected_where_the_plan_does_not_run(
    start_on: date | None, due_on: date | None, every: str | None
) -> None:
    wanted = plan(
        start_on=start_on, due_on=due_on, meetings=(Meeting(id="W1", name="Weekly", match="ERP weekly*", every=every),)
    )

    assert missing_meetings(wanted, [meeting("2026-03-18 10:00")], OFFICE, moment("2026-03-11 12:00")) == []


# --- absences ---


def away(first_on: str, last_on: str, **fields: Any) -> Event:
    """A whole-day absence of Li."""
    first, last = date.fromisoformat(first_on), date.fromisoformat(last_on)
    values = {"all_day": True, "first_on": first, "last_on": last, "away": True, "organizer": "LI@acme.example"}
    return meeting(f"{first_on} 00:00", "Leave", **{**values, **fields})


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (away("2026-03-09", "2026-03-10"), False),  # two of the five days that are left
        (away("2026-03-09", "2026-03-11"), True),
        (away("2026-03-07", "2026-03-08"), False),  # a weekend
        (away("2026-03-09", "2026-03-13", status=EventStatus.CANCELLED), False),
        (away("2026-03-09", "2026-03-13", away=False), False),
        (away("2026-03-09", "2026-03-13", busy=False), False),
        (away("2026-03-09", "2026-03-13", organizer="wang@acme.example"), False),
        (away("2026-03-09", "2026-03-13", attendances=(Attendance(email="li@acme.example", name=None),)), True),
        (
            away(
                "2026-03-09",
                "2026-03-13",
                attendances=(Attendance(email="li@acme.example", name=None, response=Response.DECLINED),),
            ),
            False,
        ),
        (away("2026-03-09", "2026-03-13", organizer=None, attendances=(Attendance(email=None, name="Li"),)), False),
    ],
)
def test_an_owner_who_is_away_for_half_of_what_is_left_is_told(event: Event, told: bool) -> None:
    entry = deliverable(due="2026-03-13", owner="li@acme.example")

    found = absent_owners([entry], absences([event], OFFICE), OFFICE, date(2026, 3, 9))

    assert [one.subject for one in found] == (["D1"] if told else [])


def test_an_absence_of_hours_counts_its_working_time() -> None:
    entry = deliverable(due="2026-03-09", owner="li@acme.example")
    begun = moment("2026-03-09 05:00")

    def found(until: str) -> bool:
        event = meeting("2026-03-09 05:00", away=True, organizer="li@acme.example", ends_at=moment(until))
        return bool(absent_owners([entry], absences([event], OFFICE), OFFICE, begun.date()))

    assert [found(until) for until in ("2026-03-09 12:00", "2026-03-09 13:00")] == [False, True]
