"""The connection that PyGithub's requester sends through, in place of its own.

Its own follows redirects and sends a POST again there, waits inside a call, opens unguarded connections to other hosts,
and keeps the request on the object, where another thread may replace it. This one sends to one host, once, and hands
the answer to us: all the requester sees is that there was one.
"""

from __future__ import annotations

from collections.abc import ItemsView

import requests

from connectors.transport import TIMEOUT


class Wire:
    """Requests to one host over one guarded session. Not for several threads at once."""

    def __init__(self, session: requests.Session, root: str) -> None:
        self._session = session
        self._root = root
        self._call: tuple[str, str, str | None, dict[str, str]] | None = None
        self._answer: requests.Response | None = None

    def request(self, verb: str, path: str, body: str | None, headers: dict[str, str], _stream: bool) -> None:
        """What PyGithub wants sent. The address is a path with its query; the host is ours."""
        assert path.startswith("/")
        self._call = (verb, path, body, headers)

    def getresponse(self) -> Sent:
        """Send it, once. Raises what `requests` raises."""
        assert self._call is not None
        (verb, path, body, headers), self._call = self._call, None
        self._answer = self._session.request(
            verb,
            self._root + path,
            data=None if body is None else body.encode(),
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        return Sent()

    def answer(self) -> requests.Response:
        """The answer to what was sent last; it is handed out once."""
        assert self._answer is not None
        answer, self._answer = self._answer, None
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


class Sent:
    """What PyGithub sees of every answer: nothing that it would act on."""

    status = 200

    def getheaders(self) -> ItemsView[str, str]:
        """No headers."""
        return {}.items()

    def read(self) -> str:
        """No text."""
        return ""
