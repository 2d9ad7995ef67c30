"""`planward plan approve`: a sign-off is by somebody, on a day that can be, or it is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.commands import Answer, Workplace, story_now, workplace

PERSON = "people:\n- name: 李伟\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("place"), story_now()) as place:
        yield place


def approve(place: Workplace, *words: str) -> Answer:
    return place.planward("plan", "approve", "--json", *words)


def without_people(place: Workplace, folder: Path) -> Workplace:
    """The same workplace without a word of people."""
    text = place.config.read_text(encoding="utf-8")
    before, _, rest = text.partition("people:\n")
    other = Workplace(folder, place.tools, "sqlite:///planward.db")
    other.config.write_text(before + rest[rest.index("projects:\n") :], encoding="utf-8")
    return other


@pytest.mark.parametrize("by", ["li.wei@example.com", "Li.Wei@EXAMPLE.com", "李伟", " li.wei@example.com "])
def test_a_person_is_known_by_address_or_name_and_kept_by_address(place: Workplace, by: str) -> None:
    answer = approve(place, "--by", by)

    assert answer.code == 0, answer.err
    assert answer.json["approved_by"] == "li.wei@example.com"


@pytest.mark.parametrize(
    ("by", "hint"),
    [
        ("li.wie@example.com", "did you mean `li.wei@example.com`?"),
        ("Grace Okafr", "did you mean `Grace Okafor`?"),
        ("zzz", "write one of "),
        ("  ", "e-mail address"),
    ],
)
def test_a_stranger_cannot_approve(place: Workplace, by: str, hint: str) -> None:
    before = place.planward("plan", "show", "--json").out

    answer = approve(place, "--by", by)

    assert answer.code == 2
    assert answer.json["error"]["kind"] == "UsageError"
    assert hint in answer.json["error"]["advice"]
    assert place.planward("plan", "show", "--json").out == before


def test_a_name_that_two_people_bear_is_not_enough(place: Workplace, tmp_path: Path) -> None:
    other = Workplace(tmp_path, place.tools, "sqlite:///planward.db")
    text = other.config.read_text(encoding="utf-8")
    assert PERSON in text
    twin = PERSON + "  email: another.li.wei@example.com\n- name: 李伟\n"
    other.config.write_text(text.replace(PERSON, twin), encoding="utf-8")

    answer = approve(other, "--by", "李伟")

    assert answer.code == 2
    assert "another.li.wei@example.com or li.wei@example.com" in answer.json["error"]["advice"]


def test_where_no_people_are_configured_any_name_will_do(place: Workplace, tmp_path: Path) -> None:
    answer = approve(without_people(place, tmp_path), "--by", "the steering committee")

    assert answer.code == 0, answer.err
    assert answer.json["approved_by"] == "the steering committee"


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("0001-01-01", "0001-01-01 is too long ago"),
        ("1969-12-31", "1969-12-31 is too long ago"),
        ((datetime.now(UTC) + timedelta(days=2)).date().isoformat(), "has not come yet"),
        ("9999-12-31", "has not come yet"),
        ("yesterday", "is not a day"),
    ],
)
def test_an_impossible_day_is_refused(place: Workplace, on: str, why: str) -> None:
    answer = approve(place, "--by", "li.wei@example.com", "--on", on)

    assert answer.code == 2
    assert why in answer.json["error"]["message"]


def test_a_sign_off_of_an_earlier_day_does_not_end_the_later_one(place: Workplace, tmp_path: Path) -> None:
    other = Workplace(tmp_path, place.tools, "sqlite:///planward.db")
    by = ("--by", "li.wei@example.com")
    today = datetime.now(UTC).date()

    first = other.planward("plan", "approve", *by, "--on", (today - timedelta(days=10)).isoformat())
    earlier = other.planward("plan", "approve", *by, "--on", (today - timedelta(days=20)).isoformat())
    told = approve(other, *by, "--on", (today - timedelta(days=30)).isoformat())

    assert "These are now the promised ones." in first.out
    assert "promised ones" not in earlier.out
    assert f"Baseline 1, approved on {today - timedelta(days=10)}, stays in force" in " ".join(earlier.out.split())
    assert (told.json["baseline"], told.json["in_force"]) == (3, 1)


def test_numbers_of_an_impossible_day_are_refused_as_well(place: Workplace) -> None:
    place.planward("db", "upgrade")

    answer = place.planward("kpi", "--json", "--as-of", "0001-01-01")

    assert answer.code == 2
    assert "too long ago" in answer.json["error"]["message"]
