"""The study of the lungs from Python: networks of each arm and fold, judged on the fold that they never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from hilum.bundle.lung_spec import LungFigure, QualityRule
from hilum.bundle.shelf import lung_bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.networks.starting_weights import StartingWeights
from hilum.option import NO_OPTIONS, NoOptions
from hilum.progress import SILENT, Progress
from hilum.systems.lungs.folds import LUNG_FORMAT, LungFold, lung_arm, lung_fold
from hilum.systems.lungs.more_pictures import (
    OWN,
    PHANTOMS,
    MorePictures,
    chests_to_draw,
    phantom_pictures,
    pictures_to_draw,
)
from hilum.systems.lungs.pictures import load_lung_pictures
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.releases import lung_folds, read_lung_sources
from hilum.systems.lungs.shipped import smoke
from hilum.systems.lungs.study.flagged import FLAGGED, write_flagged, write_worst
from hilum.systems.lungs.study.judge import JudgedLungs, draw_again, judge_lungs
from hilum.systems.lungs.study.predictions import LungPredictions
from hilum.systems.lungs.study.study import LungArm, LungStudy, make_lung_study, write_lung_study
from hilum.systems.lungs.study.worsen import AS_IT_IS
from hilum.systems.lungs.train import SMOKE_EACH
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import make_record
from hilum.training.run_study import Trained, run_study

TEACHER = "free"
"""The arm whose networks draw what another learns from."""

LungArms = Mapping[str, Callable[[StartingWeights], LungRecipe]]
"""What makes the recipe of each arm; all prepare their pictures alike and have one seed."""


def study_lungs(
    make: LungArms,
    *,
    request: StudyRequest,
    own: NoOptions = NO_OPTIONS,
    progress: Progress = SILENT,
) -> None:
    """Train every network of every fold and arm that is not trained yet, and write the tables.

    Every network draws all releases, those too that its arm does not learn from. An arm whose recipe has shares of
    `more_pictures` is taught by the arm `TEACHER`, which must come before it. Raises `UsageError` where the folder
    holds another study, and without networks where there is nothing to tabulate.
    """
    made = {name: arm(request.start) for name, arm in make.items()}
    recipes = {name: smoke(recipe) if request.smoke else recipe for name, recipe in made.items()}
    first = next(iter(recipes.values()))
    records = read_lung_sources(request.only_folder())
    records = few_of_each(records, each=SMOKE_EACH) if request.smoke else records
    split = lung_folds(records, seed=first.seed)

    to_draw = _to_draw(recipes, records=records, request=request)

    def begin(name: str, fold: LungFold) -> None:
        progress.say(f"{name}: {len(fold.train):,} chests to learn from, {len(fold.judge):,} to draw")

    record = make_record(
        first,
        records=(*records, *to_draw),
        provenance=request.provenance(own),
        protocol=split.protocol,
        split_sha256=split.sha256,
        smoke=request.smoke,
    )
    settings = {f"{arm}.{key}": value for arm, one in recipes.items() for key, value in flat_values(one).items()}
    run_study(
        () if request.tables_only else _makers(recipes, to_draw=to_draw, request=request),
        folds={} if request.tables_only else _folds(records, split=split, recipe=first, place=request.place),
        kept=LUNG_FORMAT,
        record=replace(record, settings=settings),
        split=split,
        place=request.place,
        begin=begin,
        tabulate=partial(
            _write_tables, arms=tuple(recipes), records=records, split=split, request=request, progress=progress
        ),
    )


def _makers(
    recipes: Mapping[str, LungRecipe], *, to_draw: Sequence[Record], request: StudyRequest
) -> tuple[Trained[LungFold, LungPredictions], ...]:
    more = _more(recipes[TEACHER], records=to_draw, request=request) if _draws_own(recipes) else None
    return tuple(
        lung_arm(name, recipe=recipe, more=more if OWN in recipe.sampler.shares else None)
        for name, recipe in recipes.items()
    )


def _to_draw(
    recipes: Mapping[str, LungRecipe], *, records: Sequence[Record], request: StudyRequest
) -> tuple[Record, ...]:
    """The chests without masks that an arm learns from; none where no arm does."""
    if not _draws_own(recipes):
        return ()
    chosen = chests_to_draw(request.only_folder(), masks=records)
    return chosen[:SMOKE_EACH] if request.smoke else chosen


def _draws_own(recipes: Mapping[str, LungRecipe]) -> bool:
    return any(OWN in recipe.sampler.shares for recipe in recipes.values())


def _more(teacher: LungRecipe, *, records: Sequence[Record], request: StudyRequest) -> MorePictures:
    return MorePictures(
        teacher=teacher,
        rule=_rule(request),
        to_draw=pictures_to_draw(records, spec=teacher.preprocess, preparation=request.place.preparation),
        phantoms=phantom_pictures(teacher.preprocess, count=SMOKE_EACH if request.smoke else PHANTOMS),
    )


def _rule(request: StudyRequest) -> QualityRule:
    """By which the lung model on the shelf trusts its drawings."""
    bundle = lung_bundle(None, local=request.models)
    if bundle.card.lungs is None:
        raise UsageError(f"{bundle.card.name} draws no lungs; give a folder of models with --models that has one")
    return bundle.card.lungs.quality


def _folds(records: Sequence[Record], *, split: Split, recipe: LungRecipe, place: RunPlace) -> dict[str, LungFold]:
    pictures = load_lung_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
    return {name: lung_fold(name, split=split, pictures=pictures) for name in split.parts}


def _write_tables(
    *, arms: Sequence[str], records: Sequence[Record], split: Split, request: StudyRequest, progress: Progress
) -> None:
    """Judge what is there: an arm without a drawing is left out, and one of fewer folds says so by its n."""
    by_content, out = {record.sha256: record for record in records}, request.out
    judged: dict[str, tuple[JudgedLungs, ...]] = {}
    for arm in arms:
        folds = [LUNG_FORMAT.load(path) for path in sorted(out.glob(f"fold-*/{arm}{LUNG_FORMAT.suffix}"))]
        if folds:
            judged[arm] = tuple(each for fold in folds for each in judge_lungs(fold, records=by_content))
    if not judged:
        raise UsageError(f"Run the study without --tables-only first: there are no predictions in {out}")
    smoke_mark = f"{SMOKE}, the numbers mean nothing: " if request.smoke else ""
    protocol = f"{smoke_mark}{split.protocol}; every picture drawn by the network that never saw its fold"
    study = make_lung_study(judged, split_sha256=split.sha256, protocol=protocol, smoke=request.smoke)
    path = write_lung_study(study, folder=out)
    for arm, rows in judged.items():
        _show_arm(arm, study=study, judged=rows, records=by_content, out=out, progress=progress)
    for figure in study.differences:
        progress.say(_line(figure))
    progress.say(f"wrote {path}")


def _show_arm(
    arm: str,
    *,
    study: LungStudy,
    judged: Sequence[JudgedLungs],
    records: Mapping[str, Record],
    out: Path,
    progress: Progress,
) -> None:
    """Say one arm's figures, and draw its flagged and its worst drawings into a folder of its own."""
    found, folder = study.arms[arm], out / arm
    drawn = LUNG_FORMAT.pooled(
        [LUNG_FORMAT.load(path) for path in sorted(out.glob(f"fold-*/{arm}{LUNG_FORMAT.suffix}"))]
    )
    _draw_worst(found, drawn=drawn, records=records, folder=folder)
    for figure in found.figures:
        progress.say(f"{arm}: {_line(figure)}")
    shown, flagged = write_flagged(drawn, judged=judged, records=records, rule=found.quality, folder=folder)
    progress.say(f"{arm}: {flagged} drawings are flagged; {shown} are drawn in {folder / FLAGGED}")
    for trust in found.trust:
        progress.say(
            f"{arm}: trust, cross-fitted, pictures {trust.pictures}: {trust.bad_untrusted} of {trust.bad} drawings of "
            f"Dice below 0.90 and {trust.good_untrusted} of {trust.n - trust.bad} others are not trusted; "
            f"Dice is {trust.mean_expected:.3f} on average as expected, and {trust.mean_dice:.3f} as measured"
        )


def _line(figure: LungFigure) -> str:
    return f"{figure.full_name} {interval_text(figure.estimate)}, n {figure.n}"


def _draw_worst(arm: LungArm, *, drawn: LungPredictions, records: Mapping[str, Record], folder: Path) -> None:
    found = [tuple(map(str, each)) for each in zip(drawn.source, drawn.image, drawn.way, strict=True)]
    for source, names in arm.worst.items():
        at = [found.index((source, name, AS_IT_IS)) for name in names]
        cases = [(records[str(drawn.sha256[i])].path, draw_again(drawn, index=i, records=records)) for i in at]
        write_worst(cases, path=folder / f"worst-{source}.png")
