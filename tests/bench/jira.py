"""A Jira Cloud of many issues beside the goals."""

from __future__ import annotations

import os
import time
from typing import Any

import msgspec
import requests

from connectors.jira import fetch
from connectors.jira.payloads import ISSUE, ISSUE_ENTRIES, BulkChangelog, SearchPage
from tests.bench.process import served
from tests.bench.syncing import Tracker, Walked, flatness, measure

ISSUES = int(os.environ.get("PLANWARD_BENCH_ISSUES", "10000"))
CONFIG = """
store: sqlite:///planward.db
sources:
  jira:
    kind: jira
    url: "{url}"
    user: "{user}"
    token: {{env: JIRA_TOKEN}}
    private_address: true
    projects: [BULK]
projects:
  bulk:
    name: Bulk
    sources: [jira]
    roles: {{problem: {{type: [Bug]}}}}
"""
IMPORTS = (
    "import core.daemon.cycling, core.daemon.compose, connectors.jira.fetch, connectors.jira.write, alembic.command"
)


def bench() -> None:
    """Print the figures of a small and a large project."""
    flatness({issues: project(issues) for issues in (max(ISSUES // 10, 100), ISSUES)})


def project(issues: int) -> float:
    """Print the figures of a project with that many issues. Returns the peak MiB above the imports."""
    print(f"\nJira Cloud: {issues:,} issues, {issues * 8:,} changes, {issues * 3:,} comments, into SQLite")
    with served("jira", issues) as site:
        return measure(
            Tracker(
                source="jira",
                config=CONFIG.format_map(site),
                token=("JIRA_TOKEN", site["token"]),
                imports=IMPORTS,
                items=issues,
                changes=issues * 8,
                comments=issues * 3,
                goal=13,
                walk=lambda: walk(site),
                change=lambda number: transition(site["url"], f"BULK-{number}"),
            )
        )


def walk(site: dict[str, Any]) -> Walked:
    """A bare token walk with bulk histories, decoded and dropped."""
    session = requests.Session()
    session.auth = (site["user"], site["token"])
    pages, histories = msgspec.json.Decoder(SearchPage), msgspec.json.Decoder(BulkChangelog)
    search, bulkfetch = f"{site['url']}/rest/api/3/search/jql", f"{site['url']}/rest/api/3/changelog/bulkfetch"
    sent, issues = 0, 0
    begun = time.process_time()
    body: dict[str, Any] = {
        "jql": "project = BULK ORDER BY created ASC",
        "fields": list(fetch.FIELDS),
        "maxResults": 100,
    }
    ids: list[str] = []
    while True:
        page = pages.decode(session.post(search, json=body, timeout=60).content)
        sent += 1
        ids += [ISSUE.decode(issue).id for issue in page.issues]
        last = not page.next_page_token
        if len(ids) >= 1000 or (last and ids):
            issues += len(ids)
            asked: dict[str, Any] = {"issueIdsOrKeys": ids, "maxResults": 10_000}
            while True:
                part = histories.decode(session.post(bulkfetch, json=asked, timeout=60).content)
                sent += 1
                for entries in part.issue_change_logs:
                    ISSUE_ENTRIES.decode(entries)
                if not part.next_page_token:
                    break
                asked["nextPageToken"] = part.next_page_token
            ids = []
        if last:
            return Walked(cpu=time.process_time() - begun, requests=sent, items=issues)
        body["nextPageToken"] = page.next_page_token


def transition(url: str, key: str) -> None:
    """Move an issue of the stand-in to another status."""
    answer = requests.post(f"{url}/__sandbox__/transition", json={"key": key, "status": "In Progress"}, timeout=10)
    answer.raise_for_status()
