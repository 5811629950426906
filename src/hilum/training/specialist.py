"""From a recipe and records to a bundle: split, fit, export, compress, calibrate, check, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.card import (
    Card,
    Compression,
    CompressionMethod,
    HeatmapSpec,
    Label,
    LabelResult,
    PlattCalibration,
    Training,
)
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.datasets.record import Record
from hilum.datasets.split import Split, split_by_patient, without_copies_of
from hilum.errors import BundleError, DataError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.auroc import auroc
from hilum.statistics.calibration import calibrate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.assess import ReadPart, fit_calibration, fit_operating_point, label_result, read_part
from hilum.training.export import to_onnx, with_float16_weights
from hilum.training.fit import Fitted, fit
from hilum.training.image_dataset import PlainImages, load_images
from hilum.training.recipe import Recipe

GRAPH = "model.onnx"
CALIBRATION, OPERATING_POINT, TEST = "calibration", "operating point", "test"
SOFTENING_SEED = 1_000_000
PROBABILITY_TOLERANCE = 1e-3
LARGEST_AUROC_LOSS = 0.002
POINT_RULE = "greatest Youden index on softened copies of the operating-point part of validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the card says of how the bundle came about."""

    command: str
    commit: str | None
    data: tuple[str, ...]


def make_split(records: Sequence[Record], *, recipe: Recipe) -> Split:
    """The official test apart; the official train, less copies of test images, dealt by patient as the recipe says."""
    test = tuple(record for record in records if record.official == TEST)
    pool = without_copies_of([record for record in records if record.official == "train"], held_out=test)
    shares = ", ".join(f"{part} {share:.0%}" for part, share in recipe.shares.items())
    protocol = (
        f"official train folder split by patient, stratified, seed {recipe.seed} ({shares}); copies of test images "
        "left out; official test folder untouched; patient ids are namespaced by official folder"
    )
    return Split({**split_by_patient(pool, shares=recipe.shares, seed=recipe.seed), TEST: test}, protocol)


def train_specialist(
    recipe: Recipe, *, records: Sequence[Record], provenance: Provenance, folder: Path, workers: int
) -> Bundle:
    """Run the recipe in `folder` (it goes on where it was stopped) and write the bundle to `folder/bundle`.

    Raises `BundleError`, and writes none, where the exported bundle read by `Reader` does not give the network's
    validation probabilities to 1e-3.
    """
    split = make_split(records, recipe=recipe)
    fitted = fit(recipe, split=split, folder=folder, workers=workers)
    size = recipe.preprocess.output_size
    if size is None:
        raise DataError("expected a preprocessing specification with a resize step, came one without")
    full = to_onnx(fitted.network, size=size, channels=recipe.preprocess.channels)
    draft = _draft_card(recipe, split=split, fitted=fitted, provenance=provenance)
    before = _mean_auroc(
        _read_validation(_write(draft, graph=full, folder=folder / "draft"), split=split), recipe=recipe
    )
    differences = []
    for method, graph in _candidates(full):
        bundle = _write(draft, graph=graph, folder=folder / "draft")
        parts = _read_validation(bundle, split=split)
        after = _mean_auroc(parts, recipe=recipe)
        labels = _fit_labels(bundle, parts=parts, recipe=recipe)
        differences.append(_largest_difference(fitted.network, parts=parts, labels=labels, recipe=recipe))
        if differences[-1] <= PROBABILITY_TOLERANCE and before - after < LARGEST_AUROC_LOSS:
            compression = Compression(method=method, auroc_before=before, auroc_after=after)
            card = draft.model_copy(update={"compression": compression, "labels": labels})
            return _write(card, graph=graph, folder=folder / "bundle")
    raise BundleError(
        f"expected Reader and torch to agree to {PROBABILITY_TOLERANCE} in every validation probability, came "
        f"{min(differences):.1e} at best; no bundle was written"
    )


def _candidates(full: bytes) -> tuple[tuple[CompressionMethod, bytes], ...]:
    """The graphs to try, smallest first: half-precision weights where they cost nothing, else the graph as it is."""
    return (("float16 weights", with_float16_weights(full)), ("none", full))


