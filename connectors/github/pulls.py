"""The life of a pull request: it waits while it is open, no draft, and a review of it is asked for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from connectors.github.payloads import Actor, Event, PullRequest
from connectors.github.statuses import CLOSED, DRAFT, MERGED, REVIEW, REVIEW_REQUESTED
from connectors.github.timeline import (
    NOTHING,
    TURNS,
    Account,
    Assigned,
    Moment,
    Step,
    Story,
    Track,
    changes,
    in_order,
    moments,
    named,
    simple_steps,
    untold_closing,
)
from core.model import Status

UNKNOWN = "?"
"""Whose review is asked for where that is hidden from us, as teams may be. No account has this id."""


def tell_pull_request(pull: PullRequest, events: Sequence[Event], account: Account) -> Story:
    """What became of a pull request. Raises ValueError for a time that is none."""
    happened = list(moments(events, account))
    present = [name for actor in pull.assignees.nodes if actor and (name := account(actor))]
    asked = [_reviewer(one.requested_reviewer, account) for one in pull.review_requests.nodes if one]
    requests = Requests(happened, set(asked), account(pull.author), account)
    assigned, draft = Assigned(events, present, account), _is_draft_first(pull, events)
    closed: Status | None = None

    def status() -> Status:
        return closed or (DRAFT if draft else REVIEW_REQUESTED if requests.waiting else REVIEW)

    statuses, assignees = Track("status", named(status())), Track("assignee", assigned.first)
    turns = [moment for moment in happened if moment.kind in TURNS]
    for moment, _ in in_order((moment, None) for moment in [*turns, *untold_closing(pull, events)]):
        match moment.kind:
            case "AssignedEvent" | "UnassignedEvent" if moment.event is not None:
                assigned.see(moment.event)
            case "ReadyForReviewEvent" | "ConvertToDraftEvent":
                draft = moment.kind == "ConvertToDraftEvent"
            case "MergedEvent":
                closed = MERGED
            case "ReopenedEvent":
                closed = None
            case "ClosedEvent":
                closed = closed or CLOSED
            case "":
                closed = MERGED if pull.merged_at else CLOSED
            case _:
                requests.see(moment)
        statuses.set(named(status()), moment)
        assignees.set(assigned.first, moment)
    open_as = DRAFT if pull.is_draft else REVIEW_REQUESTED if asked else REVIEW
    closed_as = MERGED if pull.merged_at else CLOSED
    return Story(
        status=open_as if pull.state == "OPEN" else closed_as,
        assignee=assigned.now(),
        changes=changes(
            [*statuses.steps, *assignees.steps, *simple_steps(happened), *_review_steps(happened, account)]
        ),
    )


class Requests:
    """Whose review is waited for. A review ends the request to its author.

    A request that is over without an event of its own ended with the next review by another than the author, as that of
    a team does when a member reviews. Without such a review nothing tells when, and the request is left out. Those whom
    we may not know count as one: as long as any of them is asked now, none was asked no more.
    """

    def __init__(
        self, happened: Sequence[Moment], asked: Collection[str], author: str | None, account: Account
    ) -> None:
        self._begins: dict[int, str] = {}
        self._ends: dict[int, set[str]] = {}
        standing: dict[str, int] = {}
        for moment in happened:
            reviewer = _subject(moment, account)
            if reviewer is None:
                continue
            if moment.kind == "ReviewRequestedEvent":
                self._begins[moment.rank] = reviewer
                standing.setdefault(reviewer, moment.rank)
            elif reviewer == UNKNOWN and UNKNOWN in asked:
                continue
            elif standing.pop(reviewer, None) is not None:
                self._ends.setdefault(moment.rank, set()).add(reviewer)
        reviews = [m.rank for m in happened if m.kind == "PullRequestReview" and m.author != author]
        for reviewer, begun in standing.items():
            if reviewer in asked:
                continue
            over = next((rank for rank in reviews if rank > begun), None)
            if over is not None:
                self._ends.setdefault(over, set()).add(reviewer)
            self._begins = {
                rank: who
                for rank, who in self._begins.items()
                if who != reviewer or rank < begun or (over is not None and rank < over)
            }
        self.waiting = set(asked) - set(standing)

    def see(self, moment: Moment) -> None:
        """An event happened."""
        if moment.rank in self._begins:
            self.waiting.add(self._begins[moment.rank])
        self.waiting -= self._ends.get(moment.rank, set())


def _subject(moment: Moment, account: Account) -> str | None:
    """Whose review an event is about."""
    match moment.kind:
        case "ReviewRequestedEvent" | "ReviewRequestRemovedEvent":
            return _reviewer(moment.event.requested_reviewer, account) if moment.event else None
        case "PullRequestReview":
            return moment.author
        case _:
            return None


def _reviewer(actor: Actor | None, account: Account) -> str:
    """Whom a review is asked of: an account, a team by `organisation/team`, or UNKNOWN."""
    return (actor.combined_slug if actor is not None and actor.combined_slug else account(actor)) or UNKNOWN


def _is_draft_first(pull: PullRequest, events: Sequence[Event]) -> bool:
    for event in events:
        if event.typename in ("ReadyForReviewEvent", "ConvertToDraftEvent"):
            return event.typename == "ReadyForReviewEvent"
    return pull.is_draft


def _review_steps(happened: Sequence[Moment], account: Account) -> Iterator[Step]:
    """What reviewers said, and of whom a review was asked. A review that was dismissed said what it said until then."""
    dismissed = {
        moment.event.review.id: moment.event.previous_review_state
        for moment in happened
        if moment.kind == "ReviewDismissedEvent" and moment.event and moment.event.review
    }
    for moment in happened:
        event = moment.event
        if event is None:
            continue
        match moment.kind:
            case "PullRequestReview" if event.state:
                said = (dismissed.get(event.id) or event.state).lower()
                yield Step(moment, "review", NOTHING, (event.id, said))
            case "ReviewDismissedEvent" if event.previous_review_state:
                about, said = event.review.id if event.review else None, event.previous_review_state.lower()
                yield Step(moment, "review", (about, said), (about, "dismissed"))
            case "ReviewRequestedEvent" if (reviewer := _subject(moment, account)) not in (None, UNKNOWN):
                yield Step(moment, "review_request", NOTHING, (reviewer, reviewer))
            case "ReviewRequestRemovedEvent" if (reviewer := _subject(moment, account)) not in (None, UNKNOWN):
                yield Step(moment, "review_request", (reviewer, reviewer), NOTHING)
