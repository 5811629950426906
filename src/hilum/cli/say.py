"""One line to the user on standard error."""

from __future__ import annotations

import typer


def say(message: str) -> None:
    """One line on standard error, beginning with `hilum:`; line breaks within become spaces."""
    typer.echo(f"hilum: {' '.join(message.split())}", err=True)
