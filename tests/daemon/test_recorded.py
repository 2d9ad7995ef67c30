"""Real input: three recorded Jira projects through the stand-in, the command line and the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.daemon.commands import Answer
from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.simulator import titanium

CONFIG = """
store: sqlite:///planward.db
sources:
  titanium:
    kind: jira
    url: "{url}"
    user: "{user}"
    token: {{env: JIRA_TOKEN}}
    private_address: true
    projects: [DAEMON, MOD, ALOY]
projects:
  mobile:
    name: Mobile
    sources: [titanium]
    roles: {{problem: {{type: [Bug]}}}}
"""
# The answers that come with the recording: resolved issues, sum of whole lead minutes, done issues without a date.
ANSWERS = {
    "DAEMON": (317, 287, 40_823_678, 0),
    "MOD": (367, 272, 71_290_794, 4),
    "ALOY": (1_499, 1_283, 191_722_824, 1),
}


UNDATED = "WHERE category = 'done' AND finished_at IS NULL AND resolved_at IS NULL"


class Synced(NamedTuple):
    """A folder with a synced store, and what the commands answered."""

    folder: Path
    first: Answer
    second: Answer
    month: Answer
    undated: Answer
    present: Answer


@pytest.fixture(scope="module")
def synced(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """The folder, and what two syncs and the KPIs of one month and of now answered."""
    import os
    import subprocess

    from tests.daemon.commands import COMMAND, ROOT

    folder = tmp_path_factory.mktemp("titanium")
    state = JiraState(Clock(datetime.now(UTC), running=True))
    titanium.load(state, test_data)
    with JiraSandbox(state) as jira:
        (folder / "planward.yaml").write_text(CONFIG.format(url=jira.url, user=jira.user), encoding="utf-8")
        environment = {**os.environ, "JIRA_TOKEN": jira.token, "PYTHONPATH": str(ROOT)}

        def planward(*arguments: str) -> Answer:
            done = subprocess.run(
                [*COMMAND, *arguments, "--json"],
                env=environment,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            return Answer(done.returncode, done.stdout, done.stderr)

        first = planward("sync")
        ((month,),) = rows(
            folder, f"SELECT strftime('%Y-%m', max(updated_at) / 1000000, 'unixepoch') FROM items {UNDATED}"
        )
        yield Synced(
            folder,
            first,
            planward("sync", "--full"),
            planward("kpi", "--period", "2016-02", "--evidence", "lead_time"),
            planward("kpi", "--period", month),
            planward("kpi"),
        )


def rows(folder: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "planward.db") as store:
        return store.execute(query, values).fetchall()


@pytest.mark.parametrize("project", ANSWERS)
def test_resolved_issues_and_lead_minutes_are_the_known_ones(synced: Synced, project: str) -> None:
    folder, first = synced.folder, synced.first
    assert first.code == 0, first.err

    (answer,) = rows(
        folder,
        # instants are microseconds: whole minutes are a division
        "SELECT count(*), count(resolved_at), sum((resolved_at - created_at) / 60000000),"
        " sum(category = 'done' AND resolved_at IS NULL) FROM items WHERE project = ?",
        project,
    )

    assert answer == ANSWERS[project]


def test_done_issues_without_a_date_get_no_invented_one(synced: Synced) -> None:
    query = "SELECT finished_at, resolved_at FROM planward_items WHERE category = 'done' AND resolved_at IS NULL"
    dateless = rows(synced.folder, query)

    assert dateless == [(None, None)] * 5


def test_everything_arrives_and_a_second_full_sync_changes_nothing(synced: Synced) -> None:
    told = synced.first.json["sources"]["titanium"]
    again = synced.second.json["sources"]["titanium"]

    assert (told["ok"], told["items"], told["set_aside"]) == (True, 2_183, 0)
    assert told["comments"] == 475 + 1_443 + 4_513
    assert rows(synced.folder, "SELECT count(*) FROM planward_links") == [(141 + 138 + 988,)]
    assert (again["items"], again["changes"], again["comments"]) == (0, 0, 0)


def test_kpis_over_them_print_with_evidence(synced: Synced) -> None:
    assert synced.month.code == 0, synced.month.err

    numbers = {kpi["id"]: kpi for kpi in synced.month.json["projects"][0]["kpis"]}
    present = {kpi["id"]: kpi for kpi in synced.present.json["projects"][0]["kpis"]}
    lead_time = numbers["lead_time"]
    counted = [row["value"] for row in lead_time["evidence"] if row["value"] is not None]
    resolved = rows(
        synced.folder,
        "SELECT (resolved_at - created_at) / 1000000 FROM items"
        " WHERE category = 'done' AND resolved_at >= ? AND resolved_at < ? ORDER BY 1",
        int(datetime(2016, 2, 1, tzinfo=UTC).timestamp() * 1_000_000),
        int(datetime(2016, 3, 1, tzinfo=UTC).timestamp() * 1_000_000),
    )

    assert lead_time["sample"] == len(counted) > 0
    assert lead_time["value"] in counted
    assert len(counted) <= len(resolved)
    assert numbers["delivered_on_time"]["value"] is None
    assert numbers["delivered_on_time"]["reason"] == "no_baseline"
    assert present["lead_time"]["excluded"] == {}


def test_what_is_done_since_nobody_knows_when_is_left_out_where_that_may_have_been(synced: Synced) -> None:
    (numbers,) = (one for one in synced.undated.json["projects"][0]["kpis"] if one["id"] == "lead_time")
    period = synced.undated.json["projects"][0]["period"]
    begin, end = (int(datetime.fromisoformat(period[name]).timestamp() * 1_000_000) for name in ("start", "end"))

    expected = rows(
        synced.folder, f"SELECT count(*) FROM items {UNDATED} AND created_at < ? AND updated_at >= ?", end, begin
    )

    assert numbers["excluded"]["no_completion_date"] == expected[0][0]
