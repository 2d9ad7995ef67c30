"""A GitHub repository of many issues and pull requests beside the goals."""

from __future__ import annotations

import os
import time
from typing import Any

import msgspec
import requests

from connectors.github.payloads import ISSUE, PULL_REQUEST, Envelope, Listing, Lists
from connectors.github.queries import Documents
from tests.bench.points import Spent, spent
from tests.bench.process import served
from tests.bench.syncing import Tracker, Walked, flatness, measure

ITEMS = int(os.environ.get("PLANWARD_BENCH_ITEMS", "10000"))
"""Issues and pull requests, half and half: those that use both have about as many of the one as of the other."""
CONFIG = """
store: sqlite:///planward.db
sources:
  github:
    kind: github
    url: "{url}"
    token: {{env: GITHUB_TOKEN}}
    private_address: true
    repositories: ["{repository}"]
projects:
  bulk:
    name: Bulk
    sources: [github]
    roles: {{problem: {{label: [big]}}}}
"""
IMPORTS = (
    "import core.daemon.cycling, core.daemon.compose, connectors.github.fetch, connectors.github.places,"
    " alembic.command, github"
)
LISTS = 48
"""Points for a thousand items with labels, assignees, histories and comments."""
ANOTHER = 10
"""Points for each further list of a thousand items."""


def bench() -> None:
    """Print the figures of a small and a large repository."""
    flatness({items: repository(items) for items in (max(ITEMS // 10, 100), ITEMS)})


def repository(items: int) -> float:
    """Print the figures of a repository with that many items. Returns the peak MiB above the imports."""
    with served("github", items - items // 2, items // 2) as site:
        print(f"\nGitHub: {site['issues']:,} issues and {site['pulls']:,} pull requests,", end=" ")
        print(f"{site['events']:,} events, {site['comments']:,} comments, into SQLite")
        return measure(
            Tracker(
                source="github",
                config=CONFIG.format_map(site),
                token=("GITHUB_TOKEN", site["token"]),
                imports=IMPORTS,
                items=items,
                changes=site["changes"],
                comments=site["comments"],
                goal=12,
                walk=lambda: walk(site),
                change=lambda number: rename(site, number),
                told=lambda: tell(site, spent(control(site, "GET", "requests"))),
                points=lambda: int(control(site, "GET", "counts")["graphql_points"]),
            )
        )


def tell(site: dict[str, Any], found: Spent) -> None:
    """Print how the points of a first sync divide over lists."""
    items = site["issues"] + site["pulls"]
    lists = found.total - sum(found.further.values())
    print(f"  {found.total} points, of which {found.apart} not for items:", end=" ")
    print(f"{lists * 1000 / items:.1f} per 1,000 with the goal's four lists (goal <= {LISTS})")
    for kind, number in (("Issue", site["issues"]), ("PullRequest", site["pulls"])):
        print(f"    {number:,} of {kind}: {found.requests[kind]} requests, {found.by_kind[kind]} points", end="")
        print(f" ({found.by_kind[kind] * 1000 / max(number, 1):.0f} per 1,000)")
    for (kind, name), points in sorted(found.further.items()):
        number = site["issues"] if kind == "Issue" else site["pulls"]
        print(f"    further: {kind}.{name}: {points * 1000 / max(number, 1):.1f} per 1,000 of them (goal <= {ANOTHER})")


def walk(site: dict[str, Any]) -> Walked:
    """The same documents, sent by a bare session, decoded and dropped."""
    session = requests.Session()
    session.headers["Authorization"] = f"token {site['token']}"
    owner, _, name = site["repository"].partition("/")
    envelopes, listings = msgspec.json.Decoder(Envelope), msgspec.json.Decoder(Listing)
    documents, sent, items = Documents(()), 0, 0
    begun = time.process_time()
    for issues in (True, False):
        document = documents.listing(issues=issues, pull_requests=not issues)
        variables: dict[str, Any] = {"owner": owner, "name": name, "size": 100}
        while True:
            body = {"query": document, "variables": variables}
            answer = envelopes.decode(session.post(f"{site['url']}/graphql", json=body, timeout=60).content)
            sent += 1
            lists = listings.decode(answer.data).repository
            assert lists is not None, answer.errors
            more = count(lists)
            items += more[0]
            if more[1] is None:
                break
            variables["issuesAfter" if issues else "pullRequestsAfter"] = more[1]
    return Walked(cpu=time.process_time() - begun, requests=sent, items=items)


def count(lists: Lists) -> tuple[int, str | None]:
    """How many items a page has, each of them decoded, and where it goes on."""
    page = lists.issues or lists.pull_requests
    assert page is not None
    for raw in page.nodes:
        if lists.issues is not None:
            ISSUE.decode(raw)
        else:
            PULL_REQUEST.decode(raw)
    return len(page.nodes), page.page_info.end_cursor if page.page_info.has_next_page else None


def rename(site: dict[str, Any], number: int) -> None:
    """Give an issue or pull request of the stand-in another title."""
    deed = {"what": "rename", "key": f"{site['repository']}#{number}", "title": "Renamed"}
    control(site, "POST", "do", deed)


def control(site: dict[str, Any], method: str, name: str, body: object = None) -> Any:
    """What the stand-in answers to whoever controls it."""
    answer = requests.request(method, f"{site['url']}/__sandbox__/{name}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()
