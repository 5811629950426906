"""The options that every training and every study has."""

from __future__ import annotations

from typing import Annotated

import typer

JobsOption = Annotated[int, typer.Option(min=1, help="Images that are decoded at the same time.")]
SmokeOption = Annotated[
    bool, typer.Option("--smoke", help="The same code on few images and steps; its numbers count for nothing.")
]
