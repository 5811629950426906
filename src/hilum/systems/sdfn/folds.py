"""The networks of the SDFN study: in each fold a whole-image network, a lung-crop network and their fusion.

A fold is trained and fitted on the patients of the other folds alone. Its predictions, and the class maps of the images
that are drawn, are kept when it is done; a fold that was stopped goes on with the stage, and the epoch, where it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.label import PlattCalibration
from hilum.datasets.records.record import Record
from hilum.datasets.splits.over_labels import split_over_labels
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.explain.fused_map import PlacedMap, cells_of
from hilum.geometry import Box
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import ModelInput, crop_box, preprocess
from hilum.statistics.calibration import calibrate
from hilum.systems.sdfn.folder import BOXED_MAPS, FACTS, MAPS, fold_folder
from hilum.systems.sdfn.heatmaps import TwoMaps
from hilum.systems.sdfn.maps import save_maps
from hilum.systems.sdfn.predictions import (
    NETWORKS,
    Network,
    SdfnPredictions,
    has_sdfn_predictions,
    write_sdfn_predictions,
)
from hilum.systems.sdfn.shown import boxed_images, most_probable
from hilum.training.export.read_validation import ReadPart, fit_calibration
from hilum.training.loop.fusion_networks import SdfnLogits, SdfnNetworks, fusion_start, predict_sdfn, train_sdfn
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace
from hilum.whole_files import write_whole

Calibrations = Mapping[Network, Sequence[PlattCalibration]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyData:
    """`folds` are the study's, `protocol` says so in one line, `boxed` are images with boxes: only drawn, by fold 0.

    What a `smoke` study predicts proves the path alone, and its files say so.
    """

    folds: Split
    protocol: str
    boxed: tuple[Record, ...] = ()
    smoke: bool = False


def run_sdfn_fold(name: str, *, recipe: Recipe, data: StudyData, place: RunPlace) -> Path:
    """Train the three networks without the part `name` and predict it, unless that was done; the fold's folder.

    The records carry their lung boxes; one without a box is not cropped.
    """
    folder = fold_folder(name, folder=place.folder)
    if has_sdfn_predictions(folder):
        return folder
    split = split_without(name, recipe=recipe, folds=data.folds)
    networks = train_sdfn(recipe, split=split, place=replace(place, folder=folder))
    calibrations = _fit(networks, split=split, place=place)
    records = data.folds.parts[name]
    logits = predict_sdfn(networks, records=records, preparation=place.preparation)
    predictions = _predictions(
        logits, records=records, fold=name, labels=recipe.last.labels, data=data, by=calibrations
    )
    shown = [(records[row], label) for row, label in most_probable(predictions)]
    save_maps(_maps(networks, shown=shown, by=calibrations), path=folder / MAPS)
    if name == next(iter(data.folds.parts)) and data.boxed:
        boxed = _maps(networks, shown=boxed_images(data.boxed), by=calibrations)
        save_maps(boxed, path=folder / BOXED_MAPS)
    write_whole(folder / FACTS, _facts(split, calibrations=calibrations, started_from=networks.started_from))
    write_sdfn_predictions(predictions, folder=folder)
    return folder


def split_without(name: str, *, recipe: Recipe, folds: Split) -> Split:
    """The other folds, parted by patient as the recipe's last stage says, and the fold itself as the part `test`."""
    rest = [record for other, part in folds.parts.items() if other != name for record in part]
    shares = recipe.last.split.shares
    parts = split_over_labels(rest, shares=shares, seed=recipe.seed)
    empty = [part for part in shares if not parts[part]]
    if empty:
        raise DataError(f"expected images in the part {empty[0]} of {name}, came none; give more data or fewer folds")
    return Split({**parts, TEST: folds.parts[name]}, f"{folds.protocol}; all but {name}, by patient {dict(shares)}")


def _fit(networks: SdfnNetworks, *, split: Split, place: RunPlace) -> Calibrations:
    """Platt's calibration of each network and class on the fold's own validation part."""
    recipe = networks.recipe
    records = tuple(record for part in recipe.last.split.validation for record in split.parts[part])
    logits = _by_network(predict_sdfn(networks, records=records, preparation=place.preparation))
    nothing = np.zeros(len(records))
    parts = {
        name: ReadPart("validation", records, values.astype(np.float64), nothing) for name, values in logits.items()
    }
    return {
        name: [fit_calibration(part, label=label, column=column) for column, label in enumerate(recipe.last.labels)]
        for name, part in parts.items()
    }


