"""Addresses of machines: which are this machine's own, how they are compared, and those of a name."""

from __future__ import annotations

import ipaddress
import re
import socket

_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[\d.]+|.*:.*")
"""What is no name: a resolver takes 010.0.0.5 for 8.0.0.5."""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def canonical(address: str) -> str | None:
    """An IP address in its one spelling; None for what is no address.

    Brackets and the zone of a link are left out. IPv4 within IPv6 is IPv4: a socket that listens for both has it so.
    """
    try:
        found = ipaddress.ip_address(address.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def addresses_of(host: str) -> tuple[str, ...]:
    """The addresses of a host, an address or a name, as `canonical` spells them; none where it has none here."""
    known = canonical(host)
    if known is not None:
        return (known,)
    if _LOOKS_LIKE_AN_ADDRESS.fullmatch(host):
        return ()
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter where it cannot be a name
        return ()
    return tuple(dict.fromkeys(filter(None, (canonical(str(address[0])) for *_, address in found))))
