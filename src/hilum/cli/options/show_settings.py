"""`--show-settings`: every setting of a recipe, as `--set` takes it."""

from __future__ import annotations

import typer

from hilum.training.recipe.settings import Value
from hilum.training.recipe.with_settings import shown_settings


def show_settings(recipe: object) -> None:
    """One line a setting on standard output: KEY=VALUE."""
    for key, value in shown_settings(recipe).items():
        typer.echo(f"{key}={_as_text(value)}")


def _as_text(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
