"""What nobody has read for weeks is called up to date nowhere, and no surface contradicts another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox.jira import adf

SILENCE = timedelta(days=25)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace whose last cycle was 25 days ago."""
    with workplace(tmp_path, story_now()) as place:
        assert place.planward("sync").code == 0
        with closing(sqlite3.connect(tmp_path / "planward.db")) as store, store:
            ago = int(SILENCE / timedelta(microseconds=1))
            store.execute(f"UPDATE runs SET started_at = started_at - {ago}, finished_at = finished_at - {ago}")
            store.execute(f"UPDATE runs SET answered_at = answered_at - {ago} WHERE answered_at IS NOT NULL")
        yield place


def test_after_weeks_of_silence_no_surface_says_up_to_date(place: Workplace) -> None:
    status = place.planward("status")
    told = place.planward("status", "--json").json["sources"]["acme-jira"]
    kpis = place.planward("kpi")
    stored = place.planward("kpi", "--json").json["projects"][0]["kpis"]
    diff = place.planward("publish", "--diff")

    assert "not up to date" in status.out
    assert (told["state"], told["ok"]) == ("stale", True)
    assert "Not current: acme-jira." in kpis.out
    assert {tuple(one["stale_sources"]) for one in stored} == {("acme-jira",)}
    assert "acme-jira stale since" in diff.out

    place.planward("publish", "--send")

    (comment,) = place.ours()
    assert "acme-jira stale since" in adf.to_text(comment.body)
    assert "acme-jira up to date" not in adf.to_text(comment.body)
