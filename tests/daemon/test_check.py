"""`planward check` looks at everything that a cycle would stumble over, and changes nothing by looking."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from tests.daemon.commands import Workplace, story_now, workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


def rewrite(place: Workplace, old: str, new: str) -> None:
    text = place.config.read_text(encoding="utf-8")
    assert old in text
    place.config.write_text(text.replace(old, new), encoding="utf-8")


# --- the store ---


def test_a_store_that_is_not_there_yet_will_be_made(place: Workplace) -> None:
    people, programs = place.planward("check"), place.planward("check", "--json")

    assert (people.code, programs.code) == (0, 0)
    assert "not there yet; `planward sync` or `planward db upgrade` will make it" in people.out
    assert programs.json["store"]["state"] == "missing"
    assert not list(place.folder.glob("planward.db*"))


def test_a_store_that_is_there_is_ready(place: Workplace) -> None:
    place.planward("db", "upgrade")

    answer = place.planward("check", "--json")

    assert answer.code == 0
    assert (answer.json["ok"], answer.json["store"]["state"]) == (True, "ready")


def test_a_newer_schema_fails_the_check(place: Workplace) -> None:
    place.planward("db", "upgrade")
    with sqlite3.connect(place.folder / "planward.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")

    people, programs = place.planward("check"), place.planward("check", "--json")

    assert (people.code, programs.code) == (1, 1)
    assert "newer than this program's" in people.out
    assert "Install the newer Planward" in people.out
    assert (programs.json["ok"], programs.json["store"]["state"]) == (False, "unusable")


def test_a_server_that_is_not_there_fails_the_check_without_its_password(place: Workplace) -> None:
    rewrite(place, "sqlite:///planward.db", "postgresql://planward:hunter2@127.0.0.1:1/planward")

    answer = place.planward("check", "--json")

    assert answer.code == 1
    assert "nothing listens there" in answer.json["store"]["error"]
    assert "hunter2" not in answer.out + answer.err


def test_a_reference_that_leads_to_no_store_is_a_mistake_of_the_configuration(place: Workplace) -> None:
    rewrite(place, "store: sqlite:///planward.db", "store: {env: PLACE_OF_THE_STORE}")

    answer = place.planward("check", "--json", PLACE_OF_THE_STORE="a letter to the finance department")

    assert answer.code == 78
    assert answer.json["store"]["state"] == "misconfigured"
    assert "finance" not in answer.out


# --- files ---


@pytest.mark.parametrize("setting", ["ca", "client_certificate"])
@pytest.mark.parametrize("content", [None, "a letter to the finance department"])
def test_a_certificate_file_that_cannot_be_used_is_named(place: Workplace, setting: str, content: str | None) -> None:
    rewrite(place, "    private_address: true\n", f"    private_address: true\n    {setting}: our.pem\n")
    if content is not None:
        (place.folder / "our.pem").write_text(content, encoding="utf-8")

    people, programs = place.planward("check"), place.planward("check", "--json")

    assert (people.code, programs.code) == (78, 78)
    (problem,) = programs.json["unusable_files"]
    assert problem.startswith(f"sources.acme-jira.{setting}: ")
    assert "our.pem" in problem
    assert problem in people.out


def test_a_file_of_certificates_passes(place: Workplace) -> None:
    rewrite(
        place, "    private_address: true\n", f"    private_address: true\n    ca: {DEFAULT_CA_BUNDLE_PATH}\n"
    )  # fmt: skip

    answer = place.planward("check", "--json")

    assert (answer.code, answer.json["unusable_files"]) == (0, [])


# --- the configuration itself ---


def test_the_configuration_is_shown_to_programs_as_well_and_its_schema_takes_a_file_too(place: Workplace) -> None:
    people, programs = place.planward("config", "show"), place.planward("config", "show", "--json")
    schema = place.planward("config", "schema")

    assert yaml.safe_load(people.out) == yaml.safe_load(programs.out)
    assert "acme-jira" in programs.json["sources"]
    assert place.jira.token not in people.out + programs.out
    assert (schema.code, schema.json["type"]) == (0, "object")


def test_parts_of_the_plan_that_nothing_is_held_against_yet_are_named(place: Workplace) -> None:
    plan = place.folder / place.story.plan_file
    risk = "  - {id: K1, name: Late, probability: high, impact: high, response: wait, due: 2026-09-11}\n"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text if "risks:" in text else f"{text}risks:\n{risk}", encoding="utf-8")

    notes = place.planward("check", "--json").json["notes"]

    (note,) = [one for one in notes if "does not watch" in one]
    assert note.startswith("erp-upgrade: this version keeps the plan's ")
    assert "risks" in note


# --- names that the source does not have ---


def test_online_names_of_statuses_and_types_that_are_not_there_are_noted(place: Workplace) -> None:
    place.planward("sync")
    right = place.planward("check", "--online", "--json")
    rewrite(place, "      - Blocked\n", "      - Blokced\n")
    rewrite(place, "roles:\n", "roles:\n      risk: {type: [Tsak]}\n")

    wrong, offline = place.planward("check", "--online", "--json"), place.planward("check", "--json")

    def about_names(notes: list[str]) -> list[str]:
        return [note for note in notes if "Blokced" in note or "Tsak" in note]

    assert about_names(wrong.json["notes"]) == [
        "acme-jira: has no status `Blokced`, which `statuses` names; did you mean `Blocked`?",
        "erp-upgrade: no issue is of type `Tsak`, which role risk names; did you mean `Task`?",
    ]
    assert about_names(offline.json["notes"]) == []
    assert [note for note in right.json["notes"] if "has no status" in note] == []
    assert wrong.code == 0


# --- the places to write to ---


def test_online_every_place_to_write_to_is_looked_at_and_nothing_is_sent(place: Workplace) -> None:
    before = place.planward("check", "--online", "--json")
    place.planward("sync")
    after = place.planward("check", "--online")

    (target,) = before.json["targets"]
    assert before.code == 0
    assert (target["target"], target["ok"], target["comment"]) == (place.story.status_item, True, None)
    assert after.code == 0
    assert "stands there" in after.out
    assert place.writes().count("POST") == 1


def test_online_an_issue_that_cannot_be_seen_fails_the_check(place: Workplace) -> None:
    rewrite(place, f"item: {place.story.status_item}", "item: ERP-4711")

    offline, online = place.planward("check"), place.planward("check", "--online", "--json")

    assert offline.code == 0
    assert online.code == 1
    (target,) = online.json["targets"]
    assert (target["ok"], target["comment"]) == (False, None)
    assert target["target"] == "ERP-4711"
    assert "hides it from our account" in target["error"]
    assert target["advice"]


# --- planward db check ---


def test_a_healthy_database_passes_its_check(place: Workplace) -> None:
    place.planward("sync")

    people, programs = place.planward("db", "check"), place.planward("db", "check", "--json")

    assert (people.code, programs.code) == (0, 0)
    assert programs.json == {"ok": True, "problems": []}
    assert "fits together" in people.out


def test_a_database_that_contradicts_itself_fails_its_check(place: Workplace) -> None:
    place.planward("sync")
    with sqlite3.connect(place.folder / "planward.db") as store:
        store.execute("DELETE FROM items WHERE key = 'ERP-2'")

    people, programs = place.planward("db", "check"), place.planward("db", "check", "--json")

    assert (people.code, programs.code) == (1, 1)
    assert not programs.json["ok"]
    assert any("belong to no row of items" in problem for problem in programs.json["problems"])
    assert "Restore the latest good backup" in people.out


# --- what there is to be read ---


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace with all tools."""
    with workplace(tmp_path, story_now(), whole=True) as place:
        yield place


