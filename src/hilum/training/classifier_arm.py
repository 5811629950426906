"""A classifier's recipe as an arm of a study: trained on each fold, calibrated on its validation, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import UsageError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.decisions import VALIDATION
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.data.images import PlainImages, Preparation, load_images
from hilum.training.data.make_split import check_apart
from hilum.training.loop.fit import VALIDATION_BATCH, Fitted
from hilum.training.loop.stages import run_shared_stage, run_stages
from hilum.training.recipe.losses import said_logits, told_labels
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, Logits, calibrated, fit_calibrations, fold_predictions, write_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedStages:
    """Earlier stages that learn from images outside the folds, and so are trained once for all of them.

    `splits` are theirs by name; they are kept in `folder`, by name too.
    """

    splits: Mapping[str, Split]
    folder: Path


def classifier_arm(arm: str, *, recipe: Recipe, shared: SharedStages | None = None) -> Trained[Fold, Predictions]:
    """The arm of this name, made by `recipe`: its stages learn from the fold's part `train`, but for those `shared`.

    The calibration is fitted on the recipe's calibration part. Folds must have the parts that the recipe names. Its
    run raises `DataError` where a shared stage learns from an image or a patient that the fold is judged or fitted on.
    """
    splits = {} if shared is None else shared.splits
    learnt = {f"{name}.split_sha256": split.sha256 for name, split in splits.items()}
    return Trained(
        arms=(arm,), run=partial(_run, arm, recipe, shared=shared), settings={**flat_values(recipe), **learnt}
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldLogits:
    """What a model says of two of a fold's parts, and one line on what its training started from.

    `validation` (n, L) are logits of the recipe's calibration part, `judged` those of the part `test`, of the labels
    that are told (`told_labels`).
    """

    started_from: str
    validation: Logits
    judged: Logits


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldNetwork(FoldLogits):
    """What a recipe gave on a fold: its network, in evaluation mode, and what that says."""

    network: PooledClassifier


def train_on_fold(recipe: Recipe, *, fold: Fold, place: RunPlace) -> FoldNetwork:
    """Train what is not trained yet in `place.folder`. Raises `UsageError` for a recipe that ends in a fusion."""
    fitted = run_stages(recipe, splits={stage.name: fold.split for stage in recipe.stages}, place=place)
    if not isinstance(fitted, Fitted):
        raise UsageError(f"{recipe.name} ends in a fusion of two networks; give a recipe that ends in one network")
    validation, judged = (
        _told(
            logits_of(fitted.network, records=fold.split.parts[name], recipe=recipe, preparation=place.preparation),
            recipe=recipe,
        )
        for name in (recipe.assessment.calibration_part, TEST)
    )
    return FoldNetwork(network=fitted.network, started_from=fitted.started_from, validation=validation, judged=judged)


def calibrated_predictions(
    arm: str, *, recipe: Recipe, fold: Fold, found: FoldLogits, folder: Path
) -> Mapping[str, Predictions]:
    """What the model says of the part `test`, calibrated on validation.

    The facts of it go into `folder`, and what it says of validation, from which a study may choose thresholds.
    """
    labels = told_labels(recipe.last.loss, labels=recipe.last.labels)
    part = recipe.assessment.calibration_part
    calibrations = fit_calibrations(fold, parts=(part,), logits=found.validation, labels=labels)
    write_facts(fold, calibrations=calibrations, started_from=found.started_from, folder=folder)
    of_validation = {arm: calibrated(found.validation, by=calibrations)}
    kept = fold_predictions(fold, scores=of_validation, labels=labels, part=part)
    CLASSIFIER.save(kept[arm], path=folder / VALIDATION)
    return fold_predictions(fold, scores={arm: calibrated(found.judged, by=calibrations)}, labels=labels)


def _run(
    arm: str, recipe: Recipe, fold: Fold, place: RunPlace, *, shared: SharedStages | None
) -> Mapping[str, Predictions]:
    if shared is not None:
        _take_shared(recipe, shared=shared, fold=fold, place=place)
    found = train_on_fold(recipe, fold=fold, place=place)
    return calibrated_predictions(arm, recipe=recipe, fold=fold, found=found, folder=place.folder)


def _take_shared(recipe: Recipe, *, shared: SharedStages, fold: Fold, place: RunPlace) -> None:
    for name, split in shared.splits.items():
        check_apart(name, learnt=split, last=fold.name, judged=fold.split)
        run_shared_stage(recipe, stage=recipe.stage(name), split=split, place=place, shared=shared.folder)


def _told(outputs: Logits, *, recipe: Recipe) -> Logits:
    """What the network says of the labels that are told."""
    loss, labels = recipe.last.loss, recipe.last.labels
    columns = [labels.index(label) for label in told_labels(loss, labels=labels)]
    return said_logits(loss, torch.from_numpy(outputs), labels=labels).numpy()[:, columns]


def logits_of(
    network: PooledClassifier, *, records: Sequence[Record], recipe: Recipe, preparation: Preparation
) -> Logits:
    """The outputs of the last stage's network of `recipe`: float32 (n, L), in the order of `records`."""
    spec = recipe.preprocess_of(recipe.last)
    loaded = load_images(records, spec=spec, labels=(), preparation=preparation, pooling=recipe.lung_pooling)
    images = PlainImages(loaded, spec=spec)
    found = []
    with torch.inference_mode():
        for first in range(0, len(records), VALIDATION_BATCH):
            rows = range(first, min(first + VALIDATION_BATCH, len(records)))
            found.append(network(torch.stack([images[row][0] for row in rows])).numpy())
    return np.concatenate(found)
