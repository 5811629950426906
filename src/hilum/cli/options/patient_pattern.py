"""The option that finds the patient in the names of a plain folder of classes."""

from __future__ import annotations

from typing import Annotated

import typer

PatientPatternOption = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="For --data folder=FOLDER: what in a file's name is the patient, such as '(?P<patient>[^_]+)_'.",
    ),
]
