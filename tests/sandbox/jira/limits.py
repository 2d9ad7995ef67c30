"""Jira's limiters for API tokens: bursts per endpoint and method, and writes per issue."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from tests.sandbox.clock import Clock
from tests.sandbox.faults import TOO_MANY
from tests.sandbox.server import Answer


@dataclass(slots=True)
class Limits:
    """What is left. `burst` calls an endpoint a second (None: any); `writes` an issue in `window` seconds.

    Waiting frees them, and so does moving the clock. `html`: the body of a 429 is a page.
    """

    clock: Clock
    burst: int | None = None
    writes: int | None = 20
    window: float = 2.0
    html: bool = True
    calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict)
    written: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, method: str, endpoint: str, issue_id: str | None) -> dict[str, str]:
        """The headers to send along. Raises Refusal with 429."""
        now = self.clock.waited()
        if issue_id is not None and self.writes is not None:
            self._take(
                self.written.setdefault(issue_id, deque()), self.writes, self.window, now, "jira-per-issue-on-write"
            )
        if self.burst is None:
            return {}
        left = self._take(self.calls.setdefault((method, endpoint), deque()), self.burst, 1.0, now, "jira-burst-based")
        headers = self._headers(self.burst, left)
        return headers | ({"X-RateLimit-NearLimit": "true"} if left < self.burst * 0.2 else {})

    def _take(self, recent: deque[float], limit: int, window: float, now: float, reason: str) -> int:
        from tests.sandbox.jira.site import Refusal

        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= limit:
            wait = max(1, ceil(recent[0] + window - now)) if recent else 1
            headers = {"Retry-After": str(wait), "RateLimit-Reason": reason} | self._headers(limit, 0)
            if self.html:
                raise Refusal(Answer(429, TOO_MANY, headers, "text/html;charset=UTF-8"))
            raise Refusal(Answer(429, b'{"errorMessages":["Rate limit exceeded."]}', headers))
        recent.append(now)
        return limit - len(recent)

    def _headers(self, limit: int, left: int) -> dict[str, str]:
        reset = self.clock.now() + timedelta(minutes=1)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
        }
