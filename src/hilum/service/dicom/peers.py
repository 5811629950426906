"""Who may send, and where results go: AE titles with their addresses, and archives on the web."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlsplit

from hilum.errors import UsageError
from hilum.output.layout import ObjectKind
from hilum.service.dicom.addresses import addresses_of, canonical, is_loopback

_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_DESTINATION = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[^\]]+\]|[^:=@]+):(?P<port>\d+)(?:=(?P<kinds>[a-z,]+))?")
_WITH_PORT = re.compile(r"(\[[^\]]+\]|[^:]+):\d+")

USUAL_KINDS: tuple[ObjectKind, ...] = ("sr", "pr", "sc")
"""What a destination gets unless it is said otherwise; not every archive takes segmentations."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may send: an AE title, from one address or, with None, from any."""

    title: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """An archive, and the kinds of objects that it gets."""

    title: str
    host: str
    port: int
    kinds: tuple[ObjectKind, ...] = USUAL_KINDS

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return f"{self.title}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WebDestination:
    """An archive on the web by the address of its DICOMweb, and the kinds of objects that it gets."""

    url: str
    kinds: tuple[ObjectKind, ...] = USUAL_KINDS

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return self.url


AnyDestination = Destination | WebDestination


def parse_callers(text: str) -> tuple[Caller, ...]:
    """`TITLE` or `TITLE@HOST`: a caller for each address that the host has now.

    Raises `UsageError` for what is neither, for a name without an address, and for an address that nobody has.
    """
    title, at, host = text.partition("@")
    checked_title(title)
    if not at:
        return (Caller(title),)
    if _WITH_PORT.fullmatch(host) and canonical(host) is None:
        raise UsageError(
            f"--from {text} names a port, and a sender calls from any; write --from {text.rpartition(':')[0]}"
        )
    addresses = addresses_of(host)
    if not addresses:
        raise UsageError(
            f"--from {text}: {host or 'nothing'} is no address, and no name that has one here; write TITLE@ADDRESS, "
            f"such as {title}@10.0.0.21, or correct the name"
        )
    if {"0.0.0.0", "::"} & set(addresses):
        raise UsageError(f"--from {text}: nobody calls from {host}; write --from {title} for any address")
    return tuple(Caller(title, address) for address in addresses)


def parse_destination(text: str) -> AnyDestination:
    """`TITLE@HOST:PORT` or `https://HOST/PATH`, and `=sr,pr,sc,seg` where other kinds than the usual are wanted.

    Raises `UsageError`.
    """
    if text.lower().startswith(("https://", "http://")):
        return _web_destination(text)
    found = _DESTINATION.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise UsageError(f"Not understood: --to {text}; write TITLE@HOST:PORT, such as ARCHIVE@10.0.0.5:104")
    kinds = _kinds(found["kinds"], text=text)
    return Destination(checked_title(found["title"]), found["host"].strip("[]"), int(found["port"]), kinds)


def _web_destination(text: str) -> WebDestination:
    url, equals, kinds = text.partition("=")
    said = f"Not understood: --to {text}; write https://HOST/PATH, such as https://archive.example/dicom-web"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(said) from error
    if not host or parts.query or parts.fragment or not url.isascii() or any(sign in url for sign in " \t\r\n"):
        raise UsageError(said)
    if "@" in parts.netloc:
        raise UsageError(f"--to https://{host} holds a login, which lists of processes show; use --to-login FILE")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(f"--to {url} would send images and login unencrypted; use https://")
    return WebDestination(url.rstrip("/"), _kinds(kinds if equals else None, text=text))


def _kinds(chosen: str | None, *, text: str) -> tuple[ObjectKind, ...]:
    known = get_args(ObjectKind)
    kinds = USUAL_KINDS if chosen is None else tuple(kind for kind in chosen.split(",") if kind)
    unknown = [kind for kind in kinds if kind not in known]
    if unknown or not kinds:
        raise UsageError(f"Unknown kind of object in --to {text}: {', '.join(unknown)}; kinds: {', '.join(known)}")
    return tuple(kind for kind in known if kind in kinds)


def checked_title(title: str) -> str:
    """An AE title (PS3.5 6.2): 1 to 16 characters, no backslash, no space around. Raises `UsageError`."""
    if _TITLE.fullmatch(title) is None:
        raise UsageError(f"No AE title: {title!r}; it has 1 to 16 letters, digits and signs")
    return title


def may_call(address: str, *, callers: Sequence[Caller]) -> bool:
    """Whether anybody who may send has this address."""
    return any(_is_from(address, caller=caller) for caller in callers)


def may_send(title: str, *, address: str, callers: Sequence[Caller]) -> bool:
    """Whether somebody of this title may send from this address."""
    return any(caller.title == title and _is_from(address, caller=caller) for caller in callers)


def _is_from(address: str, *, caller: Caller) -> bool:
    return caller.address is None or canonical(caller.address) == (canonical(address) or address)
