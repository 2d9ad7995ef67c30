"""How work goes on GitHub in the stories: issues, and pull requests that do the work of issues."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import count, cycle
from random import Random

from tests.sandbox.simulator.cast import ARCHITECT, DEVELOPER, LEAD, TECHNICAL, TESTER, Member
from tests.sandbox.simulator.events import Asked, Assigned, Commented, Merged, Opened, Readied, Reviewed, Shut
from tests.sandbox.simulator.lives import Life, replay
from tests.sandbox.simulator.script import Script
from tests.sandbox.simulator.work import HOUR, REMARKS

PLACES = ("title", "branch", "body", "address")
"""Where the texts of a pull request name what it is about."""
SHARE = 0.6
"""How much of the finished work was done by pull requests."""
LENGTH = 8 * HOUR
"""Shorter work needed none."""


class Coders:
    """Writes what happens in some repositories. Begins when all of the story in Jira is written."""

    def __init__(self, script: Script, repositories: Sequence[str]) -> None:
        self.script = script
        self.repositories = repositories
        self.dice = Random(f"{script.seed} code")
        happened = (event for event in script.events() if event.at <= script.now)
        self.lives = replay(happened, script.keys())
        self._number = count()
        self._places = cycle(PLACES)

    def jira(self, title: str) -> int:
        """The number of the issue in Jira with this title."""
        return next(number for number, life in self.lives.items() if life.title == title)

    def ago(self, days: float) -> datetime:
        """An instant so many days before the story's present."""
        return self.script.now - timedelta(days=days)

    # --- deeds ---

    def issue(
        self,
        at: datetime,
        title: str,
        *,
        home: int = 0,
        assignee: Member | None = DEVELOPER,
        labels: Sequence[str] = (),
    ) -> int:
        """A new issue, which somebody takes a few hours later."""
        issue = self.script.open(
            at, LEAD, Opened(repository=self.repositories[home], title=title, labels=tuple(labels))
        )
        self.script.write(at + 2 * HOUR, issue, LEAD, Commented(text=REMARKS[issue % len(REMARKS)]))
        if assignee is not None:
            self.script.write(at + 5 * HOUR, issue, LEAD, Assigned(to=assignee))
        return issue

    def pull(
        self,
        at: datetime,
        title: str,
        *about: int,
        home: int = 0,
        author: Member = DEVELOPER,
        closes: Sequence[int] = (),
        named_in: str | None = None,
        draft: bool = False,
        labels: Sequence[str] = (),
    ) -> int:
        """A new pull request about these issues in Jira."""
        opened = Opened(
            repository=self.repositories[home],
            title=title,
            pull=True,
            draft=draft,
            about=about,
            named_in=named_in or next(self._places),
            closes=tuple(closes),
            labels=tuple(labels),
        )
        return self.script.open(at, author, opened)

    def ask(self, at: datetime, pull: int, reviewer: Member = TESTER) -> None:
        """Ask for a review."""
        self.script.write(at, pull, DEVELOPER, Asked(of=reviewer))

    def review(self, at: datetime, pull: int, verdict: str = "APPROVED", reviewer: Member = TESTER) -> None:
        """Give a review."""
        self.script.write(at, pull, reviewer, Reviewed(verdict=verdict))

    def merge(self, at: datetime, pull: int, who: Member = ARCHITECT) -> None:
        """Merge a pull request."""
        self.script.write(at, pull, who, Merged())

    def shut(self, at: datetime, thing: int, who: Member = LEAD) -> None:
        """Close an issue as done, or a pull request without merging it."""
        self.script.write(at, thing, who, Shut())

    def merged(self, at: datetime, title: str, *about: int, until: datetime, **more: object) -> int:
        """A pull request that was reviewed and merged at the last of these instants."""
        pull = self.pull(at, title, *about, **more)  # type: ignore[arg-type] # the arguments of `pull`
        first, second = at + (until - at) * 0.3, at + (until - at) * 0.8
        self.ask(first, pull)
        self.review(second, pull)
        self.merge(until, pull)
        return pull

    # --- ordinary work ---

    def follow(self, labels: Collection[str]) -> None:
        """Pull requests for much of the finished work with these labels, and of sub-tasks, each with its own way."""
        for issue, life in sorted(self.lives.items()):
            wanted = life.parent is not None or not set(labels).isdisjoint(life.labels)
            begin, end = life.started_at, life.finished_at
            if not wanted or life.category != "done" or begin is None or end is None:
                continue
            if self.dice.random() < SHARE and end - begin > LENGTH:
                self._follow(issue, life, begin, end)

    def _follow(self, issue: int, life: Life, begin: datetime, end: datetime) -> None:
        number = next(self._number)
        author, reviewer = TECHNICAL[number % 3], TECHNICAL[(number + 1) % 3]
        home, length = number % len(self.repositories), end - begin
        labels = life.labels if number % 3 == 0 else ()
        title = f"Part {number + 1} of the work"
        pull = self.pull(
            begin + length * 0.1, title, issue, home=home, author=author, draft=number % 5 == 1, labels=labels
        )
        match number % 5:
            case 0:  # reviewed, merged, and then the issue is moved
                self.ask(begin + length * 0.3, pull, reviewer)
                self.review(begin + length * 0.6, pull, "APPROVED", reviewer)
                self.merge(begin + length * 0.9, pull)
            case 1:  # a draft first, merged without a review
                self.script.write(begin + length * 0.5, pull, author, Readied())
                self.merge(begin + length * 0.8, pull, author)
            case 2:  # sent back once
                self.ask(begin + length * 0.2, pull, reviewer)
                self.review(begin + length * 0.3, pull, "CHANGES_REQUESTED", reviewer)
                self.ask(begin + length * 0.5, pull, reviewer)
                self.review(begin + length * 0.7, pull, "APPROVED", reviewer)
                self.merge(begin + length * 0.9, pull)
            case 3:  # merged late, after the issue was moved
                self.ask(begin + length * 0.5, pull, reviewer)
                self.review(end + (self.script.now - end) * 0.02, pull, "APPROVED", reviewer)
                self.merge(end + (self.script.now - end) * 0.05, pull)
            case _:  # given up, and done by another one
                self.shut(begin + length * 0.4, pull, author)
                other = self.pull(begin + length * 0.5, f"{title}, again", issue, home=home, author=author)
                self.merge(begin + length * 0.95, other)
