"""SDFN's study from Python: whole image, lung crop and their fusion, cross-validated beside the paper's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import lung_bundle
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import FOLDS, label_folds
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import UsageError
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.write import publish_study
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.sdfn.folds import sdfn_arms
from hilum.systems.sdfn.lung_cases import survey_lungs
from hilum.systems.sdfn.pictures import heatmaps_of, lungs_of
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.systems.sdfn.shown import boxed_images
from hilum.systems.sdfn.study import SDFN
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.smoke import smoke_recipe, smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import RunRecord, make_record
from hilum.training.run_study import run_study
from hilum.training.study_fold import Fold, cross_validation

RECIPES = {"sdfn-local": sdfn_local, "sdfn": sdfn}
RELEASE = "nih"
HELD_OUT = "ChestX-ray14's official test set"


@dataclass(frozen=True, slots=True, kw_only=True)
class SdfnOptions:
    """What SDFN's study takes beside what every study does."""

    recipe: Annotated[str, Option(metavar="NAME", help=f"One of {' and '.join(RECIPES)}.")] = "sdfn-local"
    lungs: Annotated[
        str | None,
        Option(metavar="MODEL", help="The model that draws the lungs; by default the installed one."),
    ] = None
    folds: Annotated[int, Option(least=2, help="Folds by patient.")] = FOLDS


DEFAULTS = SdfnOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """The recipe, the folds with their lung boxes and their protocol, what is only drawn, and who drew the lungs."""

    recipe: Recipe
    folds: Split
    protocol: str
    boxed: tuple[Record, ...]
    lungs: Bundle

    @property
    def records(self) -> tuple[Record, ...]:
        """Every image of every fold."""
        return tuple(record for part in self.folds.parts.values() for record in part)


def study_sdfn(*, request: StudyRequest, own: SdfnOptions = DEFAULTS, progress: Progress = SILENT) -> None:
    """Train every network that is not trained yet, and write tables, figures and page.

    Raises `UsageError` for an unknown recipe and where the folder holds another study.
    """
    if own.recipe not in RECIPES:
        raise UsageError(f"--recipe must be {' or '.join(RECIPES)}, not {own.recipe!r}")
    prepared = _prepare(request, own=own, progress=progress)
    _run(request, own=own, prepared=prepared, progress=progress)
    _write_tables(request, prepared=prepared, progress=progress)


def _prepare(request: StudyRequest, *, own: SdfnOptions, progress: Progress) -> _Prepared:
    made = RECIPES[own.recipe](request.start)
    recipe = _small(made) if request.smoke else made
    records = read_releases(request.data, allowed=(RELEASE,), memory=request.cache, progress=progress).records
    lungs = lung_bundle(own.lungs, local=request.models)
    pool = [record for record in records if not is_held_out(record)]
    if request.smoke:
        pool = list(smoke_records(pool, labels=recipe.last.labels))
    boxed = tuple(dict.fromkeys(record.image for record, _ in boxed_images(records)))
    wanted = {*boxed, *(record.image for record in pool)}
    held_out = [record for record in records if is_held_out(record)]
    found = {
        record.image: record
        for record in with_lung_boxes(
            [record for record in records if record.image in wanted], bundle=lungs, memory=request.cache
        )
    }
    progress.say(_untrusted([found[record.image] for record in pool], lungs=lungs))
    folds = label_folds([*pool, *held_out], folds=own.folds, seed=recipe.seed, held_out_set=HELD_OUT)
    folds = replace(
        folds, parts={name: tuple(found[record.image] for record in part) for name, part in folds.parts.items()}
    )
    return _Prepared(
        recipe=recipe,
        folds=folds,
        protocol=_protocol(folds, recipe=recipe, lungs=lungs, smoke=request.smoke),
        boxed=tuple(found[image] for image in boxed),
        lungs=lungs,
    )


def _small(recipe: Recipe) -> Recipe:
    """The smoke recipe with half of its few images for validation, so that some class has both outcomes there."""
    made = smoke_recipe(recipe)
    (validation,) = made.last.split.validation
    shares = {TRAIN: 0.5, validation: 0.5}
    stages = tuple(replace(stage, split=replace(stage.split, shares=shares)) for stage in made.stages)
    return replace(made, stages=stages)


def _untrusted(records: Sequence[Record], *, lungs: Bundle) -> str:
    """Said before hours of training: where many crops are whole images, the study says little of crops."""
    count = sum(record.lung_box is None for record in records)
    share = count / len(records) if records else 0.0
    return (
        f"{count:,} of {len(records):,} images ({share:.0%}) have lungs that {lungs.card.name} {lungs.card.version} "
        "does not trust: their crop is the whole image"
    )


def _protocol(folds: Split, *, recipe: Recipe, lungs: Bundle, smoke: bool) -> str:
    shares = " and ".join(f"{share:.0%} {part}" for part, share in recipe.last.split.shares.items())
    return (
        f"{f'{SMOKE} ' if smoke else ''}{folds.protocol}; of each fold's other images, by patient, {shares}, where "
        f"epochs are chosen and calibrations fitted; {recipe.backbone} pair, lungs drawn by {lungs.card.name} "
        f"{lungs.card.version}; every image predicted by networks that never saw its patient"
    )


def _run(request: StudyRequest, *, own: SdfnOptions, prepared: _Prepared, progress: Progress) -> None:
    recipe, place = prepared.recipe, request.place
    folds = cross_validation(
        prepared.folds,
        shares=recipe.last.split.shares,
        seed=recipe.seed,
        protocol=prepared.protocol,
        smoke=request.smoke,
    )

    def begin(name: str, fold: Fold) -> None:
        judged = len(fold.split.parts[TEST])
        progress.say(f"{name}: {len(prepared.records) - judged:,} images to learn from, {judged:,} to judge")

    if not request.tables_only:
        say_unlike_greys([recipe], progress=progress)
        check_starts(recipe, folder=request.out / "fold-0")
        for spec in dict.fromkeys(recipe.preprocess_of(stage) for stage in recipe.stages):
            prepare_images(
                prepared.records, spec=spec, cache=place.preparation.cache, jobs=request.jobs, progress=progress
            )
    run_study(
        () if request.tables_only else (sdfn_arms(recipe, boxed={next(iter(folds)): prepared.boxed}),),
        folds=folds,
        kept=CLASSIFIER,
        record=_record(request, own=own, prepared=prepared),
        split=prepared.folds,
        place=place,
        begin=begin,
    )


def _write_tables(request: StudyRequest, *, prepared: _Prepared, progress: Progress) -> None:
    content = read_study(SDFN, folder=request.out)
    survey = survey_lungs(prepared.records, bundle=prepared.lungs, memory=request.cache, folder=request.out)
    records = (*prepared.records, *prepared.boxed)
    sections = (heatmaps_of(request.out, records=records), lungs_of(survey, records=records, bundle=prepared.lungs))
    publish_study(replace(SDFN, sections=sections), content=content, folder=request.out, progress=progress)


def _record(request: StudyRequest, *, own: SdfnOptions, prepared: _Prepared) -> RunRecord:
    recipe, folds = prepared.recipe, prepared.folds
    begun = make_record(
        recipe,
        records=prepared.records,
        provenance=replace(request.provenance(own), folders=request.folders),
        protocol=prepared.protocol,
        split_sha256=folds.sha256,
        stage_splits={name: folds.sha256 for name in folds.parts},
        smoke=request.smoke,
    )
    settings = {**begun.settings, "folds": own.folds, "lungs_sha256": prepared.lungs.sha256}
    return replace(begun, settings=settings)
