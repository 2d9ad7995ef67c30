"""How connectors speak HTTP: whom they reach, when a read is tried again, what a failure is called.

Nothing here sends a write twice: `ReadRetry` is for reads, and only the connectors' read paths use it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, Protocol, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)
from urllib3 import ProxyManager
from urllib3.response import BaseHTTPResponse

from connectors.connections import pools, proxied_pools
from core.errors import (
    AccessDenied,
    BadAnswer,
    ConfigurationError,
    NotThere,
    RateLimited,
    RemoteError,
    SourceUnavailable,
)

TIMEOUT = (5.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes of an answer."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer after decompression. A page of a hundred issues is about one MiB."""
LONGEST_PAUSE = 20.0
"""Seconds that a read waits when told to. A longer wait is handed to the scheduler, which has other work to do."""
LONGEST_BAN = 24 * 3600.0
"""Seconds for which a source is believed that it wants to be left alone. More is a fault of its own."""
UNTOLD_PAUSE = 60.0
"""Seconds to leave a source alone that says "too many requests" and not for how long."""

Answer = TypeVar("Answer")

# --- whom we reach, and how much we take -------------------------------------------------------------------------


@lru_cache(maxsize=32)
def trust(ca: Path | None, certificate: Path | None = None) -> ssl.SSLContext:
    """Whom to believe: the system's authorities, those that `requests` brings along, and those in the file `ca`.

    It shows our own `certificate` (with its key, PEM) to hosts that ask; so sources with different ones never share a
    context. Kept for the life of the process, since reading all of it takes longer than a quiet poll. Raises
    ConfigurationError.
    """
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.load_default_certs()
    try:
        if ca is not None:
            context.load_verify_locations(ca)
    except OSError as error:
        raise ConfigurationError(f"The certificates in {ca} cannot be read; name a PEM file.") from error
    try:
        if certificate is not None:
            context.load_cert_chain(certificate, password="")  # none: nobody is asked for one
    except OSError as error:
        text = f"Our certificate in {certificate} cannot be used; name a PEM file that holds it and its open key."
        raise ConfigurationError(text) from error
    return context


