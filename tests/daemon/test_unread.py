"""What was never read to its end is said to be so: nothing is called empty, and why nothing is written back is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.daemon.commands import Workplace, story_now, workplace


@pytest.fixture
def unread(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace whose first cycle failed."""
    with workplace(tmp_path, story_now()) as place:
        place.jira.faults.add(what="status", code=403, times=None)
        assert place.planward("sync").code == 1
        yield place


def test_no_number_says_that_there_is_nothing_where_nothing_was_read(unread: Workplace) -> None:
    people, programs = unread.planward("kpi"), unread.planward("kpi", "--json", "--evidence", "lead_time")

    (project,) = programs.json["projects"]
    assert project["kpis"]
    assert {(one["value"], one["reason"], one["met"], one["sample"]) for one in project["kpis"]} == {
        (None, "not_read", None, 0)
    }
    assert [one["evidence"] for one in project["kpis"] if one["id"] == "lead_time"] == [[]]
    assert "no items of this kind" not in people.out
    assert "Not current: acme-jira." in people.out


def test_why_nothing_is_written_back_is_told_with_the_sources(unread: Workplace) -> None:
    told = unread.planward("publish").out
    unread.jira.faults.clear()
    unread.planward("sync")
    settings = yaml.safe_load(unread.config.read_text(encoding="utf-8"))
    for project in settings["projects"].values():
        del project["publish"]
    unread.config.write_text(yaml.safe_dump(settings), encoding="utf-8")

    nowhere = unread.planward("publish").out

    assert "Not read yet: acme-jira" in told
    assert "under “publish”" not in told
    assert nowhere.strip() == "Nothing to write back: no project says under “publish” where to."
