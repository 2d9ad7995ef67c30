"""SIGKILL at any moment, and running the command again, ends where an undisturbed run ends."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.store.engine import Store
from tests.conftest import SOAK
from tests.daemon.commands import Workplace, story_now, workplace
from tests.sandbox.server import Request
from tests.sandbox.simulator.story import Story

KILLS = 500 if SOAK else 5
# What a store says about the world. When it was told (as_of, opened_at, sent_at) differs in any two runs, and so does
# the `updated_at` of the issue that carries the comment, because posting one touches it.
VIEWS = {
    "planward_items": "source, key, remote_id, url, kind, type, title, status, category, priority, assignee,"
    " created_at, started_at, finished_at, resolved_at, due_on, reopened, deleted_at, history_complete",
    "planward_changes": "*",
    "planward_spans": "*",
    "planward_comments": "*",
    "planward_links": "*",
    "planward_milestones": "*",
    "planward_findings": "project, kind, severity, subject, closed_at, detail",
    "planward_measurements": "project, kpi, period_start, period_end, value, met, numerator, denominator, sample",
    "planward_publications": "project, source, target, topic, state, digest",
}


def told(url: str) -> dict[str, list[Any]]:
    """The rows of every view."""
    from sqlalchemy import text

    with Store.open(url) as store, store.read() as connection:
        return {
            view: sorted((tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {view}"))), key=repr)
            for view, columns in VIEWS.items()
        }


@pytest.fixture(scope="module")
def story() -> Story:
    return story_now()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], str]]:
    """A function that gives the address of the n-th empty store."""
    if request.param == "sqlite":
        yield lambda number: f"sqlite:///{tmp_path}/store{number}.db"
        return
    server = request.getfixturevalue("postgres_url")

    def empty(_number: int) -> str:
        import psycopg

        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return str(server)

    yield empty


def prepared(place: Workplace, store: str) -> None:
    place.config.write_text(place.story.config_yaml(place.jira.url, store=store), encoding="utf-8")
    for comment in place.ours():
        place.jira.state.delete_comment(comment.id)


def test_a_killed_sync_that_is_run_again_ends_like_an_undisturbed_one(
    story: Story, fresh_store: Callable[[int], str], tmp_path: Path
) -> None:
    dice = random.Random(f"kill {datetime.now(UTC).date()}")
    with workplace(tmp_path, story) as place:
        prepared(place, store := fresh_store(0))
        begun = time.monotonic()
        assert place.planward("sync").code == 0
        length = time.monotonic() - begun
        undisturbed, comment = told(store), place.ours()[0].body

        for number in range(1, KILLS + 1):
            prepared(place, store := fresh_store(number))
            process = place.start("sync")
            time.sleep(moment := dice.uniform(0.2, 1.0) * length)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            again = place.planward("sync")

            assert again.code == 0, f"killed after {moment:.3f} s: {again.err}{again.out}"
            assert told(store) == undisturbed, f"killed after {moment:.3f} s"
            assert [one.body for one in place.ours()] == [comment], f"killed after {moment:.3f} s"


@pytest.mark.parametrize("fate", ["cut_before", "cut_after_apply"])
def test_a_sync_killed_at_its_write_leaves_one_comment(fate: str, story: Story, tmp_path: Path) -> None:
    with workplace(tmp_path, story) as place:
        prepared(place, f"sqlite:///{tmp_path}/planward.db")
        process = place.start("sync")

        def post_arrives(request: Request) -> bool:
            # The stand-in itself ends the client at the instant of the write, so no luck with the clock is needed.
            arrived = request.method == "POST" and request.path.endswith("/comment")
            if arrived:
                process.kill()
            return arrived

        place.jira.faults.add(what=fate, where=post_arrives)
        process.communicate()
        left = len(place.ours())
        again = place.planward("sync")

        assert process.returncode == -signal.SIGKILL
        assert left == (1 if fate == "cut_after_apply" else 0)
        assert again.code == 0, again.err
        assert len(place.ours()) == 1


def test_a_page_and_its_cursor_are_saved_together(story: Story, tmp_path: Path) -> None:
    with workplace(tmp_path, story) as place:
        prepared(place, f"sqlite:///{tmp_path}/page.db")
        place.jira.faults.add(where="POST .*/changelog/bulkfetch", what="cut_before", times=None)

        answer = place.planward("sync", "--json")

        assert answer.code == 1
        with sqlite3.connect(tmp_path / "page.db") as store:
            assert store.execute("SELECT count(*) FROM items").fetchone() == (0,)
            assert store.execute("SELECT count(*) FROM cursors").fetchone() == (0,)
