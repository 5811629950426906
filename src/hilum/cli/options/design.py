"""`--design`: whether a predictions file that does not say so itself is held out or cross-validated."""

from __future__ import annotations

from typing import Annotated

import typer

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.design import Design, parse_design

DesignOption = Annotated[
    str | None,
    typer.Option(
        "--design",
        metavar="'held out'|cross-validated",
        help="What a file is that does not say it itself: one model's held-out images, or pooled folds.",
    ),
]
"""The option of every command that reads predictions files; `stated_design` reads it."""


def stated_design(text: str | None) -> Design | None:
    """The design that the user states, if any. Raises `UsageError` for any other word."""
    try:
        return None if text is None else parse_design(text, where="--design")
    except DataError as error:
        raise UsageError(str(error)) from error
