"""The life of an issue: in progress while it is open and assigned, or a pull request for it is open. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.github.payloads import Event, Issue, Reference
from connectors.github.statuses import IN_PROGRESS, OPEN, closed_as
from connectors.github.timeline import (
    ASSIGNMENTS,
    CLOSINGS,
    TURNS,
    Account,
    Assigned,
    Moment,
    Story,
    Track,
    changes,
    in_order,
    moments,
    named,
    simple_steps,
    untold_closing,
)
from connectors.github.values import instant
from core.model import Status

SETTLING = timedelta(minutes=1)
"""How long after the merge of a pull request GitHub may take to close the issues that it closes."""


@dataclass(frozen=True, slots=True)
class Work:
    """A pull request for the issue begins to be open, or ends."""

    pull_request: str
    begins: bool


def tell_issue(issue: Issue, events: Sequence[Event], account: Account) -> Story:
    """What became of an issue. Raises ValueError for a time that is none."""
    happened = list(moments(events, account))
    closings = [*(moment for moment in happened if moment.kind in CLOSINGS), *untold_closing(issue, events)]
    present = [name for actor in issue.assignees.nodes if actor and (name := account(actor))]
    assigned, working = Assigned(events, present, account), set[str]()
    closed: Status | None = None

    def status() -> Status:
        return closed or (IN_PROGRESS if assigned or working else OPEN)

    statuses, assignees = Track("status", named(status())), Track("assignee", assigned.first)
    work = _work(issue, happened)
    turns = [moment for moment in happened if moment.kind in TURNS]
    for moment, change in in_order([*((one, None) for one in [*turns, *closings]), *work]):
        if change is not None:
            (working.add if change.begins else working.discard)(change.pull_request)
        elif moment.event is not None and moment.kind in ASSIGNMENTS:
            assigned.see(moment.event)
        elif moment.kind == "ReopenedEvent":
            closed = None
        elif moment in closings:
            # Of its present end the item itself has the surer word.
            surer = moment.event is None or (issue.state == "CLOSED" and moment is closings[-1])
            closed = closed_as(issue.state_reason if surer or moment.event is None else moment.event.state_reason)
        statuses.set(named(status()), moment)
        assignees.set(assigned.first, moment)
    open_as = IN_PROGRESS if assigned.present or working else OPEN
    return Story(
        status=closed_as(issue.state_reason) if issue.state == "CLOSED" else open_as,
        assignee=assigned.now(),
        changes=changes([*statuses.steps, *assignees.steps, *simple_steps(happened)]),
    )


def _work(issue: Issue, happened: Sequence[Moment]) -> Iterator[tuple[Moment, Work]]:
    """When each pull request for the issue was open, the last time that it was, as far as that is told."""
    linked = {pull.id: pull for pull in issue.closed_by_pull_requests_references.nodes if pull is not None}
    begun: dict[str, Moment] = {}
    untied: dict[str, Moment] = {}
    for moment in happened:
        pull = _pull_request(moment.event)
        if pull is None:
            continue
        if moment.kind == "DisconnectedEvent":
            untied[pull.id] = moment
            continue
        linked.setdefault(pull.id, pull)
        if untied.pop(pull.id, None) or pull.id not in begun:
            begun[pull.id] = moment
    late = len(happened) + 1
    for pull in linked.values():
        opened_at = max(instant(pull.created_at), instant(issue.created_at))
        begin = begun.get(pull.id) or Moment(opened_at, late, f"{pull.id}:opened")
        ends = [untied[pull.id]] if pull.id in untied else []
        if pull.state != "OPEN" and pull.closed_at:
            ends.append(_end(pull, instant(pull.closed_at), happened))
        end = min(ends, key=lambda moment: moment.at, default=None)
        if end is None or begin.at < end.at:
            yield begin, Work(pull.id, begins=True)
            if end is not None:
                yield end, Work(pull.id, begins=False)


def _end(pull: Reference, at: datetime, happened: Sequence[Moment]) -> Moment:
    """When a pull request was closed. A merged one ends together with the issue that it closes, not a second before."""
    if pull.state == "MERGED":
        for moment in happened:
            if moment.kind == "ClosedEvent" and at <= moment.at <= at + SETTLING:
                return moment
    return Moment(at, len(happened) + 1, f"{pull.id}:closed")


def _pull_request(event: Event | None) -> Reference | None:
    """The pull request that an event ties to the issue or unties from it, if that is what it does."""
    if event is None:
        return None
    ends: list[Reference | None] = []
    if event.typename == "CrossReferencedEvent" and event.will_close_target:
        ends = [event.source]
    elif event.typename in ("ConnectedEvent", "DisconnectedEvent"):
        ends = [event.subject, event.source]
    return next((end for end in ends if end is not None and end.typename == "PullRequest"), None)
