"""Several trained arms distilled into one network: it learns from what they say of the training images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.errors import UsageError
from hilum.systems.pneumonia.shift.arms import ShiftArm, arm_folder
from hilum.training.data.images import Preparation
from hilum.training.loop.stages import has_ended
from hilum.training.taught import said_by, taught


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


def taught_by(
    records: Sequence[Record], *, teachers: Sequence[ShiftArm], folder: Path, preparation: Preparation
) -> tuple[Record, ...]:
    """The records whose label is half their own and half the teachers' mean probability; without teachers as they are.

    Each teacher, trained in the study's `folder`, sees the pictures as reading does. Records carry what the teachers
    need of lungs.
    """
    if not teachers:
        return tuple(records)
    said = [
        said_by(
            teacher.recipe,
            folder=arm_folder(teacher, folder=folder),
            records=records,
            preparation=preparation,
        )[:, :1]  # the label; a second and a third output are its kinds
        for teacher in teachers
    ]
    return taught(records, labels=(LABEL,), said=np.mean(said, axis=0))
