"""Whether a request over HTTP was meant for us, or a foreign name was made to lead here (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_for_us(headers: Iterable[tuple[bytes, bytes]], hosts: Collection[str]) -> bool:
    """Whether the request names one host, which is one of `hosts` (in lower case) or an IP address: nobody's name.

    `headers` are those of an ASGI scope, their names in lower case.
    """
    named = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(named) != 1:
        return False
    name = ""
    try:
        name = urlsplit(f"//{named[0]}").hostname or ""
        ip_address(name)
    except ValueError:
        return name in hosts
    return True
