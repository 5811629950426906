"""What an arm's network says of a validation part: logits of each picture and its copies, and where its map lies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.explain.fused_map import cells_of
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, apply_steps
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.radiograph import Pixels
from hilum.systems.pneumonia.shift.copies import COPIES, copies_of
from hilum.systems.pneumonia.shift.lungs import Lungs, inside_share
from hilum.training.data.images import LoadedImages, PlainImages
from hilum.training.export.label_fits import SOFTENING_SEED
from hilum.training.export.soften import soften
from hilum.whole_files import write_whole

Floats = npt.NDArray[np.float64]

_AT_ONCE = 16
"""Pictures whose copies are one batch."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Readings:
    """Of n pictures, `images` by name: `logits` and `softened` (C, n) of their copies (`COPIES`), and `inside` (n,).

    `softened` are those of pictures that were blurred first, as the shipped specialist's operating point is chosen on.
    `inside` is the share of the picture's positive map inside the lungs, NaN where they are not trusted or nothing is
    positive.
    """

    images: tuple[str, ...]
    logits: Floats
    softened: Floats
    inside: Floats


def read_pictures(
    network: PooledClassifier, *, records: Sequence[Record], spec: PreprocessSpec, lungs: Lungs
) -> Readings:
    """What a network in evaluation mode says of the first label. Raises what decoding raises."""
    parts = [
        _read(network, records=records[first : first + _AT_ONCE], first=first, spec=spec, lungs=lungs)
        for first in range(0, len(records), _AT_ONCE)
    ]
    return Readings(
        images=tuple(record.image for record in records),
        logits=np.concatenate([part.logits for part in parts], axis=1),
        softened=np.concatenate([part.softened for part in parts], axis=1),
        inside=np.concatenate([part.inside for part in parts]),
    )


def save_readings(readings: Mapping[str, Readings], *, path: Path) -> None:
    """Write the readings of each part into one file, whole or not at all."""
    content: dict[str, Any] = {
        f"{part}/{name}": value
        for part, one in readings.items()
        for name, value in (
            ("images", np.array(one.images, np.str_)),
            ("logits", one.logits),
            ("softened", one.softened),
            ("inside", one.inside),
        )
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    write_whole(path, buffer.getvalue())


def load_readings(path: Path, *, parts: Mapping[str, Sequence[Record]]) -> dict[str, Readings]:
    """What `save_readings` wrote of `parts`. Raises `DataError` where it is no such file, or of other pictures."""
    try:
        with np.load(path) as kept:
            found = {
                part: Readings(
                    images=tuple(kept[f"{part}/images"].tolist()),
                    logits=kept[f"{part}/logits"],
                    softened=kept[f"{part}/softened"],
                    inside=kept[f"{part}/inside"],
                )
                for part in parts
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"expected readings of validation in {path}, came {error}; remove the file") from error
    for part, records in parts.items():
        if found[part].images != tuple(record.image for record in records):
            raise DataError(f"expected readings of the part {part} in {path}, came other images; remove {path.parent}")
    return found


def _read(
    network: PooledClassifier, *, records: Sequence[Record], first: int, spec: PreprocessSpec, lungs: Lungs
) -> Readings:
    natives = [decode(read_file(record.path), name=record.image).pixels for record in records]
    made = [
        apply_steps(pixels, spec=spec, lung_box=record.lung_box)
        for pixels, record in zip(natives, records, strict=True)
    ]
    logits, maps = _asked(network, [grey for grey, _ in made], spec=spec)
    inside = []
    for place, (record, pixels) in enumerate(zip(records, natives, strict=True)):
        mask = lungs.get(record.sha256)
        if mask is None:
            inside.append(float("nan"))
            continue
        grey, geometry = made[place]
        placed = cells_of(maps[place], geometry=geometry, input_size=(grey.shape[0], grey.shape[1]))
        rows, columns = pixels.shape
        inside.append(inside_share(placed, lungs=mask, rows=rows, columns=columns))
    blurred = [
        apply_steps(soften(pixels, seed=SOFTENING_SEED + first + place), spec=spec, lung_box=record.lung_box)[0]
        for place, (pixels, record) in enumerate(zip(natives, records, strict=True))
    ]
    softened, _ = _asked(network, blurred, spec=spec)
    return Readings(
        images=tuple(record.image for record in records),
        logits=logits,
        softened=softened,
        inside=np.array(inside, np.float64),
    )


def _asked(
    network: PooledClassifier, pictures: Sequence[Pixels], *, spec: PreprocessSpec
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Logits (C, n) of the copies of n pictures (H, W), and the class maps (n, h, w) of the pictures themselves."""
    grey = np.stack([copy for picture in pictures for copy in copies_of(picture)]).astype(np.float32)
    items = PlainImages(LoadedImages(grey, np.zeros((len(grey), 0), np.float32)), spec=spec)
    with torch.inference_mode():
        logits, maps = network.forward_with_maps(torch.stack([items[row][0] for row in range(len(grey))]))
    own = logits[:, 0].double().numpy().reshape(len(pictures), len(COPIES)).T
    return own, maps[:: len(COPIES), 0].numpy()
