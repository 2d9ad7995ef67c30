"""What the service manager is told: one datagram each, as sd_notify(3) has it. Without a manager nothing is sent."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


def tell_manager(**said: str | int) -> None:
    """Send such as READY=1 or STATUS=... to the socket that `NOTIFY_SOCKET` names, if it does."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # a name without a file
        address = "\0" + address[1:]
    lines = "\n".join(f"{name}={str(value).replace(chr(10), ' ')}" for name, value in said.items())
    # A manager that does not listen is no reason to stop working, and one that is slow none to wait.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto(lines.encode(), address)


def monotonic_usec() -> int:
    """The present by the clock that the manager asks for when we reload."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
