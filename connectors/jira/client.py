"""One Jira Cloud site through one `jira.JIRA`. Every use of the library, and of its private members, is in this file.

The library gives the session (address, credentials, certificates, proxy) and the addresses of the REST interface. Its
retries, error texts and typed resources are not used: it would send a comment up to four times over a cut connection,
print headers in its errors, and take whatever it does not understand for an attribute.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from requests.utils import get_environ_proxies, select_proxy

from config.secret import Secret
from config.sources import JiraSettings
from connectors.addresses import check_url
from connectors.jira.payloads import UNREADABLE, Refusal
from connectors.transport import (
    TIMEOUT,
    UNTOLD_PAUSE,
    GuardedAdapter,
    Passing,
    ReadRetry,
    answered_at,
    check_status,
    clean,
    describe,
    is_passing,
    parse_wait,
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

Query = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Told(Generic[Value]):
    """What Jira answered, and when it says that it did."""

    value: Value
    at: datetime | None


class Forbidden(WriteRefused):
    """Our account may not write this."""


class JiraClient:
    """Requests to one site. Making one sends nothing. Not for several threads at once.

    `requests` counts what was sent, tries included. Raises ConfigurationError without a `user`: this is Jira Cloud.
    """

    def __init__(self, settings: JiraSettings, token: Secret, *, stop: Event | None, retry: ReadRetry | None) -> None:
        if settings.user is None:
            raise ConfigurationError(
                "Jira Cloud needs `user`, the account's e-mail address; Data Center is not read yet."
            )
        self.host = urlsplit(settings.url).hostname or settings.url
        self.requests = 0
        self._settings = settings
        self._user = settings.user
        self._token = token
        self._secrets: tuple[str, ...] = ()
        self._retry = retry or ReadRetry(stop)
        self._jira: Any = None

    def read(self, path: str, kind: type[Value], *, query: Query | None = None, body: object = None) -> Told[Value]:
        """What Jira answers, decoded. With a `body` it is asked by POST, which changes nothing there either.

        Raises RemoteError.
        """

        def attempt() -> requests.Response:
            self._retry.check()
            try:
                answer = self._send("GET" if body is None else "POST", path, query, body)
            except requests.RequestException as error:
                failure = describe(error, self.host)
                raise (Passing(failure) if is_passing(error) else failure) from error
            self._check_login(answer)
            check_status(answer, self.host, self._explanation(answer))
            self._check_json(answer)
            return answer

        answer = self._retry.call(attempt)
        try:
            value = msgspec.json.decode(answer.content, type=kind)
        except UNREADABLE as error:
            raise BadAnswer(
                f"{self.host} answered {path} with something else than expected: {clean(str(error))}."
            ) from error
        return Told(value, answered_at(answer.headers))

    def write(self, method: str, path: str, kind: type[Value], *, query: Query | None = None, body: object) -> Value:
        """What Jira answers to a change, which is sent exactly once.

        Raises OutcomeUnknown when the change may have been made; every other RemoteError says that it was not.
        """
        try:
            answer = self._send(method, path, query, body)
        except requests.TooManyRedirects as error:
            raise WriteRefused(f"{self.host} sends us to another address, which we do not follow.") from error
        except requests.RequestException as error:
            raise OutcomeUnknown(f"{describe(error, self.host)} Whether it was applied is not known.") from error
        except (BadAnswer, SourceUnavailable) as error:
            raise OutcomeUnknown(f"{error} Whether it was applied is not known.") from error
        self._check_write(answer)
        try:
            self._check_json(answer)
            return msgspec.json.decode(answer.content, type=kind)
        except (RemoteError, *UNREADABLE) as error:
            raise OutcomeUnknown(f"{self.host} answered {answer.status_code}, but not as Jira does.") from error

    def close(self) -> None:
        """Let go of the connections. The next request makes new ones, with the secret read anew."""
        if self._jira is not None:
            self._jira.close()
            self._jira = None

    def _send(self, method: str, path: str, query: Query | None, body: object) -> requests.Response:
        jira = self._connected()
        self.requests += 1
        data = None if body is None else msgspec.json.encode(body)
        # The session's own `request` retries whatever it is given, so the one that it overrides is called.
        return requests.Session.request(
            jira._session, method, jira._get_url(path), params=query, data=data, timeout=TIMEOUT
        )

    def _check_login(self, answer: requests.Response) -> None:
        # A wrong token may be answered with 200 and what everybody may see, which would look like an empty project.
        reason = answer.headers.get("X-Seraph-LoginReason", "") + answer.headers.get(
            "X-Authentication-Denied-Reason", ""
        )
        if "DENIED" in reason or "FAILED" in reason or "CAPTCHA" in reason:
            self.close()
            raise AccessDenied(f"{self.host} did not accept our credentials, or wants a person to log in first.")
        if answer.status_code == 401:
            self.close()  # the token may have been renewed: it is read again before the next request
        kind = answer.headers.get("Content-Type", "")
        if answer.status_code < 300 and "html" in kind:
            raise AccessDenied(f"{self.host} answered with a web page, as a log-in page or proxy does.")

    def _check_json(self, answer: requests.Response) -> None:
        kind = answer.headers.get("Content-Type", "")
        if "json" not in kind:
            raise BadAnswer(
                f"{self.host} answered with {clean(kind, 60) or 'something without a type'} instead of JSON."
            )

    def _check_write(self, answer: requests.Response) -> None:
        status, said = answer.status_code, self._explanation(answer)
        if status < 300:
            return
        if status == 401:
            self.close()
            raise AccessDenied(f"{self.host} did not accept our credentials.{said}")
        if status == 403:
            raise Forbidden(f"{self.host} does not allow our account to write this.{said}")
        if status == 404:
            raise NotThere(f"{self.host} has no such thing, or hides it from our account.{said}")
        if status == 429:
            now = datetime.now(UTC)
            pause = parse_wait(answer.headers, now)
            until = now + timedelta(seconds=UNTOLD_PAUSE if pause is None else pause)
            raise RateLimited(f"{self.host} asks us to wait until {until:%Y-%m-%d %H:%M:%S} UTC.", not_before=until)
        if status >= 500:
            raise OutcomeUnknown(
                f"{self.host} answered with server error {status}. Whether it was applied is not known."
            )
        raise WriteRefused(f"{self.host} refused what we wrote, with status {status}.{said}")

    def _explanation(self, answer: requests.Response) -> str:
        """What Jira says of its refusal, on one line with a leading space, or nothing."""
        if answer.status_code < 300:
            return ""
        try:
            refusal = msgspec.json.decode(answer.content, type=Refusal)
            fields = [msgspec.json.decode(text) for text in (refusal.errors or {}).values()]
        except (*UNREADABLE, requests.RequestException):
            return ""
        texts = [*(refusal.error_messages or ()), *(text for text in fields if isinstance(text, str)), refusal.message]
        line = " ".join(dict.fromkeys(text for text in texts if text))
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return f" It says: {clean(line)}" if line.strip() else ""

    def _connected(self) -> Any:
        if self._jira is None:
            self._jira = self._connect()
        return self._jira

    def _connect(self) -> Any:
        if "PYJIRA_LOG_TO_TEMPFILE" in os.environ:
            raise ConfigurationError("PYJIRA_LOG_TO_TEMPFILE is set: answers would be written to files. Unset it.")
        settings = self._settings
        proxy = settings.proxy.reveal() if isinstance(settings.proxy, Secret) else settings.proxy
        proxies = {"http": proxy, "https": proxy} if proxy else get_environ_proxies(settings.url)
        proxied = select_proxy(settings.url, proxies) is not None
        check_url(settings.url, private=settings.private_address, proxied=proxied)
        secure = settings.url.startswith("https:")
        context = trust(settings.ca, settings.client_certificate) if secure else None
        adapter = GuardedAdapter(private=settings.private_address, context=context, stop=self._retry.stop)
        token = self._token.reveal()
        self._secrets = (token, base64.b64encode(f"{self._user}:{token}".encode()).decode())

        import jira  # a fifth of a second: only those pay who ask Jira something

        connection: Any = jira.JIRA(
            options={
                "server": settings.url,
                "rest_api_version": "3",
                "check_update": False,
                "headers": {"User-Agent": "planward"},
            },
            max_retries=0,
            timeout=TIMEOUT,
            get_server_info=False,
            logging=False,
            proxies=proxies or None,
        )
        # Without asking the server the library takes it for an old one, and some of its methods then do nothing.
        connection.deploymentType = "Cloud"
        connection._version = (1001, 0, 0)
        connection._session.auth = (self._user.encode(), token.encode())  # of texts, `requests` would make Latin-1
        connection._session.max_redirects = 0
        connection._session.mount("https://", adapter)
        connection._session.mount("http://", adapter)
        return connection
