"""The project simulator: its stories are the same every time, and what it calls true is true."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
import yaml

from tests.sandbox.calendar import CalendarState
from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubState
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.simulator.__main__ import main
from tests.sandbox.simulator.bulk import bulk, expected
from tests.sandbox.simulator.cast import CAST, CUSTOMER_SERVICE, LEAD, TESTER, Member
from tests.sandbox.simulator.events import (
    Action,
    Asked,
    Assigned,
    Commented,
    Created,
    Event,
    Linked,
    Merged,
    Moved,
    Opened,
    Prioritised,
    Readied,
    Rescheduled,
    Reviewed,
    Shut,
)
from tests.sandbox.simulator.meetings import Absence, Diary, Series
from tests.sandbox.simulator.plans import Approval, PlanBook, PlannedDeliverable, PlannedMilestone, date_in
from tests.sandbox.simulator.story import SETTINGS, Story
from tests.sandbox.simulator.truth import Truth, nearest_rank
from tests.sandbox.simulator.worktime import WorkTime

STORIES = sorted(SETTINGS)
MOMENTS = {
    "an ordinary Wednesday": "2026-07-15T08:20:31.123456+00:00",
    "first day of a month": "2026-06-01T01:15:00+00:00",
    "the first minutes of a month in Shanghai": "2026-08-31T16:07:00+00:00",
    "last day of a month": "2026-11-30T15:59:59+00:00",
    "a Sunday": "2026-11-22T11:00:00+00:00",
    "the clocks go forward": "2026-03-29T01:00:00+00:00",
    "the clocks go back": "2026-10-25T00:30:00+00:00",
    "a leap day": "2028-02-29T12:00:00+00:00",
    "a Chinese holiday": "2026-10-01T03:00:00+00:00",
    "New Year's Eve": "2027-12-31T23:30:00+00:00",
    "a make-up working Saturday": "2026-02-28T06:00:00+00:00",
}
FINDINGS = {
    "upgrade": {"overdue": {"D7", "D8"}, "due_soon": {"D9", "D10", "M3"}, "ghost": {"D11"}},
    "launch": {"overdue": {"L7", "G3"}, "due_soon": {"L8"}, "ghost": {"L10"}},
}
CONTRADICTIONS = {
    "upgrade": {
        "Verify sales: quote": "done_while_open",
        "Migration rehearsal: customers": "merged_while_open",
    },
    "launch": {
        "收集反馈": "done_while_open",
        "Library of the wallets": "done_while_open",
        "Beta for 50 customers": "merged_while_open",
    },
}
WAITING = {"upgrade": "Scripts of the new strategy", "launch": "Fix the order form"}
UNPLANNED_ON_GITHUB = {
    "upgrade": {"Tidy the build scripts"},
    "launch": {"An animated logo", "Try a chat bot 聊天机器人"},
}


@pytest.fixture(scope="module", params=[(name, moment) for name in STORIES for moment in MOMENTS], ids=str)
def story(request: pytest.FixtureRequest) -> Story:
    """Each story at each moment."""
    name, moment = request.param
    return Story(name, now=datetime.fromisoformat(MOMENTS[moment]))


def filled(story: Story) -> JiraState:
    """A site with the story in it."""
    state = JiraState(Clock(story.now), zone=str(story.zone))
    story.fill(state)
    return state


# --- the stories ---


def test_the_same_arguments_give_the_same_story() -> None:
    now = datetime(2026, 7, 15, 8, 20, tzinfo=UTC)

    one, same, other = (Story("upgrade", now=now, seed=seed) for seed in (7, 7, 8))

    assert one.events == same.events
    assert one.plan_yaml() == same.plan_yaml()
    assert one.truth().items == same.truth().items
    assert one.events != other.events


def test_a_story_has_the_findings_that_were_written_into_it_whatever_the_day(story: Story) -> None:
    found = story.truth_now.findings

    assert {kind: found[kind] for kind in ("overdue", "due_soon", "ghost")} == FINDINGS[story.name]
    titles = {story.keys[e.issue]: e.action.title for e in story.events if isinstance(e.action, Created)}
    in_jira = [key for key in found["shadow_work"] if key in titles]
    assert len(in_jira) == 3
    assert not any("label" in titles[key] or "dropped" in titles[key] for key in in_jira)


def test_a_story_has_its_findings_across_tools_whatever_the_day(story: Story) -> None:
    truth, hours, today = story.truth_now, story.hours, story.truth_now.today
    titles = {life.key: life.title for life in truth.lives.values()}
    named = {titles[key]: cause for (kind, key), cause in truth.causes.items() if kind == "contradiction"}
    monday = today - timedelta(days=today.weekday())
    worked_last_week = any(hours.works_on(monday - timedelta(days=day)) for day in range(1, 8))
    missing = {"W1"} if story.name == "upgrade" and worked_last_week else set()
    owner, due = ("D10", 3) if story.name == "upgrade" else ("L8", 1)
    works = any(hours.works_on(today + timedelta(days=day)) for day in range(due + 1))

    assert named == CONTRADICTIONS[story.name]
    assert {titles[key] for key in truth.findings["review_waiting"]} == {WAITING[story.name]}
    assert truth.findings["meeting_missing"] == (missing if story.name == "upgrade" else {"W2"})
    assert truth.findings["owner_away"] == ({owner} if works else set())
    away_too_long = {(("capacity_short", CUSTOMER_SERVICE.email), "away")} if story.name == "upgrade" else set()
    assert {cause for cause in truth.causes.items() if cause[0][0] == "capacity_short"} == away_too_long
    on_github = {titles[key] for key in truth.findings["shadow_work"] if "#" in key}
    assert on_github == UNPLANNED_ON_GITHUB[story.name]


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_tester_of_the_upgrade_looks_short_of_time_and_is_not(moment: str) -> None:
    story = Story("upgrade", now=datetime.fromisoformat(MOMENTS[moment]))
    absences = [absence for absence in story.diary.absences if absence.who == TESTER]
    (test,) = (entry for entry in story.plan.deliverables if entry.id == "D11")
    last = date_in(test.due, story.plan.latest)
    assert last is not None
    today, works_on = story.truth_now.today, story.hours.works_on
    ahead = [day for n in range((last - today).days + 1) if works_on(day := today + timedelta(days=n))]
    each = [sum(one.first <= day <= one.last for day in ahead) for one in absences]

    assert test.effort == "10d"
    assert len(ahead) - sum(each) < 10  # each entry of the calendar by itself
    assert len(ahead) - len(set(ahead) & story.diary.away(TESTER)) >= 10
    assert TESTER.email not in story.truth_now.findings["capacity_short"]


def test_no_open_date_of_a_story_can_be_taken_for_soon_or_not(story: Story) -> None:
    ahead = [(day - story.truth_now.today).days for day in story.plan.subjects(story.plan.latest).values()]

    assert not [days for days in ahead if 3 < days < 35]


def test_every_month_has_problems_inside_and_outside_of_their_limit(story: Story) -> None:
    truth = story.truth_now
    before = truth.problems_resolved_in_time(truth.previous_month)
    present = truth.problems_resolved_in_time(truth.month)
    age = story.now - truth.hours.at(truth.month[0], truth.hours.opens.min)

    assert set(before.evidence.values()) == {0.0, 1.0}
    if age > timedelta(minutes=30):
        assert 1.0 in present.evidence.values()
        assert present.excluded["pending"]
    if age > timedelta(hours=60):
        assert 0.0 in present.evidence.values()


def test_a_problem_was_open_for_as_long_as_its_author_meant(story: Story) -> None:
    lives = story.truth_now.lives

    for meant in story.problems:
        life = lives.get(meant.issue)
        if life is None or life.category not in {"done", "cancelled"} or None in meant.open_hours:
            continue
        hours = sum(hours or 0 for hours in meant.open_hours)
        assert life.open_seconds(story.now) == pytest.approx(hours * 3600, abs=0.01)


def test_deliverables_were_finished_when_their_author_meant(story: Story) -> None:
    truth = story.truth_now
    on_time = {
        name: truth.finished[name] < truth.hours.end_of(day)
        for name, day in story.plan.subjects(story.plan.approvals[-1].version).items()
        if name in truth.finished and name not in {"D14", "L13", "L14"}  # problems come and go
    }

    if story.name == "upgrade":
        late = {"D3", "M2"}
        expected_finished = {"D1", "D2", "D3", "D4", "D5", "D6", "D15", "M1", "M2"}
    else:
        late = {"L5"}
        expected_finished = {"L1", "L2", "L3", "L4", "L5", "L9", "G1", "G2"}
        assert set(truth.cancelled) == {"L6"}
    assert set(on_time) == expected_finished
    assert {name for name, kept in on_time.items() if not kept} == late


def test_the_site_shows_what_the_truth_says(story: Story) -> None:
    state = filled(story)
    categories = {"new": {"todo"}, "indeterminate": {"active", "waiting"}, "done": {"done", "cancelled"}}

    true = {key: facts for key, facts in story.truth_now.items.items() if "#" not in key}
    assert state.counts()["issues"] == len(true)
    for key, facts in true.items():
        issue = state.issue(key)
        assert facts.category in categories[state.statuses[issue.status_id].category]
        assert issue.updated <= story.now.timestamp() * 1000


def test_github_shows_what_the_truth_says(story: Story) -> None:
    state = GithubState(Clock(story.now))
    story.fill_github(state)
    true = {key: facts for key, facts in story.truth_now.items.items() if "#" in key}

    shown = {state.key(item): item for item in state.items.values()}

    assert shown.keys() == true.keys()
    for key, item in shown.items():
        facts, open_as = true[key], {"todo", "active", "waiting"}
        categories = {"OPEN": open_as, "MERGED": {"done"}, "CLOSED": {"cancelled"} if item.pull else {"done"}}
        assert (item.pull is not None) == facts.pull
        assert facts.category in categories[item.state], key
        assert item.touched_at <= story.now.timestamp()


def test_pull_requests_name_what_they_are_about_in_every_way(story: Story) -> None:
    state = GithubState(Clock(story.now))
    story.fill_github(state)
    jira = next(iter(story.setting.projects))
    pulls = [item for item in state.items.values() if item.pull is not None]

    for texts in (
        [pull.title for pull in pulls],
        [pull.pull.head for pull in pulls if pull.pull],
        [pull.body for pull in pulls],
    ):
        assert any(f"{jira}-" in text for text in texts)
    assert any(f"/browse/{jira}-" in pull.body for pull in pulls)
    assert any(state.closes(pull) for pull in pulls)
    assert {pull.state for pull in pulls} == {"OPEN", "MERGED", "CLOSED"}
    assert any(pull.pull.draft for pull in pulls if pull.pull)


def test_the_calendar_has_what_happens_to_calendars(story: Story) -> None:
    state = CalendarState(Clock(story.now))
    story.fill_calendar(state)
    entries = state.calendars["team"].entries
    addresses = {member.email for member in CAST}

    assert any(entry.rule for entry in entries)
    assert any(entry.original and entry.start != entry.original for entry in entries)
    assert any(entry.status == "CANCELLED" for entry in entries)
    assert any(entry.skipped for entry in entries)
    assert {guest.email for entry in entries for guest in entry.guests} <= addresses
    assert {entry.organizer for entry in entries} <= addresses


def test_the_status_comment_goes_to_the_first_issue(story: Story) -> None:
    state = filled(story)

    issue = state.issue(story.status_item)

    assert "project status" in issue.summary
    assert len(issue.comments) > 20


def test_the_plan_names_only_issues_that_are_there_and_entries_that_it_has(story: Story) -> None:
    state = filled(story)

    for version in range(1, story.plan.latest + 1):
        plan = yaml.safe_load(story.plan_yaml(version))
        milestones = {entry["id"] for entry in plan["milestones"]}
        ids = {entry["id"] for entry in plan["deliverables"]}
        for entry in plan["deliverables"]:
            assert entry["milestone"] in milestones
            assert entry["start"] <= entry["due"]
            for on in entry.get("depends_on", ()):
                assert (on if isinstance(on, str) else on["id"]) in ids
            for kind in ("jira", "parent"):
                if key := entry.get("work", {}).get(kind):
                    assert state.find(key)
            if key := entry.get("work", {}).get("github"):
                assert not story.truth_now.items[key].pull
        for entry in plan["requirements"]:
            assert state.find(entry["work"]["jira"])


@pytest.mark.parametrize("name", STORIES)
def test_a_story_has_every_oddity(name: str) -> None:
    story = Story(name, now=datetime(2026, 9, 16, 9, tzinfo=UTC))
    state = filled(story)
    actions = Counter(type(event.action) for event in story.events)
    keys = [key for key in story.truth_now.items if "#" not in key]
    histories = {key: len(state.records[state.issue(key).id].changes) for key in keys}
    titles = [state.issue(key).summary for key in keys]

    assert all(actions[kind] for kind in (Assigned, Commented, Linked, Prioritised, Rescheduled))
    assert max(histories.values()) > 40
    assert any(facts.reopened for facts in story.truth_now.items.values())
    assert any(facts.category == "cancelled" for facts in story.truth_now.items.values())
    assert [f for f in story.truth_now.items.values() if f.category == "done" and f.finished_at is None]
    assert any(not facts.leaf for facts in story.truth_now.items.values())
    for odd in ("@all", "<script>", "\u202e", "\x1b", "很长", "closes #12", "=cmd"):
        assert any(odd in title for title in titles)
    assert max(map(len, titles)) >= 240
    assert max(map(len, titles)) <= 255


def test_a_story_goes_on_where_it_was_left() -> None:
    story = Story("upgrade", now=datetime(2026, 9, 16, 9, tzinfo=UTC))
    half = story.now - timedelta(days=60)
    state = JiraState(Clock(story.now))

    first = story.fill(state, until=half)
    rest = story.extend(state, half, story.now)

    assert 0 < first < len(story.in_jira(story.now))
    assert first + rest == len(story.in_jira(story.now))
    assert state.counts()["issues"] == filled(story).counts()["issues"]


@pytest.mark.parametrize("name", STORIES)
def test_a_scene_changes_one_thing(name: str) -> None:
    story = Story(name, now=datetime(2026, 9, 16, 9, tzinfo=UTC))
    state = filled(story)
    before = state.counts()

    finished = story.transition_one(state)
    reopened = story.reopen_one(state)
    found = story.report_problem(state)

    assert state.status("Done").id == state.issue(finished).status_id
    assert state.status("In Progress").id == state.issue(reopened).status_id
    assert state.issue(reopened).resolution_id is None
    assert state.issue(found).labels == ("problem-handling",)
    assert state.counts() == {**before, "issues": before["issues"] + 1, "changes": before["changes"] + 2}


def test_a_story_is_written_to_files(tmp_path: Path) -> None:
    state, github, config = tmp_path / "state.json", tmp_path / "github.json", tmp_path / "config"
    now = "2026-09-16T09:00:00+00:00"

    main(
        ["launch", "--state", str(state), "--github-state", str(github), "--config", str(config), "--now", now,
         "--seed", "3"]
    )  # fmt: skip

    held, repositories = JiraState.load(state), GithubState.load(github)
    told = json.loads((config / "truth.json").read_text(encoding="utf-8"))
    settings = yaml.safe_load((config / "planward.yaml").read_text(encoding="utf-8"))
    assert held.counts()["issues"] + len(repositories.items) == len(told["items"])
    assert settings["sources"]["acme-github"]["repositories"] == ["acme/app", "acme/shop"]
    assert (config / settings["projects"]["product-launch"]["plan"]).exists()
    assert told["findings"]["ghost"] == ["L10"]


# --- the truth, with values to check by eye ---

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = WorkTime(zone=ZoneInfo("UTC"))
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def event(day: int, clock: int, issue: int, *change: str | None, **created: str | int | tuple[str, ...]) -> Event:
    """An event on a day of March 2026; without a status the issue is created."""
    at = datetime(2026, 3, day, clock, tzinfo=UTC)
    if change:
        return Event(
            at=at, issue=issue, author=LEAD, action=Moved(status=str(change[0]), resolution=(*change, None)[1])
        )
    values = {"project": "T", "type": "Bug", "title": "t", **created}
    return Event(at=at, issue=issue, author=LEAD, action=Created(**values))  # type: ignore[arg-type] # a builder


def book(**due: dict[int, date]) -> PlanBook:
    """A plan with one milestone G and these deliverables, each found by its name as a label."""
    day = date(2026, 3, 1)
    return PlanBook(
        name="p", owner=LEAD, start=day, due={1: day}, plan_due=day, latest=9,
        milestones=(PlannedMilestone(id="G", name="G", due={1: date(2026, 3, 20)}),),
        deliverables=tuple(
            PlannedDeliverable(id=name, name=name, milestone="G", owner=LEAD, start=day, due=dates, label=name)
            for name, dates in due.items()
        ),
        approvals=(
            Approval(version=1, at=MONDAY, by=LEAD, reason="first"),
            Approval(version=2, at=MONDAY + timedelta(days=5), by=LEAD, reason="second"),
        ),
    )  # fmt: skip


def true_at(day: int, clock: int, *events: Event, plan: PlanBook | None = None) -> Truth:
    """The truth of these events at an hour of a day of March 2026."""
    at = datetime(2026, 3, day, clock, tzinfo=UTC)
    keys = {number: f"T-{number}" for number in range(9)}
    return Truth([e for e in events if e.at <= at], keys, plan or book(), HOURS, at)


def test_a_reopened_problem_adds_up_its_open_stretches() -> None:
    #           Mon 2 9h   Mon 11h   Wed 9h          Wed 11h
    # T-1       open───────done      open (2 h more) done
    events = (
        event(2, 9, 1), event(2, 11, 1, "Done", "Done"), event(4, 9, 1, "In Progress"), event(4, 11, 1, "Done", "Done"),
    )  # fmt: skip

    truth = true_at(6, 12, *events)

    assert truth.lives[1].open_seconds(truth.at) == 4 * 3600
    assert truth.items["T-1"].finished_at == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert truth.items["T-1"].reopened == 1
    assert truth.lead_time(MARCH).evidence == {"T-1": 50 * 3600}


@pytest.mark.parametrize(
    ("hours_open", "elapsed", "working"),
    [(47, 1.0, 1.0), (48, 1.0, 1.0), (49, 0.0, 1.0), (24 * 7 + 3, 0.0, 1.0), (24 * 7 + 4, 0.0, 0.0)],
)
def test_the_limit_is_48_hours_by_the_wall_or_48_working_hours(hours_open: int, elapsed: float, working: float) -> None:
    # From Monday 9:00 the 48th working hour (five days of nine and three more) ends on the next Monday at 12:00.
    closed = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(hours=hours_open)

    truth = true_at(20, 0, event(2, 9, 1), event(closed.day, closed.hour, 1, "Done", "Done"))

    assert truth.problems_resolved_in_time(MARCH).evidence == {"T-1": elapsed}
    assert truth.problems_resolved_in_time(MARCH, "working").evidence == {"T-1": working}


def test_problems_are_left_out_with_a_reason() -> None:
    events = (event(2, 9, 1), event(2, 10, 1, "Done", "Duplicate"), event(2, 9, 2), event(6, 9, 3))

    answer = true_at(6, 12, *events).problems_resolved_in_time(MARCH)

    assert answer.evidence == {"T-2": 0.0}
    assert answer.excluded == {"duplicate": {"T-1"}, "pending": {"T-3"}}


def test_a_deliverable_is_on_time_until_its_day_is_over() -> None:
    plan = book(A={1: date(2026, 3, 10)}, B={1: date(2026, 3, 10)}, C={1: date(2026, 3, 10)}, D={1: date(2026, 3, 12)})
    events = [event(2, 9, n, labels=(label,)) for n, label in enumerate("ABCD")]
    events += [event(10, 23, 0, "Done", "Done"), event(11, 0, 1, "Done", "Done"), event(9, 9, 2, "Done", "Won't Do")]

    answer = true_at(12, 9, *events, plan=plan).delivered_on_time(MARCH)

    assert answer.evidence == {"A": 1.0, "B": 0.0}
    assert answer.excluded == {"cancelled": {"C"}, "pending": {"D", "G"}}


def test_a_moved_date_counts_by_the_approved_one_and_is_shown_by_the_others() -> None:
    # Promised for the 6th, approved for the 10th, and the plan file says the 13th; it came on the 12th.
    plan = book(A={1: date(2026, 3, 6), 2: date(2026, 3, 10), 3: date(2026, 3, 13)})

    truth = true_at(14, 9, event(2, 9, 1, labels=("A",)), event(12, 9, 1, "Done", "Done"), plan=plan)

    answer = truth.delivered_on_time((date(2026, 3, 1), date(2026, 3, 15)))

    assert answer.evidence == {"A": 0.0}
    assert answer.variants["first"] == (0, 1)
    assert answer.variants["latest"] == (1, 1)


def test_a_parent_and_its_sub_tasks_are_not_both_counted() -> None:
    events = (
        event(2, 9, 1, type="Task", labels=("A",)), event(2, 10, 2, type="Sub-task", parent=1),
        event(3, 9, 1, "Done", "Done"), event(4, 9, 2, "Done", "Done"),
    )  # fmt: skip

    truth = true_at(14, 9, *events, plan=book(A={1: date(2026, 3, 6)}))

    assert truth.throughput(MARCH).evidence == {"T-2": 202610.0}
    assert truth.finished["A"] == truth.finished["G"] == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert truth.finished_by_week(MARCH) == {
        date(2026, 2, 23): 0,
        date(2026, 3, 2): 1,
        date(2026, 3, 9): 0,
    }


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-02-13T16:00", "2026-02-14T10:00", 3),  # Friday, and a Saturday that is worked
        ("2026-02-14T16:00", "2026-02-24T10:00", 3),  # the Spring Festival in between
        ("2026-03-07T00:00", "2026-03-09T00:00", 0),  # a weekend
        ("2026-03-06T17:30", "2026-03-09T09:15", 0.75),
    ],
)
def test_working_time_knows_chinese_holidays_and_make_up_days(start: str, end: str, hours: float) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    first, last = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))

    seconds = WorkTime(zone=zone, country="CN").seconds(first, last)

    assert seconds == hours * 3600


def test_working_time_equals_a_count_minute_by_minute() -> None:
    zone = ZoneInfo("Europe/Berlin")
    hours = WorkTime(zone=zone, country="DE")
    first = datetime(2026, 3, 27, 11, 3, tzinfo=UTC)  # over a change of the clocks and Easter
    minutes = 14 * 24 * 60

    counted = 0
    for number in range(minutes):
        local = (first + timedelta(minutes=number)).astimezone(zone)
        easter = local.date() in {date(2026, 4, 3), date(2026, 4, 6)}
        counted += local.weekday() < 5 and not easter and 9 <= local.hour < 18

    assert hours.seconds(first, first + timedelta(minutes=minutes)) == counted * 60


def test_the_median_is_one_of_the_values() -> None:
    assert nearest_rank([4, 1, 3, 2], 0.5) == 2
    assert nearest_rank([4, 1, 3, 2], 0.85) == 4
    assert nearest_rank([], 0.5) is None


# --- the truth across tools, with values to check by eye ---


def opened(day: int, issue: int, **more: object) -> Event:
    """An issue or pull request on GitHub at 9 on a day of March 2026."""
    at = datetime(2026, 3, day, 9, tzinfo=UTC)
    return Event(at=at, issue=issue, author=LEAD, action=Opened(repository="o/r", title="t", **more))  # type: ignore[arg-type] # a builder


def then(day: int, issue: int, action: Action, author: Member = LEAD) -> Event:
    """What happens at noon of a day of March 2026."""
    return Event(at=datetime(2026, 3, day, 12, tzinfo=UTC), issue=issue, author=author, action=action)


def test_a_pull_request_waits_from_the_request_to_the_review_unless_it_is_a_draft() -> None:
    events = (
        opened(2, 1, pull=True, draft=True), then(3, 1, Asked(of=TESTER)), then(4, 1, Readied()),
        then(5, 1, Reviewed(verdict="APPROVED"), TESTER), then(6, 1, Merged()),
    )  # fmt: skip

    life = true_at(9, 0, *events).lives[1]

    assert [(at.day, category) for at, category in life.stretches] == [
        (2, "active"),
        (4, "waiting"),
        (5, "active"),
        (6, "done"),
    ]


def test_an_issue_is_worked_on_while_a_pull_request_for_it_is_open_and_done_when_that_is_merged() -> None:
    events = (
        opened(2, 1), opened(3, 2, pull=True, closes=(1,)), then(4, 2, Shut()),
        opened(5, 3, pull=True, closes=(1,)), then(6, 3, Merged()),
    )  # fmt: skip

    truth = true_at(9, 0, *events)

    assert [(at.day, category) for at, category in truth.lives[1].stretches] == [
        (2, "todo"),
        (3, "active"),
        (4, "todo"),
        (5, "active"),
        (6, "done"),
    ]
    assert truth.lives[2].category == "cancelled"
    assert truth.lead_time(MARCH).evidence.keys() == {"T-1"}
    assert truth.lead_time(MARCH).excluded == {"pull_request": {"T-2", "T-3"}}


@pytest.mark.parametrize(
    ("of_issue", "of_pull", "day", "cause"),
    [
        (("Done", "Done"), None, 3, "done_while_open"),
        (("Done", "Done"), Merged(), 5, None),
        (("Done", "Won't Do"), None, 3, None),
        (None, Merged(), 9, None),  # merged on Wednesday the 4th; the third working day is Monday the 9th
        (None, Merged(), 10, "merged_while_open"),
        (None, Shut(), 10, None),
    ],
)
def test_an_issue_and_its_pull_request_contradict_each_other(
    of_issue: tuple[str, str] | None, of_pull: Action | None, day: int, cause: str | None
) -> None:
    events = [event(2, 8, 1), opened(2, 2, pull=True, about=(1,))]
    events += [event(3, 9, 1, *of_issue)] if of_issue else []
    events += [then(4, 2, of_pull)] if of_pull else []

    assert true_at(day, 18, *events).causes == ({("contradiction", "T-1"): cause} if cause else {})


@pytest.mark.parametrize(("day", "late"), [(9, False), (10, True)])
def test_a_review_waits_two_working_days(day: int, late: bool) -> None:
    events = (opened(2, 1, pull=True), then(5, 1, Asked(of=TESTER)))  # a Thursday

    assert true_at(day, 9, *events).findings["review_waiting"] == ({"T-1"} if late else set())


def test_a_series_takes_place_but_where_it_was_cancelled_skipped_or_moved_to() -> None:
    tens = [datetime(2026, 3, day, 10) for day in (4, 11, 18, 25)]  # noqa: DTZ001 - by the wall clock
    series = Series(
        title="t", start=tens[0], every="week", organizer=LEAD, guests=(), last=date(2026, 3, 31),
        moved={tens[1]: tens[1] + timedelta(days=1)}, cancelled=(tens[2],), skipped=(tens[3],),
    )  # fmt: skip

    assert series.held_on(date(2026, 12, 31)) == {date(2026, 3, 4), date(2026, 3, 12)}


@pytest.mark.parametrize(("last", "away"), [(10, False), (11, True)])
def test_an_owner_is_away_for_half_of_the_working_days_left(last: int, away: bool) -> None:
    # Five working days are left, Monday the 9th to Friday the 13th.
    diary = Diary(absences=(Absence(who=LEAD, first=date(2026, 3, 9), last=date(2026, 3, last)),))
    at = datetime(2026, 3, 9, 8, tzinfo=UTC)
    created = event(2, 9, 1, labels=("A",))

    truth = Truth([created], {1: "T-1"}, book(A={1: date(2026, 3, 13)}), HOURS, at, diary)

    assert truth.findings["owner_away"] == ({"A"} if away else set())


@pytest.mark.parametrize(
    ("effort", "allocation", "called_off", "cause"),
    [
        ("3d", "100%", False, None),  # of the days from Monday to Friday two are left out
        ("4d", "100%", False, "away"),
        ("4d", "100%", True, None),
        ("6d", "100%", False, "overbooked"),
        ("2d", "50%", False, "away"),
        ("1.5d", "50%", False, None),
        (None, "10%", False, None),
    ],
)
def test_somebodys_work_fits_into_their_days_or_not(
    effort: str | None, allocation: str, called_off: bool, cause: str | None
) -> None:
    absence = Absence(who=LEAD, first=date(2026, 3, 10), last=date(2026, 3, 11), called_off=called_off)
    at = datetime(2026, 3, 9, 8, tzinfo=UTC)
    plan = book(A={1: date(2026, 3, 13)})
    entries = tuple(replace(entry, effort=effort) for entry in plan.deliverables)
    plan = replace(plan, deliverables=entries, extra={"resources": [{"who": LEAD.email, "allocation": allocation}]})
    diary = Diary(absences=(absence, absence))

    truth = Truth([event(2, 9, 1, labels=("A",))], {1: "T-1"}, plan, HOURS, at, diary)

    assert truth.causes == ({("capacity_short", LEAD.email): cause} if cause else {})


# --- many issues ---


def test_the_bulk_holds_what_it_says_and_its_histories_agree_with_their_end() -> None:
    state = JiraState(Clock(datetime(2026, 9, 16, 9, tzinfo=UTC)))

    told = bulk(state, issues=200, changes=9, comments=2, seed=4)

    assert told == expected(200, 9, 2)
    counts = state.counts()
    assert (counts["issues"], counts["changes"], counts["comments"]) == (told.issues, told.changes, told.comments)
    for record in state.records.values():
        issue = record.issue
        assert issue is not None
        moves = [item for change in record.changes for item in change.items if item.field == "status"]
        assert moves[-1].after == issue.status_id
        assert all(a.after == b.before for a, b in pairwise(moves))
        assert issue.created < min(change.created for change in record.changes)
        assert issue.updated <= state.clock.milliseconds()


def test_an_issue_of_the_bulk_is_about_10_kb_with_all_its_fields() -> None:
    state = JiraState(Clock(datetime(2026, 9, 16, 9, tzinfo=UTC)))
    bulk(state, issues=3)

    with JiraSandbox(state) as jira:
        url = f"{jira.url}/rest/api/3/issue/BULK-2?fields=*all"
        answer = requests.get(url, auth=(jira.user, jira.token), timeout=10)

    assert 9_000 < len(answer.content) < 11_000
