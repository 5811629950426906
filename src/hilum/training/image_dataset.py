"""Images in memory for training; the samplers of `samplers.py` say which are drawn, and with which seed.

The pixels are what `apply_steps` gives for the recipe's specification, the function that reading calls too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, apply_steps, normalise
from hilum.radiograph import Pixels
from hilum.training.augment import Augmentation, augment
from hilum.training.samplers import Draw


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
