"""Out-of-fold drawings as pictures that stay on this machine: the flagged, and the worst beside their annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

from hilum.bundle.lung_spec import QualityRule
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.output.lung_files import ODD, four_pictures, mask_of
from hilum.reading.lungs.quality import is_trusted
from hilum.report.windowing import encode_png
from hilum.systems.lungs.study.judge import DrawnLungs, JudgedLungs, draw_again
from hilum.systems.lungs.study.predictions import LungPredictions
from hilum.systems.lungs.study.worsen import AS_IT_IS
from hilum.whole_files import write_whole

MOST = 24
FLAGGED = "flagged"


def flagged_rows(judged: Sequence[JudgedLungs], *, rule: QualityRule) -> tuple[int, ...]:
    """The places of the drawings that `rule` does not trust, then of those whose box is not that of two lungs.

    Of pictures as they are; among the first the least Dice goes first, where it is known.
    """
    asked = [(place, one) for place, one in enumerate(judged) if one.way == AS_IT_IS]
    untrusted = [place for place, one in asked if not is_trusted(one.facts, rule=rule, flags=one.flags)]
    odd = [place for place, one in asked if ODD & set(one.flags) and place not in set(untrusted)]
    return (*sorted(untrusted, key=lambda place: _dice(judged[place])), *odd)


def write_flagged(
    predictions: LungPredictions,
    *,
    judged: Sequence[JudgedLungs],
    records: Mapping[str, Record],
    rule: QualityRule,
    folder: Path,
) -> tuple[int, int]:
    """Draw the first `MOST` flagged drawings into `folder/flagged`; how many were drawn, and how many are flagged.

    `judged` are of the same pictures in the same order; `records` are by the SHA-256 of their picture. What an earlier
    call drew there is removed. Raises `DataError` where the two differ.
    """
    if [one.image for one in judged] != [str(name) for name in predictions.image]:
        raise DataError(
            "The drawings and their judgement are of different images, or in different order. Judge the same folds"
        )
    rows = flagged_rows(judged, rule=rule)
    place = folder / FLAGGED
    for earlier in place.glob("*.png"):
        earlier.unlink()
    for number, row in enumerate(rows[:MOST], start=1):
        drawn = draw_again(predictions, index=row, records=records)
        record = records[str(predictions.sha256[row])]
        pixels = decode(read_file(record.path), name=record.image).pixels
        mask = mask_of(right=np.asarray(drawn.right), left=np.asarray(drawn.left))
        write_whole(place / f"{number:03d}.png", four_pictures(pixels, mask=mask, box=drawn.box))
    return min(len(rows), MOST), len(rows)


def _dice(one: JudgedLungs) -> float:
    return 1.0 if one.dice is None else one.dice


TILE_PX = 320
DRAWN_COLOUR, TRUTH_COLOUR = (230, 159, 0), (86, 180, 233)


def write_worst(cases: Sequence[tuple[Path, DrawnLungs]], *, path: Path) -> None:
    """A row of tiles: each picture with the drawn outline in orange and the annotated one in blue."""
    tiles = [_tile(picture, drawn) for picture, drawn in cases]
    write_whole(path, encode_png(np.concatenate(tiles, axis=1)))


def _tile(picture: Path, drawn: DrawnLungs) -> npt.NDArray[np.uint8]:
    size = (TILE_PX, TILE_PX)
    with Image.open(picture) as image:
        tile = np.asarray(image.convert("L").resize(size)).copy()
    colours = np.repeat(tile[..., None], 3, axis=2)
    masks = ((drawn.truth.union, TRUTH_COLOUR), (drawn.union, DRAWN_COLOUR))
    for mask, colour in masks:
        if mask is not None:
            small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
            colours[small & ~ndimage.binary_erosion(small, iterations=2)] = colour
    return colours
