"""The GitHub site as its callers meet it: who they are, what they may do, which endpoint answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.sandbox.github.limits import DOCS, Limits, Refusal
from tests.sandbox.github.model import Access, Item, Repository
from tests.sandbox.github.state import GithubState
from tests.sandbox.server import Answer, Request

JSON = "application/json; charset=utf-8"
VERSIONS = ("2022-11-28", "2026-03-10")
FREE = ("/graphql", "/rate_limit")
SIGNED = "/app/"  # where an app shows a signature and no token
REPOSITORY = r"/(?:repos/([^/]+/[^/]+)|repositories/(\d+))"


@dataclass(slots=True, kw_only=True)
class Manners:
    """How a site behaves where real ones differ, or as they do under load. May be changed while it runs.

    `lacks` are values of enumerations that an old server does not know. Larger pages than `page_ceiling` take the
    server too long (`ceiling_status`, and points all the same); `resources` is how many things a query may show
    before the rest is null. `duplicates_told`: closing events say DUPLICATE. `ghosts_named`: REST shows the account
    `ghost` for those that are gone, not null.
    """

    lacks: frozenset[str] = frozenset()
    page_ceiling: int | None = None
    ceiling_status: int = 502
    resources: int | None = None
    duplicates_told: bool = False
    ghosts_named: bool = True
    comment_limit: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request with who makes it. `access` None: nobody."""

    request: Request
    path: str
    access: Access | None
    groups: tuple[str | None, ...] = ()

    @property
    def account(self) -> str:
        """Whose budget it is."""
        return self.access.account if self.access else ""


Endpoint = Callable[["Site", Call], Answer]


