"""Flagged out-of-fold drawings as image, mask, box and crop (paper 3, figure 7); they stay on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hilum.bundle.lung_spec import QualityRule
from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.evaluation.lung_judge import JudgedLungs, draw_again
from hilum.evaluation.lung_predictions import LungPredictions
from hilum.imaging.decode import decode, read_file
from hilum.output.atomic import write_whole
from hilum.output.lung_files import ODD, four_pictures, mask_of
from hilum.reading.lung_quality import is_trusted

MOST = 24
FLAGGED = "flagged"


def flagged_rows(judged: Sequence[JudgedLungs], *, rule: QualityRule) -> tuple[int, ...]:
    """The places of the drawings that `rule` does not trust, then of those whose box is not that of two lungs.

    Among the first the least Dice goes first, where it is known.
    """
    untrusted = [place for place, one in enumerate(judged) if not is_trusted(one.facts, rule=rule, flags=one.flags)]
    odd = [place for place, one in enumerate(judged) if ODD & set(one.flags) and place not in set(untrusted)]
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
        raise DataError("expected drawings and their judgement in one order, came two; judge the same folds")
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
