"""What a user says of a table of scores that does not say it itself: its protocol, and which columns are meant."""

from __future__ import annotations

from typing import Annotated

import typer

ProtocolOption = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="How split and labels were made, for a file that does not say it itself."),
]
TruthOption = Annotated[str | None, typer.Option(metavar="COLUMN", help="The truth's column, where hilum cannot tell.")]
ScoreOption = Annotated[str | None, typer.Option(metavar="COLUMN", help="The score's column, where hilum cannot tell.")]
PatientsOption = Annotated[
    str | None, typer.Option(metavar="COLUMN|none", help="The patients' column, where hilum cannot tell.")
]
