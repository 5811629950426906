"""What is looked up of a fold's networks after its training: their calibrations, and where they look.

A network's calibrations are fitted again on its fold's validation images, as its training did; the bundle's follow from
them. Of every judged image with a finding of the lungs, and with lungs that are trusted, it is counted how much of the
positive part of the finding's class map lies inside the lungs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hilum.bundle.label import RAW, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST
from hilum.errors import DataError
from hilum.evaluation.study.folder import fold_folder
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.progress import SILENT, Progress
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.lungs.inside_share import NOT_OF_THE_LUNGS
from hilum.reading.specialists.opinion import input_heatmap
from hilum.systems.chest_adult.recipe import AdultRecipe
from hilum.systems.chest_adult.study import CROP, LOCAL
from hilum.training.classifier_arm import logits_of
from hilum.training.loop.stages import has_ended, load_stage
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace
from hilum.training.study_fold import Fold, fit_calibrations
from hilum.whole_files import write_whole

LOOK = "look.json"

Shares = Mapping[str, tuple[float, ...]]
"""By label, of each image that was looked at, the share of the map's positive part that lies inside the lungs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One network of one fold: its calibrations by label, and its `inside` shares of the judged images."""

    calibrations: Mapping[str, PlattCalibration]
    inside: Shares


Looks = Mapping[str, Sequence[Look]]
"""By arm, the look at the network of each fold that is done."""


def look_at_folds(
    folds: Mapping[str, Fold],
    *,
    recipe: AdultRecipe,
    lungs: Bundle,
    place: RunPlace,
    progress: Progress = SILENT,
) -> Looks:
    """Look at both networks of every fold that is done, once: what was found is kept beside their weights.

    `lungs` draws the lungs. Raises `DataError` where a file is malformed or a network's weights are missing.
    """
    arms = {LOCAL: recipe.whole, CROP: recipe.crop}
    found: dict[str, list[Look]] = {arm: [] for arm in arms}
    finder = LungFinder(lungs, engine=OnnxRuntimeEngine(), threads=available_cores())
    with progress.count("finding what the networks respond to") as counter:
        counter.found(len(folds) * len(arms))
        for name, fold in folds.items():
            for arm, own in arms.items():
                folder = fold_folder(name, folder=place.folder) / arm
                if has_ended(own.last, folder=folder):
                    found[arm].append(_look(fold, recipe=own, folder=folder, finder=finder, place=place))
                counter.done()
    return found


def read_looks(folder: Path, *, folds: Sequence[str]) -> Looks:
    """What `look_at_folds` left in the study's `folder`. Raises `DataError` where it is not there or malformed."""
    return {arm: [_read(fold_folder(name, folder=folder) / arm / LOOK) for name in folds] for arm in (LOCAL, CROP)}


def mean_calibration(looks: Sequence[Look], *, label: str) -> PlattCalibration:
    """The mean over folds of the slopes and intercepts that could be fitted; none where none could."""
    fitted = [one for look in looks if (one := look.calibrations[label]).method == "platt"]
    if not fitted:
        return RAW
    return PlattCalibration(
        slope=float(np.mean([one.slope for one in fitted])), intercept=float(np.mean([one.intercept for one in fitted]))
    )


def mean_scales(looks: Looks, *, labels: Sequence[str]) -> tuple[float, ...]:
    """By label, the mean slope of the arms' mean calibrations.

    The mean of calibrated logits is divided by it, so that it is as large as a network's own logits are: a graph in
    half precision holds no others.
    """
    return tuple(
        float(np.mean([mean_calibration(found, label=label).slope for found in looks.values()])) for label in labels
    )


def _look(fold: Fold, *, recipe: Recipe, folder: Path, finder: LungFinder, place: RunPlace) -> Look:
    path = folder / LOOK
    if path.is_file():
        return _read(path)
    network = load_stage(recipe, stage=recipe.last, folder=folder).network
    labels, part = recipe.last.labels, recipe.assessment.calibration_part
    logits = logits_of(network, records=fold.split.parts[part], recipe=recipe, preparation=place.preparation)
    calibrations = fit_calibrations(fold, parts=(part,), logits=logits, labels=labels)
    look = Look(
        calibrations=dict(zip(labels, calibrations, strict=True)),
        inside=_inside(fold.split.parts[TEST], network=network, recipe=recipe, finder=finder),
    )
    _write(look, path=path)
    return _read(path)  # as it will be read again


def _inside(records: Sequence[Record], *, network: PooledClassifier, recipe: Recipe, finder: LungFinder) -> Shares:
    labels = [label for label in recipe.last.labels if label not in NOT_OF_THE_LUNGS]
    shares: dict[str, list[float]] = {label: [] for label in labels}
    for record in records:
        there = [label for label in labels if record.labels.get(label) == 1.0]
        if there and record.lung_box is not None:
            for label, share in _shares(record, there, network=network, recipe=recipe, finder=finder).items():
                shares[label].append(share)
    return {label: tuple(found) for label, found in shares.items()}


def _shares(
    record: Record, labels: Sequence[str], *, network: PooledClassifier, recipe: Recipe, finder: LungFinder
) -> dict[str, float]:
    radiograph = decode(read_file(record.path), name=record.image)
    (drawing,) = finder.draw([radiograph], prepared=[preprocess(radiograph.pixels, spec=finder.preprocess)])
    spec = recipe.preprocess_of(recipe.last)
    given = preprocess(radiograph.pixels, spec=spec, lung_box=record.lung_box)
    with torch.inference_mode():
        _, maps = network.forward_with_maps(torch.from_numpy(given.array)[None])
    found = {}
    for label in labels:
        grid = maps[0, recipe.last.labels.index(label)].numpy()
        share = drawing.inside_share(input_heatmap(given, model=recipe.name, finding=label, grid=grid))
        if share is not None:
            found[label] = share
    return found


def _write(look: Look, *, path: Path) -> None:
    content = {
        "calibrations": {label: one.model_dump(mode="json") for label, one in look.calibrations.items()},
        "inside": {label: [round(share, 6) for share in shares] for label, shares in look.inside.items()},
    }
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def _read(path: Path) -> Look:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Look(
            calibrations={
                label: PlattCalibration.model_validate(one) for label, one in content["calibrations"].items()
            },
            inside={label: tuple(map(float, shares)) for label, shares in content["inside"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} does not hold the localisation of a fold's network ({type(error).__name__}). Remove the file and "
            "run the study again"
        ) from error
