"""Calibration, operating point and results of every label, from validation as the reader sees it.

A label without both outcomes where they are needed, or with fewer than five patients of one, is marked: it is not
calibrated, or has no operating point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.label import Label, LabelResult
from hilum.bundle.load import Bundle
from hilum.datasets.splits.split import Split
from hilum.errors import DataError
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.export.read_validation import (
    ReadPart,
    fit_operating_point,
    label_result,
    platt_or_raw,
    read_part,
)
from hilum.training.recipe.recipe import Assessment, Recipe

SOFTENING_SEED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadValidation:
    """The validation parts as they were read: what is calibrated on, and what the operating point is chosen on.

    `point` is `calibration` itself where the recipe names one part for both. Nothing is fitted on `judged`.
    """

    calibration: ReadPart
    point: ReadPart
    judged: ReadPart | None = None

    @classmethod
    def of(cls, parts: Mapping[str, ReadPart], *, assessment: Assessment) -> ReadValidation:
        """The parts that the assessment names, of those that were read."""
        judged = assessment.judged_part
        return cls(
            calibration=parts[assessment.calibration_part],
            point=parts[assessment.operating_point_part],
            judged=None if judged is None else parts[judged],
        )

    @property
    def parts(self) -> tuple[ReadPart, ...]:
        """Every part once, in the order of the assessment's."""
        named = {part.name: part for part in (self.calibration, self.point, self.judged) if part is not None}
        return tuple(named.values())


def read_validation(bundle: Bundle, *, split: Split, recipe: Recipe, lungs: Bundle | None = None) -> ReadValidation:
    """Read the parts that the recipe's assessment names, their files as they are, once with `bundle`.

    `lungs` draws the lungs for a bundle that reads crops.
    """
    wanted = recipe.assessment
    parts = {
        part: read_part(split.parts[part], name=part_in_words(part), bundle=bundle, softened_by=None, lungs=lungs)
        for part in wanted.parts
    }
    return ReadValidation.of(parts, assessment=wanted)


def mean_auroc(parts: Sequence[ReadPart], *, labels: Sequence[str]) -> float:
    """The mean AUROC over the labels with both outcomes in all `parts` together.

    Raises `DataError` where there is no such label.
    """
    logits = np.concatenate([part.logits for part in parts])
    values = [
        auroc(np.concatenate([part.truth(label) for part in parts]), scores=logits[:, column])
        for column, label in enumerate(labels)
    ]
    defined = [value for value in values if not isinstance(value, UndefinedMetric)]
    if not defined:
        raise DataError(
            f"No label ({', '.join(labels)}) has both positives and negatives in validation. Change the split"
        )
    return float(np.mean(defined))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitParts:
    """What calibration and operating point are fitted on, what is `judged`, and the point's rule in words."""

    calibration: ReadPart
    point: ReadPart
    judged: tuple[ReadPart, ...]
    rule: str


def fit_parts(bundle: Bundle, *, read: ReadValidation, recipe: Recipe, lungs: Bundle | None = None) -> FitParts:
    """The parts for `fit_labels`; `bundle` (with `lungs`) reads again only where the assessment is softened."""
    point, others = read.point, list(read.parts)
    rule = f"greatest Youden index on {point.name}"
    if recipe.assessment.softened:
        part = point
        name = f"{part.name}, softened"
        point = read_part(part.records, name=name, bundle=bundle, softened_by=SOFTENING_SEED, lungs=lungs)
        others.append(point)
        rule = f"greatest Youden index on softened copies of the {_spoken(recipe.assessment.operating_point_part)}"
    return FitParts(calibration=read.calibration, point=point, judged=tuple(others), rule=rule)


def fit_labels(parts: FitParts, *, recipe: Recipe) -> tuple[Label, ...]:
    """The card's labels, in order, fitted and judged on `parts`."""
    return tuple(_fit_label(name, column=column, parts=parts) for column, name in enumerate(recipe.last.labels))


def label_rows(label: Label, *, column: int, parts: Sequence[ReadPart]) -> tuple[LabelResult, ...]:
    """The results of a label with its calibration and operating point, on each of `parts` that has both outcomes."""
    rows = (label_result(part, label=label, column=column) for part in parts)
    return tuple(row for row in rows if row is not None)


def _fit_label(name: str, *, column: int, parts: FitParts) -> Label:
    calibration = platt_or_raw(parts.calibration.truth(name), logits=parts.calibration.logits[:, column])
    point = fit_operating_point(parts.point, label=name, column=column, calibration=calibration)
    if isinstance(point, UndefinedMetric):
        return Label(
            name=name,
            calibration=calibration,
            operating_point=None,
            operating_point_rule=f"none: {point.reason} among {point.n} images of {parts.point.name}",
        )
    label = Label(name=name, calibration=calibration, operating_point=point.threshold, operating_point_rule=parts.rule)
    rows = label_rows(label, column=column, parts=parts.judged)
    return label.changed({"results": rows})


def part_in_words(part: str) -> str:
    """A validation part as the card's results name it."""
    return part if part == "validation" else f"validation, {part.replace(' ', '-')} part"


def _spoken(part: str) -> str:
    return part if part == "validation" else f"{part.replace(' ', '-')} part of validation"
