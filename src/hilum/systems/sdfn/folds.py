"""The networks of the SDFN study: in each fold a whole-image network, a lung-crop network and their fusion.

A fold is trained and fitted on the patients of the other folds alone. The class maps of the images that are drawn are
kept beside its predictions; a fold that was stopped goes on with the stage, and the epoch, where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch

from hilum.bundle.label import PlattCalibration
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST
from hilum.evaluation.predictions.predictions import Predictions
from hilum.explain.fused_map import PlacedMap, cells_of
from hilum.geometry import Box
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import ModelInput, crop_box, preprocess
from hilum.systems.sdfn.heatmaps import TwoMaps
from hilum.systems.sdfn.maps import save_maps
from hilum.systems.sdfn.pictures import BOXED_MAPS, MAPS
from hilum.systems.sdfn.shown import boxed_images, most_probable
from hilum.systems.sdfn.study import FUSION, LUNG, SDFN, WHOLE
from hilum.training.loop.fusion_networks import FusionLogits, FusionNetworks, fusion_start, predict_fusion, train_fusion
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, Logits, calibrated, fit_calibrations, fold_predictions, write_facts

Calibrations = Mapping[str, Sequence[PlattCalibration]]


def sdfn_arms(recipe: Recipe, *, boxed: Mapping[str, Sequence[Record]]) -> Trained[Fold, Predictions]:
    """The three arms, by one training of all stages of `recipe`.

    `boxed` are images with boxes by the fold that draws them. The records of folds carry their lung boxes; one without
    a box is not cropped.
    """
    return Trained(
        arms=SDFN.trained, run=partial(_run_fold, recipe, boxed=boxed), folder=".", settings=flat_values(recipe)
    )


def _run_fold(
    recipe: Recipe, fold: Fold, place: RunPlace, *, boxed: Mapping[str, Sequence[Record]]
) -> Mapping[str, Predictions]:
    networks = train_fusion(recipe, split=fold.split, place=place)
    parts, labels, judged = recipe.last.split.validation, recipe.last.labels, fold.split.parts[TEST]
    validation = [record for part in parts for record in fold.split.parts[part]]
    fitted_on, of_judged = (
        _by_arm(predict_fusion(networks, records=records, preparation=place.preparation))
        for records in (validation, judged)
    )
    by = {arm: fit_calibrations(fold, parts=parts, logits=logits, labels=labels) for arm, logits in fitted_on.items()}
    scores = {arm: calibrated(logits, by=by[arm]) for arm, logits in of_judged.items()}
    predictions = fold_predictions(fold, scores=scores, labels=labels)
    shown = [(judged[row], label) for row, label in most_probable(predictions[FUSION])]
    save_maps(_maps(networks, shown=shown, by=by), path=place.folder / MAPS)
    if boxed.get(fold.name):
        maps = _maps(networks, shown=boxed_images(boxed[fold.name]), by=by)
        save_maps(maps, path=place.folder / BOXED_MAPS)
    calibrations = [one for fitted in by.values() for one in fitted]
    write_facts(fold, calibrations=calibrations, started_from=networks.started_from, folder=place.folder)
    return predictions


def _by_arm(logits: FusionLogits) -> dict[str, Logits]:
    return {WHOLE: logits.whole, LUNG: logits.crop, FUSION: logits.fusion}


def _maps(networks: FusionNetworks, *, shown: Sequence[tuple[Record, str]], by: Calibrations) -> tuple[TwoMaps, ...]:
    return tuple(_map(networks, record=record, label=label, by=by) for record, label in shown)


def _map(networks: FusionNetworks, *, record: Record, label: str, by: Calibrations) -> TwoMaps:
    recipe, start = networks.recipe, fusion_start(networks.recipe)
    column = recipe.last.labels.index(label)
    pixels = decode(read_file(record.path), name=record.image).pixels
    specs = [recipe.preprocess_of(recipe.stage(name)) for name in (start.whole, start.crop)]
    whole, crop = (preprocess(pixels, spec=spec, lung_box=record.lung_box) for spec in specs)
    with torch.inference_mode():
        found = networks.fused.eval().outputs(*(torch.from_numpy(one.array)[None] for one in (whole, crop)))
    rows, columns = pixels.shape
    cut = None if record.lung_box is None else crop_box(record.lung_box, rows=rows, columns=columns)
    return TwoMaps(
        image=record.image,
        label=label,
        whole_alone=_placed(found.whole_alone_maps, column, model_input=whole),
        whole=_placed(found.whole_maps, column, model_input=whole),
        crop=_placed(found.crop_maps, column, model_input=crop),
        crop_box=None if cut is None else Box(cut[0], cut[1], cut[2] - cut[0], cut[3] - cut[1]),
        whole_probability=float(calibrated(found.whole_logits.numpy(), by=by[WHOLE])[0, column]),
        sdfn_probability=float(calibrated(found.logits.numpy(), by=by[FUSION])[0, column]),
    )


def _placed(maps: torch.Tensor, column: int, *, model_input: ModelInput) -> PlacedMap:
    size = model_input.array.shape[1], model_input.array.shape[2]
    return cells_of(maps[0, column].numpy(), geometry=model_input.geometry, input_size=size)
