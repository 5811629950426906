"""Copies of pictures without a label that are as soft as those with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels
from hilum.report.windowing import encode_png, to_grey8
from hilum.training.recipe.augment import gaussian_blur
from hilum.whole_files import write_whole

LARGEST_SIGMA_PX = 8.0
_STEPS = 12


@dataclass(frozen=True, slots=True)
class _Wanted:
    record: Record
    sharpness: float


def with_softened(
    records: Sequence[Record], *, label: str, sharpness: Mapping[str, float], folder: Path, jobs: int = 1
) -> tuple[Record, ...]:
    """The records with copies of pictures without `label` in their place, as soft as those with it.

    The picture of rank r among those without is blurred until its mean gradient is that of the one of rank r among
    those with the label; one that is softer stays as it is, and so does all where none has the label or it is not
    known. The copies, which are patients' pictures, are PNG files in `folder`, named by what they were made of, and
    are made where they are not there. `jobs` are made at the same time. Raises what decoding raises, and
    `OutputError`.
    """
    there = np.array([sharpness[record.image] for record in records if record.labels.get(label) == 1.0])
    without = [record for record in records if record.labels.get(label) == 0.0] if len(there) else []
    without = sorted(without, key=lambda one: (sharpness[one.image], one.image))
    ranks = (np.arange(len(without)) + 0.5) / max(1, len(without))
    targets = np.quantile(there, ranks).tolist() if without else []
    wanted = [
        _Wanted(record, target)
        for record, target in zip(without, targets, strict=True)
        if target < sharpness[record.image]
    ]
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-soften") as pool:
        made = pool.map(partial(_softened, folder=folder), wanted)
        copies = {each.record.image: copy for each, copy in zip(wanted, made, strict=True)}
    return tuple(copies.get(record.image, record) for record in records)


def blurred_to(pixels: Pixels, *, sharpness: float) -> Pixels:
    """Pixels (H, W) in [0, 1], blurred until their mean gradient is `sharpness`; as they are where they are softer.

    The Gaussian's standard deviation is found by bisection between 0.1 and 8 pixels.
    """
    if mean_gradient(pixels) <= sharpness:
        return pixels
    image = torch.from_numpy(np.ascontiguousarray(pixels))
    low, high = 0.1, LARGEST_SIGMA_PX
    for _ in range(_STEPS):
        middle = (low + high) / 2
        too_sharp = mean_gradient(gaussian_blur(image, sigma_px=middle).numpy()) > sharpness
        low, high = (middle, high) if too_sharp else (low, middle)
    blurred: Pixels = gaussian_blur(image, sigma_px=high).clamp(0.0, 1.0).numpy()
    return blurred


def _softened(wanted: _Wanted, *, folder: Path) -> Record:
    record = wanted.record
    path = folder / f"{record.sha256[:32]}-{wanted.sharpness:.6f}.png"
    if not path.is_file():
        write_whole(path, encode_png(to_grey8(blurred_to(_pixels(record), sharpness=wanted.sharpness))))
    return replace(record, path=path, sha256=file_sha256(path))


def _pixels(record: Record) -> Pixels:
    return decode(read_file(record.path), name=record.image).pixels
