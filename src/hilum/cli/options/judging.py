"""What several commands that judge a model ask for in the same words."""

from __future__ import annotations

from typing import Annotated

import typer

JudgedArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A name on the shelf, a bundle's folder, or a run of `hilum train`.")
]
"""The model that is judged."""

LungsOption = Annotated[
    str,
    typer.Option(
        metavar="BUNDLE", help="For a model that reads the crop to the lungs: what drew the lungs in its training."
    ),
]
"""`--lungs` of a command that reads with one model."""

ReplicatesOption = Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")]
"""`--replicates`, by default those of every report."""
