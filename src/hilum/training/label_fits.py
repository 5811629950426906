"""Calibration, operating point and results of every label, from validation as the reader sees it.

A label without both outcomes where they are needed, or with fewer than five patients of one, is marked: it is not
calibrated, or has no operating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.label import Label, LabelResult, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.datasets.split import Split
from hilum.errors import DataError
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.assess import ReadPart, fit_calibration, fit_operating_point, label_result, read_part
from hilum.training.recipe import Recipe

SOFTENING_SEED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadValidation:
    """The validation parts as they were read: what is calibrated on, and what the operating point is chosen on.

    `point` is `calibration` itself where the recipe names one part for both.
    """

    calibration: ReadPart
    point: ReadPart

    @property
    def parts(self) -> tuple[ReadPart, ...]:
        """Every part once."""
        return (self.calibration,) if self.point is self.calibration else (self.calibration, self.point)


def read_validation(bundle: Bundle, *, split: Split, recipe: Recipe, lungs: Bundle | None = None) -> ReadValidation:
    """Read the parts that the recipe's assessment names, their files as they are, once with `bundle`.

    `lungs` draws the lungs for a bundle that reads crops.
    """
    wanted = recipe.assessment
    parts = {
        part: read_part(split.parts[part], name=part_in_words(part), bundle=bundle, softened_by=None, lungs=lungs)
        for part in dict.fromkeys((wanted.calibration_part, wanted.operating_point_part))
    }
    return ReadValidation(calibration=parts[wanted.calibration_part], point=parts[wanted.operating_point_part])


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
            f"expected both outcomes of a label in validation, came none of {', '.join(labels)}; change the split"
        )
    return float(np.mean(defined))


def fit_labels(
    bundle: Bundle, *, read: ReadValidation, recipe: Recipe, lungs: Bundle | None = None
) -> tuple[Label, ...]:
    """The card's labels, in order; `bundle` (with `lungs`) reads again only where the assessment is softened."""
    point, others = read.point, list(read.parts)
    rule = f"greatest Youden index on {point.name}"
    if recipe.assessment.softened:
        part = point
        name = f"{part.name}, softened"
        point = read_part(part.records, name=name, bundle=bundle, softened_by=SOFTENING_SEED, lungs=lungs)
        others.append(point)
        rule = f"greatest Youden index on softened copies of the {_spoken(recipe.assessment.operating_point_part)}"
    return tuple(
        _fit_label(name, column=column, fit_on=read.calibration, point_on=point, also=others, rule=rule)
        for column, name in enumerate(recipe.last.labels)
    )


def _fit_label(
    name: str, *, column: int, fit_on: ReadPart, point_on: ReadPart, also: Sequence[ReadPart], rule: str
) -> Label:
    calibration = fit_calibration(fit_on, label=name, column=column)
    point = fit_operating_point(point_on, label=name, column=column, calibration=calibration)
    if isinstance(point, UndefinedMetric):
        return Label(
            name=name,
            calibration=calibration,
            operating_point=None,
            operating_point_rule=f"none: {point.reason} among {point.n} images of {point_on.name}",
        )
    return Label(
        name=name,
        calibration=calibration,
        operating_point=point.threshold,
        operating_point_rule=rule,
        results=tuple(
            result
            for part in also
            if (result := _result(part, name, column, calibration=calibration, point=point.threshold))
        ),
    )


def _result(
    part: ReadPart, name: str, column: int, *, calibration: PlattCalibration, point: float
) -> LabelResult | None:
    truth = part.truth(name)
    if not ((truth == 1.0).any() and (truth == 0.0).any()):
        return None
    return label_result(part, label=name, column=column, calibration=calibration, operating_point=point)


def part_in_words(part: str) -> str:
    """A validation part as the card's results name it."""
    return part if part == "validation" else f"validation, {part.replace(' ', '-')} part"


def _spoken(part: str) -> str:
    return part if part == "validation" else f"{part.replace(' ', '-')} part of validation"
