"""The Jira site as its callers meet it: who they are, what may be seen, which endpoint answers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from tests.sandbox.jira.limits import Limits
from tests.sandbox.jira.model import Access, Issue, Project, User
from tests.sandbox.jira.state import JiraState
from tests.sandbox.server import Answer, Request

CACHED_BYTES = 256 << 20


class Refusal(Exception):
    """The call is refused with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a site behaves where real ones differ.

    `index_resolution` is how coarse the index keeps times. `history_times` is how bulk histories tell their times:
    milliseconds, seconds or iso. `ragged` pages are shorter than asked for, as a server may choose. `public`: a wrong
    credential is answered as nobody's, with 200. `warn`: texts that each search carries as `warnings`. `node_ids`: a
    comment's nodes have ids of their own once it is kept, which the answer to its writing does not show yet.
    """

    index_lag: timedelta = timedelta(0)
    index_resolution: timedelta = timedelta(seconds=1)
    page_limit: int = 100
    full_page_limit: int = 50
    id_page_limit: int = 5000
    comments_in_search: int = 20
    changes_in_search: int = 40
    comment_limit: int = 5000
    history_times: str = "milliseconds"
    token_life: timedelta = timedelta(days=7)
    ragged: bool = False
    public: bool = False
    warn: tuple[str, ...] = ()
    node_ids: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request with who makes it and when. `user` None: nobody."""

    request: Request
    user: User | None
    access: Access
    zone: str
    now: int
    groups: tuple[str, ...] = ()


NOBODY = Access(account_id="", browse=frozenset(), comment=False, edit_own=False, delete_own=False)
Endpoint = Callable[["Site", Call], Answer]


@dataclass(slots=True)
class Site:
    """All that endpoints work with. `url` is where they are, `home` where people open the site.

    Both are known once the server listens.
    """

    state: JiraState
    manners: Manners
    limits: Limits
    url: str = ""
    home: str = ""
    routes: list[tuple[str, re.Pattern[str], Endpoint]] = field(default_factory=list)
    tokens: dict[str, tuple[str, int, Any]] = field(default_factory=dict)
    shown: dict[Any, Any] = field(default_factory=dict)
    shown_bytes: int = 0
    shown_revision: int = -1

    def answer(self, request: Request) -> Answer:
        """The answer of the endpoint, or why it is refused."""
        try:
            with self.state.lock:
                return self._answer(request)
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, request: Request) -> Answer:
        known = False
        for method, pattern, endpoint in self.routes:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            known = True
            if method == request.method:
                user, access = self._who(request)
                call = Call(
                    request=request,
                    user=user,
                    access=access,
                    zone=user.zone if user else self.state.zone,
                    now=self.state.clock.milliseconds(),
                    groups=match.groups(),
                )
                headers = self.limits.admit(method, pattern.pattern, self._writes_to(call))
                answer = endpoint(self, call)
                answer.headers |= headers
                answer.headers.setdefault("X-Arequestid", hashlib.md5(request.content).hexdigest())
                if user is not None:
                    answer.headers["X-Aaccountid"] = user.account_id
                return answer
        return (
            error(405) if known else Answer(404, b"<html><body>dead link</body></html>", {}, "text/html;charset=UTF-8")
        )

    def _writes_to(self, call: Call) -> str | None:
        """The id of the issue that the call writes to."""
        method, path = call.request.method, call.request.path
        if method == "GET" or (method == "POST" and not path.endswith("/comment")) or not call.groups:
            return None
        first = call.groups[0]
        if "/comment/" in path and path.endswith(f"/properties/{call.groups[-1]}"):
            return self.state.issue_of_comment.get(first)
        issue = self.state.find(first)
        return issue.id if issue else None

    def _who(self, request: Request) -> tuple[User | None, Access]:
        given = request.headers.get("Authorization")
        if given is None:
            if self.manners.public or request.path.endswith("/serverInfo"):
                return None, NOBODY
            raise Refusal(unauthorized())
        scheme, _, encoded = given.partition(" ")
        try:
            email, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            email = secret = ""
        access = self.state.tokens.get(email, {}).get(secret) if scheme.casefold() == "basic" else None
        if access is not None and self.state.users[access.account_id].active:
            return self.state.users[access.account_id], access
        if self.manners.public:
            return None, NOBODY
        raise Refusal(unauthorized())

    # What may be seen

    def may_browse(self, call: Call, project: Project) -> bool:
        """Whether the caller may see the project."""
        if call.user is None:
            return project.public
        return call.access.browse is None or project.key in call.access.browse

    def visible(self, call: Call, issue: Issue) -> bool:
        """Whether the caller may see the issue."""
        return not self.state.records[issue.id].hidden and self.may_browse(call, self.state.projects[issue.project_id])

    def issue(self, call: Call, text: str) -> Issue:
        """The issue, as the primary store has it. Refuses with 404 what is not there or not to be seen."""
        issue = self.state.find(text)
        if issue is None or not self.visible(call, issue):
            raise Refusal(error(404, "Issue does not exist or you do not have permission to see it."))
        return issue

    # Page tokens: opaque, bound to what was asked, gone after their life

    def hand_out_token(self, bound_to: str, now: int, position: Any) -> str:
        """A token for the page behind `position`."""
        token = base64.urlsafe_b64encode(
            hashlib.sha256(f"{len(self.tokens)} {bound_to} {now}".encode()).digest()
        ).decode()
        self.tokens[token] = (bound_to, now, position)
        return token

    def position(self, token: str, bound_to: str, now: int) -> Any:
        """What the token stands for. Refuses with 400 one that is unknown, too old or of another query."""
        known = self.tokens.get(token)
        if (
            known is None
            or known[0] != bound_to
            or now - known[1] > self.manners.token_life // timedelta(milliseconds=1)
        ):
            raise Refusal(error(400, "The provided next page token is invalid or has expired."))
        return known[2]

    # What was shown before and is still true

    def remember(self, key: Any, make: Callable[[], bytes]) -> bytes:
        """The bytes for a key, made once until the state changes."""
        self._forget_what_changed()
        found = self.shown.get(key)
        if found is None:
            found = make()
            if self.shown_bytes < CACHED_BYTES:
                self.shown[key] = found
                self.shown_bytes += len(found)
        return bytes(found)

    def remembered(self, key: Any) -> Any:
        """A value kept by `keep`, None when the state has changed since."""
        self._forget_what_changed()
        return self.shown.get(key)

    def keep(self, key: Any, value: Any) -> None:
        """Keep a value until the state changes."""
        self._forget_what_changed()
        self.shown[key] = value

    def _forget_what_changed(self) -> None:
        if self.shown_revision != self.state.revision:
            self.shown.clear()
            self.shown_bytes, self.shown_revision = 0, self.state.revision


