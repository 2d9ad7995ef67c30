"""Recorded answers of GitHub, taken over and told again."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.github import Clock, GithubSandbox, GithubState
from tests.sandbox.github_calls import START, Caller

TABLES = "recorded/devlake/github/e2e"
FIELDS = "number state createdAt closedAt"
NODES = f"""issues(first: 100) {{ nodes {{ {FIELDS} comments(first: 1) {{ totalCount }} }} }}
pullRequests(first: 100) {{ nodes {{ {FIELDS} mergedAt headRefName reviews(first: 1) {{ totalCount }} }} }}"""


@pytest.fixture(scope="module")
def tables(test_data: Path) -> Path:
    return test_data / TABLES


@pytest.fixture(scope="module")
def told(tables: Path) -> Iterator[Any]:
    """What the site says of the repository that was recorded."""
    state = GithubState(Clock(START))
    for raw in recorded(tables, "issues"):
        if "pull_request" not in raw:
            state.import_issue(raw)
    for raw in recorded(tables, "pull_requests"):
        state.import_pull_request(raw)
    for raw in recorded(tables, "comments"):
        state.import_comment(raw)
    for raw in recorded(tables, "pull_request_reviews"):
        state.import_review(raw)
    with GithubSandbox(state) as github, Caller(github) as caller:
        answer = caller.ask(f'{{ repository(owner: "panjf2000", name: "ants") {{ {NODES} }} }}')
        yield answer["data"]["repository"]


def recorded(tables: Path, name: str) -> list[Any]:
    return [json.loads(row["data"]) for row in rows(tables / f"raw_tables/_raw_github_api_{name}.csv")]


def rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_26_issues_have_their_lead_times(tables: Path, told: Any) -> None:
    known = {
        int(row["issue_key"]): int(row["lead_time_minutes"]) for row in rows(tables / "snapshot_tables/issues.csv")
    }

    found = {
        node["number"]: int((instant(node["closedAt"]) - instant(node["createdAt"])).total_seconds() // 60)
        for node in told["issues"]["nodes"]
    }

    assert len(found) == 26
    assert found == known


def test_49_pull_requests_have_their_states(tables: Path, told: Any) -> None:
    known = {
        int(row["pull_request_key"]): (row["status"], row["head_ref"])
        for row in rows(tables / "snapshot_tables/pull_requests.csv")
    }

    found = {node["number"]: (node["state"], node["headRefName"]) for node in told["pullRequests"]["nodes"]}

    assert len(found) == 49
    assert found == known


def test_comments_and_reviews_come_along(tables: Path, told: Any) -> None:
    about = Counter(int(raw["issue_url"].rpartition("/")[2]) for raw in recorded(tables, "comments"))
    reviewed = Counter(
        int(raw["pull_request_url"].rpartition("/")[2]) for raw in recorded(tables, "pull_request_reviews")
    )

    comments = {node["number"]: node["comments"]["totalCount"] for node in told["issues"]["nodes"]}
    reviews = {node["number"]: node["reviews"]["totalCount"] for node in told["pullRequests"]["nodes"]}

    assert comments == {number: about[number] for number in comments}
    assert reviews == {number: reviewed[number] for number in reviews}
    assert (sum(comments.values()), sum(reviews.values())) == (48, 31)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