class GuardedAdapter(HTTPAdapter):
    """A transport for `requests` that calls allowed addresses only and reads answers of bounded size, in bounded time.

    A `stop` breaks off what is only read (GET).
    """

    def __init__(self, *, private: bool, context: ssl.SSLContext | None, stop: Event | None = None) -> None:
        self._private = private
        self._context = context
        self._stop = stop
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        """Make the pools, with connections that look at whom they reached."""
        super().init_poolmanager(*arguments, ssl_context=self._context, **keywords)
        self.poolmanager.pool_classes_by_scheme = pools(private=self._private, stop=self._stop)

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        """The pools behind a proxy."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **keywords)
        if not known and isinstance(manager, ProxyManager):
            manager.pool_classes_by_scheme = proxied_pools(stop=self._stop)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
        """Prepare a pool for checking certificates."""
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call] # in the stubs
        if verify is True and self._context is not None:
            conn.ca_certs = conn.ca_cert_dir = None  # they are in the context, and would be read for each connection

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """The answer, which stops being read when it grows too large."""
        bounded = _BoundedResponse()
        vars(bounded).update(vars(super().build_response(req, resp)))
        return bounded


class _BoundedResponse(requests.Response):
    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        taken = 0
        for chunk in super().iter_content(max(chunk_size or 0, 65536), decode_unicode):
            taken += len(chunk)
            if taken > LARGEST_ANSWER:
                self.close()
                raise BadAnswer(f"The answer is larger than {LARGEST_ANSWER // 1024**2} MiB.")
            yield chunk


# --- when again -------------------------------------------------------------------------------------------------


class Passing(Exception):
    """A failure that may be over soon. `pause` is the wait in seconds that the other side asked for, if it did."""

    def __init__(self, error: RemoteError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


class ReadRetry:
    """The one policy for trying a read again: a few times, further and further apart, never sooner than told."""

    def __init__(self, stop: Event | None = None, *, attempts: int = 4, first_pause: float = 1.0) -> None:
        self.stop = stop or Event()
        self._attempts = attempts
        self._backoff = wait_exponential(multiplier=first_pause, max=LONGEST_PAUSE) + wait_random(0, first_pause)

    def check(self) -> None:
        """Pass while Planward is not stopping. Raises SourceUnavailable."""
        if self.stop.is_set():
            raise SourceUnavailable("Planward is stopping; nothing more is asked.")

    def call(self, read: Callable[[], Answer]) -> Answer:
        """What `read` gives. It raises Passing for what may be tried again; the last one's RemoteError comes out."""
        policy = Retrying(
            retry=retry_if_exception_type(Passing),
            stop=stop_after_attempt(self._attempts),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return policy(read)
        except Passing as passing:
            raise passing.error from passing.__cause__

    def _pause(self, state: RetryCallState) -> float:
        assert state.outcome is not None
        passing = state.outcome.exception()
        assert isinstance(passing, Passing)
        return passing.pause or self._backoff(state)

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise SourceUnavailable("Planward is stopping; the request was not tried again.")


def parse_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that an answer asks us to wait, or None: `Retry-After` as seconds or HTTP date, or the limit's reset.

    A date is held against the answer's own `Date`, since the two clocks may disagree.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return min(float(text), LONGEST_BAN)
    until = _http_date(text) or _iso_instant(headers.get("X-RateLimit-Reset", ""))
    if until is None:
        return None
    return min(max(0.0, (until - (answered_at(headers) or now)).total_seconds()), LONGEST_BAN)


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """When the server says that it answered, by its `Date` header, or None."""
    return _http_date(headers.get("Date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso_instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


# --- what a failure is called -----------------------------------------------------------------------------------


class NotAllowed(AccessDenied):
    """We are known there, and may not do this one thing."""


class Answered(Protocol):
    """The head of an answer, whichever library it came through."""

    @property
    def status_code(self) -> int:
        """Its status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers; their names in any case."""


def check_status(answer: Answered, host: str, said: str = "") -> None:
    """Pass when the answer is a success. Raises Passing for what a read may try again, RemoteError for the rest.

    `said` is the server's own explanation, already cleaned, with a leading space.
    """
    status = answer.status_code
    if status < 300:
        return
    pause = parse_wait(answer.headers, datetime.now(UTC))
    if status == 429 or (status == 503 and pause is not None):
        until = datetime.now(UTC) + timedelta(seconds=UNTOLD_PAUSE if pause is None else pause)
        limited = RateLimited(f"{host} asks us to wait until {until:%Y-%m-%d %H:%M:%S} UTC.", not_before=until)
        raise limited if pause is not None and pause > LONGEST_PAUSE else Passing(limited, pause)
    if status in (500, 502, 503, 504):
        raise Passing(SourceUnavailable(f"{host} answered with server error {status}.{said}"))
    if status in (401, 407):
        raise AccessDenied(f"{host} did not accept our credentials.{said}")
    if status == 403:
        raise NotAllowed(f"{host} does not allow our account to do this.{said}")
    if status == 404:
        raise NotThere(f"{host} has no such thing, or hides it from our account.{said}")
    if status == 400:
        raise BadAnswer(f"{host} rejected the request.{said}", advice="Check the projects or the query of this source.")
    raise BadAnswer(f"{host} answered with status {status}.{said}")


class Failure(NamedTuple):
    """What it means that a request got no answer, whichever library says so."""

    kind: type[RemoteError]
    words: str
    passing: bool = False

    def of(self, host: str) -> RemoteError:
        """The failure in our words."""
        return self.kind(f"{host} {self.words}.")


SENT_ELSEWHERE = Failure(BadAnswer, "sends us to another address, which we do not follow")
CANNOT_UNPACK = Failure(BadAnswer, "sent an answer that cannot be unpacked")
UNTRUSTED = Failure(SourceUnavailable, "has a certificate that we do not trust (see `ca`)")
NOT_LET_THROUGH = Failure(SourceUnavailable, "was not reached, since the proxy did not let us through")
TOO_SLOW = Failure(SourceUnavailable, "did not answer in time", passing=True)
BROKEN_OFF = Failure(SourceUnavailable, "broke off in the middle of its answer", passing=True)
NOT_REACHED = Failure(SourceUnavailable, "could not be reached, or cut the connection", passing=True)

# The special ones first: most of them are connection errors too.
_FAILURES: tuple[tuple[type[requests.RequestException], Failure], ...] = (
    (requests.TooManyRedirects, SENT_ELSEWHERE),
    (requests.exceptions.ContentDecodingError, CANNOT_UNPACK),
    (requests.exceptions.SSLError, UNTRUSTED),
    (requests.exceptions.ProxyError, NOT_LET_THROUGH),
    (requests.Timeout, TOO_SLOW),
    (requests.exceptions.ChunkedEncodingError, BROKEN_OFF),
    (requests.ConnectionError, NOT_REACHED),
)


def is_passing(error: requests.RequestException) -> bool:
    """Whether a request that got no answer may get one when it is sent again."""
    failure = _failure(error)
    return failure is not None and failure.passing


def describe(error: requests.RequestException, host: str) -> RemoteError:
    """The failure of a request that got no answer, in our words."""
    failure = _failure(error)
    if failure is None:
        return BadAnswer(f"{host} cannot be sent a request ({type(error).__name__}).")
    return failure.of(host)


def _failure(error: requests.RequestException) -> Failure | None:
    return next((failure for kind, failure in _FAILURES if isinstance(error, kind)), None)


def clean(text: str, limit: int = 300) -> str:
    """The text on one line, without control characters, at most `limit` characters long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
