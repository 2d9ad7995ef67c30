"""Both stories through the real command line, with all their tools: what is found across them is what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.dashboard.markup import read
from tests.sandbox.simulator.cast import CAST, DEVELOPER, PMO, TESTER
from tests.sandbox.simulator.meetings import CALENDAR
from tests.sandbox.simulator.story import SETTINGS

ACROSS = {"contradiction", "review_waiting", "meeting_missing", "owner_away", "capacity_short"}


@pytest.fixture(scope="module", params=sorted(SETTINGS))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Each story, read once."""
    with workplace(tmp_path_factory.mktemp("place"), story_now(request.param), whole=True) as place:
        assert place.planward("sync").code == 0
        yield place


@pytest.fixture
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The upgrade, read once, for what changes it."""
    with workplace(tmp_path_factory.mktemp("place"), story_now(), whole=True) as place:
        assert place.planward("sync").code == 0
        yield place


def found(place: Workplace) -> dict[str, dict[str, object]]:
    """Of each kind of finding the subjects with their causes, where they have one."""
    kinds: dict[str, dict[str, object]] = {}
    for row in place.planward("findings", "--json").json["findings"]:
        kinds.setdefault(row["kind"], {})[row["subject"].rpartition(":")[2]] = row["facts"].get("cause")
    return kinds


def test_the_findings_within_and_across_tools_are_the_true_ones(place: Workplace) -> None:
    truth = place.story.truth()

    seen = found(place)

    assert {kind: set(subjects) for kind, subjects in seen.items()} == {
        kind: set(subjects) for kind, subjects in truth.findings.items() if subjects
    }
    causes = {(kind, subject): cause for kind in ACROSS for subject, cause in seen.get(kind, {}).items() if cause}
    assert causes == truth.causes


def test_a_finding_names_its_evidence_in_both_tools_and_its_owner_by_address(place: Workplace) -> None:
    rows = [row for row in place.planward("findings", "--json").json["findings"] if row["kind"] == "contradiction"]
    addresses = {member.email for member in CAST}

    assert rows
    for row in rows:
        doing = {life.key for life in place.story.truth().lives.values() if life.doing}
        first, *others = [one["key"] for one in row["evidence"]]
        assert row["subject"].endswith(f":{first}")
        assert others
        assert set(others) <= doing
        assert row["facts"]["owner"] in {None, *addresses}


def test_the_time_of_people_is_the_true_one_and_alike_in_the_plan_the_finding_and_the_page(
    place: Workplace, tmp_path: Path
) -> None:
    story = place.story
    members = {member.email: member for member in CAST}

    (project,) = place.planward("plan", "show", "--json").json["projects"]
    place.planward("dashboard", "-o", str(tmp_path))

    rows = [row for row in project["capacity"] if row["window"] == "ahead"]
    assert rows
    for row in rows:
        first, last = date.fromisoformat(row["from"]), date.fromisoformat(row["until"])
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        worked = [day for day in days if story.hours.works_on(day)]
        absent = story.diary.away(members[row["who"]]) & set(worked)
        told = (row["planned_seconds"] / row["day_seconds"], row["absent_seconds"] / row["day_seconds"])
        assert told == (len(worked), len(absent)), row["who"]
        left = (row["planned_seconds"] - row["absent_seconds"]) * row["allocation"]
        assert row["available_seconds"] == pytest.approx(left, abs=1)
    of_person = {row["who"]: row for row in rows}
    for finding in place.planward("findings", "--json").json["findings"]:
        if finding["kind"] == "capacity_short":
            row, facts = of_person[finding["subject"]], finding["facts"]
            for name in ("needed", "available", "absent"):
                assert facts[f"{name}_days"] == pytest.approx(row[f"{name}_seconds"] / row["day_seconds"], abs=0.01)
            assert facts["until_on"] == row["until"]
    page = read((tmp_path / f"{story.project}.html").read_text(encoding="utf-8"))
    (body, _) = page.one("table", klass="capacity").all("tbody")
    shown = {row.attributes["data-who"]: row.all("td") for row in body.all("tr") if "data-who" in row.attributes}
    assert shown.keys() == of_person.keys()
    for who, cells in shown.items():
        row = of_person[who]
        needed = None if row["needed_seconds"] is None else row["needed_seconds"] / row["day_seconds"]
        said = cells[-1].text
        assert said == "–" if needed is None else float(said.removesuffix(" d")) == pytest.approx(needed, abs=0.01)
        assert float(cells[-2].text.removesuffix(" d")) * row["day_seconds"] == pytest.approx(
            row["available_seconds"], abs=0.01 * row["day_seconds"]
        )


def test_whose_review_is_late_is_known_by_the_configured_account(place: Workplace) -> None:
    rows = place.planward("findings", "--json").json["findings"]

    (review,) = (row for row in rows if row["kind"] == "review_waiting")

    assert review["facts"]["owner"] == DEVELOPER.email  # GitHub itself tells no address


def test_pull_requests_are_no_units_of_work(place: Workplace) -> None:
    (project,) = place.planward("kpi", "--json", "--evidence", "throughput").json["projects"]
    rows = next(kpi["evidence"] for kpi in project["kpis"] if kpi["id"] == "throughput")
    pulls = {life.key for life in place.story.truth().lives.values() if life.pull}

    assert {row["reason"] for row in rows if row["key"] in pulls} <= {"pull_request"}
    assert {row["key"] for row in rows if row["reason"] == "pull_request"} <= pulls


def test_a_quiet_cycle_is_one_request_a_stream_and_writes_nothing(place: Workplace) -> None:
    place.planward("sync")  # sees that our own comment touched its issue
    before = [len(tool.requests) for tool in (place.jira, place.github, place.calendars)]

    answer = place.planward("sync", "--json").json

    repositories = len(place.story.setting.repositories)
    asked = [len(tool.requests) for tool in (place.jira, place.github, place.calendars)]
    assert [after - then for after, then in zip(asked, before, strict=True)] == [1, repositories, 1]
    for told in answer["sources"].values():
        assert (told["items"], told["changes"], told["events"], told["requests_upkeep"]) == (0, 0, 0, 0)
    assert answer["published"] == {"sent": 0, "unchanged": 2, "preview": 0, "failed": 0}
    # The comment and the dashboard issue of the first cycle are all that was ever written.
    assert place.writes() == ["POST"]
    assert place.github.counts()["writes"] == 1


def test_what_is_put_right_in_the_other_tool_is_no_finding_any_more(upgrade: Workplace) -> None:
    github, truth = upgrade.github.state, upgrade.story.truth()
    titles = {life.title: life.key for life in truth.lives.values()}
    (waiting,) = truth.findings["review_waiting"]

    github.merge(titles["Round the tax of quotes"], PMO.login)
    github.review(waiting, PMO.login)
    github.remove_review_request(waiting, TESTER.login, PMO.login)
    upgrade.calendars.state.clock.advance(timedelta(seconds=5))
    for entry in list(upgrade.calendars.state.calendars[CALENDAR].entries):
        if entry.status == "CANCELLED":
            upgrade.calendars.state.edit(CALENDAR, entry.uid, original=entry.original, status="CONFIRMED")
        if entry.organizer == PMO.email and entry.rule is None:
            upgrade.calendars.state.remove(CALENDAR, entry.uid)
    assert upgrade.planward("sync").code == 0

    seen = found(upgrade)
    assert seen["contradiction"] == {titles["Migration rehearsal: customers"]: "merged_while_open"}
    assert {"review_waiting", "meeting_missing", "owner_away"}.isdisjoint(seen)
