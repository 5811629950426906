"""Who may send over DICOM, and where results go: one declaration for `hilum serve` and `hilum listen`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from hilum.service.dicom.listener import ListenSettings
from hilum.service.dicom.network import NetworkPlan
from hilum.service.dicom.peers import Destination, checked_title, parse_caller, parse_destination


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """The options; `plan` makes of them what listens and what is delivered."""

    callers: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="TITLE[@ADDRESS]", help="An AE title that may send; may be repeated."),
    ] = None
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TITLE@HOST:PORT[=KINDS]",
            help="Where results go; may be repeated. Kinds are sr, pr, sc, seg. [dim]default: sr,pr,sc[/]",
        ),
    ] = None
    title: Annotated[str, typer.Option(metavar="TITLE", help="hilum's own AE title.")] = "HILUM"
    commitment: Annotated[
        bool,
        typer.Option(
            "--commitment/--no-commitment", help="Ask archives that offer it to confirm that they keep a result."
        ),
    ] = True
    give_up: Annotated[float, typer.Option(min=0.0, metavar="DAYS", help="Give up on a result after so long.")] = 7.0

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where results go. Raises `UsageError` for what is none."""
        return tuple(map(parse_destination, self.to or ()))

    def plan(self, *, host: str, port: int, reserve_bytes: int) -> NetworkPlan | None:
        """What listens on `host` and `port` where somebody may send, and where results go; None where nothing does.

        Raises `UsageError` for a title, caller or destination that is none.
        """
        callers = tuple(map(parse_caller, self.callers or ()))
        if not callers and not self.to:
            return None
        title = checked_title(self.title)
        listening = ListenSettings(title=title, host=host, port=port, callers=callers, reserve_bytes=reserve_bytes)
        return NetworkPlan(
            title=title,
            listening=listening if callers else None,
            destinations=self.destinations,
            commitment=self.commitment,
            give_up_days=self.give_up,
        )
