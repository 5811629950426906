"""What an arm's network says of a validation part: logits of each picture and its copies, and where its map lies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.explain.fused_map import cells_of
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import apply_steps
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.radiograph import Pixels
from hilum.systems.pneumonia.shift.copies import COPIES, copies_of
from hilum.systems.pneumonia.shift.lungs import Lungs, inside_share
from hilum.training.data.images import LoadedImages, PlainImages
from hilum.training.data.lung_planes import lung_planes
from hilum.training.export.label_fits import SOFTENING_SEED
from hilum.training.export.soften import soften
from hilum.training.recipe.recipe import Recipe
from hilum.whole_files import write_whole

Floats = npt.NDArray[np.float64]

_AT_ONCE = 16
"""Pictures whose copies are one batch."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Readings:
    """Of n pictures, `images` by name: `logits` (C, n) of their copies (`COPIES`); all else is (n,).

    `softened` are the logits of blurred pictures, `matched` those of pictures of which the healthy ones are as soft as
    the ill ones: calibration and operating point may be fitted on such.
    `inside` is the share of the picture's positive map inside the lungs, NaN where they are not trusted or nothing is
    positive.
    """

    images: tuple[str, ...]
    logits: Floats
    softened: Floats
    matched: Floats
    inside: Floats


def read_pictures(
    network: PooledClassifier, *, records: Sequence[Record], matched: Sequence[Record], recipe: Recipe, lungs: Lungs
) -> Readings:
    """What the network of `recipe`, in evaluation mode, says of its first label; `lungs` weigh its maps.

    `matched` are the records with copies in the place of healthy pictures, as soft as the ill ones. Records carry what
    the recipe needs of lungs: boxes, or masks. Raises what decoding raises.
    """
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # half the time on a CPU
    own = partial(_read, network, recipe=recipe, lungs=lungs)
    parts = [
        own(records=records[rows], matched=matched[rows], first=rows.start)
        for rows in (slice(first, first + _AT_ONCE) for first in range(0, len(records), _AT_ONCE))
    ]
    return Readings(
        images=tuple(record.image for record in records),
        logits=np.concatenate([part.logits for part in parts], axis=1),
        softened=np.concatenate([part.softened for part in parts]),
        matched=np.concatenate([part.matched for part in parts]),
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
            ("matched", one.matched),
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
                    matched=kept[f"{part}/matched"],
                    inside=kept[f"{part}/inside"],
                )
                for part in parts
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} does not hold the readings of validation ({error}). Remove the file and run the study again"
        ) from error
    for part, records in parts.items():
        if found[part].images != tuple(record.image for record in records):
            raise DataError(
                f"{path} holds readings of other images than the part {part} has. Remove {path.parent} and run the "
                "study again"
            )
    return found


def _read(
    network: PooledClassifier,
    *,
    records: Sequence[Record],
    matched: Sequence[Record],
    first: int,
    recipe: Recipe,
    lungs: Lungs,
) -> Readings:
    spec = recipe.preprocess_of(recipe.last)
    natives = [decode(read_file(record.path), name=record.image).pixels for record in records]
    made = [
        apply_steps(pixels, spec=spec, lung_box=record.lung_box)
        for pixels, record in zip(natives, records, strict=True)
    ]
    copies = [copy for grey, _ in made for copy in copies_of(grey)]
    logits, maps = _asked(network, copies, records=records, recipe=recipe)
    maps = maps[:: len(COPIES)]
    inside = []
    for place, (record, pixels) in enumerate(zip(records, natives, strict=True)):
        mask = lungs.get(record.sha256)
        if mask is None:
            inside.append(float("nan"))
            continue
        grey, geometry = made[place]
        placed = cells_of(maps[place], geometry=geometry, input_size=(grey.shape[0], grey.shape[1]))
        rows, columns = pixels.shape
        inside.append(inside_share(placed, lungs=mask.mask, rows=rows, columns=columns))
    blurred = [
        apply_steps(soften(pixels, seed=SOFTENING_SEED + first + place), spec=spec, lung_box=record.lung_box)[0]
        for place, (pixels, record) in enumerate(zip(natives, records, strict=True))
    ]
    softened, _ = _asked(network, blurred, records=records, recipe=recipe)
    copied = [
        apply_steps(decode(read_file(copy.path), name=copy.image).pixels, spec=spec, lung_box=copy.lung_box)[0]
        for copy in matched
    ]
    equally_soft, _ = _asked(network, copied, records=records, recipe=recipe)
    return Readings(
        images=tuple(record.image for record in records),
        logits=logits.reshape(len(records), len(COPIES)).T,
        softened=softened,
        matched=equally_soft,
        inside=np.array(inside, np.float64),
    )


def _asked(
    network: PooledClassifier, pictures: Sequence[Pixels], *, records: Sequence[Record], recipe: Recipe
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Logits (m,) and class maps (m, h, w) of m prepared pictures (H, W), equally many of each record, in its order.

    A network that averages inside the lungs has those of the record.
    """
    grey = np.stack(pictures).astype(np.float32)
    planes = None
    if recipe.lung_pooling is not None:
        whose = [record for record in records for _ in range(len(pictures) // len(records))]
        planes = lung_planes(whose, size=(grey.shape[1], grey.shape[2]), pooling=recipe.lung_pooling)
    loaded = LoadedImages(grey, np.zeros((len(grey), 0), np.float32), planes)
    items = PlainImages(loaded, spec=recipe.preprocess_of(recipe.last))
    batch = torch.stack([items[row][0] for row in range(len(grey))]).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        logits, maps = network.forward_with_maps(batch)
    return logits[:, 0].double().numpy(), maps[:, 0].numpy()
