"""Images in memory for training, and a sampler that balances a label and seeds every draw.

The pixels are what `apply_steps` gives for the recipe's specification, the function that reading calls too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, apply_steps, normalise
from hilum.radiograph import Pixels
from hilum.training.augment import Augmentation, augment

Draw = tuple[int, int]
"""The index of an image and the seed of its augmentation."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedImages:
    """`grey` is float32 (N, H, W) in [0, 1]; `targets` is float32 (N, L) with NaN where a label is missing."""

    grey: Pixels
    targets: Pixels


def load_images(records: Sequence[Record], *, spec: PreprocessSpec, labels: Sequence[str]) -> LoadedImages:
    """Decode and resize every record; the specification must fix the output size."""
    if spec.output_size is None:
        raise DataError(
            "expected a preprocessing specification with a resize step, came one without; add one to the recipe"
        )
    grey = np.empty((len(records), *spec.output_size), np.float32)
    for index, record in enumerate(records):
        radiograph = decode(read_file(record.path), name=record.image)
        grey[index], _ = apply_steps(radiograph.pixels, spec=spec)
    targets = [[record.labels.get(label, float("nan")) for label in labels] for record in records]
    return LoadedImages(grey, np.array(targets, np.float32))


class TrainingImages(Dataset[tuple[Tensor, Tensor]]):
    """Augmented, normalised images: (C, H, W) and targets (L,)."""

    def __init__(self, images: LoadedImages, *, spec: PreprocessSpec, augmentation: Augmentation) -> None:
        self._images, self._spec, self._augmentation = images, spec, augmentation

    def __len__(self) -> int:
        return len(self._images.grey)

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        index, seed = draw
        grey = augment(torch.from_numpy(self._images.grey[index]), settings=self._augmentation, seed=seed)
        return torch.from_numpy(normalise(grey.numpy(), spec=self._spec)), torch.from_numpy(self._images.targets[index])


class PlainImages(Dataset[tuple[Tensor, Tensor]]):
    """Normalised images as reading sees them: (C, H, W) and targets (L,)."""

    def __init__(self, images: LoadedImages, *, spec: PreprocessSpec) -> None:
        self._images, self._spec = images, spec

    def __len__(self) -> int:
        return len(self._images.grey)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        array = normalise(self._images.grey[index], spec=self._spec)
        return torch.from_numpy(array), torch.from_numpy(self._images.targets[index])


class BalancedSampler(Sampler[Draw]):
    """Draws `per_epoch` images, as many with the first label as without, each group without repeats while it lasts.

    Order and augmentation seeds depend on `seed` and the epoch alone, so a run that was stopped goes on as it would
    have gone.
    """

    def __init__(self, positive: Sequence[bool], *, per_epoch: int, seed: int) -> None:
        self._groups = [np.flatnonzero(np.asarray(positive) == side) for side in (True, False)]
        if min(len(group) for group in self._groups) == 0:
            raise DataError("expected training images with and without the label, came only one kind; check the split")
        self._per_epoch, self._seed, self._epoch = per_epoch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._per_epoch

    def __iter__(self) -> Iterator[Draw]:
        draw = np.random.default_rng((self._seed, self._epoch))
        halves = (self._per_epoch - self._per_epoch // 2, self._per_epoch // 2)
        chosen = np.concatenate([_deal(group, size, draw) for group, size in zip(self._groups, halves, strict=True)])
        draw.shuffle(chosen)
        seeds = draw.integers(0, 2**31, size=len(chosen))
        return iter([(int(index), int(seed)) for index, seed in zip(chosen, seeds, strict=True)])


def _deal(group: np.ndarray, size: int, draw: np.random.Generator) -> np.ndarray:
    rounds = -(-size // len(group))
    return np.concatenate([draw.permutation(group) for _ in range(rounds)])[:size]
