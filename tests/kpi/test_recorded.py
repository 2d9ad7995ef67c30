"""Ten years of a real tracker: lead times against answers that were counted by others."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from core.history.spans import derive
from core.kpi.facts import gather
from core.model import Enrolment, Role, WorkItem
from tests.builders import ACTIVE, DONE, MAPPING, OFFICE, OPEN, EnrolledIssue, issue, moment


def recorded(path: Path) -> Iterator[WorkItem]:
    """The issues of one project. Their changelogs were not recorded."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            data = json.loads(line)
            fields = data["fields"]
            resolved_at = fields["resolutiondate"]
            yield issue(
                data["key"],
                datetime.fromisoformat(fields["created"]),
                remote_id=data["id"],
                status=fields["status"]["name"],
                status_id=fields["status"]["id"],
                tracker_category={"new": OPEN, "indeterminate": ACTIVE, "done": DONE}[
                    fields["status"]["statusCategory"]["key"]
                ],
                resolved_at=datetime.fromisoformat(resolved_at) if resolved_at else None,
            )


@pytest.mark.parametrize(
    ("project", "resolved", "lead_minutes", "undated"),
    [("DAEMON", 287, 40_823_678, 0), ("MOD", 272, 71_290_794, 4), ("ALOY", 1_283, 191_722_824, 1)],
)
def test_lead_times_are_those_that_the_record_gives_and_no_date_is_invented(
    test_data: Path, project: str, resolved: int, lead_minutes: int, undated: int
) -> None:
    everything = [
        EnrolledIssue(
            item,
            derive(item, [], {}, MAPPING),
            Enrolment(source=item.source, remote_id=item.remote_id, role=Role.TASK, deliverable=None),
        )
        for item in recorded(test_data / "corpora" / "jira-titanium" / f"{project}.jsonl.xz")
    ]

    items = gather(everything, None, [], OFFICE, moment("2026-01-01 00:00")).items

    times = [item.finished_at - item.waiting_since for item in items if item.finished_at is not None]
    assert len(times) == resolved
    assert sum(int(time.total_seconds() // 60) for time in times) == lead_minutes
    assert sum(item.category is DONE and item.finished_at is None for item in items) == undated
