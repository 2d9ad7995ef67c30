"""Many issues and pull requests quickly, for measuring: their histories and comments, and what must arrive of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.sandbox.github.state import GithubState
from tests.sandbox.simulator.bulk import TEXT
from tests.sandbox.simulator.cast import CAST, TECHNICAL

REPOSITORY = "acme/bulk"
SPAN = timedelta(days=700)
STEP = timedelta(hours=7)
OPEN_EVERY = 10
"""One issue and one pull request in so many is left open."""
LINKED_EVERY = 2
"""One issue in so many is closed by a pull request that names it, as long as there are enough of them."""
EVENTS = 8
COMMENTS = 3
REMARK = "Looked at it again, no difference. 仍然存在。 It happens on the second attempt only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must arrive, and how many events the timelines hold of which the changes are made."""

    issues: int
    pulls: int
    events: int
    changes: int
    comments: int

    @property
    def items(self) -> int:
        """Issues and pull requests."""
        return self.issues + self.pulls


def bulk(state: GithubState, *, issues: int, pulls: int, seed: int = 1) -> Expected:
    """Fill a new repository with that many of each, eight events and three comments an item; what must arrive."""
    state.add_repository(REPOSITORY)
    for person in CAST:
        state.add_user(person.login, name=person.name, email=person.email)
    milestones = [state.add_milestone(REPOSITORY, f"Release {number}") for number in range(1, 13)]
    dice, total = Random(seed), issues + pulls
    first = datetime.fromtimestamp(state.seconds(), UTC) - SPAN
    filler = _Filler(state, milestones)
    for number in range(total):
        at = first + SPAN * 0.9 * (number / total)
        # The same share of both at every time, as a repository grows.
        if (number + 1) * pulls // total > number * pulls // total:
            filler.pull_request(f"Bulk change {number} 批量 {dice.getrandbits(64):x}", at)
        else:
            filler.issue(f"Bulk issue {number} 批量 {dice.getrandbits(64):x}", at)
    filler.finish()
    return Expected(
        issues=issues, pulls=pulls, events=EVENTS * total, changes=filler.changes, comments=COMMENTS * total
    )


class _Filler:
    """Makes one item after the other, and counts what changes their histories hold."""

    def __init__(self, state: GithubState, milestones: list[int]) -> None:
        self.state = state
        self.milestones = milestones
        self.issues = self.pulls = self.changes = 0
        self.waiting: deque[tuple[str, datetime]] = deque()

    def issue(self, title: str, at: datetime) -> None:
        """An issue: assigned, labelled, renamed, put into a milestone; closed, left open, or left to a pull request."""
        state, number = self.state, self.issues
        self.issues += 1
        author, worker = CAST[number % len(CAST)].login, TECHNICAL[number % len(TECHNICAL)].login
        key = state.open_issue(REPOSITORY, title, body=TEXT * 8, author=author, at=at)
        state.assign(key, worker, author, at + STEP)
        state.label(key, f"part-{number % 20}", author, at + 2 * STEP)
        state.rename(key, f"{title}!", author, at + 3 * STEP)
        state.set_milestone(key, self.milestones[number % len(self.milestones)], author, at + 4 * STEP)
        state.label(key, "triage", worker, at + 5 * STEP)
        state.unlabel(key, "triage", worker, at + 6 * STEP)
        self.changes += 7  # being assigned is a change of the status too
        self._comment(key, at)
        if number % OPEN_EVERY == 0:
            self._leave(key, at)
        elif number % LINKED_EVERY == 0:
            self.waiting.append((key, at))
        else:
            state.label(key, "known", worker, at + 8 * STEP)
            state.close(key, worker, at + 9 * STEP)
            self.changes += 2

    def pull_request(self, title: str, at: datetime) -> None:
        """A pull request: a draft, two rounds of review, and merged, by which an issue that waits for it is closed."""
        state, number = self.state, self.pulls
        self.pulls += 1
        author, reviewer = TECHNICAL[number % len(TECHNICAL)].login, CAST[number % 2].login
        stays = number % OPEN_EVERY == 0
        body = TEXT * 4
        if self.waiting and not stays:
            body = f"{body}\n\nFixes #{self.waiting.popleft()[0].rpartition('#')[2]}"
            self.changes += 1  # of the issue; that it is named there is an event and no change
        key = state.open_pull_request(
            REPOSITORY, title, body=body, author=author, head=f"work-{number}", draft=True, at=at
        )
        state.ready_for_review(key, author, at + STEP)
        state.request_review(key, reviewer, author, at + 2 * STEP)
        state.label(key, f"part-{number % 20}", author, at + 3 * STEP)
        state.review(key, reviewer, "CHANGES_REQUESTED", at=at + 4 * STEP)
        state.request_review(key, reviewer, author, at + 5 * STEP)
        state.review(key, reviewer, "APPROVED", at=at + 6 * STEP)
        self.changes += 10  # that a review is asked for or given is a change of the status too
        self._comment(key, at)
        if stays:
            self._leave(key, at)
        else:
            state.merge(key, reviewer, at + 9 * STEP)  # two events: merged, and closed
            self.changes += 1

    def finish(self) -> None:
        """Leave open what waits for a pull request that did not come."""
        while self.waiting:
            self._leave(*self.waiting.popleft())

    def _leave(self, key: str, at: datetime) -> None:
        self.state.label(key, "later", CAST[0].login, at + 8 * STEP)
        self.state.label(key, "big", CAST[0].login, at + 9 * STEP)
        self.changes += 2

    def _comment(self, key: str, at: datetime) -> None:
        for number in range(COMMENTS):
            self.state.comment(key, CAST[number].login, REMARK, at + (number + 2) * STEP)
