"""`hilum phantom`: example radiographs of phantoms, to try hilum on without a patient's image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.terminal.say import say
from hilum.phantom.examples import write_examples

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog="[bold]Examples[/]\n\nhilum phantom phantoms/\n\nhilum read phantoms/ --out readings/")
def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT", file_okay=False, help="The folder; it is made if need be.")],
    *,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other phantoms.")] = 0,
) -> None:
    """Write radiographs rendered from simple solids: chests with and without lesions, a hand, a jaw, DICOM and PNG.

    They are no patients, and say so in name, tags and pixels; truth.json holds the boxes of their lesions.
    """
    for path in write_examples(out, seed=seed):
        typer.echo(str(path))
    say(f"read them: hilum read {out} --out readings/")
