"""Stopping a command that is at work: first softly, after the step in hand, then at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from types import FrameType

SOFTLY = "stopping after this page"
AGAIN = "; press again to stop at once"
CUT_OFF = 130
PATIENCE = 8.0
"""Seconds for the step in hand. Whoever stops us waits ten and then kills."""
AT_ONCE = "stopped at once; what was saved until now stays, and the next run goes on from there"


@contextmanager
def stopping(softly: str = SOFTLY) -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set, so that the page in hand is finished and nothing after it is begun.

    The second signal raises KeyboardInterrupt, which ends the command with 130; so do eight seconds after SIGTERM in
    which the step in hand does not end, as when a server does not answer. Open transactions are undone by it, as by any
    crash. Where even that does not get through, as while another program locks the database, the process just ends.
    `softly` is what the first one is answered with.
    """
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _say(AT_ONCE)
            raise KeyboardInterrupt
        stop.set()
        if number == signal.SIGTERM:  # whoever pressed a key can press it again
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        _say(softly + AGAIN if number == signal.SIGINT else softly)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        with cut_off_when_stuck(CUT_OFF):
            yield stop
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def cut_off_when_stuck(code: int) -> Iterator[None]:
    """End the process some time after SIGTERM, even while C code keeps Python from hearing of it, with that code."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    ended = Event()

    def watch() -> None:
        while number := os.read(told, 1):  # written at once, by the C code of the signal's own handler
            if number[0] == signal.SIGTERM and not ended.wait(PATIENCE + 1.5):
                _say(AT_ONCE)
                os._exit(code)

    before = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(tell)
        watcher.join()
        os.close(told)


def _say(text: str) -> None:
    # Past Python's own stream: the signal may have come in the midst of a write to it, which it does not take.
    with suppress(OSError):  # nobody reads stderr any more
        os.write(2, f"\nplanward: {text}\n".encode())