def answer(value: Any, status: int = 200) -> Answer:
    """An answer with JSON."""
    return Answer(status, msgspec.json.encode(value))


def error(status: int, *messages: str, **errors: str) -> Answer:
    """A refusal in Jira's shape."""
    return answer({"errorMessages": list(messages), "errors": errors}, status)


def unauthorized() -> Answer:
    """The 401 of a wrong or missing credential."""
    said = answer({"message": "Client must be authenticated to access this resource.", "status-code": 401}, 401)
    said.headers = {"WWW-Authenticate": 'OAuth realm="sandbox"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    return said


def refuse(status: int, *messages: str, **errors: str) -> Refusal:
    """The same, to be raised."""
    return Refusal(error(status, *messages, **errors))


BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."


def payload(call: Call, shape: type[Any]) -> Any:
    """The request's body in the shape of a struct; anything else, also an unknown member, is refused with 400."""
    try:
        return msgspec.json.decode(call.request.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise refuse(400, BAD_PAYLOAD) from wrong


def words(call: Call, name: str) -> list[str] | None:
    """A parameter that is a list: repeated, or with commas."""
    given = call.request.query.get(name)
    return None if given is None else [word.strip() for text in given for word in text.split(",") if word.strip()]


def number(call: Call, name: str, default: int, *, least: int = 0) -> int:
    """A parameter that is a number. Refuses others with 400."""
    given = call.request.query.get(name)
    if given is None:
        return default
    try:
        value = int(given[-1])
    except ValueError as wrong:
        raise refuse(400, f"The value of '{name}' is not a number.") from wrong
    if value < least:
        raise refuse(400, f"The value of '{name}' is too small.")
    return value


def text(call: Call, name: str) -> str | None:
    """A parameter that is a text."""
    given = call.request.query.get(name)
    return given[-1] if given else None


def digest(*parts: Any) -> str:
    """A short name for what a token is bound to."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def route(
    method: str, pattern: str, endpoint: Endpoint, versions: Iterable[str] = ("3",)
) -> list[tuple[str, re.Pattern[str], Endpoint]]:
    """Entries of the routing table for some API versions."""
    return [(method, re.compile(f"/rest/api/{version}{pattern}"), endpoint) for version in versions]
