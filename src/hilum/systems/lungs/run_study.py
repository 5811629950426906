"""The study of the lungs from Python: five networks, each judged on the fold that it never saw, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.predictions.design import SMOKE
from hilum.networks.starting_weights import StartingWeights
from hilum.option import NO_OPTIONS, NoOptions
from hilum.progress import SILENT, Progress
from hilum.systems.lungs.folds import LUNG_FORMAT, LungFold, lung_arm, lung_fold
from hilum.systems.lungs.pictures import load_lung_pictures
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.releases import lung_folds, read_lung_sources
from hilum.systems.lungs.shipped import smoke
from hilum.systems.lungs.study.flagged import FLAGGED, write_flagged, write_worst
from hilum.systems.lungs.study.judge import draw_again, judge_lungs
from hilum.systems.lungs.study.predictions import LungPredictions
from hilum.systems.lungs.study.study import LungStudy, make_lung_study, write_lung_study
from hilum.systems.lungs.train import SMOKE_EACH
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import make_record
from hilum.training.run_study import run_study


def study_lungs(
    make: Callable[[StartingWeights], LungRecipe],
    *,
    request: StudyRequest,
    own: NoOptions = NO_OPTIONS,
    progress: Progress = SILENT,
) -> None:
    """Train every fold's network that is not trained yet, and write the tables.

    Raises `UsageError` where the folder holds another study, and without networks where there is nothing to tabulate.
    """
    made = make(request.start)
    recipe = smoke(made) if request.smoke else made
    records = read_lung_sources(request.only_folder())
    records = few_of_each(records, each=SMOKE_EACH) if request.smoke else records
    split = lung_folds(records, seed=recipe.seed)

    def begin(name: str, fold: LungFold) -> None:
        progress.say(f"{name}: {len(fold.train):,} chests to learn from, {len(fold.judge):,} to draw")

    run_study(
        () if request.tables_only else (lung_arm(recipe),),
        folds={} if request.tables_only else _folds(records, split=split, recipe=recipe, place=request.place),
        kept=LUNG_FORMAT,
        record=make_record(
            recipe,
            records=records,
            provenance=request.provenance(own),
            protocol=split.protocol,
            split_sha256=split.sha256,
            smoke=request.smoke,
        ),
        split=split,
        place=request.place,
        begin=begin,
        tabulate=partial(_write_tables, records=records, split=split, request=request, progress=progress),
    )


def _folds(records: Sequence[Record], *, split: Split, recipe: LungRecipe, place: RunPlace) -> dict[str, LungFold]:
    pictures = load_lung_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
    return {name: lung_fold(name, split=split, pictures=pictures) for name in split.parts}


def _write_tables(*, records: Sequence[Record], split: Split, request: StudyRequest, progress: Progress) -> None:
    folds = [LUNG_FORMAT.load(path) for path in sorted(request.out.glob(f"fold-*/*{LUNG_FORMAT.suffix}"))]
    if not folds:
        raise UsageError(f"run the study without --tables-only first: there are no predictions in {request.out}")
    by_content, out = {record.sha256: record for record in records}, request.out
    together = LUNG_FORMAT.pooled(folds)
    judged = [each for fold in folds for each in judge_lungs(fold, records=by_content)]
    smoke_mark = f"{SMOKE}, the numbers mean nothing: " if request.smoke else ""
    protocol = f"{smoke_mark}{split.protocol}; every picture drawn by the network that never saw its fold"
    study = make_lung_study(judged, split_sha256=split.sha256, protocol=protocol, smoke=request.smoke)
    path = write_lung_study(study, folder=out)
    _draw_worst(study, drawn=together, records=by_content, folder=out)
    for figure in study.figures:
        low, high = figure.interval or (float("nan"), float("nan"))
        progress.say(f"{figure.source}: {figure.name} {figure.value:.4f} ({low:.4f} to {high:.4f}), n {figure.n}")
    shown, flagged = write_flagged(together, judged=judged, records=by_content, rule=study.quality, folder=out)
    progress.say(f"{flagged} of {len(judged)} drawings are flagged; {shown} are drawn in {out / FLAGGED}")
    trust = study.trust
    progress.say(
        f"trust, cross-fitted: {trust.bad_untrusted} of {trust.bad} drawings of Dice below 0.90 and "
        f"{trust.good_untrusted} of {trust.n - trust.bad} others are not trusted"
    )
    progress.say(f"wrote {path}")


def _draw_worst(study: LungStudy, *, drawn: LungPredictions, records: Mapping[str, Record], folder: Path) -> None:
    found = [(str(a), str(b)) for a, b in zip(drawn.source, drawn.image, strict=True)]
    for source, names in study.worst.items():
        at = [found.index((source, name)) for name in names]
        cases = [(records[str(drawn.sha256[i])].path, draw_again(drawn, index=i, records=records)) for i in at]
        write_worst(cases, path=folder / f"worst-{source}.png")