def test_online_every_source_says_how_much_there_is_to_be_read(whole: Workplace) -> None:
    people, programs = whole.planward("check", "--online"), whole.planward("check", "--online", "--json")
    whole.planward("sync")

    told = {name: one["holds"] for name, one in programs.json["accounts"].items()}
    read = whole.planward("status", "--json").json["sources"]
    assert (people.code, programs.code) == (0, 0)
    assert all(told.values())
    assert told == {name: one["items"] + one["events"] for name, one in read.items()}
    for words in (people.out, whole.planward("status").out):
        assert f"{told['acme-jira']} items" in words
        assert f"{told['team-calendar']} events" in words


def test_online_what_is_not_there_to_be_read_fails_the_check_though_the_account_is_right(whole: Workplace) -> None:
    settings = yaml.safe_load(whole.config.read_text(encoding="utf-8"))
    settings["sources"]["acme-jira"]["projects"] = ["EPR"]
    settings["sources"]["acme-github"]["repositories"].append("acme/nope")
    whole.config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    wrong = whole.tools.secrets["CALENDAR_URL"].replace("private-", "privat-")

    people = whole.planward("check", "--online", CALENDAR_URL=wrong)
    programs = whole.planward("check", "--online", "--json", CALENDAR_URL=wrong)

    told = programs.json["accounts"]
    assert (people.code, programs.code) == (1, 1)
    assert {name: (one["ok"], one["holds"]) for name, one in told.items()} == dict.fromkeys(told, (False, None))
    assert "EPR" in told["acme-jira"]["error"]
    assert "acme/nope" in told["acme-github"]["error"]
    assert "no such thing" in told["team-calendar"]["error"]
    assert told["acme-jira"]["account"]
    assert told["acme-github"]["account"]
    for name, one in told.items():
        assert one["error"] in people.out
        (advised,) = [line for line in people.out.splitlines() if one["advice"] in line]
        assert name in advised
