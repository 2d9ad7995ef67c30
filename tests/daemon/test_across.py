"""Both stories through the real command line, with all their tools: what is found across them is what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox.simulator.cast import CAST, DEVELOPER, PMO, TESTER
from tests.sandbox.simulator.meetings import CALENDAR
from tests.sandbox.simulator.story import SETTINGS

ACROSS = {"contradiction", "review_waiting", "meeting_missing", "owner_away"}


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
