"""Who may send over DICOM, and where results go: one declaration for `hilum serve` and `hilum listen`."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.text_file import text_of
from hilum.errors import UsageError
from hilum.service.dicom.listener import MOST_BYTES, ListenSettings
from hilum.service.dicom.network import NetworkPlan
from hilum.service.dicom.peers import (
    AnyDestination,
    WebDestination,
    checked_title,
    parse_callers,
    parse_destination,
)
from hilum.service.dicom.web_archive import WebArchives, logins_of

_LOGINS = "HILUM_TO_LOGINS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """The options; `plan` makes of them what listens and what is delivered."""

    callers: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="TITLE[@HOST]",
            help="An AE title that may send, and the address or name that it calls from; may be repeated.",
        ),
    ] = None
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TITLE@HOST:PORT|URL[=KINDS]",
            help="Where results go, by DICOM or, to the address of a DICOMweb, by STOW-RS; may be repeated. Kinds "
            "are sr, pr, sc, seg. [dim]default: sr,pr,sc[/]",
        ),
    ] = None
    to_login: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file with URL bearer TOKEN or URL basic USER PASSWORD on each line; or the lines themselves in the "
            "environment variable HILUM_TO_LOGINS.",
        ),
    ] = None
    to_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Believe certificates that this authority vouches for, PEM."),
    ] = None
    title: Annotated[str, typer.Option(metavar="TITLE", help="hilum's own AE title.")] = "HILUM"
    commitment: Annotated[
        bool,
        typer.Option(
            "--commitment/--no-commitment",
            help="Ask archives that offer it to confirm that they keep a result; their report needs --from.",
        ),
    ] = True
    give_up: Annotated[float, typer.Option(min=0.0, metavar="DAYS", help="Give up on a result after so long.")] = 7.0

    @property
    def destinations(self) -> tuple[AnyDestination, ...]:
        """Where results go. Raises `UsageError` for what is none."""
        return tuple(map(parse_destination, self.to or ()))

    def plan(self, *, host: str, port: int, reserve_bytes: int, max_bytes: int = MOST_BYTES) -> NetworkPlan | None:
        """What listens on `host` and `port` where somebody may send, and where results go; None where nothing does.

        `reserve_bytes` of the disk stay free, and images of more than `max_bytes` are refused.
        Raises `UsageError` for a title, caller or destination that is none.
        """
        callers = tuple(chain.from_iterable(map(parse_callers, self.callers or ())))
        if not callers and not self.to:
            return None
        title = checked_title(self.title)
        listening = ListenSettings(
            title=title, host=host, port=port, callers=callers, reserve_bytes=reserve_bytes, max_bytes=max_bytes
        )
        return NetworkPlan(
            title=title,
            listening=listening if callers else None,
            destinations=self.destinations,
            commitment=self.commitment,
            web=self._web_archives(),
            give_up_days=self.give_up,
        )

    def _web_archives(self) -> WebArchives:
        where, lines = _LOGINS, os.environ.get(_LOGINS, "").splitlines()
        if self.to_login is not None:
            where, lines = str(self.to_login), text_of(self.to_login).splitlines()
        on_the_web = [each for each in self.destinations if isinstance(each, WebDestination)]
        logins = logins_of(lines, destinations=on_the_web, where=where) if self.to_login or lines else {}
        return WebArchives(logins=logins, tls=_believing(self.to_ca))


def _believing(authority: Path | None) -> ssl.SSLContext:
    """What the system believes, and one authority more."""
    believing = ssl.create_default_context()
    if authority is not None:
        try:
            believing.load_verify_locations(cadata=text_of(authority))
        except (ssl.SSLError, ValueError) as error:
            raise UsageError(f"{authority} holds no certificate in PEM; name another file with --to-ca") from error
    return believing
