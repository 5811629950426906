"""What is judged: an image with the boxes of one label, and which of the images have none that a model could find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.geometry import Box

FOLDS = 5
"""Into how many folds patients are dealt for what is made of other patients' boxes."""
SEED = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedCase:
    """An image with boxes of one label, as its boxes are called; `fold` names the patients that are left out for it."""

    record: Record
    label: str
    fold: str

    def boxes(self, *, rows: int, columns: int) -> list[Box]:
        """Those of the label in pixels of the picture at that size, cut to it; what lies outside it is left out."""
        found = [box.in_image(width=columns, height=rows) for box in self.record.boxes if box.label == self.label]
        cut = [box.clipped(width=columns, height=rows) for box in found]
        return [box for box in cut if box.width > 0 and box.height > 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenCases:
    """The cases to judge, by image in the order of the records, and what is not among them.

    `named` maps the boxes' labels to the model's. `without_boxes` counts images, `not_of_model` boxed images by a label
    that the model does not have, `outside` cases whose boxes all lie outside the picture, `cut` those with a box that
    reaches past it.
    """

    cases: tuple[BoxedCase, ...]
    named: Mapping[str, str]
    without_boxes: int
    not_of_model: Mapping[str, int]
    outside: int
    cut: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The boxes' labels that are judged, in order of their names."""
        return tuple(sorted({case.label for case in self.cases}))


def choose_cases(
    records: Sequence[Record],
    *,
    labels: Sequence[str],
    same: Mapping[str, str] | None = None,
    most: int | None = None,
) -> ChosenCases:
    """Every image that has boxes of a label which the model has; at most `most` of each label, as a fixed seed deals.

    `labels` are the model's; `same` maps labels of boxes to those of the model where both have other names. Nothing is
    chosen by what a model says. Raises `DataError` where no image has a box, or none of a label that the model has, and
    where `same` names a label that is not there.
    """
    boxed = [record for record in records if record.boxes]
    there = sorted({box.label for record in boxed for box in record.boxes})
    if not there:
        raise DataError(f"None of the {len(records):,} images has a box. Give a data set with boxes")
    named = _named(there, labels=labels, same=same or {})
    found: list[BoxedCase] = []
    not_of_model = dict.fromkeys(there, 0)
    outside = cut = 0
    folds = _folds(boxed)
    for record in boxed:
        for label in dict.fromkeys(box.label for box in record.boxes):
            if label not in named:
                not_of_model[label] += 1
                continue
            case = BoxedCase(record=record, label=label, fold=folds[record.patient])
            inside = case.boxes(rows=1, columns=1)
            outside += not inside
            if inside:
                cut += _is_cut(case)
                found.append(case)
    if not found:
        raise DataError(
            f"No box inside its picture has a label of the model ({', '.join(labels)}); boxes found: "
            f"{', '.join(there)}. If one finding has two names, add --label BOXES=MODEL"
        )
    return ChosenCases(
        cases=tuple(found if most is None else _dealt(found, most=most)),
        named=named,
        without_boxes=len(records) - len(boxed),
        not_of_model={label: count for label, count in not_of_model.items() if count},
        outside=outside,
        cut=cut,
    )


def first_cases(cases: Sequence[BoxedCase], *, most: int) -> tuple[BoxedCase, ...]:
    """At most `most` cases of each label, the first by a hash of their files: whatever a model says of them."""
    found: list[BoxedCase] = []
    for label in sorted({case.label for case in cases}):
        of_label = [case for case in cases if case.label == label]
        found += sorted(of_label, key=lambda case: (case.record.sha256, case.record.image))[:most]
    return tuple(found)


def _named(there: Sequence[str], *, labels: Sequence[str], same: Mapping[str, str]) -> dict[str, str]:
    for box, model in same.items():
        if box not in there or model not in labels:
            raise DataError(
                f"--label {box}={model} matches nothing. Use --label BOXES=MODEL with a label of the boxes "
                f"({', '.join(there)}) and one of the model ({', '.join(labels)})"
            )
    return {label: label for label in there if label in labels} | dict(same)


def _folds(records: Sequence[Record]) -> dict[str, str]:
    """The fold of each patient: dealt in turn, from a fixed seed."""
    patients = sorted({record.patient for record in records})
    order = np.random.default_rng(SEED).permutation(len(patients))
    return {patients[place]: f"fold {turn % FOLDS}" for turn, place in enumerate(order.tolist())}


def _is_cut(case: BoxedCase) -> bool:
    boxes = [box for box in case.record.boxes if box.label == case.label]
    return any(
        one.box.x < 0
        or one.box.y < 0
        or one.box.x + one.box.width > one.frame[0]
        or one.box.y + one.box.height > one.frame[1]
        for one in boxes
    )


def _dealt(cases: Sequence[BoxedCase], *, most: int) -> list[BoxedCase]:
    chosen: set[int] = set()
    for label in dict.fromkeys(case.label for case in cases):
        rows = [row for row, case in enumerate(cases) if case.label == label]
        chosen.update(np.random.default_rng(SEED).permutation(np.array(rows, np.intp))[:most].tolist())
    return [case for row, case in enumerate(cases) if row in chosen]
