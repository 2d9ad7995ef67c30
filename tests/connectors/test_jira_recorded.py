"""Three recorded projects, ten years of them, read through the whole connector: the counts are the recording's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.sources import JiraSettings
from connectors.jira.fetch import JiraSource
from core.model import Category
from tests.connectors.contract import Mirror
from tests.sandbox.jira import Clock, JiraSandbox, JiraState
from tests.sandbox.simulator.titanium import PROJECTS, Recorded, load

CATEGORIES = {"done": Category.DONE, "indeterminate": Category.ACTIVE, "new": Category.TODO}
Settings = Callable[..., JiraSettings]


@pytest.fixture(scope="module")
def recorded(test_data: Path) -> tuple[JiraState, dict[str, Recorded]]:
    state = JiraState(Clock(datetime(2026, 1, 1, tzinfo=UTC)))
    return state, load(state, test_data)


def test_recorded_projects_arrive_as_they_were_counted(
    recorded: tuple[JiraState, dict[str, Recorded]], settings: Settings
) -> None:
    state, answers = recorded
    mirror = Mirror()
    with JiraSandbox(state) as jira:
        source = JiraSource("titanium", settings(jira, projects=PROJECTS))
        mirror.pull(source)
        again = mirror.pull(source)

    assert [page.snapshots for page in again] == [()]
    assert mirror.set_aside == {}
    for project, answer in answers.items():
        snapshots = [s for s in mirror.snapshots.values() if s.item.project == project]
        resolved = [s.item for s in snapshots if s.item.resolved_at is not None]
        minutes = [(i.resolved_at - i.created_at).total_seconds() // 60 for i in resolved if i.resolved_at]
        undated = [s for s in snapshots if s.item.tracker_category is Category.DONE and not s.item.resolved_at]
        assert len(snapshots) == answer.issues
        assert (len(resolved), sum(minutes)) == (answer.resolved, answer.lead_minutes)
        assert len(undated) == len(answer.done_without_date)
        assert sum(len(s.comments or ()) for s in snapshots) == answer.comments
        assert sum(len(s.links or ()) for s in snapshots) == answer.links
        assert sum(s.item.parent_key is not None for s in snapshots) == answer.with_parent
        for name, category in CATEGORIES.items():
            assert sum(s.item.tracker_category is category for s in snapshots) == answer.categories.get(name, 0)
