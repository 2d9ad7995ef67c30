"""The stand-in GitHub: a site behind a server on loopback."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tests.sandbox.clock import Clock
from tests.sandbox.faults import Fault, Faults, Where
from tests.sandbox.github import query, rest
from tests.sandbox.github.control import Control
from tests.sandbox.github.limits import SECONDARY, Limits, secondary
from tests.sandbox.github.primary import SERVICE_TOKEN
from tests.sandbox.github.site import REPOSITORY, Manners, Site, route
from tests.sandbox.github.state import GithubState
from tests.sandbox.server import Logged, Server

ISSUE = rf"{REPOSITORY}/issues/(\d+)"
COMMENT = rf"{REPOSITORY}/issues/comments/(\d+)"

ROUTES = [
    route("POST", "/graphql", query.query),
    route("GET", "/user", rest.me),
    route("GET", "/rate_limit", rest.rate_limit),
    route("POST", r"/app/installations/(\d+)/access_tokens", rest.installation_token),
    route("GET", REPOSITORY, rest.repository),
    route("GET", f"{REPOSITORY}/issues", rest.issues),
    route("POST", f"{REPOSITORY}/issues", rest.open_issue),
    route("GET", ISSUE, rest.issue),
    route("PATCH", ISSUE, rest.edit_issue),
    route("GET", f"{ISSUE}/comments", rest.comments),
    route("POST", f"{ISSUE}/comments", rest.post_comment),
    route("GET", COMMENT, rest.comment),
    route("PATCH", COMMENT, rest.edit_comment),
    route("DELETE", COMMENT, rest.delete_comment),
]


class GithubSandbox:
    """A GitHub on a free loopback port while the context is open.

    `points` is what an account has an hour for each API; `a_minute` and `an_hour` are how much content it may make;
    without `limits_told` no header tells of limits, with `paced` it may not ask too fast either. The keywords in
    `manners` are the fields of `Manners`, such as `page_ceiling` and `resources`.
    """

    def __init__(
        self,
        state: GithubState,
        *,
        points: int = 5000,
        a_minute: int | None = 80,
        an_hour: int | None = 500,
        limits_told: bool = True,
        paced: bool = False,
        port: int = 0,
        **manners: Any,
    ) -> None:
        self.state = state
        self.limits = Limits(
            state.clock, points=points, a_minute=a_minute, an_hour=an_hour, told=limits_told, paced=paced
        )
        self.site = Site(state, Manners(**manners), self.limits, routes=ROUTES)
        self.server = Server(self.site.answer, clock=state.clock, port=port)
        self.server.control = Control(state, self.server, self.site.manners, self.limits).answer
        self.site.url = self.server.url

    @property
    def url(self) -> str:
        """The address of the API; `/graphql` and the REST paths are below it, also below `/api` and `/api/v3`."""
        return self.server.url

    @property
    def token(self) -> str:
        """A valid token of the service account, which may read and write everywhere."""
        return SERVICE_TOKEN

    @property
    def clock(self) -> Clock:
        """The site's time."""
        return self.state.clock

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

    @property
    def manners(self) -> Manners:
        """How the site behaves from now on."""
        return self.site.manners

    @property
    def requests(self) -> list[Logged]:
        """The requests so far: method, path, query, body."""
        return self.server.requests

    @property
    def documents(self) -> list[str]:
        """The GraphQL documents so far, each once."""
        bodies = [logged.body for logged in self.requests if logged.path.endswith("/graphql")]
        return list(dict.fromkeys(body["query"] for body in bodies if isinstance(body, dict) and "query" in body))

    def counts(self) -> dict[str, int]:
        """How many requests there were, by kind, and what they cost."""
        graphql = sum(logged.path.endswith("/graphql") for logged in self.requests)
        return {
            "requests": len(self.requests),
            "graphql": graphql,
            "rest": len(self.requests) - graphql,
            "writes": sum(logged.method != "GET" and not logged.path.endswith("/graphql") for logged in self.requests),
            "graphql_points": self.limits.spent["graphql"],
            "rest_points": self.limits.spent["core"],
        }

    def exhaust(self, resource: str = "graphql") -> None:
        """Leave the service account no points, of `graphql` or `core` (REST), until their hour is over."""
        self.limits.exhaust(self.state.tokens[self.token].account, resource)

    def hold_back(
        self, where: Where = "", *, times: int | None = 1, status: int = 403, retry_after: int | None = 60
    ) -> Fault:
        """Answer as the secondary limit does: 403 with Retry-After (None: without), or 200 with an untyped error."""
        said = secondary(retry_after)
        body: Any = said.body
        if status == 200:
            body = {"errors": [{"message": SECONDARY}]}
        return self.faults.add(what="status", where=where, times=times, code=status, headers=said.headers, body=body)

    def __enter__(self) -> GithubSandbox:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)