def _draft_card(recipe: Recipe, *, split: Split, fitted: Fitted, provenance: Provenance) -> Card:
    """The card before anything is fitted on validation."""
    unfitted = PlattCalibration(slope=1.0, intercept=0.0)
    return Card(
        name=recipe.name,
        version=recipe.version,
        title=recipe.title,
        kind="classifier",
        architecture=recipe.backbone,
        architecture_arguments={"labels": len(recipe.labels), "dropout": recipe.dropout},
        labels=tuple(
            Label(name=name, calibration=unfitted, operating_point=0.5, operating_point_rule="not fitted yet")
            for name in recipe.labels
        ),
        preprocess=recipe.preprocess,
        scope=recipe.scope,
        heatmap=HeatmapSpec(method="class-map", box_threshold=recipe.box_threshold),
        protocol=split.protocol,
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=provenance.data,
            split_sha256=split.sha256,
            seed=recipe.seed,
            starting_weights=fitted.started_from,
            recipe=recipe_settings(recipe),
        ),
        compression=None,
        intended_use=recipe.intended_use,
        not_for=recipe.not_for,
        limits=recipe.limits,
        weights_licence=recipe.weights_licence,
        files={GRAPH: "0" * 64},
    )


def recipe_settings(recipe: Recipe) -> dict[str, str | int | float | bool]:
    """The settings of a recipe that a card shows."""
    return {
        "epochs": recipe.epochs,
        "images_per_epoch": recipe.images_per_epoch,
        "batch_size": recipe.batch_size,
        "optimizer": "AdamW, one-cycle",
        "peak_learning_rate": recipe.peak_learning_rate,
        "weight_decay": recipe.weight_decay,
        "label_smoothing": recipe.label_smoothing,
        "augmentation": str(recipe.augmentation),
    }


def _read_validation(bundle: Bundle, *, split: Split) -> tuple[ReadPart, ReadPart]:
    """The calibration part and the operating-point part, their files as they are, read once with `bundle`."""
    calibration, point = (
        read_part(split.parts[part], name=f"validation, {name} part", bundle=bundle, softened_by=None)
        for part, name in ((CALIBRATION, "calibration"), (OPERATING_POINT, "operating-point"))
    )
    return calibration, point


def _mean_auroc(parts: Sequence[ReadPart], *, recipe: Recipe) -> float:
    logits = np.concatenate([part.logits for part in parts])
    values = [
        auroc(np.concatenate([part.truth(label) for part in parts]), scores=logits[:, column])
        for column, label in enumerate(recipe.labels)
    ]
    defined = [value for value in values if not isinstance(value, UndefinedMetric)]
    if len(defined) != len(values):
        raise DataError("expected both outcomes of every label in validation, came a label with one; change the split")
    return float(np.mean(defined))


def _fit_labels(bundle: Bundle, *, parts: tuple[ReadPart, ReadPart], recipe: Recipe) -> tuple[Label, ...]:
    calibration, point = parts
    softened = read_part(point.records, name=f"{point.name}, softened", bundle=bundle, softened_by=SOFTENING_SEED)
    return tuple(
        _fit_label(name, column=column, seed=recipe.seed, fit_on=calibration, point_on=softened, also=point)
        for column, name in enumerate(recipe.labels)
    )


def _fit_label(name: str, *, column: int, seed: int, fit_on: ReadPart, point_on: ReadPart, also: ReadPart) -> Label:
    calibration = fit_calibration(fit_on, label=name, column=column)
    point = fit_operating_point(point_on, label=name, column=column, calibration=calibration)
    results: tuple[LabelResult, ...] = tuple(
        label_result(part, label=name, column=column, calibration=calibration, operating_point=point, seed=seed)
        for part in (fit_on, also, point_on)
    )
    return Label(
        name=name, calibration=calibration, operating_point=point, operating_point_rule=POINT_RULE, results=results
    )


def _largest_difference(
    network: PooledClassifier, *, parts: Sequence[ReadPart], labels: tuple[Label, ...], recipe: Recipe
) -> float:
    """The largest difference in a calibrated probability between what `Reader` gave and torch in float32."""
    records = [record for part in parts for record in part.records]
    read = np.concatenate([part.logits for part in parts])
    images = PlainImages(load_images(records, spec=recipe.preprocess, labels=recipe.labels), spec=recipe.preprocess)
    with torch.inference_mode():
        expected = np.concatenate([network(images[i][0][None]).numpy() for i in range(len(records))])
    return max(
        float(np.abs(_calibrated(read[:, column], label=label) - _calibrated(expected[:, column], label=label)).max())
        for column, label in enumerate(labels)
    )


def _calibrated(logits: npt.NDArray[np.floating], *, label: Label) -> npt.NDArray[np.float64]:
    """Probabilities as the card of `label` calibrates them."""
    return calibrate(logits, slope=label.calibration.slope, intercept=label.calibration.intercept)


def _write(card: Card, *, graph: bytes, folder: Path) -> Bundle:
    files = {GRAPH: graph}
    return write_bundle(folder, card=card.model_copy(update={"files": file_hashes(files)}), files=files, replace=True)