def _predictions(
    logits: SdfnLogits,
    *,
    records: Sequence[Record],
    fold: str,
    labels: Sequence[str],
    data: StudyData,
    by: Calibrations,
) -> SdfnPredictions:
    nan = float("nan")
    base = Predictions(
        image=tuple(record.image for record in records),
        patient=tuple(record.patient for record in records),
        split=(fold,) * len(records),
        labels=tuple(labels),
        truth=np.array([[record.labels.get(label, nan) for label in labels] for record in records], np.float64),
        scores=np.full((len(records), len(labels)), 0.5),
        protocol=data.protocol,
        age_years=np.array([nan if record.age_years is None else record.age_years for record in records]),
        sex=tuple(None if record.sex == "unknown" else record.sex for record in records),
        view=tuple(None if record.view == "unknown" else record.view for record in records),
        source=tuple(record.source for record in records),
        mean_labels=tuple(labels),
        design="cross-validated",
        smoke=data.smoke,
    )
    scores = {name: calibrated(values, by=by[name]) for name, values in _by_network(logits).items()}
    return SdfnPredictions(*(replace(base, scores=scores[name]) for name in NETWORKS))


def calibrated(logits: npt.NDArray[np.float32], *, by: Sequence[PlattCalibration]) -> npt.NDArray[np.float64]:
    """Probabilities (N, L) of logits (N, L), each class by its own calibration."""
    columns = [calibrate(logits[:, i], slope=one.slope, intercept=one.intercept) for i, one in enumerate(by)]
    return np.stack(columns, axis=1)


def _by_network(logits: SdfnLogits) -> dict[Network, npt.NDArray[np.float32]]:
    return {"whole": logits.whole, "lung": logits.crop, "sdfn": logits.fusion}


def _maps(networks: SdfnNetworks, *, shown: Sequence[tuple[Record, str]], by: Calibrations) -> tuple[TwoMaps, ...]:
    return tuple(_map(networks, record=record, label=label, by=by) for record, label in shown)


def _map(networks: SdfnNetworks, *, record: Record, label: str, by: Calibrations) -> TwoMaps:
    recipe, start = networks.recipe, fusion_start(networks.recipe)
    column = recipe.last.labels.index(label)
    pixels = decode(read_file(record.path), name=record.image).pixels
    specs = [recipe.preprocess_of(recipe.stage(name)) for name in (start.whole, start.crop)]
    whole, crop = (preprocess(pixels, spec=spec, lung_box=record.lung_box) for spec in specs)
    with torch.inference_mode():
        found = networks.fused.eval().outputs(*(torch.from_numpy(one.array)[None] for one in (whole, crop)))
    rows, columns = pixels.shape
    cut = None if record.lung_box is None else crop_box(record.lung_box, rows=rows, columns=columns)
    logits = {"whole": found.whole_logits.numpy(), "sdfn": found.logits.numpy()}
    return TwoMaps(
        image=record.image,
        label=label,
        whole_alone=_placed(found.whole_alone_maps, column, model_input=whole),
        whole=_placed(found.whole_maps, column, model_input=whole),
        crop=_placed(found.crop_maps, column, model_input=crop),
        crop_box=None if cut is None else Box(cut[0], cut[1], cut[2] - cut[0], cut[3] - cut[1]),
        whole_probability=float(calibrated(logits["whole"], by=by["whole"])[0, column]),
        sdfn_probability=float(calibrated(logits["sdfn"], by=by["sdfn"])[0, column]),
    )


def _placed(maps: torch.Tensor, column: int, *, model_input: ModelInput) -> PlacedMap:
    size = model_input.array.shape[1], model_input.array.shape[2]
    return cells_of(maps[0, column].numpy(), geometry=model_input.geometry, input_size=size)


def _facts(split: Split, *, calibrations: Calibrations, started_from: str) -> bytes:
    content = {
        "counts": {name: len(part) for name, part in split.parts.items()},
        "split_sha256": split.sha256,
        "started_from": started_from,
        "not_calibrated": sum(one.method == "none" for fitted in calibrations.values() for one in fitted),
        "calibrations": sum(len(fitted) for fitted in calibrations.values()),
    }
    return (json.dumps(content, indent=1) + "\n").encode()
