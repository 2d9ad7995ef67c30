"""How long an answer may take as a whole, and that nobody waits for one when Planward stops.

A server that drips keeps every limit that holds for the next bytes only: with its head, with its body, and with what
may stand before and behind them. So each read looks at the clock, whatever it is a part of.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from threading import Event
from typing import Any, TypeVar

from core.errors import SourceUnavailable

LONGEST_ANSWER = 120.0
"""Seconds from a request to the end of its answer."""
LOOK_EVERY = 0.5
"""Seconds after which a stop is noticed while nothing comes."""

Taken = TypeVar("Taken")


class Patience:
    """For the requests over one connection, one after the other. `stop`: nothing is waited for once it is set."""

    def __init__(self, stop: Event | None = None) -> None:
        self._stop = stop
        self._until = float("inf")

    def begin(self) -> None:
        """A request is sent: its answer may take so long from now on."""
        self._until = time.monotonic() + LONGEST_ANSWER

    def read(self, take: Callable[[float], Taken], silence: float | None) -> Taken:
        """What `take` reads, which is given how many seconds it may wait, and raises TimeoutError after them.

        Raises TimeoutError when nothing comes for `silence` seconds, and SourceUnavailable when the answer takes too
        long, or when Planward stops.
        """
        silent_until = time.monotonic() + (LONGEST_ANSWER if silence is None else silence)
        while True:
            if self._stop is not None and self._stop.is_set():
                raise SourceUnavailable("Planward is stopping; nothing more is read.")
            now = time.monotonic()
            if now >= self._until:
                raise SourceUnavailable(f"The answer did not come to its end within {LONGEST_ANSWER:g} seconds.")
            if now >= silent_until:
                raise TimeoutError("nothing came")
            try:
                return take(min(LOOK_EVERY, self._until - now, silent_until - now))
            except TimeoutError:
                continue


class Watched:
    """A socket of which `http.client` reads an answer, with patience."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock = sock
        self._patience = patience

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What is read from."""
        return io.BufferedReader(_Reader(self._sock, self._patience))


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._held = sock.makefile("rb", buffering=0)  # as long as it is open, the socket is
        self._sock = sock
        self._silence = sock.gettimeout()
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        def take(seconds: float) -> int:
            self._sock.settimeout(seconds)
            return self._sock.recv_into(buffer)

        return self._patience.read(take, self._silence)

    def close(self) -> None:
        if not self.closed:
            self._held.close()
            super().close()
