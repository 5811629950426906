"""Images for training, in memory or memory-mapped; `samplers.py` says which are drawn, and with which seed.

The pixels are what `apply_steps` gives for the recipe's specification, the function that reading calls too. A draw is
an index and a seed that follows from the run's seed, the epoch and the draw's place: so is its augmentation, whichever
worker makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hilum.datasets.prepared.images import GreyImages, fixed_size, open_cache, prepare_image
from hilum.datasets.records.record import Record
from hilum.imaging.preprocess import PreprocessSpec, normalise
from hilum.radiograph import Pixels
from hilum.training.data.lung_planes import LungPlanes, lung_planes
from hilum.training.recipe.augment import Augmentation, augment, augment_with_plane
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.samplers import Draw

Targets = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Where prepared images are kept, and how many threads prepare them; without a folder they are kept in memory."""

    cache: Path | None = None
    jobs: int = 1


IN_MEMORY = Preparation()


@dataclass(frozen=True, slots=True, eq=False)
class LoadedImages:
    """`grey` is N images, float32 (H, W) in [0, 1]; `targets` is float32 (N, L) with NaN where a label is missing.

    `lungs` are their lungs, for a network that averages inside them.
    """

    grey: GreyImages
    targets: Targets
    lungs: LungPlanes | None = None


def load_images(
    records: Sequence[Record],
    *,
    spec: PreprocessSpec,
    labels: Sequence[str],
    preparation: Preparation = IN_MEMORY,
    pooling: LungPooling | None = None,
) -> LoadedImages:
    """Decode and resize every record, or take it from the cache; the specification must fix the output size.

    With `pooling` the lungs that the records carry are loaded beside them.
    Raises `DataError` where it does not, and what decoding raises for the first file that is bad.
    """
    if preparation.cache is not None:
        grey: GreyImages = open_cache(records, spec=spec, folder=preparation.cache, jobs=preparation.jobs)
    else:
        grey = _in_memory(records, spec=spec, jobs=preparation.jobs)
    lungs = None if pooling is None else lung_planes(records, size=fixed_size(spec), pooling=pooling)
    return LoadedImages(grey, targets_of(records, labels=labels), lungs)


def targets_of(records: Sequence[Record], *, labels: Sequence[str]) -> Targets:
    """Float32 (N, L): the records' values of `labels`, NaN where a record does not speak of one."""
    rows = [[record.labels.get(label, float("nan")) for label in labels] for record in records]
    return np.array(rows, np.float32).reshape(len(records), len(labels))


def _in_memory(records: Sequence[Record], *, spec: PreprocessSpec, jobs: int) -> Pixels:
    grey = np.empty((len(records), *fixed_size(spec)), np.float32)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-decode") as pool:
        for index, image in enumerate(pool.map(partial(prepare_image, spec=spec), records)):
            grey[index] = image
    return grey


class TrainingImages(Dataset[tuple[Tensor, Tensor]]):
    """Augmented, normalised images: (C, H, W) and targets (L,); with lungs, their plane is one more of the image.

    The plane is framed as its image is. It is 1 everywhere where the lungs are not known, and by chance.
    """

    def __init__(self, images: LoadedImages, *, spec: PreprocessSpec, augmentation: Augmentation) -> None:
        self._images, self._augmentation = images, augmentation
        self._channels = spec.channels
        alike = len(set(zip(spec.mean, spec.std, strict=True))) == 1
        self._spec = PreprocessSpec(steps=spec.steps, mean=spec.mean[:1], std=spec.std[:1]) if alike else spec

    def __len__(self) -> int:
        return len(self._images.grey)

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        index, seed = draw
        # a copy, read from end to end, is near at hand for the reframing, which reads here and there
        image = torch.from_numpy(np.array(self._images.grey[index]))
        grey, plane = self._augmented(image, index=index, seed=seed)
        array = torch.from_numpy(normalise(grey.numpy(), spec=self._spec))
        # channels that are alike share their memory
        picture = array.expand(self._channels, -1, -1)
        return _with_plane(picture, plane), torch.from_numpy(self._images.targets[index])

    def _augmented(self, image: Tensor, *, index: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """The changed image and, where there are lungs, their plane."""
        lungs = self._images.lungs
        plane = None if lungs is None or lungs.pooling.is_plain(seed=seed) else lungs[index]
        if plane is not None:
            return augment_with_plane(image, plane, settings=self._augmentation, seed=seed)
        changed = augment(image, settings=self._augmentation, seed=seed)
        return changed, None if lungs is None else torch.ones_like(changed)


class PlainImages(Dataset[tuple[Tensor, Tensor]]):
    """Normalised images as reading sees them: (C, H, W) and targets (L,); with lungs, their plane is one more."""

    def __init__(self, images: LoadedImages, *, spec: PreprocessSpec) -> None:
        self._images, self._spec = images, spec

    def __len__(self) -> int:
        return len(self._images.grey)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        picture = torch.from_numpy(normalise(self._images.grey[index], spec=self._spec))
        lungs = self._images.lungs
        plane = None if lungs is None else lungs[index]
        if lungs is not None and plane is None:
            plane = torch.ones_like(picture[0])
        return _with_plane(picture, plane), torch.from_numpy(self._images.targets[index])


def _with_plane(picture: Tensor, plane: Tensor | None) -> Tensor:
    return picture if plane is None else torch.cat((picture, plane[None]))
