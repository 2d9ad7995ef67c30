"""Stopping a command that is at work: first softly, after the step in hand, then at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType

SOFTLY = "stopping after this page"
AGAIN = "; press again to stop at once"
PATIENCE = 8.0
"""Seconds for the step in hand. Whoever stops us waits ten and then kills."""
AT_ONCE = "stopped at once; what was saved until now stays, and the next run goes on from there"


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set, so that the page in hand is finished and nothing after it is begun.

    The second signal, or eight seconds in which the step in hand does not end, as when a server does not answer, raises
    KeyboardInterrupt, which ends the command with 130. Open transactions are undone by it, as by any crash.
    """
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _say(AT_ONCE)
            raise KeyboardInterrupt
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        _say(SOFTLY + AGAIN if number == signal.SIGINT else SOFTLY)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield stop
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    # Past Python's own stream: the signal may have come in the midst of a write to it, which it does not take.
    with suppress(OSError):  # nobody reads stderr any more
        os.write(2, f"\nplanward: {text}\n".encode())
