"""`hilum study`: cross-validate a recipe and write its tables, here or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.say import say
from hilum.cli.starting import starting_weights
from hilum.datasets.gate_releases import read_gate_data
from hilum.errors import UsageError
from hilum.evaluation.gate_page import write_gate_page
from hilum.evaluation.gate_study import make_study, write_study
from hilum.recipes.gate import gate
from hilum.training.gate_cross_validation import planned_networks, run_network
from hilum.training.gate_groups import capped
from hilum.training.gate_images import load_pictures

STUDIES = ("gate",)

app = typer.Typer(
    help="Cross-validate a recipe; after a stop the same command goes on.",
    epilog=(
        "[bold]Example[/]\n\nhilum study gate --data data --weights mobilenet_v2_imagenet.safetensors "
        "--out runs/gate-study"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def study(
    recipe: Annotated[str, typer.Argument(metavar="STUDY", help=f"One of: {', '.join(STUDIES)}.")],
    *,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder that holds the releases.")],
    out: Annotated[Path, typer.Option(help="Networks, predictions, study.json and study.html.")],
    weights: Annotated[
        str, typer.Option(metavar="FILE|imagenet|random", help="Starting weights, as for `hilum train`.")
    ] = "imagenet",
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare images beside the training.")] = 0,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Train nothing; make the tables from what lies in OUT.")
    ] = False,
) -> None:
    """Train every network of the study, judge each on what it never saw, and write the tables.

    The page shows the pictures that were got wrong; it stays on this machine.
    """
    if recipe not in STUDIES:
        raise UsageError(f"expected a study among {', '.join(STUDIES)}, came {recipe!r}")
    if not tables_only:
        made = gate(starting_weights(weights))
        records = capped(read_gate_data(data).records, caps=made.caps, seed=made.seed)
        pictures = load_pictures(records, spec=made.preprocess)
        for plan in planned_networks(pictures, recipe=made):
            say(f"{plan.name}: {len(plan.train):,} pictures to learn from, {len(plan.judge):,} to be judged on")
            run_network(plan, recipe=made, folder=out, workers=workers)
    paths = sorted(out.glob("*/predictions.npz"))
    if not paths:
        raise UsageError(f"expected predictions in {out}, came none; run the study without --tables-only first")
    result = make_study(paths)
    write_study(result, folder=out)
    page = write_gate_page(result, folder=out, data=data)
    say(f"wrote {out / 'study.json'} and {page}")
