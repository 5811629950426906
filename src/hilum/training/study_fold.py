"""One fold of a study of classifiers: whose images are learnt from, and the predictions of those held out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.label import PlattCalibration
from hilum.datasets.records.label_values import outcomes_of
from hilum.datasets.splits.over_labels import split_over_labels
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError
from hilum.evaluation.predictions.design import Design
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.evaluation.predictions.subgroups import UNKNOWN
from hilum.evaluation.study.folder import FACTS
from hilum.training.export.read_validation import platt_or_raw
from hilum.whole_files import write_whole

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """`split` has the part `test`, which is predicted, and the parts that the recipes name; `name` marks its rows.

    `protocol` and `smoke` are those of the whole study, and `design` says whether its folds are pooled.
    """

    name: str
    split: Split
    protocol: str
    smoke: bool = False
    design: Design = "cross-validated"


def cross_validation(
    parts: Split, *, shares: Mapping[str, float], seed: int, protocol: str, smoke: bool = False
) -> dict[str, Fold]:
    """A fold for each part of `parts`: the part itself as `test`, the others dealt to `shares` by patient.

    Raises `DataError` where one of them would be empty.
    """
    return {
        name: Fold(
            name=name, split=split_without(name, parts=parts, shares=shares, seed=seed), protocol=protocol, smoke=smoke
        )
        for name in parts.parts
    }


def split_without(name: str, *, parts: Split, shares: Mapping[str, float], seed: int) -> Split:
    """The other parts, dealt to `shares` by patient and stratified over labels, and `name` itself as `test`."""
    rest = [record for other, part in parts.parts.items() if other != name for record in part]
    dealt = split_over_labels(rest, shares=shares, seed=seed)
    empty = [part for part in shares if not dealt[part]]
    if empty:
        raise DataError(f"The part {empty[0]} of {name} has no images. Give more data, or fewer folds")
    return Split({**dealt, TEST: parts.parts[name]}, f"{parts.protocol}; all but {name}, by patient {dict(shares)}")


def fit_calibrations(
    fold: Fold, *, parts: Sequence[str], logits: Logits, labels: Sequence[str]
) -> list[PlattCalibration]:
    """Platt's calibration of each class on the validation `parts` of the fold; `logits` (n, L) are of these."""
    records = tuple(record for part in parts for record in fold.split.parts[part])
    nan = float("nan")
    truths = (outcomes_of([record.labels.get(label, nan) for record in records]) for label in labels)
    return [platt_or_raw(truth, logits=logits[:, column]) for column, truth in enumerate(truths)]


def calibrated(logits: Logits, *, by: Sequence[PlattCalibration]) -> npt.NDArray[np.float64]:
    """Probabilities (n, L) of logits (n, L), each class by its own calibration."""
    columns = [one.probabilities(logits[:, i]) for i, one in enumerate(by)]
    return np.stack(columns, axis=1)


def fold_predictions(
    fold: Fold, *, scores: Mapping[str, npt.NDArray[np.float64]], labels: Sequence[str], part: str = TEST
) -> dict[str, Predictions]:
    """By arm, what its `scores` (n, L) say of a part; the mean is over all `labels`.

    Rows of the part `test` are marked with the fold's name, others with their part's.
    """
    records, nan = fold.split.parts[part], float("nan")
    base = Predictions(
        image=tuple(record.image for record in records),
        patient=tuple(record.patient for record in records),
        split=(fold.name if part == TEST else part,) * len(records),
        labels=tuple(labels),
        truth=outcomes_of([[record.labels.get(label, nan) for label in labels] for record in records]),
        scores=np.full((len(records), len(labels)), 0.5),
        protocol=fold.protocol,
        age_years=np.array([nan if record.age_years is None else record.age_years for record in records]),
        sex=_known([record.sex for record in records]),
        view=_known([record.view for record in records]),
        source=tuple(record.source for record in records),
        mean_labels=tuple(labels),
        design=fold.design,
        smoke=fold.smoke,
        patients_known=all(record.patient_is_known for record in records),
    )
    return {arm: replace(base, scores=found) for arm, found in scores.items()}


def _known(texts: Sequence[str]) -> Texts | None:
    """The column, None where nothing is known; None in the place of a column of which nothing is known."""
    found = tuple(None if text == UNKNOWN else text for text in texts)
    return found if any(found) else None


def write_facts(fold: Fold, *, calibrations: Sequence[PlattCalibration], started_from: str, folder: Path) -> None:
    """Keep in `folder/fold.json` how many images each part has, and how many calibrations could not be fitted."""
    content = {
        "counts": {name: len(part) for name, part in fold.split.parts.items()},
        "split_sha256": fold.split.sha256,
        "started_from": started_from,
        "not_calibrated": sum(one.method == "none" for one in calibrations),
        "calibrations": len(calibrations),
    }
    write_whole(folder / FACTS, (json.dumps(content, indent=1) + "\n").encode())
