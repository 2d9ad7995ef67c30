"""The recorded Titanium projects, put into a sandbox, with the answers that the recording itself gives.

The records stay where they are: nothing of them is kept in the project.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator.truth import nearest_rank

PROJECTS = ("DAEMON", "MOD", "ALOY")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the raw records of one project say. Lead minutes are whole minutes from created to the resolution date."""

    issues: int
    resolved: int
    lead_minutes: int
    median_lead_minutes: int | None
    categories: Mapping[str, int]
    done_without_date: frozenset[str]
    comments: int
    links: int
    links_outside: int
    with_parent: int


def records(folder: Path, project: str) -> Iterator[dict[str, Any]]:
    """The raw issues of a project; `folder` is the one of all recorded data."""
    path = folder / "corpora" / "jira-titanium" / f"{project}.jsonl.xz"
    # Some texts hold U+2028, which is no line end here: only the file's own newlines count.
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield json.loads(line)


def load(state: JiraState, folder: Path, projects: Sequence[str] = PROJECTS) -> dict[str, Recorded]:
    """Put the projects into the site; the answers by project. Loading twice changes nothing."""
    raw = {project: list(records(folder, project)) for project in projects}
    inside = {issue["key"] for issues in raw.values() for issue in issues}
    for issues in raw.values():
        for issue in issues:
            for comment in issue["fields"]["comment"]["comments"]:
                comment.setdefault("body", "")  # the export leaves out what is empty
            state.import_issue(issue)
    return {project: answer(issues, inside) for project, issues in raw.items()}


def answer(issues: Sequence[Mapping[str, Any]], inside: set[str]) -> Recorded:
    """The answers about one project, counted from its raw records; `inside` are the keys that are not outside."""
    fields = [issue["fields"] for issue in issues]
    minutes = [
        (_instant(f["resolutiondate"]) - _instant(f["created"])) // MINUTE for f in fields if f.get("resolutiondate")
    ]
    median = nearest_rank(minutes, 0.5)
    ends = [(link.get("outwardIssue") or link["inwardIssue"])["key"] for f in fields for link in f["issuelinks"]]
    return Recorded(
        issues=len(issues),
        resolved=len(minutes),
        lead_minutes=sum(minutes),
        median_lead_minutes=None if median is None else int(median),
        categories=Counter(f["status"]["statusCategory"]["key"] for f in fields),
        done_without_date=frozenset(
            issue["key"]
            for issue in issues
            if issue["fields"]["status"]["statusCategory"]["key"] == "done"
            and not issue["fields"].get("resolutiondate")
        ),
        comments=sum(len(f["comment"]["comments"]) for f in fields),
        links=len(ends),
        links_outside=sum(key not in inside for key in ends),
        with_parent=sum(1 for f in fields if f.get("parent")),
    )


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
