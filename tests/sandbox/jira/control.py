"""The sandbox's own endpoints below `/__sandbox__/`, for tests in another process. Not logged, never faulty."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.jira.render import Show
from tests.sandbox.jira.site import answer, error
from tests.sandbox.jira.state import JiraState
from tests.sandbox.server import Answer, Request, Server


class Control:
    """Answers `METHOD /__sandbox__/name`."""

    def __init__(self, state: JiraState, server: Server) -> None:
        self.state = state
        self.server = server

    def answer(self, request: Request) -> Answer:
        """The answer; 404 for what there is not, 400 for what cannot be done."""
        name = request.path.removeprefix("/__sandbox__/")
        body = request.body if isinstance(request.body, dict) else {}
        try:
            match request.method, name:
                case "GET", "clock":
                    return answer({"now": self.state.clock.now().isoformat()})
                case "POST", "clock":
                    return self._set_clock(body)
                case "POST", "transition":
                    at = datetime.fromisoformat(body["at"]) if body.get("at") else None
                    self.state.transition(
                        body["key"], body["status"], body.get("author"), at, resolution=body.get("resolution")
                    )
                    return answer({"updated": self.state.issue(body["key"]).updated})
                case "GET", "counts":
                    return answer(self.state.counts() | {"requests": len(self.server.requests)})
                case "GET", "comments":
                    return self._comments(request.query["issue"][0])
                case "GET", "requests":
                    return answer([logged._asdict() for logged in self.server.requests])
                case "DELETE", "requests":
                    self.server.requests.clear()
                    return Answer(204)
                case "POST", "faults":
                    self.server.faults.add(**body)
                    return Answer(204)
                case "DELETE", "faults":
                    self.server.faults.clear()
                    return Answer(204)
                case _:
                    return error(404, f"no {request.method} {name} here")
        except (KeyError, TypeError, ValueError) as wrong:
            return error(400, f"{type(wrong).__name__}: {wrong}")

    def _set_clock(self, body: dict[str, Any]) -> Answer:
        if "now" in body:
            self.state.clock.set(datetime.fromisoformat(body["now"]))
        if "advance" in body:
            self.state.clock.advance(timedelta(seconds=body["advance"]))
        return answer({"now": self.state.clock.now().isoformat()})

    def _comments(self, key: str) -> Answer:
        issue = self.state.issue(key)
        show = Show(self.state, self.server.url, "UTC")
        return answer([show.comment(issue, comment, properties=True) for comment in issue.comments])
