"""From a recipe and records to a bundle: split, train the stages, export, compress, calibrate, check, write."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from hilum.bundle.card import GRAPH, Card, Compression
from hilum.bundle.label import Label
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import BundleError, DataError, UsageError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.data.images import PlainImages, Preparation, load_images
from hilum.training.data.training_data import TrainingData
from hilum.training.export.draft_card import draft_card
from hilum.training.export.fusion_bundle import write_fusion_bundle
from hilum.training.export.label_fits import fit_labels, fit_parts, mean_auroc, read_validation
from hilum.training.export.read_validation import ReadPart
from hilum.training.export.seen_images import seen_in_stages
from hilum.training.export.smaller_graphs import (
    LARGEST_AUROC_LOSS,
    PROBABILITY_TOLERANCE,
    candidates,
    largest_difference,
)
from hilum.training.export.to_onnx import to_onnx
from hilum.training.loop.fit import Fitted
from hilum.training.loop.fusion_networks import SdfnNetworks
from hilum.training.loop.stages import run_stages
from hilum.training.recipe.processes import is_first_process
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import flat_values
from hilum.training.records.hold_run import BUNDLE, DRAFT, hold_run
from hilum.training.records.provenance import Provenance, data_fingerprints, environment
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import SPLIT_NAME, RunRecord, begin_run

NO_FILES: Mapping[str, bytes] = {}


def train_specialist(
    recipe: Recipe,
    *,
    data: TrainingData,
    provenance: Provenance,
    place: RunPlace,
    smoke: bool = False,
    lungs: Bundle | None = None,
) -> Bundle | None:
    """Run the recipe in `place.folder` (it goes on where it was stopped) and write the bundle to `folder/bundle`.

    `data` are those of all the recipe's releases. A `smoke` run takes a few of them and says so everywhere. The
    result is None in all but the first of several processes. A recipe that crops needs `lungs`, the bundle that drew
    the boxes which the records carry. Raises `UsageError` where the folder holds another run or `lungs` is missing,
    and `BundleError`, writing none, where the exported bundle does not read as the network's validation probabilities
    say, to 1e-3.
    """
    if recipe.needs_lungs and lungs is None:
        raise UsageError(f"expected the lung bundle that drew the boxes for {recipe.name}, came none")
    lungs = lungs if recipe.needs_lungs else None
    splits = data.splits
    split = splits[recipe.last.name]
    with hold_run(place.folder):
        if is_first_process():
            record = _record(recipe, data=data, provenance=provenance, smoke=smoke, lungs=lungs)
            begin_run(place.folder, record=record)
            _save_splits(recipe, splits, folder=place.folder)
            if (place.folder / BUNDLE).is_dir():
                return load_bundle(place.folder / BUNDLE)
        fitted = run_stages(recipe, splits=splits, place=place)
        if not is_first_process():
            return None
        draft = draft_card(
            recipe, splits=splits, started_from=fitted.started_from, provenance=provenance, smoke=smoke, lungs=lungs
        )
        seen = seen_in_stages(recipe, splits=splits.values(), jobs=place.preparation.jobs)
        if isinstance(fitted, Fitted):
            return _export(
                recipe, network=fitted.network, split=split, draft=draft, place=place, lungs=lungs, seen=seen
            )
        if lungs is None:
            raise UsageError(f"expected the lung bundle that drew the boxes for {recipe.name}, came none")
        networks = SdfnNetworks(recipe, fitted.network, fitted.started_from)
        return write_fusion_bundle(
            networks,
            split=split,
            draft=draft,
            lungs=lungs,
            folder=place.folder,
            preparation=place.preparation,
            seen=seen,
        )


def _export(
    recipe: Recipe,
    *,
    network: PooledClassifier,
    split: Split,
    draft: Card,
    place: RunPlace,
    lungs: Bundle | None,
    seen: Mapping[str, bytes],
) -> Bundle:
    size = recipe.preprocess.output_size
    if size is None:
        raise DataError("expected a preprocessing specification with a resize step, came one without")
    names = recipe.last.labels
    full = to_onnx(network, size=size, channels=recipe.preprocess.channels)
    whole = _write(draft, graph=full, folder=place.folder / DRAFT)
    before = mean_auroc(read_validation(whole, split=split, recipe=recipe, lungs=lungs).parts, labels=names)
    differences = []
    for method, graph in candidates(full):
        bundle = _write(draft, graph=graph, folder=place.folder / DRAFT)
        read = read_validation(bundle, split=split, recipe=recipe, lungs=lungs)
        after = mean_auroc(read.parts, labels=names)
        labels = fit_labels(fit_parts(bundle, read=read, recipe=recipe, lungs=lungs), recipe=recipe)
        differences.append(
            _largest_difference(network, parts=read.parts, labels=labels, recipe=recipe, preparation=place.preparation)
        )
        if differences[-1] <= PROBABILITY_TOLERANCE and before - after < LARGEST_AUROC_LOSS:
            compression = Compression(method=method, auroc_before=before, auroc_after=after)
            card = draft.model_copy(update={"compression": compression, "labels": labels})
            written = _write(card, graph=graph, folder=place.folder / BUNDLE, more=seen)
            shutil.rmtree(place.folder / DRAFT, ignore_errors=True)
            return written
    raise BundleError(
        f"expected Reader and torch to agree to {PROBABILITY_TOLERANCE} in every validation probability, came "
        f"{min(differences):.1e} at best; no bundle was written"
    )


def _largest_difference(
    network: PooledClassifier,
    *,
    parts: Sequence[ReadPart],
    labels: tuple[Label, ...],
    recipe: Recipe,
    preparation: Preparation,
) -> float:
    """The largest difference in a calibrated probability between what `Reader` gave and torch in float32."""
    records = [record for part in parts for record in part.records]
    read = np.concatenate([part.logits for part in parts])
    spec = recipe.preprocess_of(recipe.last)
    images = PlainImages(load_images(records, spec=spec, labels=(), preparation=preparation), spec=spec)
    with torch.inference_mode():
        expected = np.concatenate([network(images[i][0][None]).numpy() for i in range(len(records))])
    return largest_difference(read, expected, labels=labels)


def _record(
    recipe: Recipe,
    *,
    data: TrainingData,
    provenance: Provenance,
    smoke: bool,
    lungs: Bundle | None,
) -> RunRecord:
    last = data.splits[recipe.last.name]
    by_release = {name: [record for record in data.records if record.source == name] for name in recipe.releases}
    return RunRecord(
        command=provenance.command,
        recipe=recipe.name,
        settings=flat_values(recipe),
        smoke=smoke,
        seed=recipe.seed,
        commit=provenance.commit,
        dirty=provenance.dirty,
        environment=environment(),
        data=data_fingerprints(by_release, folders=provenance.folders),
        split_sha256=last.sha256,
        protocol=last.protocol,
        stage_splits={name: split.sha256 for name, split in data.splits.items()},
        lungs_sha256=None if lungs is None else lungs.sha256,
        left_out=dict(data.left_out),
    )


def _save_splits(recipe: Recipe, splits: Mapping[str, Split], *, folder: Path) -> None:
    """The last stage's split in the run's folder, where evaluation looks for it; each other one in its stage's."""
    for name, split in splits.items():
        path = folder / SPLIT_NAME if name == recipe.last.name else folder / name / SPLIT_NAME
        if not path.is_file():
            save_split(split, path=path)


def _write(card: Card, *, graph: bytes, folder: Path, more: Mapping[str, bytes] = NO_FILES) -> Bundle:
    files = {GRAPH: graph, **more}
    return write_bundle(folder, card=card.model_copy(update={"files": file_hashes(files)}), files=files, replace=True)
