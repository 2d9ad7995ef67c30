"""The sandbox's own endpoints below `/__sandbox__/`, for tests in another process. Not logged, never faulty."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.sandbox.github.limits import Limits
from tests.sandbox.github.show import Show
from tests.sandbox.github.site import Manners, answer, error
from tests.sandbox.github.state import GithubState
from tests.sandbox.server import Answer, Request, Server

# What `do` may be asked for; times are ISO texts.
DEEDS = frozenset(
    {
        *("open_issue", "close", "reopen", "rename", "edit_body", "label", "unlabel", "assign", "unassign"),
        *("set_milestone", "comment", "edit_comment", "delete_comment", "lock_conversation", "unlock_conversation"),
        *("open_pull_request", "convert_to_draft", "ready_for_review", "request_review", "remove_review_request"),
        *("review", "submit_review", "dismiss_review", "push", "merge", "connect", "disconnect", "delete_issue"),
        *("add_user", "delete_user", "add_repository", "rename_repository", "archive_repository", "add_milestone"),
        *("edit_milestone", "transfer_issue", "permit", "revoke_token"),
    }
)


class Control:
    """Answers `METHOD /__sandbox__/name`."""

    def __init__(self, state: GithubState, server: Server, manners: Manners, limits: Limits) -> None:
        self.state = state
        self.server = server
        self.manners = manners
        self.limits = limits

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
                case "POST", "do":
                    return self._do(body)
                case "POST", "manners":
                    for manner, value in body.items():
                        setattr(self.manners, manner, frozenset(value) if manner == "lacks" else value)
                    return Answer(204)
                case "GET", "counts":
                    points = {f"{resource}_points": spent for resource, spent in self.limits.spent.items()}
                    return answer({"requests": len(self.server.requests)} | points)
                case "GET", "comments":
                    return self._comments(request.query["item"][0])
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
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            return error(400, f"{type(wrong).__name__}: {wrong}")

    def _do(self, body: dict[str, Any]) -> Answer:
        what = body.pop("what")
        if what not in DEEDS:
            raise ValueError(f"nobody can {what}")
        for word, read in (("at", datetime.fromisoformat), ("due_on", date.fromisoformat)):
            if body.get(word):
                body[word] = read(body[word])
        return answer({"done": getattr(self.state, what)(**body)})

    def _set_clock(self, body: dict[str, Any]) -> Answer:
        if "now" in body:
            self.state.clock.set(datetime.fromisoformat(body["now"]))
        if "advance" in body:
            self.state.clock.advance(timedelta(seconds=body["advance"]))
        return answer({"now": self.state.clock.now().isoformat()})

    def _comments(self, key: str) -> Answer:
        show = Show(self.state, self.server.url)
        return answer([show.comment(comment) for comment in self.state.item(key).comments])
