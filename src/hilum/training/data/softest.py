"""A validation part whose pictures without a label are the softest there are (`SoftestWithout`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import patient_groups, split_by_patient
from hilum.errors import DataError
from hilum.training.recipe.recipe import SoftestWithout

Parts = Mapping[str, tuple[Record, ...]]


def with_softest(
    parts: Parts, *, soft: SoftestWithout, sharpness: Mapping[str, float], shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Record, ...]]:
    """The parts, dealt anew so that `soft.part` has the softest pictures without the label, by patient.

    It keeps as many of them as it had, to whole patients; those that leave it are dealt to the other parts as their
    `shares` are. A patient's softness is the mean of the pictures' `sharpness`, by the image's name; patients with a
    picture that has the label, or of whom it is not known, stay where they are. Raises `DataError` where no patient
    is without the label.
    """
    own = {part: patient_groups(records) for part, records in parts.items()}
    without = [group for groups in own.values() for group in groups if _is_without(group, label=soft.label)]
    if not without:
        raise DataError(f"No patient without {soft.label} is left for the part {soft.part}. Give more of the data")
    softest = sorted(without, key=lambda group: (_mean(group, sharpness=sharpness), group[0].image))
    wanted = sum(len(group) for group in own[soft.part] if _is_without(group, label=soft.label))
    taken, images = [], 0
    for group in softest:
        if images >= wanted:
            break
        taken.append(group)
        images += len(group)
    chosen = {record.image for group in taken for record in group}
    kept = {part: [record for record in records if record.image not in chosen] for part, records in parts.items()}
    leave = [
        record
        for group in own[soft.part]
        if _is_without(group, label=soft.label) and group[0].image not in chosen
        for record in group
    ]
    left = {record.image for record in leave}
    kept[soft.part] = [record for record in kept[soft.part] if record.image not in left]
    others = {part: share for part, share in shares.items() if part != soft.part}
    total = sum(others.values())
    dealt = split_by_patient(leave, shares={part: share / total for part, share in others.items()}, seed=seed)
    added = {**dealt, soft.part: tuple(record for group in taken for record in group)}
    return {part: tuple(sorted((*kept[part], *added[part]), key=lambda one: one.image)) for part in parts}


def _is_without(group: Sequence[Record], *, label: str) -> bool:
    return all(record.labels.get(label) == 0.0 for record in group)


def _mean(group: Sequence[Record], *, sharpness: Mapping[str, float]) -> float:
    return float(np.mean([sharpness[record.image] for record in group]))
