"""The official train folder in three parts: to learn from, a plain validation, and one that is unlike the rest.

Sharpness nearly separates the release's classes, and its test folder differs from its train folder in sharpness; a
validation of patients drawn at random sees nothing of that. So, after a plain validation has been drawn by patient, the
patients are held out whose pictures are least like the rest of their class: the softest healthy children and the
sharpest ill ones. A network that reads sharpness calls both what they are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL, PATIENTS
from hilum.datasets.splits.split import Split, patient_groups, split_by_patient, without_copies_of
from hilum.errors import DataError
from hilum.training.recipe.recipe import TRAIN

PLAIN, SHIFTED = "plain", "shifted"
SHARE = 0.1
"""The share of images that either validation part gets."""

OTHER: Mapping[str, str] = {PLAIN: SHIFTED, SHIFTED: PLAIN}
"""On which part calibration and operating point are fitted, by the part that is judged."""


def shift_parts(
    records: Sequence[Record], *, sharpness: Mapping[str, float], held_out: Sequence[Record] = (), seed: int
) -> Split:
    """The parts `train`, `plain` and `shifted` of `records`, by patient.

    `sharpness` is each image's by its name (`mean_gradient`). Copies of `held_out` images are left out. Of each class
    whole patients are held out for `shifted`, those with the softest (healthy) or sharpest (ill) images in the mean
    first, until it has a tenth of the class's images. Raises `DataError` where a part would be empty.
    """
    pool = without_copies_of(sorted(records, key=lambda one: one.image), held_out=held_out)
    dealt = split_by_patient(pool, shares={"rest": 1.0 - SHARE, PLAIN: SHARE}, seed=seed)
    groups = patient_groups(dealt["rest"])
    shifted = [
        record
        for ill in (False, True)
        for record in _least_like_the_rest(groups, ill=ill, wanted=SHARE * _count(pool, ill=ill), sharpness=sharpness)
    ]
    apart = {record.image for record in shifted}
    parts = {
        TRAIN: tuple(record for record in dealt["rest"] if record.image not in apart),
        PLAIN: dealt[PLAIN],
        SHIFTED: tuple(sorted(shifted, key=lambda one: one.image)),
    }
    for name, part in parts.items():
        if {record.labels[LABEL] for record in part} != {0.0, 1.0}:
            raise DataError(
                f"The part {name} needs healthy and ill children, and one kind is missing. Give more of the data"
            )
    return Split(
        parts,
        f"{len(pool):,} images of the official train folder by patient: {SHARE:.0%} drawn at random as {PLAIN} "
        f"validation, then of the rest the softest healthy and the sharpest ill ones, {SHARE:.0%} of each class, as "
        f"{SHIFTED} validation (sharpness: a patient's mean of the mean gradient), seed {seed}; {PATIENTS}",
    )


def _count(records: Sequence[Record], *, ill: bool) -> int:
    return sum(record.labels[LABEL] == float(ill) for record in records)


def _least_like_the_rest(
    groups: Sequence[Sequence[Record]], *, ill: bool, wanted: float, sharpness: Mapping[str, float]
) -> list[Record]:
    """The images of the patients of one class whose mean sharpness is furthest out, so many that `wanted` are there.

    Patients with images of both classes stay where they are.
    """
    own = [group for group in groups if all(record.labels[LABEL] == float(ill) for record in group)]
    means = np.array([np.mean([sharpness[record.image] for record in group]) for group in own])
    chosen: list[Record] = []
    for place in np.argsort(-means if ill else means, kind="stable"):
        if len(chosen) >= wanted:
            break
        chosen.extend(own[place])
    return chosen
