"""The whole road through the real command line: what is written back, when, and what the answers look like."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox import demo
from tests.sandbox.jira import adf
from tests.sandbox.jira.sandbox import HOME

KPI_KEYS = {
    "id",
    "value",
    "reason",
    "unit",
    "direction",
    "target",
    "met",
    "numerator",
    "denominator",
    "sample",
    "statistics",
    "excluded",
    "incomplete_items",
    "stale_sources",
    "basis",
    "restates",
    "definition",
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


def rewrite(place: Workplace, old: str, new: str) -> None:
    text = place.config.read_text(encoding="utf-8")
    assert old in text
    place.config.write_text(text.replace(old, new), encoding="utf-8")


def test_the_demonstration_holds_against_the_truth(tmp_path: Path) -> None:
    assert demo.main([str(tmp_path / "demo")]) == 0


def test_preview_shows_everything_and_sends_nothing(place: Workplace) -> None:
    rewrite(place, "write_back: send", "write_back: preview")

    synced = place.planward("sync", "--json")
    shown = place.planward("publish", "--diff")

    assert synced.json["published"] == {"sent": 0, "unchanged": 0, "preview": 1, "failed": 0}
    assert "Milestones" in shown.out
    assert place.writes() == []

    sent = place.planward("publish", "--send", "--json")

    assert sent.json["published"]["sent"] == 1
    assert len(place.ours()) == 1


def test_a_quiet_cycle_is_one_request_and_writes_nothing(place: Workplace) -> None:
    place.planward("sync")
    place.planward("sync")  # sees that the first one's comment touched its issue
    before = len(place.jira.requests)

    answer = place.planward("sync", "--json")

    told = answer.json["sources"]["acme-jira"]
    assert (told["items"], told["requests"], told["requests_upkeep"]) == (0, 1, 0)
    assert len(place.jira.requests) == before + 1
    assert answer.json["published"] == {"sent": 0, "unchanged": 1, "preview": 0, "failed": 0}


def test_many_cycles_on_a_quiet_tracker_do_not_talk_to_themselves(place: Workplace) -> None:
    place.planward("sync")
    body = place.ours()[0].body

    for _ in range(5):
        place.planward("sync")

    assert [method for method in place.writes() if method != "GET"] == ["POST"]
    assert place.ours()[0].body == body


def test_a_persons_edit_of_the_comment_is_left_alone(place: Workplace) -> None:
    place.planward("sync")
    mine = place.ours()[0]
    place.jira.state.edit_comment(mine.id, next(iter(place.jira.state.users)), "We talked about this on Monday.")
    place.story.transition_one(place.jira.state)

    answer = place.planward("sync")

    assert "a person or another installation edited our comment" in answer.out
    assert "We talked about this on Monday." in adf.to_text(place.ours()[0].body)


def test_a_comment_that_a_person_deleted_is_not_posted_again(place: Workplace) -> None:
    place.planward("sync")
    place.jira.state.delete_comment(place.ours()[0].id)
    place.story.transition_one(place.jira.state)

    answer = place.planward("sync")

    assert "a person deleted our comment" in answer.out
    assert place.ours() == []


def test_a_muted_comment_says_why_and_how_to_have_it_back_and_comes_back(place: Workplace) -> None:
    rewrite(place, "write_back: send", "write_back: preview")
    place.planward("sync")
    place.planward("publish", "--send")
    person = next(iter(place.jira.state.users))
    place.jira.state.edit_comment(place.ours()[0].id, person, "We talked about this on Monday.")
    place.story.transition_one(place.jira.state)
    place.planward("sync")
    place.planward("publish", "--send")

    told = [place.planward(*words) for words in (("status",), ("publish", "--diff"), ("sync",))]

    for answer in told:
        said = " ".join(answer.out.split())
        assert "muted" in said
        assert "a person or another installation edited our comment" in said
        assert "run `planward publish --unmute`" in said
    assert "We talked about this on Monday." in adf.to_text(place.ours()[0].body)

    back = place.planward("publish", "--unmute", "--json")

    assert back.json["published"]["sent"] == 1
    assert "We talked about this on Monday." not in adf.to_text(place.ours()[0].body)
    assert "--unmute" not in place.planward("status").out


def test_a_key_that_is_written_otherwise_is_the_same_issue(place: Workplace) -> None:
    place.planward("sync")
    key = place.story.status_item
    rewrite(place, f"item: {key}", f"item: {key.lower()}")

    answer = place.planward("sync", "--json")

    assert answer.json["published"]["unchanged"] == 1
    assert [method for method in place.writes() if method != "GET"] == ["POST"]
    (told,) = place.planward("status", "--json").json["publications"]
    assert (told["target"], told["state"], told["named"]) == (key, "sent", True)


def test_an_issue_that_was_moved_keeps_its_one_comment(place: Workplace) -> None:
    place.planward("sync")
    key = place.story.status_item
    place.jira.state.add_project("NEW", "Another project")
    moved = place.jira.state.move_issue(key, "NEW")
    rewrite(place, f"item: {key}", f"item: {moved}")
    (left,) = place.planward("status", "--json").json["publications"]

    synced = place.planward("sync", "--json")
    (told,) = place.planward("status", "--json").json["publications"]

    assert (left["target"], left["named"]) == (key, False)
    assert synced.json["published"]["unchanged"] == 1
    assert place.writes() == ["POST"]
    assert (told["target"], told["state"], told["named"]) == (moved, "sent", True)


def test_a_publication_whose_issue_is_no_longer_named_is_not_shown_as_current(place: Workplace) -> None:
    place.planward("sync")
    key = place.story.status_item
    rewrite(place, f"item: {key}", "item: ERP-2")
    place.planward("sync")

    told = place.planward("status", "--json").json["publications"]
    shown = place.planward("status").out

    assert {one["target"]: one["named"] for one in told} == {key: False, "ERP-2": True}
    assert shown.count("no longer named") == 1


@pytest.mark.parametrize("how", ["edited", "deleted"])
@pytest.mark.parametrize("command", [("sync",), ("publish", "--diff"), ("publish", "--send"), ("publish",)])
def test_what_a_person_makes_of_a_comment_is_noticed_while_its_content_stays(
    place: Workplace, how: str, command: tuple[str, ...]
) -> None:
    place.planward("sync")
    place.planward("sync")  # sees that the first one's comment touched its issue
    interfere(place, how)

    answer = place.planward(*command)
    (told,) = place.planward("status", "--json").json["publications"]

    who = "a person or another installation" if how == "edited" else "a person"
    assert f"{who} {how} our comment" in " ".join(answer.out.split())
    assert told["state"] == "muted"
    assert place.writes() == ["POST"]


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_a_comment_that_nobody_missed_yet_comes_back_when_a_person_wants_it(place: Workplace, how: str) -> None:
    place.planward("sync")
    body = adf.to_text(place.ours()[0].body)
    interfere(place, how)

    answer = place.planward("publish", "--unmute", "--json")

    assert answer.json["published"]["sent"] == 1
    assert [adf.to_text(one.body) for one in place.ours()] == [body]


def interfere(place: Workplace, how: str) -> None:
    """Do to our comment what a person may do."""
    mine, state = place.ours()[0], place.jira.state
    if how == "deleted":
        state.delete_comment(mine.id)
    else:
        state.edit_comment(mine.id, next(iter(state.users)), "We talked about this on Monday.")


def test_what_is_wanted_of_a_publication_is_one_thing(place: Workplace) -> None:
    answers = [place.planward("publish", *two) for two in (("--diff", "--send"), ("--diff", "--unmute"))]

    assert [answer.code for answer in answers] == [2, 2]
    assert "choose one of --diff, --send and --unmute" in " ".join(answers[0].err.split())


def test_by_the_gateway_every_address_is_still_one_that_people_can_open(tmp_path: Path) -> None:
    with workplace(tmp_path, story_now(), gateway="9f0c2b6e-cloud") as place:
        synced = place.planward("sync")
        evidence = place.planward("kpi", "--json", "--evidence", "lead_time").json["projects"][0]["kpis"]
        findings = place.planward("findings").out

    assert synced.code == 0
    (comment,) = place.ours()
    shown = [json.dumps(comment.body), json.dumps(evidence), findings]
    assert f"{HOME}/browse/{place.story.status_item}#planward-" in shown[0]
    assert f"{HOME}/browse/" in shown[1]
    assert [text for text in shown if "/ex/jira/" in text or "127.0.0.1" in text] == []


def test_a_lost_database_finds_its_old_comment_again(place: Workplace) -> None:
    place.planward("sync")
    for path in place.folder.glob("planward.db*"):
        path.unlink()

    answer = place.planward("sync", "--json")

    assert answer.code == 0
    assert len(place.ours()) == 1


def test_a_wrong_issue_to_write_to_fails_and_says_so(place: Workplace) -> None:
    rewrite(place, f"item: {place.story.status_item}", "item: ERP-4711")

    answer = place.planward("sync")

    assert answer.code == 1
    assert "ERP-4711" in answer.out
    assert place.writes() == []


def test_kpis_answer_as_the_contract_says(place: Workplace) -> None:
    place.planward("sync")

    answer = place.planward("kpi", "--json", "--evidence", "lead_time").json

    (project,) = answer["projects"]
    assert set(project) == {"project", "as_of", "period", "kpis"}
    assert set(project["period"]) == {"kind", "start", "end"}
    for kpi in project["kpis"]:
        assert set(kpi) == KPI_KEYS | ({"evidence"} if kpi["id"] == "lead_time" else set())
    rows = next(kpi["evidence"] for kpi in project["kpis"] if kpi["id"] == "lead_time")
    assert rows
    assert set(rows[0]) == {"source", "key", "title", "url", "value", "weight", "reason", "open_seconds"}


def test_every_surface_shows_the_same_stored_number(place: Workplace) -> None:
    by = place.story.approvals()[0].by.email
    place.planward("plan", "approve", "--by", by, "--on", place.story.start.isoformat())
    place.planward("sync")

    kpis = {kpi["id"]: kpi for kpi in place.planward("kpi", "--json").json["projects"][0]["kpis"]}
    with sqlite3.connect(place.folder / "planward.db") as store:
        stored = dict(store.execute("SELECT kpi, value FROM planward_measurements"))
    comment = adf.to_text(place.ours()[0].body)

    assert {kpi: one["value"] for kpi, one in kpis.items()} == stored
    problems = kpis["problems_resolved_in_time"]
    assert f"({problems['numerator']:g} of {problems['denominator']:g})" in comment


def test_the_comment_speaks_chinese_where_the_configuration_does(place: Workplace) -> None:
    rewrite(place, "language: en", "language: zh-CN")

    place.planward("sync")

    assert "里程碑" in adf.to_text(place.ours()[0].body)
