"""Many issues quickly, for measuring: consistent histories and comments, and the counts of what must arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.sandbox.jira import adf
from tests.sandbox.jira.model import Change, ChangeItem, Comment, Issue
from tests.sandbox.jira.state import JiraState
from tests.sandbox.simulator.cast import CAST
from tests.sandbox.simulator.events import BLOCKED, DONE, PROGRESS, REVIEW, TODO
from tests.sandbox.simulator.filling import STATUS_IDS, prepare

PROJECT = "BULK"
SPAN = timedelta(days=700)
WAY = (PROGRESS, REVIEW, PROGRESS, BLOCKED, PROGRESS, REVIEW, DONE)
TEXT = (
    "The order is booked, and then the confirmation does not come. 确认邮件没有发送。 Steps: open the order, "
    "change the delivery date, save, wait. Expected: one mail within a minute. Seen: nothing, "
    "and no entry in the log either. "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must arrive: issues, changed fields, comments, and how many issues are done."""

    issues: int
    changes: int
    comments: int
    done: int


def expected(issues: int = 10_000, changes: int = 8, comments: int = 3) -> Expected:
    """The counts that `bulk` with the same arguments makes, worked out without a state."""
    return Expected(
        issues=issues, changes=issues * changes, comments=issues * comments, done=issues if changes >= len(WAY) else 0
    )


def bulk(state: JiraState, *, issues: int = 10_000, changes: int = 8, comments: int = 3, seed: int = 1) -> Expected:
    """Fill an empty site with that many issues, each with that many changes and comments; what must arrive.

    An issue is about 10 KB of JSON with all its fields. Histories agree with the issues' present state.
    """
    prepare(state, {PROJECT: "Bulk"}, "UTC")
    dice = Random(seed)
    with state.lock:
        home = state.project(PROJECT)
        if home is None:
            raise KeyError(PROJECT)
        types = [state.named(state.types, name).id for name in ("Task", "Bug", "Requirement")]
        priority = state.named(state.priorities, "Medium").id
        body = adf.from_text(TEXT * 15)
        remark = adf.from_text("Looked at it again, no difference. 仍然存在。")
        now = state.clock.milliseconds()
        length = int(SPAN / timedelta(milliseconds=1))
        for number in range(1, issues + 1):
            created = now - length + int(length * 0.9 * number / (issues + 1))
            step = int(length * 0.1) // (changes + comments + 2)
            history, status, assignee = _history(state, changes, created, step)
            told = _comments(state, comments, remark, created + changes * step, step)
            state.adopt(
                Issue(
                    id=state.hand_out_id(),
                    key=f"{PROJECT}-{number}",
                    project_id=home.id,
                    type_id=types[number % len(types)],
                    status_id=STATUS_IDS[status],
                    summary=f"Bulk issue {number} 批量 {dice.getrandbits(64):x}",
                    reporter=CAST[number % len(CAST)].account,
                    creator=CAST[number % len(CAST)].account,
                    created=created,
                    updated=max([created, *(c.created for c in history), *(c.created for c in told)]),
                    assignee=assignee,
                    priority_id=priority,
                    category_changed=created,
                    labels=(f"part-{number % 20}", f"seed-{seed}"),
                    comments=told,
                    values={"description": body},
                ),
                history,
            )
    return expected(issues, changes, comments)


def _history(state: JiraState, count: int, created: int, step: int) -> tuple[list[Change], str, str | None]:
    """That many entries of one field each: the way to done first, then assignees in turn; where it ends."""
    status, assignee = TODO, None
    entries: list[Change] = []
    for number in range(count):
        author = CAST[number % len(CAST)]
        if number < len(WAY):
            item = _changed("status", STATUS_IDS[status], status, STATUS_IDS[WAY[number]], WAY[number])
            status = WAY[number]
        else:
            known = state.users.get(assignee) if assignee else None
            item = _changed("assignee", assignee, known.name if known else None, author.account, author.name)
            assignee = author.account
        entries.append(
            Change(
                id=int(state.hand_out_id()),
                author=author.account,
                created=created + (number + 1) * step,
                items=(item,),
            )
        )
    return entries, status, assignee


def _changed(field: str, before: str | None, before_text: str | None, after: str, after_text: str) -> ChangeItem:
    return ChangeItem(
        field=field, field_id=field, before=before, before_text=before_text, after=after, after_text=after_text
    )


def _comments(state: JiraState, count: int, body: dict[str, Any], begin: int, step: int) -> tuple[Comment, ...]:
    return tuple(
        Comment(
            id=state.hand_out_id(),
            author=CAST[number % len(CAST)].account,
            editor=CAST[number % len(CAST)].account,
            body=body,
            created=begin + (number + 1) * step,
            updated=begin + (number + 1) * step,
        )
        for number in range(count)
    )
