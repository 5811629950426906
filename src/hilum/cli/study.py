"""`hilum study`: cross-validate a recipe and write its tables, here or as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.cache_folder import CacheOption
from hilum.cli.say import say
from hilum.cli.starting import starting_weights
from hilum.cli.study_lungs import LUNG_STUDIES, study_lungs
from hilum.cli.study_sdfn import SDFN_RECIPES, SDFN_STUDY, SdfnRequest, study_sdfn
from hilum.datasets.gate_releases import read_gate_data
from hilum.datasets.sdfn_folds import FOLDS
from hilum.errors import UsageError
from hilum.evaluation.gate_page import write_gate_page
from hilum.evaluation.gate_study import make_study, write_study
from hilum.recipes.gate import gate
from hilum.recipes.gate_paper5 import paper5, records_of_module
from hilum.training.gate_cross_validation import planned_networks, run_network
from hilum.training.gate_groups import capped
from hilum.training.gate_images import load_pictures
from hilum.training.gate_paper import run_paper_module

STUDIES = ("gate", "gate-paper5", *LUNG_STUDIES, SDFN_STUDY)

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
        bool, typer.Option("--smoke", help="Lungs and sdfn: few images and steps; the numbers count for nothing.")
    ] = False,
    network: Annotated[
        str, typer.Option("--recipe", metavar="NAME", help=f"For sdfn: {' or '.join(SDFN_RECIPES)}.")
    ] = next(iter(SDFN_RECIPES)),
    lungs: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FOLDER", help="For sdfn: who draws the lungs; by default the one on the shelf."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="For sdfn: folds by patient.")] = FOLDS,
    jobs: Annotated[int, typer.Option(min=1, help="For sdfn: images that are decoded at the same time.")] = 1,
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
    folder = _one_folder(data, study=recipe)
    if recipe in LUNG_STUDIES:
        study_lungs(
            recipe, data=folder, out=out, weights=weights, workers=workers, tables_only=tables_only, is_smoke=smoke
        )
        return
    if smoke:
        raise UsageError(
            f"--smoke is for {', '.join((*LUNG_STUDIES, SDFN_STUDY))}; the study {recipe} has no short form"
        )
    if recipe == "gate-paper5":
        _paper5(folder, out=out, weights=weights, workers=workers)
        return
    if not tables_only:
        _run_networks(folder, out=out, weights=weights, workers=workers)
    _gate_tables(out, data=folder)


def _one_folder(data: list[str], *, study: str) -> Path:
    if len(data) != 1 or "=" in data[0]:
        raise UsageError(f"expected --data FOLDER once for the study {study}, came {', '.join(data)}")
    return Path(data[0])


def _gate_tables(out: Path, *, data: Path) -> None:
    paths = sorted(out.glob("*/predictions.npz"))
    if not paths:
        raise UsageError(f"expected predictions in {out}, came none; run the study without --tables-only first")
    result = make_study(paths)
    write_study(result, folder=out)
    page = write_gate_page(result, folder=out, data=data)
    say(f"wrote {out / 'study.json'} and {page}")


def _run_networks(data: Path, *, out: Path, weights: str, workers: int) -> None:
    made = gate(starting_weights(weights))
    records = capped(read_gate_data(data).records, caps=made.caps, seed=made.seed)
    pictures = load_pictures(records, spec=made.preprocess)
    for plan in planned_networks(pictures, recipe=made):
        say(f"{plan.name}: {len(plan.train):,} pictures to learn from, {len(plan.judge):,} to be judged on")
        run_network(plan, recipe=made, folder=out, workers=workers)


def _paper5(data: Path, *, out: Path, weights: str, workers: int) -> None:
    records = read_gate_data(data).records
    results = {}
    for module in paper5(starting_weights(weights)):
        chosen = records_of_module(records, module=module)
        result = run_paper_module(module, records=chosen, folder=out / module.name, workers=workers)
        say(f"{module.name}: accuracy {result.accuracy:.3f} on {int(result.confusion.sum()):,} pictures")
        results[module.name] = {
            "classes": result.classes,
            "confusion": result.confusion.tolist(),
            "accuracy": result.accuracy,
            "protocol": result.protocol,
        }
    (out / "study.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    say(f"wrote {out / 'study.json'}")
