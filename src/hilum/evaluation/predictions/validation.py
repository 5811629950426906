"""The only data from which anything in evaluation is chosen or fitted: validation predictions, never a test split's."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.datasets.records.held_out import part_role
from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.overlap import TRAINED
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.same_rows import same_in_other_folders, same_rows, shared_names
from hilum.statistics.outcomes import Outcomes, known_outcomes


@dataclass(frozen=True, slots=True, eq=False)
class ValidationPredictions:
    """Predictions that may choose operating points and fit calibration.

    Every function that fits takes this type, and it cannot be made of test predictions: raises `DataError` where a row
    belongs to a split whose name says that it is held out (`official_test`, `hold-out`, `External`: see
    `hilum.datasets.records.held_out`) or that the model was fitted on it (`train`, or the column `seen`), and
    `UsageError` for anything but `Predictions`.
    """

    predictions: Predictions

    def __post_init__(self) -> None:
        if not isinstance(self.predictions, Predictions):
            raise UsageError(f"Choosing and fitting need Predictions, not {type(self.predictions).__name__}")
        for split in sorted(set(self.predictions.split)):
            role = part_role(split)
            if role in ("held out", "training"):
                why = "it is held out" if role == "held out" else "the model was fitted on it, so its scores flatter"
                raise DataError(
                    f"Nothing may be chosen or fitted on the split {split!r}: {why}. Give predictions of a validation "
                    "split"
                )
        fitted = sum(str(seen).startswith(TRAINED) for seen in self.predictions.seen or ())
        if fitted:
            raise DataError(
                f"The model was trained on {fitted} of the images it is to be fitted on. Take them out, or give "
                "predictions of its validation part"
            )

    def outcomes(self, label: str) -> Outcomes:
        """The rows of `label` with a known truth; raises `DataError` where there is no such label."""
        p = self.predictions
        if label not in p.labels:
            raise DataError(f"The validation file has no label {label}. Available: {', '.join(p.labels)}")
        column = p.labels.index(label)
        return known_outcomes(p.truth[:, column], scores=p.scores[:, column])

    def check_apart_from(self, judged: Predictions) -> None:
        """Raise `DataError` where a patient, an image or the rows of `judged` are here too, or a label of it is not.

        Names are compared however they are spelled (`shared_names`), and rows under other names by their truths and
        scores (`same_rows`).
        """
        here = self.predictions
        for what, there in (
            ("patients", shared_names(here.patient, judged.patient)),
            ("images", shared_names(here.image, judged.image)),
        ):
            if there:
                raise DataError(
                    f"The validation file shares {what} with the judged file ({len(there)} of them). Split by "
                    "patient, or name patients by their data set"
                )
        moved = same_in_other_folders(here, judged)
        if moved:
            raise DataError(
                f"{moved} images of the validation file are judged too: they have the same name, truths and scores in "
                "another folder. Give predictions of other patients"
            )
        same = same_rows(here, judged)
        if same is not None:
            raise DataError(
                f"{same.count} rows of the validation file have the same truths and scores of {same.what} as the "
                "judged ones: they are the same images under other names. Give predictions of other patients"
            )
        lacking = [label for label in judged.labels if label not in here.labels]
        if lacking:
            raise DataError(
                f"The validation file lacks the judged labels {', '.join(lacking)}. Give predictions of all"
            )


def checked_validation(validation: object) -> ValidationPredictions:
    """`validation` itself; raises `UsageError` for anything else, such as `Predictions` of a split nobody looked at."""
    if not isinstance(validation, ValidationPredictions):
        raise UsageError(f"Choosing and fitting need ValidationPredictions, not {type(validation).__name__}")
    return validation
