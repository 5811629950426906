"""From the folders of ChestX-ray14 and that of the study of the adult's chest to the bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.shelf import lung_bundle
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import RunFile
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.study.as_json import STUDY_NAME, read_study_json
from hilum.evaluation.study.write import PREDICTIONS
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.chest_adult.bundle import AdultNetworks, adult_draft, write_adult_bundle
from hilum.systems.chest_adult.folds import AdultImages, adult_images
from hilum.systems.chest_adult.labels import adult_labels
from hilum.systems.chest_adult.limits import limits_of_study
from hilum.systems.chest_adult.looks import mean_calibration, mean_scales, read_looks
from hilum.systems.chest_adult.recipe import NAME, AdultRecipe
from hilum.systems.chest_adult.sections import SHIPS_KEY
from hilum.systems.chest_adult.study import CROP, LOCAL, MEAN
from hilum.training.data.lung_boxes import draw_lungs
from hilum.training.export.seen_images import seen_images
from hilum.training.loop.fit import Fitted
from hilum.training.loop.stages import check_starts, run_stages
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.request import TrainRequest
from hilum.training.records.run_record import begin_run, make_record
from hilum.training.records.study_folder import StudyFolder, checked_study, study_sha256

RELEASE = "nih"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultOptions(StudyFolder):
    """What the training of the adult's chest takes beside what every training does."""

    lungs: Annotated[
        str | None,
        Option(
            metavar="MODEL",
            help="The model that draws the lungs, as in the study; by default the installed one.",
        ),
    ] = None


NO_OPTIONS = AdultOptions()


def train_adult_on(
    recipe: AdultRecipe, *, request: TrainRequest, own: AdultOptions = NO_OPTIONS, progress: Progress = SILENT
) -> Bundle:
    """Train both networks on every adult's image that is not held out, and write the bundle.

    It goes on where it was stopped. Raises `UsageError` without a study, for a smoke study beside a whole run, for a
    study of other settings or whose lungs another bundle drew, where it says that nothing ships, and for another run's
    folder.
    """
    folder = own.needed(of=NAME)
    lungs = lung_bundle(own.lungs, local=request.models)
    study = _checked_study(folder, recipe=recipe, lungs=lungs, request=request)
    images = _images(recipe, request=request)
    records = draw_lungs(images.every, lungs=lungs, memory=request.cache, progress=progress)
    record = make_record(
        recipe,
        records=records,
        provenance=replace(request.provenance(own), folders=request.folders),
        protocol=f"all {len(records):,} images of adults",
        lungs_sha256=lungs.sha256,
        study_sha256=study_sha256(folder),
        smoke=request.smoke,
    )
    with hold_run(request.out):
        begin_run(request.out, record=record)
        if (request.out / BUNDLE).is_dir():
            return load_bundle(request.out / BUNDLE)
        looks = read_looks(folder, folds=tuple(study.stage_splits))
        names = recipe.whole.last.labels
        networks = AdultNetworks(
            whole=_fit(recipe.whole, arm=LOCAL, records=records, request=request, progress=progress),
            crop=_fit(recipe.crop, arm=CROP, records=records, request=request, progress=progress),
            whole_calibrations=[mean_calibration(looks[LOCAL], label=name) for name in names],
            crop_calibrations=[mean_calibration(looks[CROP], label=name) for name in names],
            scales=mean_scales(looks, labels=names),
        )
        predictions = study_predictions(folder)
        judged = {one.sha256 for one in images.judged}
        return write_adult_bundle(
            recipe,
            networks=networks,
            labels=adult_labels(predictions, looks=looks),
            draft=adult_draft(
                recipe,
                networks=networks,
                records=records,
                study_protocol=predictions[MEAN].protocol,
                provenance=request.provenance(own),
                lungs=lungs,
                limits=limits_of_study(read_study_json(folder / STUDY_NAME, study=NAME)["sections"]),
                smoke=request.smoke,
            ),
            records=[one for one in records if one.sha256 in judged],
            lungs=lungs,
            preparation=request.place.preparation,
            folder=request.out,
            seen=seen_images(
                train=records,
                validation=(),
                starts=[one.last.start for one in (recipe.whole, recipe.crop)],
                jobs=request.jobs,
            ),
        )


def _checked_study(folder: Path, *, recipe: AdultRecipe, lungs: Bundle, request: TrainRequest) -> RunFile:
    study = checked_study(folder, recipe=recipe, smoke=request.smoke)
    if study.lungs_sha256 != lungs.sha256:
        raise UsageError(
            f"The study in {folder} used other lungs than {lungs.card.name} {lungs.card.version}. Name the model that "
            "drew them with --lungs, or run the study again"
        )
    said = read_study_json(folder / STUDY_NAME, study=NAME)["sections"][SHIPS_KEY]
    if not said["ships"] and not study.smoke:
        raise UsageError(f"The study in {folder} says that no model may ship: {said['why_not']}")
    return study


def _images(recipe: AdultRecipe, *, request: TrainRequest) -> AdultImages:
    mixed = read_releases(request.data, allowed=(RELEASE,), memory=request.cache, jobs=request.jobs)
    images = adult_images(mixed.records)
    if not request.smoke:
        return images
    return replace(images, judged=smoke_records(images.judged, labels=recipe.whole.last.labels))


def _fit(recipe: Recipe, *, arm: str, records: tuple[Record, ...], request: TrainRequest, progress: Progress) -> Fitted:
    place = request.place
    folder = request.out / arm
    check_starts(recipe, folder=folder)
    spec = recipe.preprocess_of(recipe.last)
    prepare_images(records, spec=spec, cache=place.preparation.cache, jobs=request.jobs, progress=progress)
    everything = Split({TRAIN: records}, f"all {len(records):,} images")
    fitted = run_stages(recipe, splits={recipe.last.name: everything}, place=replace(place, folder=folder))
    if not isinstance(fitted, Fitted):
        raise UsageError(f"{recipe.name} ends in a fusion of two networks; give a recipe that ends in one network")
    return fitted


def study_predictions(folder: Path) -> dict[str, Predictions]:
    """The out-of-fold predictions of each arm of the study in `folder`; raises `DataError` where one is not there."""
    return {arm: read_predictions(folder / PREDICTIONS / f"{arm}.parquet") for arm in (LOCAL, CROP, MEAN)}
