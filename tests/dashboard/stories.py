"""A workplace in which months have passed: its store holds the numbers of several periods."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from config.load import load
from core.daemon import compose
from core.projects import hold
from core.store.engine import Store
from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox.simulator.export import version_file, write_files

MONTHS = 3


@contextmanager
def lived(folder: Path, name: str, language: str) -> Iterator[Workplace]:
    """The workplace of a story whose plan was approved as it was, and that was measured each week."""
    story = story_now(name)
    with workplace(folder, story, whole=True) as place:
        config = place.config.read_text(encoding="utf-8").replace("language: en", f"language: {language}")
        write_files(story, folder, place.jira.url, secret=place.jira.token)
        place.config.write_text(config, encoding="utf-8")
        place.planward("db", "upgrade")
        for approval in story.approvals():
            shutil.copy(folder / version_file(story, approval.version), folder / story.plan_file)
            day = story.hours.day_of(approval.at).isoformat()
            place.planward("plan", "approve", "--by", approval.by.email, "--on", day)
        shutil.copy(folder / version_file(story, story.plan.latest), folder / story.plan_file)
        assert place.planward("sync").code == 0
        with patch.dict(os.environ, place.environment()):
            settings = load(place.config)
        with Store.open(settings.store) as store:
            (job,) = compose.project_jobs(settings)
            for weeks in range(MONTHS * 4, -1, -1):
                hold(store, job, datetime.now(UTC) - timedelta(weeks=weeks))
        yield place
