"""The study of the adult's chest from Python: its networks are trained by folds, looked at, and told of on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import lung_bundle
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.write import publish_study
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
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import make_record
from hilum.training.run_study import ArmSettings, Trained, run_study
from hilum.training.study_fold import Fold

RELEASE = "nih"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultStudyOptions:
    """What this study takes beside what every study does."""

    lungs: Annotated[
        str | None,
        Option(metavar="MODEL", help="The model that draws the lungs; by default the installed one."),
    ] = None


DEFAULTS = AdultStudyOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The recipe, and the judged images in folds and those only learnt from."""

    recipe: AdultRecipe
    parts: Split
    images: AdultImages
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
    lungs = lung_bundle(own.lungs, local=request.models)
    prepared = prepare_adults(make(request.start), request=request, progress=progress)
    prepared = _with_boxes(prepared, lungs=lungs, request=request, progress=progress)
    folds, recipe = prepared.folds, prepared.recipe
    run_adults(
        prepared,
        folds=folds,
        recipes={LOCAL: recipe.whole, CROP: recipe.crop},
        makers=adult_arms(recipe),
        settings=recipe,
        request=request,
        own=own,
        lungs_sha256=lungs.sha256,
        progress=progress,
    )
    looks = look_at_folds(folds, recipe=recipe, lungs=lungs, place=request.place, progress=progress)
    content = read_study(ADULT, folder=request.out)
    study = replace(ADULT, sections=adult_sections(content, looks=looks))
    publish_study(study, content=content, folder=request.out, progress=progress)


def prepare_adults(made: AdultRecipe, *, request: StudyRequest, progress: Progress = SILENT) -> Prepared:
    """The images of the request, dealt to folds. Raises as `read_releases` and `fold_parts` do."""
    recipe = smoke(made) if request.smoke else made
    records = read_releases(
        request.data, allowed=(RELEASE,), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    images = adult_images(records)
    if request.smoke:
        images = replace(images, judged=smoke_records(images.judged, labels=recipe.whole.last.labels))
    parts = fold_parts(images, recipe=recipe)
    if request.smoke:
        parts = replace(parts, protocol=f"{SMOKE} {parts.protocol}")
    return Prepared(recipe=recipe, parts=parts, images=images, smoke=request.smoke)


def _with_boxes(prepared: Prepared, *, lungs: Bundle, request: StudyRequest, progress: Progress) -> Prepared:
    """The same images with the lung boxes that `lungs` draws."""
    every = draw_lungs(prepared.images.every, lungs=lungs, memory=request.cache, progress=progress)
    boxed = {record.image: record for record in every}
    parts = with_boxes_of(prepared.parts, boxed=boxed)
    judged = tuple(record for part in parts.parts.values() for record in part)
    coarse = tuple(boxed[record.image] for record in prepared.images.coarse)
    return replace(prepared, parts=parts, images=AdultImages(judged=judged, coarse=coarse))


def run_adults(
    prepared: Prepared,
    *,
    folds: Mapping[str, Fold],
    recipes: Mapping[str, Recipe],
    makers: Sequence[Trained[Fold, Predictions]],
    settings: AdultRecipe | ArmSettings,
    request: StudyRequest,
    own: object,
    more: Sequence[Record] = (),
    lungs_sha256: str | None = None,
    progress: Progress = SILENT,
) -> None:
    """Prepare the images of `recipes`, by arm, and train every fold of `makers` that is not done.

    `settings` are all that decides the study, `own` the options of its own, `more` images that trainings take beside
    the adults', and `lungs_sha256` is of what drew the boxes that a recipe cuts to. Raises `UsageError` where the
    folder holds another study, and as training does.
    """
    place, parts, images = request.place, prepared.parts, (*prepared.images.every, *more)

    def begin(name: str, fold: Fold) -> None:
        judged = len(fold.split.parts[TEST])
        others = sum(len(part) for part in fold.split.parts.values()) - judged
        progress.say(f"{name}: {others:,} images to learn from, {judged:,} to judge")

    if not request.tables_only:
        for arm, one in recipes.items():
            check_starts(one, folder=request.out / "fold-0" / arm)
        for spec in dict.fromkeys(one.preprocess_of(one.last) for one in recipes.values()):
            cache = place.preparation.cache
            prepare_images(images, spec=spec, cache=cache, jobs=request.jobs, progress=progress)
    run_study(
        () if request.tables_only else makers,
        folds=folds,
        kept=CLASSIFIER,
        record=make_record(
            settings,
            records=images,
            provenance=replace(request.provenance(own), folders=request.folders),
            protocol=parts.protocol,
            split_sha256=parts.sha256,
            stage_splits=dict.fromkeys(parts.parts, parts.sha256),
            lungs_sha256=lungs_sha256,
            smoke=request.smoke,
        ),
        split=parts,
        place=place,
        begin=begin,
    )
