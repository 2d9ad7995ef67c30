"""One GitHub: questions to it and changes of it, and what its answers mean.

PyGithub composes the requests (see `connections`). Its retries, waits, redirects and error texts are not used: it would
send a comment up to eleven times over a cut connection, sleep an hour within a call, and drop the query of a redirected
one. What GitHub calls a success may still hold errors, so a GraphQL answer with any is no answer, unless all that they
hide are teams.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests

from config.secret import Secret
from config.sources import GithubApp, GithubSettings
from connectors.github.connections import Connections
from connectors.github.failures import TooHeavy, explanation, hides_teams, limit, translate
from connectors.github.payloads import NULL, UNREADABLE, Budget, Envelope, InstallationToken, Metered
from connectors.transport import (
    LONGEST_PAUSE,
    Passing,
    ReadRetry,
    answered_at,
    check_status,
    clean,
    describe,
    is_passing,
)
from core.errors import (
    AccessDenied,
    BadAnswer,
    NotThere,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    SourceUnavailable,
    WriteRefused,
)

Value = TypeVar("Value")
Query = Mapping[str, str | int]

RESERVE = 50
"""Points an hour that are left to whoever else uses the token, most likely a person."""
BETWEEN_WRITES = 1.0
"""Seconds from one write to the next, as GitHub asks of every account."""
MOVED = (301, 302, 303, 307, 308)
ELSEWHERE = (*MOVED, 410)


class Moved(BadAnswer):
    """The thing has another address now."""

    advice = "If the repository was renamed or moved, name it by its new name."


@dataclass(frozen=True, slots=True)
class Told(Generic[Value]):
    """What GitHub answered, and whether there is `more` on a next page."""

    value: Value
    more: bool


@dataclass(frozen=True, slots=True)
class Polled:
    """Whether a list changed since its `etag` was told, and when that was asked. No `etag`: ask again next time.

    `digest` is that of a list that was told.
    """

    changed: bool
    etag: str | None
    at: datetime
    digest: str | None = None


class GithubClient:
    """Requests to one GitHub, each thread over a connection of its own. Making one sends nothing.

    `requests` counts what was sent, tries included.
    """

    def __init__(
        self,
        settings: GithubSettings,
        login: Secret | GithubApp,
        *,
        stop: Event | None = None,
        retry: ReadRetry | None = None,
    ) -> None:
        self.host = urlsplit(settings.url).hostname or settings.url
        self.requests = 0
        self._retry = retry or ReadRetry(stop)
        self._connections = Connections(settings, login, self._exchange, stop=self._retry.stop)
        self._rest_until: datetime | None = None

    # --- reading ---

    def ask(self, document: str, kind: type[Value], variables: Mapping[str, object] | None = None) -> Value:
        """The data that answer a GraphQL query, whole.

        Raises TooHeavy when GitHub could not do it in time and would for less, and every other RemoteError.
        """
        body = {"query": document, "variables": dict(variables or {})}

        def attempt() -> tuple[requests.Response, msgspec.Raw]:
            self._check_budget()
            answer = self._try("POST", None, None, body)
            if answer.status_code in (502, 504):
                raise TooHeavy(f"{self.host} did not get ready in time (server error {answer.status_code}).")
            self._check(answer)
            return answer, self._data(answer)

        answer, data = self._retry.call(attempt)
        self._keep_reserve(data, answer)
        return self._decode(bytes(data), kind, "a query")

    def read(self, path: str, kind: type[Value], *, query: Query | None = None) -> Told[Value]:
        """What the REST interface answers. Raises RemoteError."""
        answer = self._get(path, query, None)
        more = 'rel="next"' in answer.headers.get("Link", "")
        return Told(self._decode(answer.content, kind, path), more)

    def poll(self, path: str, *, query: Query, etag: str | None) -> Polled:
        """Whether a list of the REST interface changed; free of points when it did not.

        It did where there is no list any more: the repository has another name now, or no issues. Raises RemoteError.
        """
        answer = self._get(path, query, etag, polls=True)
        at = answered_at(answer.headers)
        if at is None:
            raise BadAnswer(f"{self.host} does not say what time it has, which we go by.")
        if answer.status_code in ELSEWHERE:
            return Polled(True, None, at)
        if answer.status_code == 304:
            if etag is None:
                raise BadAnswer(f"{self.host} says that nothing changed since it told us nothing.")
            return Polled(False, etag, at)
        self._decode(answer.content, list[msgspec.Raw], path)
        return Polled(True, answer.headers.get("ETag"), at, hashlib.sha256(answer.content).hexdigest())

    # --- writing ---

    def write(self, method: str, path: str, kind: type[Value], body: object) -> Value:
        """What GitHub answers to a change, which is sent exactly once.

        Raises OutcomeUnknown when the change may have been made; every other RemoteError says that it was not.
        """
        self._connections.current()  # an app gets its token before, so that what fails below is the write itself
        _pace(self.host, self._retry.stop)
        self._retry.check()
        try:
            answer = self._send(method, path, None, body)
        except requests.RequestException as error:
            raise OutcomeUnknown(f"{describe(error, self.host)} Whether it was applied is not known.") from error
        except (BadAnswer, SourceUnavailable) as error:
            raise OutcomeUnknown(f"{error} Whether it was applied is not known.") from error
        self._check_write(answer)
        try:
            self._check_json(answer)
            return self._decode(answer.content, kind, path)
        except RemoteError as error:
            raise OutcomeUnknown(f"{self.host} answered {answer.status_code}, but not as GitHub does.") from error

    def close(self) -> None:
        """Let go of the connections. The next request makes new ones, with the secret read anew."""
        self._connections.close()

    # --- one request ---

    def _get(self, path: str, query: Query | None, etag: str | None, *, polls: bool = False) -> requests.Response:
        def attempt() -> requests.Response:
            answer = self._try("GET", path, query, None, etag)
            if polls and answer.status_code in (304, *ELSEWHERE):
                return answer
            self._check(answer)
            return answer

        return self._retry.call(attempt)

    def _try(
        self, method: str, path: str | None, query: Query | None, body: object, etag: str | None = None
    ) -> requests.Response:
        """The answer to a question, whatever it is. Raises Passing or RemoteError when there is none."""
        self._retry.check()
        try:
            return self._send(method, path, query, body, etag)
        except requests.RequestException as error:
            failure = describe(error, self.host)
            raise (Passing(failure) if is_passing(error) else failure) from error

    def _send(
        self, method: str, path: str | None, query: Query | None, body: object, etag: str | None = None
    ) -> requests.Response:
        """The answer to one request; without a `path` to the GraphQL interface."""
        connection = self._connections.current()
        headers = {"Accept": "application/vnd.github+json", "X-Github-Next-Global-ID": "1"}
        if etag is not None:
            headers["If-None-Match"] = etag
        self.requests += 1
        url = connection.requester.graphql_url if path is None else path
        connection.requester.requestJson(
            method, url, parameters=dict(query or {}), headers=headers, input=body, cnx=connection.wire
        )
        return connection.wire.answer()

    # --- what answers mean ---

    def _check(self, answer: requests.Response) -> None:
        """Pass when the answer is one to a question. Raises Passing or RemoteError."""
        self._check_redirect(answer)
        said = self._said(answer)
        limited = limit(answer, self.host, said)
        if limited is not None:
            raise limited.error if limited.pause is None or limited.pause > LONGEST_PAUSE else limited
        if answer.status_code == 401:
            self._connections.renew()  # the token may have been renewed: it is read again before the next request
        if answer.status_code == 410:
            raise NotThere(f"{self.host} has it no more.{said}")
        check_status(answer, self.host, said)
        self._check_json(answer)

    def _check_redirect(self, answer: requests.Response) -> None:
        if answer.status_code in MOVED:
            raise Moved(f"{self.host} sends us to another address, which we do not follow.")

    def _check_json(self, answer: requests.Response) -> None:
        kind = answer.headers.get("Content-Type", "")
        if "html" in kind:
            raise AccessDenied(f"{self.host} answered with a web page, as a log-in page or proxy does.")
        if "json" not in kind:
            told = clean(kind, 60) or "something without a type"
            raise BadAnswer(f"{self.host} answered with {told} instead of JSON.")

    def _check_write(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status < 300:
            return
        if status in MOVED:
            raise WriteRefused(f"{self.host} sends us to another address, which we do not follow.", advice=Moved.advice)
        said = self._said(answer)
        limited = limit(answer, self.host, said)
        if limited is not None:
            raise limited.error
        if status == 401:
            self._connections.renew()
            raise AccessDenied(f"{self.host} did not accept our credentials.{said}")
        if status == 403:
            raise WriteRefused(f"{self.host} does not allow our account to write this.{said}")
        if status in (404, 410):
            raise NotThere(f"{self.host} has no such thing, or hides it from our account.{said}")
        if status >= 500:
            raise OutcomeUnknown(
                f"{self.host} answered with server error {status}. Whether it was applied is not known."
            )
        raise WriteRefused(f"{self.host} refused what we wrote, with status {status}.{said}")

    def _said(self, answer: requests.Response) -> str:
        return explanation(answer, self._connections.secrets)

    def _data(self, answer: requests.Response) -> msgspec.Raw:
        """The data of a GraphQL answer. Raises what its errors mean, whatever data came with them.

        Except of those that hide a team: the data are whole without its name, and a team that is asked for a review
        would keep everything else from us.
        """
        envelope = self._decode(answer.content, Envelope, "a query")
        if envelope.errors and not (envelope.data != NULL and hides_teams(envelope.errors)):
            raise translate(envelope.errors, answer, self.host, self._connections.secrets)
        if envelope.data == NULL:
            raise BadAnswer(f"{self.host} answered a query with neither data nor errors.")
        return envelope.data

    def _decode(self, content: bytes, kind: type[Value], what: str) -> Value:
        try:
            return msgspec.json.decode(content, type=kind)
        except UNREADABLE as error:
            text = f"{self.host} answered {what} with something else than expected: {clean(str(error))}."
            raise BadAnswer(text) from error

    # --- the budget ---

    def _check_budget(self) -> None:
        until = self._rest_until
        if until is not None and datetime.now(UTC) < until:
            text = f"The points that {self.host} gives us are used up until {until:%Y-%m-%d %H:%M:%S} UTC."
            raise RateLimited(text, not_before=until)

    def _keep_reserve(self, data: msgspec.Raw, answer: requests.Response) -> None:
        """Rest before everything is used up: a limit that is run into is taken for abuse."""
        budget: Budget | None = self._decode(bytes(data), Metered, "a query").rate_limit
        if budget is None or budget.remaining >= RESERVE:
            return
        now = datetime.now(UTC)
        resets_at = datetime.fromisoformat(budget.reset_at)
        self._rest_until = now + max(resets_at - (answered_at(answer.headers) or now), timedelta())

    # --- an app ---

    def _exchange(self, app: GithubApp) -> InstallationToken:
        """The token for an hour of an app's installation. Raises AccessDenied where there is none, RemoteError."""
        path = f"/app/installations/{app.installation}/access_tokens"

        def attempt() -> requests.Response:
            answer = self._try("POST", path, None, {})
            self._check(answer)
            return answer

        try:
            answer = self._retry.call(attempt)
        except NotThere as error:
            text = f"{self.host} knows no installation {app.installation} of the GitHub App {app.id}."
            raise AccessDenied(text) from error
        return self._decode(answer.content, InstallationToken, path)


# --- the pace of writing: the limit is the account's, whichever client writes ---------------------------------------

_paces: dict[str, float] = {}
_pacing = threading.Lock()


def _pace(host: str, stop: Event) -> None:
    """Wait until the last write to the host is long enough ago, or until we are to stop."""
    with _pacing:
        now = time.monotonic()
        at = max(now, _paces.get(host, now - BETWEEN_WRITES) + BETWEEN_WRITES)
        _paces[host] = at
    if at > now:
        stop.wait(at - now)
