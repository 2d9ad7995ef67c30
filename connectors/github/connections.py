"""Connections to one GitHub: PyGithub's requester over a wire of ours, one for each thread, as somebody.

The library composes requests: address, version, credentials. It is used here, in `wire` and in `login` alone.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from config.secret import Secret
from config.sources import GithubApp, GithubSettings
from connectors.addresses import check_url
from connectors.github.login import is_stale, sign
from connectors.github.payloads import InstallationToken
from connectors.github.wire import Wire
from connectors.transport import GuardedAdapter, trust
from core.errors import ConfigurationError

VERSION = "2022-11-28"

_given: dict[tuple[str, int, int, bytes], InstallationToken] = {}
"""The tokens that apps got, by where and as whom: each is good for an hour, and so are the etags told with it. They
outlive a source, and are nowhere but in the memory of the process."""


@dataclass(slots=True)
class Connection:
    """A requester with its wire, and what it must not say."""

    requester: Any
    wire: Wire
    secrets: tuple[str, ...]
    expires_at: datetime | None = None


class Connections:
    """Those of all threads. Making it opens none; a secret is read when a connection is made.

    `exchange` asks GitHub for the token of an app, over the connection that proves who the app is. A `stop` breaks off
    what is read by GET.
    """

    def __init__(
        self,
        settings: GithubSettings,
        login: Secret | GithubApp,
        exchange: Callable[[GithubApp], InstallationToken],
        *,
        stop: Event | None,
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._login = login
        self._exchange = exchange
        self._threads = threading.local()
        self._opened: list[Connection] = []

    @property
    def secrets(self) -> tuple[str, ...]:
        """What this thread's connection must not say; nothing where there is none."""
        held = self._held()
        return () if held is None else held.secrets

    def current(self) -> Connection:
        """This thread's connection, made anew where there is none or its token ends soon.

        Raises ConfigurationError, and for an app what `exchange` raises.
        """
        held = self._held()
        if held is None or is_stale(held.expires_at, datetime.now(UTC)):
            held = self._connect()
            self._threads.connection = held
            self._opened.append(held)
        return held

    def renew(self) -> None:
        """Let go of them, and of what was not accepted."""
        if isinstance(self._login, GithubApp):
            _given.pop(self._name(self._login), None)
        self.close()

    def close(self) -> None:
        """Let go of them. The next request makes new ones, with the secret read anew."""
        while self._opened:
            self._opened.pop().wire.close()
        self._threads = threading.local()

    def _held(self) -> Connection | None:
        return getattr(self._threads, "connection", None)

    def _connect(self) -> Connection:
        wire = self._wire()
        if isinstance(self._login, Secret):
            token = self._login.reveal()
            return Connection(self._requester(token), wire, (token,))
        name = self._name(self._login)
        given, proofs = _given.get(name), tuple[str, ...]()
        if given is None or is_stale(datetime.fromisoformat(given.expires_at), datetime.now(UTC)):
            proofs = (sign(self._login),)
            self._threads.connection = Connection(self._requester(proofs[0], bearer=True), wire, proofs)
            try:
                given = _given[name] = self._exchange(self._login)
            finally:
                self._threads.connection = None
        return Connection(
            self._requester(given.token), wire, (given.token, *proofs), datetime.fromisoformat(given.expires_at)
        )

    def _name(self, app: GithubApp) -> tuple[str, int, int, bytes]:
        key = hashlib.sha256(app.key.reveal().encode(errors="surrogatepass")).digest()
        return self._settings.url, app.id, app.installation, key

    def _requester(self, token: str, *, bearer: bool = False) -> Any:
        import github  # a fifth of a second: only those pay who ask GitHub something

        try:
            token.encode("latin-1")
        except UnicodeEncodeError:
            host = urlsplit(self._settings.url).hostname or self._settings.url
            raise ConfigurationError(f"The token for {host} holds characters that no token has.") from None
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
        adapter = GuardedAdapter(private=settings.private_address, context=context, stop=self._stop)
        session = requests.Session()
        session.trust_env = False  # no .netrc, and no proxy but those above
        session.proxies = dict(proxies)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        parts = urlsplit(settings.url)
        return Wire(session, f"{parts.scheme}://{parts.netloc}")
