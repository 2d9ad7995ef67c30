"""GitHub's limits: points an hour, and content made a minute and an hour."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil

import msgspec

from tests.sandbox.clock import Clock
from tests.sandbox.server import Answer

HOUR = 3600
PACES = {"core": 900, "graphql": 2000}
"""Points a minute: reading is one, writing five."""
DOCS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Refusal(Exception):
    """The call is refused with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(slots=True)
class Budget:
    """The points of an account for one kind of API until they are given anew."""

    limit: int
    used: int = 0
    resets_at: int = 0

    @property
    def remaining(self) -> int:
        """What is left."""
        return max(0, self.limit - self.used)


@dataclass(slots=True)
class Limits:
    """What is left of whose budgets. `told` False: as on servers without limits, no header tells of them.

    `paced`: an account may not ask faster than PACES either. `a_minute` and `an_hour` are how much content it may make
    (None: any amount). Waiting frees what is paced or made, and so does moving the clock.
    """

    clock: Clock
    points: int = 5000
    a_minute: int | None = 80
    an_hour: int | None = 500
    told: bool = True
    paced: bool = False
    budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)
    made: dict[str, deque[float]] = field(default_factory=dict)
    asked: dict[tuple[str, str], deque[tuple[float, int]]] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=lambda: {"core": 0, "graphql": 0})

    def budget(self, account: str, resource: str) -> Budget:
        """The account's budget, a new one when the hour is over. Nobody has 60 an hour."""
        now = int(self.clock.now().timestamp())
        budget = self.budgets.get((account, resource))
        if budget is None or now >= budget.resets_at:
            limit = self.points if account else 60
            budget = self.budgets[account, resource] = Budget(limit=limit, resets_at=now + HOUR)
        return budget

    def spend(self, account: str, resource: str, points: int) -> None:
        """Take points from a budget."""
        self.budget(account, resource).used += points
        self.spent[resource] += points

    def exhaust(self, account: str, resource: str) -> None:
        """Leave nothing of a budget until its hour is over."""
        budget = self.budget(account, resource)
        budget.used = budget.limit

    def headers(self, account: str, resource: str) -> dict[str, str]:
        """What answers tell of a budget."""
        if not self.told:
            return {}
        budget = self.budget(account, resource)
        return {
            "X-RateLimit-Limit": str(budget.limit),
            "X-RateLimit-Remaining": str(budget.remaining),
            "X-RateLimit-Used": str(budget.used),
            "X-RateLimit-Reset": str(budget.resets_at),
            "X-RateLimit-Resource": resource,
        }

    def pace(self, account: str, resource: str, points: int) -> None:
        """Count how fast an account asks. Raises Refusal with 403 when it is too fast."""
        now = self.clock.waited()
        recent = self.asked.setdefault((account, resource), deque())
        while recent and recent[0][0] <= now - 60:
            recent.popleft()
        if self.paced and sum(counted for _, counted in recent) + points > PACES[resource]:
            raise Refusal(secondary(max(1, ceil(recent[0][0] + 60 - now))))
        recent.append((now, points))

    def make(self, account: str) -> None:
        """Count content that is made. Raises Refusal with 403 when it is too much."""
        now = self.clock.waited()
        recent = self.made.setdefault(account, deque())
        while recent and recent[0] <= now - HOUR:
            recent.popleft()
        for limit, window in ((self.a_minute, 60), (self.an_hour, HOUR)):
            within = [moment for moment in recent if moment > now - window]
            if limit is not None and len(within) >= limit:
                raise Refusal(secondary(max(1, ceil(within[0] + window - now)) if within else window))
        recent.append(now)


def secondary(retry_after: int | None) -> Answer:
    """The 403 of a secondary limit."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {"documentation_url": f"{DOCS}#about-secondary-rate-limits", "message": SECONDARY}
    return Answer(403, msgspec.json.encode(body), headers, "application/json; charset=utf-8")
