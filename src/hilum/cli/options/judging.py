"""What several commands that judge a model ask for in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.models import MODEL_HELP, model_names

JudgedArgument = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, autocompletion=model_names)]
"""The model that is judged."""

LungsOption = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        autocompletion=model_names,
        help="For a model that reads the crop to the lungs: what drew the lungs in its training.",
    ),
]
"""`--lungs` of a command that reads with one model."""

ReplicatesOption = Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")]
"""`--replicates`, by default those of every report."""

SensitivityOption = Annotated[
    float | None, typer.Option(help="Choose the points that reach this on validation; else Youden's.")
]
"""`--sensitivity`: which operating points are chosen."""

OneJsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ReportOption = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Write a report there: page, figures, tables as CSV, JSON.")
]
"""What becomes of a judgement beside the tables on the terminal."""

ProtocolOption = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="How split and labels were made, for a file that does not say it itself."),
]
TruthOption = Annotated[str | None, typer.Option(metavar="COLUMN", help="The truth's column, where hilum cannot tell.")]
ScoreOption = Annotated[str | None, typer.Option(metavar="COLUMN", help="The score's column, where hilum cannot tell.")]
PatientsOption = Annotated[
    str | None, typer.Option(metavar="COLUMN|none", help="The patients' column, where hilum cannot tell.")
]
"""What a user says of a table of scores that does not say it itself: its protocol, and which columns are meant."""
