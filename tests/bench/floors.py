"""The floors: the same work done with nothing around it, in the same process and on the same machine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import requests

from connectors.jira import fetch
from connectors.jira.payloads import ISSUE, ISSUE_ENTRIES, BulkChangelog, SearchPage


def fetch_floor(url: str, user: str, token: str) -> tuple[float, int, int]:
    """Processor seconds, requests and issues of a bare token walk with bulk histories, decoded and dropped."""
    session = requests.Session()
    session.auth = (user, token)
    pages, histories = msgspec.json.Decoder(SearchPage), msgspec.json.Decoder(BulkChangelog)
    sent, issues = 0, 0
    begun = time.process_time()
    body: dict[str, Any] = {
        "jql": "project = BULK ORDER BY created ASC",
        "fields": list(fetch.FIELDS),
        "maxResults": 100,
    }
    ids: list[str] = []
    while True:
        page = pages.decode(session.post(f"{url}/rest/api/3/search/jql", json=body, timeout=60).content)
        sent += 1
        ids += [ISSUE.decode(issue).id for issue in page.issues]
        last = not page.next_page_token
        if len(ids) >= 1000 or (last and ids):
            issues += len(ids)
            asked: dict[str, Any] = {"issueIdsOrKeys": ids, "maxResults": 10_000}
            while True:
                part = histories.decode(
                    session.post(f"{url}/rest/api/3/changelog/bulkfetch", json=asked, timeout=60).content
                )
                sent += 1
                for entries in part.issue_change_logs:
                    ISSUE_ENTRIES.decode(entries)
                if not part.next_page_token:
                    break
                asked["nextPageToken"] = part.next_page_token
            ids = []
        if last:
            return time.process_time() - begun, sent, issues
        body["nextPageToken"] = page.next_page_token


TABLES = ("items", "changes", "comments", "spans")


def store_floor(store: Path, copy: Path, tables: Sequence[str] = TABLES) -> tuple[float, int]:
    """Processor seconds and rows of writing the stored rows with the bare driver, a page a transaction."""
    source = sqlite3.connect(store)
    target = sqlite3.connect(copy, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    rows: dict[str, Sequence[Any]] = {}
    for table in tables:
        (schema,) = source.execute("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", (table,)).fetchone()
        target.execute(schema)
        rows[table] = source.execute(f"SELECT * FROM {table}").fetchall()
    source.close()
    total = sum(len(of_table) for of_table in rows.values())
    begun = time.process_time()
    pages = max(1, len(rows["items"]) // 1000)
    for page in range(pages):
        target.execute("BEGIN IMMEDIATE")
        for table in tables:
            size = -(-len(rows[table]) // pages)
            part = rows[table][page * size : (page + 1) * size]
            if part:
                marks = ",".join("?" * len(part[0]))
                target.executemany(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", part)
        target.execute("COMMIT")
    seconds = time.process_time() - begun
    target.close()
    return seconds, total
