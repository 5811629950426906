"""The options that trainings, studies and what reads many images have."""

from __future__ import annotations

from typing import Annotated

import typer

JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Images that are decoded at the same time. [dim]default: all cores[/]")
]
SmokeOption = Annotated[
    bool, typer.Option("--smoke", help="The same code on few images and steps; a test run only: ignore its numbers.")
]
