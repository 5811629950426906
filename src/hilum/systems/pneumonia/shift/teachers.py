"""Several trained arms distilled into one network: it learns from what they say of the training images.

Hinton et al. 2015 (arXiv 1503.02531), section 2: cross-entropy with the mean of the teachers' probabilities and with
the label, half and half, at temperature 1; which is cross-entropy with the mean of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.errors import UsageError
from hilum.statistics.logistic import sigmoid
from hilum.statistics.outcomes import FloatArray
from hilum.systems.pneumonia.shift.arms import ShiftArm, arm_folder
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import Preparation
from hilum.training.loop.stages import has_ended, load_stage


def check_teachers(arms: Sequence[ShiftArm], *, folder: Path) -> None:
    """Find out early that an arm's teachers are neither done in the study's `folder` nor stand before it.

    Raises `UsageError` that names them.
    """
    before: set[str] = set()
    for arm in arms:
        absent = [
            teacher.name
            for teacher in arm.teachers
            if teacher.name not in before
            and not has_ended(teacher.recipe.last, folder=arm_folder(teacher, folder=folder))
        ]
        if absent:
            raise UsageError(
                f"{arm.name} learns from what other arms say. Train them first: --arms {','.join([*absent, arm.name])}"
            )
        before.add(arm.name)


def taught(
    records: Sequence[Record], *, teachers: Sequence[ShiftArm], folder: Path, preparation: Preparation
) -> tuple[Record, ...]:
    """The records whose label is half their own and half the teachers' mean probability; without teachers as they are.

    Each teacher, trained in the study's `folder`, sees the pictures as reading does. Records carry what the teachers
    need of lungs.
    """
    if not teachers:
        return tuple(records)
    said = [_probabilities(teacher, records=records, folder=folder, preparation=preparation) for teacher in teachers]
    return tuple(
        replace(record, labels={**record.labels, LABEL: (record.labels[LABEL] + float(value)) / 2})
        for record, value in zip(records, np.mean(said, axis=0), strict=True)
    )


def _probabilities(
    teacher: ShiftArm, *, records: Sequence[Record], folder: Path, preparation: Preparation
) -> FloatArray:
    """(n,), of the teacher's first label, not calibrated."""
    recipe = teacher.recipe
    network = load_stage(recipe, stage=recipe.last, folder=arm_folder(teacher, folder=folder)).network
    return sigmoid(logits_of(network, records=records, recipe=recipe, preparation=preparation)[:, 0])
