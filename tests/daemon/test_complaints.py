"""Who reads what of a failure: sentences on stderr, one JSON document on stdout where it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


def rewrite(place: Workplace, old: str, new: str) -> None:
    text = place.config.read_text(encoding="utf-8")
    assert old in text
    place.config.write_text(text.replace(old, new), encoding="utf-8")


def test_a_failure_is_json_on_stdout_and_a_sentence_on_stderr(place: Workplace) -> None:
    answer = place.planward("status", "--json")

    assert answer.code == 1
    error = answer.json["error"]
    assert set(answer.json) == {"error"}
    assert set(error) == {"kind", "message", "problems", "advice"}
    assert (error["kind"], error["problems"]) == ("StoreMissing", [])
    assert error["message"].startswith("there is no database file")
    assert answer.err == f"planward: {error['message']}\n{error['advice']}\n"


def test_every_problem_of_the_configuration_is_in_the_json(place: Workplace) -> None:
    rewrite(place, "write_back: send", "write_back: perhaps")
    rewrite(place, "timezone:", "timezoom:")

    answer = place.planward("check", "--json")

    assert answer.code == 78
    error = answer.json["error"]
    assert error["kind"] == "ConfigurationError"
    assert len(error["problems"]) == 2
    assert all(problem in answer.err.splitlines() for problem in error["problems"])


@pytest.mark.parametrize(
    ("words", "named"), [(["kpi", "--nonsense"], "--nonsense"), (["publish", "--diff", "--send"], "--diff")]
)
def test_wrong_usage_is_json_as_well(place: Workplace, words: list[str], named: str) -> None:
    answer = place.planward(*words, "--json")

    assert answer.code == 2
    assert answer.json["error"]["kind"] == "UsageError"
    assert named in answer.json["error"]["message"]
    assert answer.json["error"]["message"] in answer.err


def test_a_failure_without_json_leaves_stdout_empty(place: Workplace) -> None:
    answer = place.planward("status")

    assert (answer.code, answer.out) == (1, "")
    assert "there is no database file" in answer.err


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_source_that_fails_is_told_on_stderr(place: Workplace, form: list[str]) -> None:
    rewrite(place, place.jira.url, "http://127.0.0.1:9")

    answer = place.planward("sync", *form)

    assert answer.code == 1
    assert "127.0.0.1" in answer.err
    assert "the next cycle tries again" in answer.err
    assert "the next cycle tries again" not in answer.out
    if form:
        assert "127.0.0.1" in answer.json["sources"]["acme-jira"]["error"]
    else:
        assert "127.0.0.1" not in answer.out


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_publication_that_fails_is_told_on_stderr(place: Workplace, form: list[str]) -> None:
    rewrite(place, f"item: {place.story.status_item}", "item: ERP-4711")
    place.planward("sync")

    synced, published = place.planward("sync", *form), place.planward("publish", *form)

    for answer in (synced, published):
        assert answer.code == 1
        assert "acme-jira ERP-4711: " in answer.err
        assert "acme-jira ERP-4711: " not in answer.out
    if form:
        assert synced.json["published"]["failed"] == 1
        assert published.json["publications"][0]["detail"] in published.err
