"""`hilum evaluate`: one look at an official test split, written into the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hilum.cli.choose_models import choose_bundle
from hilum.cli.console import output_console
from hilum.cli.data_folders import read_release
from hilum.evaluation.label_table import Estimate
from hilum.evaluation.ledger import LEDGER_NAME, read_ledger
from hilum.evaluation.look import Judged, look_at_test

app = typer.Typer(
    help="Judge a bundle on an official test split; every look goes into the ledger.",
    epilog="[bold]Example[/]\n\nhilum evaluate pneumonia-paediatric --data kermany=chest_xray",
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name on the shelf, or a bundle's folder.")],
    data: Annotated[list[str], typer.Option(metavar="kermany=FOLDER", help="Where the release lies.")],
    ledger: Annotated[Path, typer.Option(help="The committed file that counts the looks.")] = Path(LEDGER_NAME),
) -> None:
    """Read the official test split with MODEL at its own operating point, and append the look to the ledger."""
    judged = look_at_test(read_release(data, release="kermany"), bundle=choose_bundle(model), ledger=ledger)
    for one in judged:
        output_console().print(_table(one, looks=len(read_ledger(ledger))))


def _table(judged: Judged, *, looks: int) -> Table:
    result = judged.table
    table = Table(
        title=f"{judged.label}: official test, n = {result.n}, positives = {result.positives}",
        caption=f"95% intervals: 10,000 bootstrap replicates by patient. Looks in the ledger: {looks}.",
    )
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("95% interval", justify="right")
    for name, estimate in (
        ("AUROC", result.auroc),
        ("sensitivity", result.sensitivity),
        ("specificity", result.specificity),
        ("balanced accuracy", result.balanced_accuracy),
        ("AUROC of the mean-gradient baseline", result.baseline_auroc),
    ):
        table.add_row(name, f"{estimate.value:.3f}", _interval(estimate))
    table.add_row("average precision", f"{result.average_precision:.3f}", "")
    return table


def _interval(estimate: Estimate) -> str:
    return f"{estimate.interval[0]:.3f} to {estimate.interval[1]:.3f}"
