"""From a recipe and records to a bundle: split, train the stages, export, compress, calibrate, check, write."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.card import Card, Compression, Label
from hilum.bundle.compression import CompressionMethod
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.datasets.record import Record
from hilum.datasets.saved_split import save_split
from hilum.datasets.split import Split
from hilum.errors import BundleError, DataError, UsageError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.output.atomic import output_error, remove_strays
from hilum.output.lock import FolderLock
from hilum.statistics.calibration import calibrate
from hilum.training.assess import ReadPart
from hilum.training.draft_card import GRAPH, draft_card
from hilum.training.export import to_onnx, with_float16_weights
from hilum.training.image_dataset import PlainImages, Preparation, load_images
from hilum.training.label_fits import fit_labels, mean_auroc, read_validation
from hilum.training.make_split import make_splits
from hilum.training.provenance import Provenance, data_fingerprints, environment
from hilum.training.recipe import Recipe
from hilum.training.run_record import SPLIT_NAME, RunRecord, begin_run
from hilum.training.settings import flat_values
from hilum.training.stages import FittedFusion, Place, run_stages
from hilum.training.trainer import is_first_process

BUNDLE, DRAFT = "bundle", "draft"
PROBABILITY_TOLERANCE = 1e-3
LARGEST_AUROC_LOSS = 0.002


def train_specialist(
    recipe: Recipe, *, records: Sequence[Record], provenance: Provenance, place: Place, smoke: bool = False
) -> Bundle | None:
    """Run the recipe in `place.folder` (it goes on where it was stopped) and write the bundle to `folder/bundle`.

    `records` are those of all the recipe's releases. A `smoke` run takes a few of them and says so everywhere. The
    result is None in all but the first of several processes. Raises `UsageError` where the folder holds another run,
    and `BundleError`, writing none, where the exported bundle read by `Reader` does not give the network's validation
    probabilities to 1e-3.
    """
    splits = make_splits(recipe, records=records, smoke=smoke)
    split = splits[recipe.last.name]
    with _held(place.folder):
        if is_first_process():
            begin_run(place.folder, record=_record(recipe, splits, records, provenance=provenance, smoke=smoke))
            _save_splits(recipe, splits, folder=place.folder)
            if (place.folder / BUNDLE).is_dir():
                return load_bundle(place.folder / BUNDLE)
        fitted = run_stages(recipe, splits=splits, place=place)
        if not is_first_process():
            return None
        if isinstance(fitted, FittedFusion):
            raise UsageError(f"expected a recipe of one network, came {recipe.name}, which ends in a fusion")
        draft = draft_card(recipe, split=split, started_from=fitted.started_from, provenance=provenance)
        return _export(recipe, network=fitted.network, split=split, draft=draft, place=place)


def _export(recipe: Recipe, *, network: PooledClassifier, split: Split, draft: Card, place: Place) -> Bundle:
    size = recipe.preprocess.output_size
    if size is None:
        raise DataError("expected a preprocessing specification with a resize step, came one without")
    names = recipe.last.labels
    full = to_onnx(network, size=size, channels=recipe.preprocess.channels)
    whole = _write(draft, graph=full, folder=place.folder / DRAFT)
    before = mean_auroc(read_validation(whole, split=split, recipe=recipe).parts, labels=names)
    differences = []
    for method, graph in _candidates(full):
        bundle = _write(draft, graph=graph, folder=place.folder / DRAFT)
        read = read_validation(bundle, split=split, recipe=recipe)
        after = mean_auroc(read.parts, labels=names)
        labels = fit_labels(bundle, read=read, recipe=recipe)
        differences.append(
            _largest_difference(network, parts=read.parts, labels=labels, recipe=recipe, preparation=place.preparation)
        )
        if differences[-1] <= PROBABILITY_TOLERANCE and before - after < LARGEST_AUROC_LOSS:
            compression = Compression(method=method, auroc_before=before, auroc_after=after)
            card = draft.model_copy(update={"compression": compression, "labels": labels})
            written = _write(card, graph=graph, folder=place.folder / BUNDLE)
            shutil.rmtree(place.folder / DRAFT, ignore_errors=True)
            return written
    raise BundleError(
        f"expected Reader and torch to agree to {PROBABILITY_TOLERANCE} in every validation probability, came "
        f"{min(differences):.1e} at best; no bundle was written"
    )


def _candidates(full: bytes) -> tuple[tuple[CompressionMethod, bytes], ...]:
    """The graphs to try, smallest first: half-precision weights where they cost nothing, else the graph as it is."""
    return (("float16 weights", with_float16_weights(full)), ("none", full))


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
    loaded = load_images(records, spec=recipe.preprocess, labels=recipe.last.labels, preparation=preparation)
    images = PlainImages(loaded, spec=recipe.preprocess)
    with torch.inference_mode():
        expected = np.concatenate([network(images[i][0][None]).numpy() for i in range(len(records))])
    return max(
        float(np.abs(_calibrated(read[:, column], label=label) - _calibrated(expected[:, column], label=label)).max())
        for column, label in enumerate(labels)
    )


def _calibrated(logits: npt.NDArray[np.floating], *, label: Label) -> npt.NDArray[np.float64]:
    """Probabilities as the card of `label` calibrates them."""
    return calibrate(logits, slope=label.calibration.slope, intercept=label.calibration.intercept)


def _record(
    recipe: Recipe, splits: Mapping[str, Split], records: Sequence[Record], *, provenance: Provenance, smoke: bool
) -> RunRecord:
    last = splits[recipe.last.name]
    by_release = {name: [record for record in records if record.source == name] for name in recipe.releases}
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
        stage_splits={name: split.sha256 for name, split in splits.items()},
    )


def _save_splits(recipe: Recipe, splits: Mapping[str, Split], *, folder: Path) -> None:
    """The last stage's split in the run's folder, where evaluation looks for it; each other one in its stage's."""
    for name, split in splits.items():
        path = folder / SPLIT_NAME if name == recipe.last.name else folder / name / SPLIT_NAME
        if not path.is_file():
            save_split(split, path=path)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the run's folder, freed of what a killed run left unfinished; only the first process holds it."""
    if not is_first_process():
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    with FolderLock(folder):
        remove_strays(folder)
        for unfinished in (*folder.glob(f".{DRAFT}.*"), *folder.glob(f".{BUNDLE}.*")):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield


def _write(card: Card, *, graph: bytes, folder: Path) -> Bundle:
    files = {GRAPH: graph}
    return write_bundle(folder, card=card.model_copy(update={"files": file_hashes(files)}), files=files, replace=True)