@dataclass(slots=True)
class Site:
    """All that endpoints work with. `url` is known once the server listens."""

    state: GithubState
    manners: Manners
    limits: Limits
    url: str = ""
    routes: list[tuple[str, re.Pattern[str], Endpoint]] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """The answer of the endpoint, or why it is refused."""
        try:
            with self.state.lock:
                answer = self._answer(request)
        except Refusal as refusal:
            answer = refusal.answer
        answer.headers.setdefault("Server", "github.com")
        answer.headers.setdefault("X-GitHub-Request-Id", hashlib.md5(request.content).hexdigest()[:20].upper())
        answer.headers.setdefault("X-GitHub-Media-Type", "github.v3; format=json")
        return answer

    def _answer(self, request: Request) -> Answer:
        path = request.path.removeprefix("/api/v3")
        path = "/graphql" if path == "/api/graphql" else path
        if "User-Agent" not in request.headers:
            return error(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        version = request.headers.get("X-Github-Api-Version", VERSIONS[0])
        if version not in VERSIONS:
            return error(400, f"{version} is not a supported version of the API.")
        call = Call(request=request, path=path, access=None if path.startswith(SIGNED) else self._who(request))
        known = False
        for method, pattern, endpoint in self.routes:
            match = pattern.fullmatch(path)
            known = known or match is not None
            if match is not None and method == request.method:
                call = replace(call, groups=match.groups())
                answer = endpoint(self, call) if path in FREE else self._counted(endpoint, call)
                answer.headers["X-GitHub-Api-Version-Selected"] = version
                return answer
        return error(404 if not known else 405, "Not Found" if not known else "Method Not Allowed")

    def _counted(self, endpoint: Endpoint, call: Call) -> Answer:
        """A REST answer with its price: a point, unless nothing is new."""
        limits, account = self.limits, call.account
        if limits.budget(account, "core").remaining <= 0:
            who = f"user ID {self.state.accounts[account].database_id}" if account else "127.0.0.1"
            said = error(403, f"API rate limit exceeded for {who}.")
            said.headers |= limits.headers(account, "core")
            return said
        try:
            limits.pace(account, "core", 1 if call.request.method in ("GET", "HEAD") else 5)
            answer = endpoint(self, call)
        except Refusal as refusal:
            answer = refusal.answer
        if call.request.method == "GET" and answer.status == 200:
            answer = self._unless_known(call, answer)
        if answer.status != 304 or not account:
            limits.spend(account, "core", 1)
        answer.headers |= limits.headers(account, "core")
        return answer

    def _unless_known(self, call: Call, answer: Answer) -> Answer:
        asked = call.request.headers
        # Another token of the same account is told another tag, so that one for an hour is of no use after that.
        seen_by = f"{asked.get('Authorization', '')} {asked.get('Accept', '')} {call.request.target}".encode()
        tag = 'W/"' + hashlib.sha256(seen_by + answer.body).hexdigest() + '"'
        known = [given.strip().removeprefix("W/") for given in asked.get("If-None-Match", "").split(",")]
        headers = {**answer.headers, "ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        if tag.removeprefix("W/") in known:
            return Answer(304, b"", headers, JSON)
        answer.headers = headers
        return answer

    def _who(self, request: Request) -> Access | None:
        given = request.headers.get("Authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        access = self.state.tokens.get(token) if scheme.casefold() in ("token", "bearer") else None
        ended = access is not None and access.expires_at is not None and access.expires_at <= self.state.seconds()
        if access is None or ended or self.state.living(access.account) is None:
            raise Refusal(error(401, "Bad credentials", docs="https://docs.github.com/rest"))
        return access

    # What may be seen and done

    def may_read(self, call: Call, repository: Repository) -> bool:
        """Whether the caller may see the repository."""
        if not repository.private:
            return True
        return call.access is not None and (
            call.access.repositories is None or repository.id in call.access.repositories
        )

    def repository(self, call: Call) -> Repository:
        """The repository of the path. Refuses with 404 what is not there or not to be seen, with 301 an old name."""
        name, number = call.groups[0], call.groups[1]
        found = self.state.find_repository(name) if name else self.state.repository_by_number(int(number or 0))
        if found is None or not self.may_read(call, found):
            raise Refusal(error(404, "Not Found"))
        if name and name.casefold() != found.full_name.casefold():
            rest = call.path.removeprefix(f"/repos/{name}")
            raise Refusal(self.moved(call, f"/repositories/{found.database_id}{rest}"))
        return found

    def item(self, call: Call, repository: Repository, number: str) -> Item:
        """The issue or pull request. Refuses with 404, 410 when it was deleted, 301 when it went elsewhere."""
        self.permitted(call, repository, "read")
        item = self.state.items.get(repository.numbers.get(int(number), ""))
        if item is not None:
            return item
        if int(number) not in repository.gone:
            raise Refusal(error(404, "Not Found"))
        went = self.state.items.get(repository.gone[int(number)] or "")
        if went is None:
            raise Refusal(error(410, "This issue was deleted"))
        there = self.state.repositories[went.repository_id]
        if not self.may_read(call, there):
            raise Refusal(error(404, "Not Found"))
        rest = call.path.partition(f"/issues/{number}")[2]
        raise Refusal(self.moved(call, f"/repositories/{there.database_id}/issues/{went.number}{rest}"))

    def permitted(self, call: Call, repository: Repository, what: str) -> None:
        """Refuse with 401 nobody's writing, with 403 what the token may not do or nobody may: read or write."""
        if call.access is None:
            if what == "write":
                raise Refusal(error(401, "Requires authentication"))
            return
        named = call.access.repositories is None or repository.id in call.access.repositories
        allowed = call.access.issues == "write" or (call.access.issues == "read" and what == "read")
        if not (named and allowed) and (what == "write" or repository.private):
            said = error(403, "Resource not accessible by personal access token")
            if call.access.fine_grained:
                said.headers["X-Accepted-GitHub-Permissions"] = f"issues={what}"
            raise Refusal(said)
        if what == "write" and repository.archived:
            raise Refusal(error(403, "Repository was archived so is read-only."))

    def moved(self, call: Call, path: str) -> Answer:
        """The 301 to where it is now; the question comes along."""
        query = urlencode(dict(call.request.query), doseq=True)
        address = f"{self.url}{path}{'?' + query if query else ''}"
        said = answer({"message": "Moved Permanently", "url": address, "documentation_url": DOCS}, 301)
        said.headers["Location"] = address
        return said


def answer(value: Any, status: int = 200) -> Answer:
    """An answer with JSON."""
    return Answer(status, msgspec.json.encode(value), {}, JSON)


def error(status: int, message: str, *, docs: str = DOCS, **more: Any) -> Answer:
    """A refusal in GitHub's shape."""
    return answer({"message": message, **more, "documentation_url": docs, "status": str(status)}, status)


def invalid(field_name: str, code: str = "missing_field", message: str | None = None) -> Refusal:
    """The 422 of a body that says the wrong thing."""
    fault = {"resource": "Issue", "field": field_name, "code": code} | ({"message": message} if message else {})
    return Refusal(error(422, "Validation Failed", errors=[fault]))


def number(call: Call, name: str, default: int, most: int | None = None) -> int:
    """A parameter that is a number; nonsense counts as not given, as on the real site."""
    given = call.request.query.get(name, [""])[-1]
    value = int(given) if given.isdigit() and int(given) > 0 else default
    return value if most is None else min(value, most)


def text(call: Call, name: str, default: str) -> str:
    """A parameter that is a text."""
    return call.request.query.get(name, [default])[-1]


def route(method: str, pattern: str, endpoint: Endpoint) -> tuple[str, re.Pattern[str], Endpoint]:
    """An entry of the routing table."""
    return method, re.compile(pattern), endpoint
