"""`hilum study`: cross-validate a recipe and write its tables, here or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.cache import CacheOption
from hilum.cli.study.gate import GATE, GATE_PAPER5, study_gate, study_gate_paper5
from hilum.cli.study.lungs import LUNG_STUDIES, study_lungs
from hilum.cli.study.request import StudyRequest
from hilum.cli.study.sdfn import SDFN_RECIPES, SDFN_STUDY, SdfnRequest, study_sdfn
from hilum.datasets.splits.label_folds import FOLDS
from hilum.errors import UsageError

STUDIES = (GATE, GATE_PAPER5, *LUNG_STUDIES, SDFN_STUDY)

app = typer.Typer(
    help="Cross-validate a recipe; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum study gate --data data --weights mobilenet_v2_imagenet.safetensors "
        "--out runs/gate-study\n\n"
        "hilum study sdfn --data nih=ChestXray14 --weights mobilenet_v2_imagenet.safetensors --out runs/sdfn-study"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def study(
    recipe: Annotated[str, typer.Argument(metavar="STUDY", help=f"One of: {', '.join(STUDIES)}.")],
    *,
    data: Annotated[
        list[str],
        typer.Option(
            metavar="FOLDER|NAME=FOLDER",
            help="The folder that holds the releases; for sdfn nih=FOLDER, may be given several times.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Networks, predictions, study.json and study.html.")],
    weights: Annotated[
        str, typer.Option(metavar="FILE|imagenet|random", help="Starting weights, as for `hilum train`.")
    ] = "imagenet",
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare images beside the training.")] = 0,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Train nothing; make the tables from what lies in OUT.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="The same code on few images and steps; its numbers count for nothing.")
    ] = False,
    network: Annotated[
        str, typer.Option("--recipe", metavar="NAME", help=f"For sdfn: {' or '.join(SDFN_RECIPES)}.")
    ] = next(iter(SDFN_RECIPES)),
    lungs: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FOLDER", help="For sdfn: who draws the lungs; by default the one on the shelf."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="For sdfn: folds by patient.")] = FOLDS,
    jobs: Annotated[int, typer.Option(min=1, help="Images that are decoded at the same time.")] = 1,
    cache: CacheOption = None,
) -> None:
    """Train every network of the study, judge each on what it never saw, and write the tables.

    The page shows the pictures that were got wrong; it stays on this machine.
    """
    if recipe not in STUDIES:
        raise UsageError(f"expected a study among {', '.join(STUDIES)}, came {recipe!r}")
    if recipe == SDFN_STUDY:
        study_sdfn(
            SdfnRequest(
                data=tuple(data),
                out=out,
                weights=weights,
                recipe=network,
                lungs=lungs,
                folds=folds,
                smoke=smoke,
                tables_only=tables_only,
                workers=workers,
                jobs=jobs,
                cache=cache,
            )
        )
        return
    asked = StudyRequest(
        study=recipe,
        data=_one_folder(data, study=recipe),
        out=out,
        weights=weights,
        smoke=smoke,
        tables_only=tables_only,
        workers=workers,
        jobs=jobs,
        cache=cache,
    )
    if recipe in LUNG_STUDIES:
        study_lungs(asked)
    elif recipe == GATE:
        study_gate(asked)
    else:
        study_gate_paper5(asked)


def _one_folder(data: list[str], *, study: str) -> Path:
    if len(data) != 1 or "=" in data[0]:
        raise UsageError(f"expected --data FOLDER once for the study {study}, came {', '.join(data)}")
    return Path(data[0])
