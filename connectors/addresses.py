"""Which addresses we call: never a metadata service, and private ones only where the configuration says so."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from core.errors import AddressRefused, SourceUnavailable

# Metadata services hand credentials to anybody on the machine, and `ipaddress` takes some of their addresses for
# ordinary public ones (Azure's wire server, Oracle's).
METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254")
)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of one organisation, and of documents: this `ipaddress` takes them for public ones.
NOT_PUBLIC = (ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("3fff::/20"))


def check_url(url: str, *, private: bool, proxied: bool = False) -> None:
    """Pass when the URL's host, and every address that its name resolves to, is one that we may call.

    `private` allows private and loopback addresses, and plain http to those. Through a proxy (`proxied`) names are
    not resolved here: the proxy does that. Raises AddressRefused, or SourceUnavailable when the name does not resolve.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if not host or parts.username or parts.password:
        raise AddressRefused("The address has no host, or has a user name in it.")
    if parts.scheme != "https" and not (parts.scheme == "http" and private):
        raise AddressRefused(f"The address of {host} does not begin with https://.")
    if host in METADATA_NAMES:
        raise AddressRefused(f"{host} is a machine's metadata service.")
    for address in _addresses(host, parts.port, proxied=proxied):
        check_address(address, private=private, plain=parts.scheme == "http")


def allowed_addresses(host: str, port: int, *, private: bool, plain: bool) -> list[str]:
    """Every address that the host's name resolves to, when each is one that we may call.

    Raises AddressRefused, or SourceUnavailable when the name does not resolve.
    """
    found = list(dict.fromkeys(_addresses(host, port, proxied=False)))
    for address in found:
        check_address(address, private=private, plain=plain)
    return found


def check_address(text: str, *, private: bool, plain: bool = False) -> None:
    """Pass when the IP address is one that we may call, `plain` without encryption. Raises AddressRefused."""
    address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    never = address.is_link_local or address.is_multicast or address.is_unspecified or address in METADATA_ADDRESSES
    if never or (address.is_reserved and not address.is_loopback):
        raise AddressRefused(f"The address {address} is never called.")
    public = address.is_global and not any(address in network for network in NOT_PUBLIC)
    if not (private or public):
        raise AddressRefused(f"The address {address} is private.")
    if plain and public:
        raise AddressRefused(f"The address {address} is public, and plain http would show the token on the way.")


def _addresses(host: str, port: int | None, *, proxied: bool) -> list[str]:
    literal = _literal(host)
    if literal is not None or proxied:
        return [literal] if literal is not None else []
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable(f"The name {host} cannot be resolved.") from error
    return [str(entry[4][0]) for entry in found]


def _literal(host: str) -> str | None:
    """The address that the host is, in whatever way it is written: 127.1 and 0x7f000001 are addresses too."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _meant(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
