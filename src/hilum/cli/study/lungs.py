"""`hilum study lungs`: five networks, each judged on the fold that it never saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hilum.cli.study.request import StudyRequest
from hilum.cli.terminal.say import say
from hilum.datasets.records.record import Record
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.predictions.design import SMOKE
from hilum.networks.starting_weights import starting_weights
from hilum.systems.lungs.folds import PREDICTIONS, run_fold
from hilum.systems.lungs.pictures import load_lung_pictures
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.releases import lung_folds, read_lung_sources
from hilum.systems.lungs.shipped import lungs, paper3_lungs, smoke
from hilum.systems.lungs.study.flagged import FLAGGED, write_flagged, write_worst
from hilum.systems.lungs.study.judge import draw_again, judge_lungs
from hilum.systems.lungs.study.predictions import joined, load_lung_predictions
from hilum.systems.lungs.study.study import make_lung_study, write_lung_study
from hilum.systems.lungs.train import SMOKE_EACH
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.hold_run import hold_run
from hilum.training.records.run_record import SPLIT_NAME, begin_run, make_record

LUNG_STUDIES = ("lungs", "lungs-paper3")


def study_lungs(request: StudyRequest) -> None:
    """Train every fold's network that is not trained yet, and write the tables.

    Raises `UsageError` where the folder holds another study, and without networks where there is nothing to tabulate.
    """
    recipe = lungs(starting_weights(request.weights)) if request.study == LUNG_STUDIES[0] else paper3_lungs()
    recipe = smoke(recipe) if request.smoke else recipe
    records = read_lung_sources(request.data)
    records = few_of_each(records, each=SMOKE_EACH) if request.smoke else records
    split = lung_folds(records, seed=recipe.seed)
    with hold_run(request.out):
        if not request.tables_only:
            _run_folds(recipe, records=records, split=split, request=request)
        paths = sorted(request.out.glob(f"fold-*/{PREDICTIONS}"))
        if not paths:
            raise UsageError(f"run the study without --tables-only first: there are no predictions in {request.out}")
        _write_tables(paths, records=records, split=split, out=request.out, is_smoke=request.smoke)


def _write_tables(paths: list[Path], *, records: tuple[Record, ...], split: Split, out: Path, is_smoke: bool) -> None:
    by_content = {record.sha256: record for record in records}
    folds = [load_lung_predictions(path) for path in paths]
    together = joined(folds)
    judged = [each for fold in folds for each in judge_lungs(fold, records=by_content)]
    smoke_mark = f"{SMOKE}, the numbers mean nothing: " if is_smoke else ""
    protocol = f"{smoke_mark}{split.protocol}; every picture drawn by the network that never saw its fold"
    study = make_lung_study(judged, split_sha256=split.sha256, protocol=protocol, smoke=is_smoke)
    path = write_lung_study(study, folder=out)
    for source, names in study.worst.items():
        found = [(str(a), str(b)) for a, b in zip(together.source, together.image, strict=True)]
        at = [found.index((source, name)) for name in names]
        cases = [
            (by_content[str(together.sha256[i])].path, draw_again(together, index=i, records=by_content)) for i in at
        ]
        write_worst(cases, path=out / f"worst-{source}.png")
    for figure in study.figures:
        low, high = figure.interval or (float("nan"), float("nan"))
        say(f"{figure.source}: {figure.name} {figure.value:.4f} ({low:.4f} to {high:.4f}), n {figure.n}")
    shown, flagged = write_flagged(together, judged=judged, records=by_content, rule=study.quality, folder=out)
    say(f"{flagged} of {len(judged)} drawings are flagged; {shown} are drawn in {out / FLAGGED}")
    trust = study.trust
    say(
        f"trust, cross-fitted: {trust.bad_untrusted} of {trust.bad} drawings of Dice below 0.90 and "
        f"{trust.good_untrusted} of {trust.n - trust.bad} others are not trusted"
    )
    say(f"wrote {path}")


def _run_folds(recipe: LungRecipe, *, records: tuple[Record, ...], split: Split, request: StudyRequest) -> None:
    begun = make_record(
        recipe,
        records=records,
        provenance=request.provenance(),
        protocol=split.protocol,
        smoke=request.smoke,
    )
    begin_run(request.out, record=replace(begun, split_sha256=split.sha256), results=f"*/{PREDICTIONS}")
    save_split(split, path=request.out / SPLIT_NAME)
    place = request.place()
    pictures = load_lung_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
    for name in split.parts:
        count = len(split.parts[name])
        say(f"{name}: {len(records) - count:,} chests to learn from, {count:,} to draw")
        run_fold(name, recipe=recipe, split=split, pictures=pictures, place=place)
