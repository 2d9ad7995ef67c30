"""One GitHub through PyGithub's requester. Every use of the library is in this file, `wire` and `login`.

The library composes requests: address, version, credentials. Its retries, waits, redirects and error texts are not
used: it would send a comment up to eleven times over a cut connection, sleep an hour within a call, and drop the query
of a redirected one. What GitHub calls a success may still hold errors, so a GraphQL answer with any is no answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from requests.utils import get_environ_proxies, select_proxy

from config.secret import Secret
from config.sources import GithubApp, GithubSettings
from connectors.addresses import check_url
from connectors.github.failures import TooHeavy, explanation, limit, translate
from connectors.github.login import is_stale, sign
from connectors.github.payloads import NULL, UNREADABLE, Budget, Envelope, InstallationToken, Metered
from connectors.github.wire import Wire
from connectors.transport import (
    LONGEST_PAUSE,
    GuardedAdapter,
    Passing,
    ReadRetry,
    answered_at,
    check_status,
    clean,
    describe,
    is_passing,
    trust,
)
from core.errors import (
    AccessDenied,
    BadAnswer,
    ConfigurationError,
    NotThere,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    SourceUnavailable,
    WriteRefused,
)

Value = TypeVar("Value")
Query = Mapping[str, str | int]

VERSION = "2022-11-28"
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
    """Whether a list changed since its `etag` was told, and when that was asked. No `etag`: ask again next time."""

    changed: bool
    etag: str | None
    at: datetime


@dataclass(slots=True)
class _Connection:
    """A requester with its wire, and what it must not say."""

    requester: Any
    wire: Wire
    secrets: tuple[str, ...]
    expires_at: datetime | None = None


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
        self._settings = settings
        self._login = login
        self._retry = retry or ReadRetry(stop)
        self._threads = threading.local()
        self._opened: list[_Connection] = []
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
        return Polled(True, answer.headers.get("ETag"), at)

    # --- writing ---

    def write(self, method: str, path: str, kind: type[Value], body: object) -> Value:
        """What GitHub answers to a change, which is sent exactly once.

        Raises OutcomeUnknown when the change may have been made; every other RemoteError says that it was not.
        """
        self._connected()  # an app gets its token before, so that what fails below is the write itself
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
        while self._opened:
            self._opened.pop().wire.close()
        self._threads = threading.local()

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
        connection = self._connected()
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
            self.close()  # the token may have been renewed: it is read again before the next request
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
            self.close()
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
        connection = self._connection()
        return explanation(answer, () if connection is None else connection.secrets)

    def _data(self, answer: requests.Response) -> msgspec.Raw:
        """The data of a GraphQL answer. Raises what its errors mean, whatever data came with them."""
        envelope = self._decode(answer.content, Envelope, "a query")
        if envelope.errors:
            connection = self._connection()
            raise translate(envelope.errors, answer, self.host, () if connection is None else connection.secrets)
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

    # --- connections ---

    def _connection(self) -> _Connection | None:
        return getattr(self._threads, "connection", None)

    def _connected(self) -> _Connection:
        connection = self._connection()
        if connection is None or is_stale(connection.expires_at, datetime.now(UTC)):
            connection = self._connect()
            self._threads.connection = connection
            self._opened.append(connection)
        return connection

    def _connect(self) -> _Connection:
        wire = self._wire()
        if isinstance(self._login, Secret):
            token = self._login.reveal()
            return _Connection(self._requester(token), wire, (token,))
        app = self._login
        proof = sign(app)
        proving = _Connection(self._requester(proof, bearer=True), wire, (proof,))
        self._threads.connection = proving
        try:
            given = self._installation_token(app)
        finally:
            self._threads.connection = None
        expires_at = datetime.fromisoformat(given.expires_at)
        return _Connection(self._requester(given.token), wire, (given.token, proof), expires_at)

    def _installation_token(self, app: GithubApp) -> InstallationToken:
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

    def _requester(self, token: str, *, bearer: bool = False) -> Any:
        import github  # a fifth of a second: only those pay who ask GitHub something

        try:
            token.encode("latin-1")
        except UnicodeEncodeError:
            raise ConfigurationError(f"The token for {self.host} holds characters that no token has.") from None
        return github.Github(
            auth=github.Auth.AppAuthToken(token) if bearer else github.Auth.Token(token),
            base_url=self._settings.url.rstrip("/"),
            user_agent="planward",
            api_version=VERSION,
            retry=None,
            lazy=True,
            per_page=100,
            seconds_between_requests=0,
            seconds_between_writes=0,
        ).requester

    def _wire(self) -> Wire:
        settings = self._settings
        proxy = settings.proxy.reveal() if isinstance(settings.proxy, Secret) else settings.proxy
        proxies = {"http": proxy, "https": proxy} if proxy else get_environ_proxies(settings.url)
        proxied = select_proxy(settings.url, proxies) is not None
        check_url(settings.url, private=settings.private_address, proxied=proxied)
        secure = settings.url.startswith("https:")
        context = trust(settings.ca, settings.client_certificate) if secure else None
        adapter = GuardedAdapter(private=settings.private_address, context=context)
        session = requests.Session()
        session.trust_env = False  # no .netrc, and no proxy but those above
        session.proxies = dict(proxies)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        parts = urlsplit(settings.url)
        return Wire(session, f"{parts.scheme}://{parts.netloc}")


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
