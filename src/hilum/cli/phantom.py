"""`hilum phantom`: example radiographs of phantoms, to try hilum on without a patient's image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.terminal.say import say
from hilum.phantom.examples import write_examples
from hilum.phantom.labelled import write_labelled_chests

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(
    epilog="[bold]Examples[/]\n\nhilum phantom phantoms/\n\nhilum read phantoms/ --out readings/"
    "\n\nhilum phantom chests/ --chests 40\n\nhilum train classify --data chests/labels.csv --out runs/chests"
)
def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT", file_okay=False, help="The folder; it is made if need be.")],
    *,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other phantoms.")] = 0,
    chests: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Write so many small chests in the place of the examples, every second with a consolidation, and "
            "labels.csv, which says which: something to train on.",
        ),
    ] = None,
) -> None:
    """Write radiographs rendered from simple solids: chests with and without lesions, a hand, a jaw, DICOM and PNG.

    They are no patients, and say so in name, tags and pixels; truth.json holds the boxes of their lesions.
    """
    if chests is not None:
        table = write_labelled_chests(out, count=chests, seed=seed)[-1]
        typer.echo(str(table))
        say(f"wrote {chests} chests and their labels; train: hilum train classify --data {table} --out runs/own")
        return
    for path in write_examples(out, seed=seed):
        typer.echo(str(path))
    say(f"read them: hilum read {out} --out readings/")
