"""The stand-in Jira Cloud: a site behind a server on loopback."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Any

from tests.sandbox.clock import Clock
from tests.sandbox.faults import Faults
from tests.sandbox.jira import comments, history, lists, search
from tests.sandbox.jira.control import Control
from tests.sandbox.jira.limits import Limits
from tests.sandbox.jira.site import Manners, Site, route
from tests.sandbox.jira.state import JiraState
from tests.sandbox.server import Answer, Logged, Request, Server

BOTH = ("2", "3")  # what looks the same in both versions of the API
ISSUE = "/issue/([^/]+)"
HOME = "https://acme.atlassian.net"

ROUTES = [
    *route("GET", "/search", search.gone, BOTH),
    *route("POST", "/search", search.gone, BOTH),
    *route("GET", "/search/jql", search.search_get),
    *route("POST", "/search/jql", search.search_post),
    *route("POST", "/search/approximate-count", search.count),
    *route("POST", "/changelog/bulkfetch", history.bulk),
    *route("POST", "/issue/bulkfetch", search.fetch),
    *route("GET", ISSUE, search.issue),
    *route("GET", f"{ISSUE}/changelog", history.of_one),
    *route("GET", f"{ISSUE}/comment", comments.listing),
    *route("POST", f"{ISSUE}/comment", comments.create),
    *route("GET", f"{ISSUE}/comment/([^/]+)", comments.one),
    *route("PUT", f"{ISSUE}/comment/([^/]+)", comments.replace),
    *route("DELETE", f"{ISSUE}/comment/([^/]+)", comments.delete),
    *route("GET", "/comment/([^/]+)/properties", comments.property_keys),
    *route("GET", "/comment/([^/]+)/properties/([^/]+)", comments.property_value),
    *route("PUT", "/comment/([^/]+)/properties/([^/]+)", comments.set_property),
    *route("GET", "/myself", lists.myself, BOTH),
    *route("GET", "/serverInfo", lists.server_info, BOTH),
    *route("GET", "/status", lists.statuses, BOTH),
    *route("GET", "/field", search.fields, BOTH),
    *route("GET", "/priority", lists.entries("priority", "priorities"), BOTH),
    *route("GET", "/resolution", lists.entries("resolution", "resolutions"), BOTH),
    *route("GET", "/issuetype", lists.entries("issuetype", "types"), BOTH),
    *route("GET", "/issueLinkType", lists.link_types, BOTH),
    *route("GET", "/project/search", lists.projects),
    *route("GET", "/project/([^/]+)", lists.project),
]


class JiraSandbox:
    """A Jira Cloud on a free loopback port while the context is open.

    With a `gateway`, which is the site's cloud id, it answers as Atlassian's gateway does for tokens with scopes: below
    a path for that id and nowhere else, while people open it at `HOME`.
    `burst` is how many calls an endpoint takes a second, `writes` how many an issue takes in two seconds; the keywords
    in `manners` are the fields of `Manners`, such as `index_lag` and `page_limit`.
    """

    def __init__(
        self,
        state: JiraState,
        *,
        burst: int | None = None,
        writes: int | None = 20,
        html_429: bool = True,
        port: int = 0,
        gateway: str | None = None,
        **manners: Any,
    ) -> None:
        self.state = state
        self.limits = Limits(state.clock, burst=burst, writes=writes, html=html_429)
        self.site = Site(state, Manners(**manners), self.limits, routes=ROUTES)
        self.server = Server(self._answer, clock=state.clock, port=port)
        self.server.control = Control(state, self.server).answer
        self._path = "" if gateway is None else f"/ex/jira/{gateway}"
        self.site.url = self.url
        self.site.home = self.url if gateway is None else HOME

    @property
    def url(self) -> str:
        """The address of its interface."""
        return f"{self.server.url}{self._path}"

    @property
    def user(self) -> str:
        """The e-mail of an account that may do all but administer."""
        return self.state.service.email

    @property
    def token(self) -> str:
        """A valid token of that account."""
        return self.state.service.secret

    @property
    def clock(self) -> Clock:
        """The site's time."""
        return self.state.clock

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

    @property
    def requests(self) -> list[Logged]:
        """The requests so far: method, path, query, body."""
        return self.server.requests

    def _answer(self, request: Request) -> Answer:
        if not request.path.startswith(f"{self._path}/"):
            return Answer(404, b'{"code":404,"message":"Not Found"}')
        return self.site.answer(replace(request, path=request.path.removeprefix(self._path)))

    def __enter__(self) -> JiraSandbox:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)
