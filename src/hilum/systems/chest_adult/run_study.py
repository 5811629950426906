"""The study of the adult's chest from Python: its networks are trained by folds, looked at, and told of on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import lung_bundle
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.splits.split import TEST, Split
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.write import write_study
from hilum.networks.starting_weights import StartingWeights
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.chest_adult.arms import adult_arms
from hilum.systems.chest_adult.folds import AdultImages, adult_folds, adult_images, fold_parts, with_boxes_of
from hilum.systems.chest_adult.looks import look_at_folds
from hilum.systems.chest_adult.recipe import AdultRecipe, smoke
from hilum.systems.chest_adult.sections import adult_sections
from hilum.systems.chest_adult.study import ADULT, CROP, LOCAL
from hilum.training.data.lung_boxes import draw_lungs
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import RunRecord, make_record
from hilum.training.run_study import run_study
from hilum.training.study_fold import Fold

RELEASE = "nih"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultStudyOptions:
    """What this study takes beside what every study does."""

    lungs: Annotated[
        str | None, Option(metavar="NAME_OR_FOLDER", help="Who draws the lungs; by default the one on the shelf.")
    ] = None


DEFAULTS = AdultStudyOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The recipe, the judged images in folds and those only learnt from, with their lung boxes, and who drew these."""

    recipe: AdultRecipe
    parts: Split
    images: AdultImages
    lungs: Bundle
    smoke: bool

    @property
    def folds(self) -> dict[str, Fold]:
        """The folds by name: what each learns from, validates on and judges."""
        return adult_folds(self.parts, coarse=self.images.coarse, recipe=self.recipe, smoke=self.smoke)


def study_adult(
    make: Callable[[StartingWeights], AdultRecipe],
    *,
    request: StudyRequest,
    own: AdultStudyOptions = DEFAULTS,
    progress: Progress = SILENT,
) -> None:
    """Train every network that is not trained yet, and write tables, figures and page.

    Raises `UsageError` where the folder holds another study, and as `read_releases` and training do.
    """
    prepared = prepare_adults(make(request.start), request=request, own=own, progress=progress)
    folds = prepared.folds
    _run(request, own=own, prepared=prepared, folds=folds, progress=progress)
    _write_tables(request, prepared=prepared, folds=folds, progress=progress)


def prepare_adults(
    made: AdultRecipe, *, request: StudyRequest, own: AdultStudyOptions = DEFAULTS, progress: Progress = SILENT
) -> Prepared:
    """The images of the request, dealt to folds, with the lung boxes that the bundle of `own` drew.

    Raises as `read_releases` and `fold_parts` do.
    """
    recipe = smoke(made) if request.smoke else made
    records = read_releases(
        request.data, allowed=(RELEASE,), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    lungs = lung_bundle(own.lungs, local=request.models)
    images = adult_images(records)
    if request.smoke:
        images = replace(images, judged=smoke_records(images.judged, labels=recipe.whole.last.labels))
    parts = fold_parts(images, recipe=recipe)
    boxed = {
        record.image: record
        for record in draw_lungs(images.every, lungs=lungs, memory=request.cache, progress=progress)
    }
    parts = with_boxes_of(parts, boxed=boxed)
    if request.smoke:
        parts = replace(parts, protocol=f"{SMOKE} {parts.protocol}")
    coarse = tuple(boxed[record.image] for record in images.coarse)
    judged = tuple(record for part in parts.parts.values() for record in part)
    return Prepared(
        recipe=recipe,
        parts=parts,
        images=AdultImages(judged=judged, coarse=coarse),
        lungs=lungs,
        smoke=request.smoke,
    )


def _run(
    request: StudyRequest,
    *,
    own: AdultStudyOptions,
    prepared: Prepared,
    folds: dict[str, Fold],
    progress: Progress,
) -> None:
    recipe, place = prepared.recipe, request.place

    def begin(name: str, fold: Fold) -> None:
        judged = len(fold.split.parts[TEST])
        others = sum(len(part) for part in fold.split.parts.values()) - judged
        progress.say(f"{name}: {others:,} images to learn from, {judged:,} to judge")

    if not request.tables_only:
        for arm, one in ((LOCAL, recipe.whole), (CROP, recipe.crop)):
            check_starts(one, folder=request.out / "fold-0" / arm)
            prepare_images(
                prepared.images.every,
                spec=one.preprocess_of(one.last),
                cache=place.preparation.cache,
                jobs=request.jobs,
                progress=progress,
            )
    run_study(
        () if request.tables_only else adult_arms(recipe),
        folds=folds,
        kept=CLASSIFIER,
        record=_record(request, own=own, prepared=prepared),
        split=prepared.parts,
        place=place,
        begin=begin,
    )


def _record(request: StudyRequest, *, own: AdultStudyOptions, prepared: Prepared) -> RunRecord:
    parts = prepared.parts
    return make_record(
        prepared.recipe,
        records=prepared.images.every,
        provenance=replace(request.provenance(own), folders=request.folders),
        protocol=parts.protocol,
        split_sha256=parts.sha256,
        stage_splits=dict.fromkeys(parts.parts, parts.sha256),
        lungs_sha256=prepared.lungs.sha256,
        smoke=request.smoke,
    )


def _write_tables(request: StudyRequest, *, prepared: Prepared, folds: dict[str, Fold], progress: Progress) -> None:
    looks = look_at_folds(folds, recipe=prepared.recipe, lungs=prepared.lungs, place=request.place, progress=progress)
    content = read_study(ADULT, folder=request.out)
    page = write_study(
        replace(ADULT, sections=adult_sections(content, looks=looks)), content=content, folder=request.out
    )
    for line in content.means_in_words(ADULT.titles):
        progress.say(line)
    progress.say(f"wrote {request.out / 'study.json'} and {page}")
