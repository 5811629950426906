"""The sharpness of training pictures: measured, dealt to bins, and made the same in both classes."""

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
from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels
from hilum.report.windowing import encode_png, to_grey8
from hilum.training.recipe.augment import gaussian_blur
from hilum.whole_files import write_whole

BINS = 5
LARGEST_SIGMA_PX = 8.0
_STEPS = 12


def sharpness_of(records: Sequence[Record], *, jobs: int = 1) -> dict[str, float]:
    """The mean gradient of each picture's native pixels, by the image's name; `jobs` are decoded at the same time.

    Raises what decoding raises.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-sharpness") as pool:
        found = pool.map(lambda record: mean_gradient(_pixels(record)), records)
        return {record.image: value for record, value in zip(records, found, strict=True)}


def in_bins(records: Sequence[Record], *, sharpness: Mapping[str, float], bins: int = BINS) -> tuple[Record, ...]:
    """The records with a stratum for each of `bins` equally many pictures, from the softest to the sharpest."""
    values = np.array([sharpness[record.image] for record in records])
    edges = np.quantile(values, np.arange(1, bins) / bins)
    places = np.searchsorted(edges, values, side="right").tolist()
    return tuple(
        replace(record, stratum=f"sharpness {place + 1} of {bins}")
        for record, place in zip(records, places, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    record: Record
    sharpness: float


def with_softened(
    records: Sequence[Record], *, sharpness: Mapping[str, float], folder: Path, jobs: int = 1
) -> tuple[Record, ...]:
    """The records with copies of healthy pictures in their place, as soft as the ill ones: both classes then are alike.

    The healthy picture of rank r among the healthy is blurred until its mean gradient is that of the ill one of rank r;
    one that is softer stays as it is. The copies, which are patients' pictures, are PNG files in `folder`, and are
    made where they are not there. `jobs` are made at the same time. Raises what decoding raises, and `OutputError`.
    """
    ill = np.array([sharpness[record.image] for record in records if record.labels[LABEL] == 1.0])
    healthy = sorted((r for r in records if r.labels[LABEL] == 0.0), key=lambda one: (sharpness[one.image], one.image))
    ranks = (np.arange(len(healthy)) + 0.5) / max(1, len(healthy))
    targets = np.quantile(ill, ranks).tolist()
    wanted = [
        _Wanted(record, target)
        for record, target in zip(healthy, targets, strict=True)
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
    path = folder / f"{Path(record.image).stem}.png"
    if not path.is_file():
        write_whole(path, encode_png(to_grey8(blurred_to(_pixels(record), sharpness=wanted.sharpness))))
    return replace(record, path=path, sha256=file_sha256(path))


def _pixels(record: Record) -> Pixels:
    return decode(read_file(record.path), name=record.image).pixels
