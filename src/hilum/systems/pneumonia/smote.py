"""SMOTE in feature space: a linear head on a network's pooled features, with and without synthetic healthy children.

Barnett 2023 names SMOTE (Chawla et al. 2002) as a way to balance and does not try it. The features are those of the
study's MobileNetV2 without balance, of the same fold, frozen: one vector a picture. Of the healthy ones SMOTE draws new
vectors between a vector and one of its five nearest, until both classes have as many. The head is logistic regression
with an L2 penalty (scikit-learn, C 0.01) on features brought to mean 0 and deviation 1; with and without SMOTE it is
fitted on the same vectors and settings, so that the two arms differ in SMOTE alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import TEST
from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.study import Arm
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.logistic import sigmoid
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm, uncalibrated_path
from hilum.systems.pneumonia.costs import costs_path, keep_costs
from hilum.training.data.images import PlainImages, Preparation, load_images
from hilum.training.loop.fit import VALIDATION_BATCH
from hilum.training.loop.stages import has_ended, load_stage
from hilum.training.recipe.recipe import TRAIN
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, Logits, calibrated, fit_calibrations, fold_predictions, write_facts

FEATURES, SMOTE = "features", "smote"
NEIGHBOURS = 5
PENALTY_C = 0.01
INSTALL = "pip install imbalanced-learn"

Vectors = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

WORDS = (
    ArmWords(arm=Arm(name=FEATURES, title="linear head on frozen features"), balance="none"),
    ArmWords(
        arm=Arm(name=SMOTE, title="linear head on frozen features, SMOTE"), balance="SMOTE on features", beside=FEATURES
    ),
)


def check_smote() -> None:
    """Raise `UsageError` with the command that installs it where imbalanced-learn is missing."""
    try:
        import_module("imblearn.over_sampling")
    except ImportError as error:
        raise UsageError(f"SMOTE needs the package imbalanced-learn, which is not installed; {INSTALL}") from error


def smote_arms(extractor: PneumoniaArm) -> Trained[Fold, Predictions]:
    """Both arms in one training; the `extractor`'s network of the fold must have been trained before."""
    recipe = extractor.recipe
    settings = {**extractor.settings, "neighbours": NEIGHBOURS, "penalty_c": PENALTY_C}

    def run(fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
        folder = place.folder.parent / extractor.name
        if not has_ended(recipe.last, folder=folder):
            raise DataError(
                f"The trained network of {extractor.name} is missing in {folder}. Remove the fold and run the study "
                "again"
            )
        fitted = load_stage(recipe, stage=recipe.last, folder=folder)
        spec, part = recipe.preprocess_of(recipe.last), recipe.assessment.calibration_part
        vectors = {
            name: pooled(fitted.network, records=fold.split.parts[name], spec=spec, preparation=place.preparation)
            for name in (TRAIN, part, TEST)
        }
        classes = np.array([int(record.labels[LABEL]) for record in fold.split.parts[TRAIN]], np.int64)
        scaled = standardised(vectors, on=TRAIN)
        learnt = {
            FEATURES: (scaled[TRAIN], classes),
            SMOTE: with_synthetic(scaled[TRAIN], classes=classes, seed=recipe.seed),
        }
        found, calibrations = {}, []
        for arm, (x, y) in learnt.items():
            head = fitted_head(x, classes=y)
            validation, judged = (_logits(head, scaled[name]) for name in (part, TEST))
            says = fold_predictions(fold, scores={arm: sigmoid(judged)}, labels=(LABEL,))[arm]
            CLASSIFIER.save(says, path=uncalibrated_path(arm, folder=place.folder.parent))
            keep_costs(fitted.network, spec=spec, path=costs_path(arm, folder=place.folder.parent))
            by = fit_calibrations(fold, parts=(part,), logits=validation, labels=(LABEL,))
            calibrations += by
            found[arm] = fold_predictions(fold, scores={arm: calibrated(judged, by=by)}, labels=(LABEL,))[arm]
        said = f"features of the arm {extractor.name}, which started from {fitted.started_from}"
        write_facts(fold, calibrations=calibrations, started_from=said, folder=place.folder)
        return found

    return Trained(arms=(FEATURES, SMOTE), run=run, settings=settings)


def pooled(
    network: PooledClassifier, *, records: Sequence[Record], spec: PreprocessSpec, preparation: Preparation
) -> Vectors:
    """The pooled features (n, K) of each record's picture, in float32 arithmetic."""
    images = PlainImages(load_images(records, spec=spec, labels=(), preparation=preparation), spec=spec)
    found = []
    with torch.inference_mode():
        for first in range(0, len(records), VALIDATION_BATCH):
            rows = range(first, min(first + VALIDATION_BATCH, len(records)))
            batch = torch.stack([images[row][0] for row in rows])
            found.append(network.features(batch).mean(dim=(-2, -1)).numpy())
    return np.concatenate(found).astype(np.float64)


def standardised(vectors: Mapping[str, Vectors], *, on: str) -> dict[str, Vectors]:
    """All parts with the mean 0 and deviation 1 of the part `on`; a feature that never varies there becomes 0."""
    mean, deviation = vectors[on].mean(axis=0), vectors[on].std(axis=0)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return {name: (rows - mean) * scale for name, rows in vectors.items()}


def with_synthetic(vectors: Vectors, *, classes: Classes, seed: int) -> tuple[Vectors, Classes]:
    """The vectors (n, K) and classes (n,) with as many of the rarer class as of the other, by SMOTE.

    Raises `UsageError` where imbalanced-learn is missing, `DataError` where the rarer class has fewer than two vectors.
    """
    check_smote()
    fewest = int(np.bincount(classes, minlength=2).min())
    if fewest < 2:
        raise DataError(
            f"SMOTE needs two images of each class, and one class has {fewest}. Give more data, or fewer folds"
        )
    over = import_module("imblearn.over_sampling").SMOTE(k_neighbors=min(NEIGHBOURS, fewest - 1), random_state=seed)
    more, labels = over.fit_resample(vectors, classes)
    return np.asarray(more, np.float64), np.asarray(labels, np.int64)


def fitted_head(vectors: Vectors, *, classes: Classes) -> LogisticRegression:
    """Logistic regression of the classes (n,) on the vectors (n, K)."""
    return LogisticRegression(C=PENALTY_C, max_iter=2000).fit(vectors, classes)


def _logits(head: LogisticRegression, vectors: Vectors) -> Logits:
    return np.asarray(head.decision_function(vectors), np.float32)[:, None]
