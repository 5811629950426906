"""Features of frozen extractors, computed once: what a fusion's linear layer learns from.

The flip is the fusion's only augmentation, and the extractors are in evaluation mode, so an epoch can show them two
pictures of each image and no other. Both are run once and kept, which gives the very inputs of the linear layer that
running the extractors in every epoch would give, at a hundredth of the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from hilum.datasets.prepared.image_key import cache_key, image_key
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import DataError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.data.images import PlainImages, Preparation, Targets, load_images, targets_of
from hilum.training.data.stage_data import StageData
from hilum.training.loop.checkpoints import load_weights, save_weights
from hilum.training.recipe.flips import is_flipped
from hilum.training.recipe.machine import accelerator
from hilum.training.recipe.processes import is_first_process
from hilum.training.recipe.recipe import TRAIN, FusedFrom, Recipe, Stage
from hilum.training.recipe.samplers import Draw

FEATURES = "features"
BATCH = 32

_KEY = "key"


@dataclass(frozen=True, slots=True, eq=False)
class Extractors:
    """The two networks of a fusion in evaluation mode, and the stages that trained them."""

    whole: PooledClassifier
    crop: PooledClassifier
    start: FusedFrom

    def pairs(self, recipe: Recipe) -> tuple[tuple[PooledClassifier, Stage], tuple[PooledClassifier, Stage]]:
        """Each network with its stage, the whole picture's first."""
        return (self.whole, recipe.stage(self.start.whole)), (self.crop, recipe.stage(self.start.crop))


class TrainingFeatures(Dataset[tuple[Tensor, Tensor]]):
    """Pooled vectors (K, 1, 1) of the picture as it is or mirrored, as the draw's seed says, and targets (L,)."""

    def __init__(self, pooled: Tensor, *, targets: Targets, flip_probability: float) -> None:
        self._pooled, self._targets, self._probability = pooled, torch.from_numpy(targets), flip_probability

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        index, seed = draw
        flipped = is_flipped(probability=self._probability, seed=seed)
        return self._pooled[index, int(flipped)][:, None, None], self._targets[index]


class PlainFeatures(Dataset[tuple[Tensor, Tensor]]):
    """Pooled vectors (K, 1, 1) of the picture as it is, and targets (L,)."""

    def __init__(self, pooled: Tensor, *, targets: Targets) -> None:
        self._pooled, self._targets = pooled, torch.from_numpy(targets)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._pooled[index, 0][:, None, None], self._targets[index]


def feature_data(
    recipe: Recipe, *, stage: Stage, extractors: Extractors, split: Split, folder: Path, preparation: Preparation
) -> StageData:
    """The features of the stage's parts; they are kept in `folder/features` until the stage has ended.

    Raises `DataError` for features that are no numbers.
    """
    pooled = {
        part: _remembered(
            split.parts[part],
            recipe=recipe,
            extractors=extractors,
            flipped=part == TRAIN and stage.flip_probability > 0,
            path=folder / FEATURES / f"{part}.safetensors",
            preparation=preparation,
        )
        for part in (TRAIN, *stage.split.validation)
    }
    targets = {part: targets_of(split.parts[part], labels=stage.labels) for part in pooled}
    return StageData(
        training=TrainingFeatures(pooled[TRAIN], targets=targets[TRAIN], flip_probability=stage.flip_probability),
        targets=targets[TRAIN],
        validation={part: PlainFeatures(pooled[part], targets=targets[part]) for part in stage.split.validation},
        counts={part: len(targets[part]) for part in stage.split.validation},
    )


def pooled_features(
    records: Sequence[Record], *, recipe: Recipe, extractors: Extractors, flipped: bool, preparation: Preparation
) -> Tensor:
    """Both pooled vectors side by side, float32 (N, F, K + K'): F is 1, or 2 with the mirrored pictures' second.

    Float32 throughout, without autocast and without TF32, on the accelerator where there is one: a bundle's graph must
    give the same.
    """
    columns = []
    for network, stage in extractors.pairs(recipe):
        spec = recipe.preprocess_of(stage)
        images = PlainImages(load_images(records, spec=spec, labels=(), preparation=preparation), spec=spec)
        columns.append(_run(network, images=images, count=len(records), flipped=flipped))
    return torch.cat(columns, dim=2)


def _run(network: PooledClassifier, *, images: PlainImages, count: int, flipped: bool) -> Tensor:
    device = accelerator()
    network.eval().to(device)
    rows = [torch.empty(0, 2 if flipped else 1, network.weight.shape[1])]
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for start in range(0, count, BATCH):
            batch = torch.stack([images[index][0] for index in range(start, min(start + BATCH, count))])
            shown = (batch, batch.flip(-1)) if flipped else (batch,)
            vectors = [network.features(each.to(device)).mean(dim=(-2, -1)).cpu() for each in shown]
            rows.append(torch.stack(vectors, dim=1))
    network.to("cpu")
    return torch.cat(rows).clone()


def _remembered(
    records: Sequence[Record],
    *,
    recipe: Recipe,
    extractors: Extractors,
    flipped: bool,
    path: Path,
    preparation: Preparation,
) -> Tensor:
    """The features from `path` where they are those of these networks and pictures; else they are made and kept."""
    key = _key(records, recipe=recipe, extractors=extractors, flipped=flipped)
    if path.is_file():
        tensors, about = load_weights(path)
        if about.get(_KEY) == key:
            return tensors[FEATURES]
    pooled = pooled_features(records, recipe=recipe, extractors=extractors, flipped=flipped, preparation=preparation)
    if not bool(torch.isfinite(pooled).all()):
        raise DataError("The frozen networks gave NaN or infinity instead of features. Train them again")
    if is_first_process():
        save_weights(path, state={FEATURES: pooled}, about={_KEY: key})
    return pooled


def _key(records: Sequence[Record], *, recipe: Recipe, extractors: Extractors, flipped: bool) -> str:
    """A hash of all that decides features: the networks' weights, the specifications, the pictures and their boxes."""
    digest = hashlib.sha256(str(flipped).encode())
    for network, stage in extractors.pairs(recipe):
        spec = recipe.preprocess_of(stage)
        digest.update(f"{cache_key(spec)} {spec.mean} {spec.std}\n".encode())
        for name, tensor in network.state_dict().items():
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
        for record in records:
            digest.update(image_key(record, spec=spec).encode() + b"\n")
    return digest.hexdigest()
