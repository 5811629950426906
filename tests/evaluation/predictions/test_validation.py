"""Nothing that fits can be given a test split."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import hilum
from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, UsageError
from hilum.evaluation.judging.calibrators import METHODS, fit_calibrators
from hilum.evaluation.judging.decisions import operating_points
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.validation import ValidationPredictions

JUDGED = fabricate_predictions(missing=0.0)
VALIDATION = fabricate_predictions(split="val", first_patient=500, seed=1, missing=0.0)

MAY_FIT = {
    "evaluation/calibrating/fit_calibration.py",  # on a user's own images; held-out and seen ones are kept away
    "evaluation/calibrating/rule.py",  # on the same
    "evaluation/judging/calibrators.py",  # on ValidationPredictions
    "evaluation/judging/decisions.py",  # on ValidationPredictions
    "systems/chest_adult/labels.py",  # on out-of-fold scores of its own study
    "systems/gate/study/thresholds.py",  # on out-of-fold scores of the gate's own pictures
    "systems/pneumonia/shift/judged.py",  # on the pictures that a fold fits on, never on those it judges
    "training/export/label_fits.py",  # on validation records, before there is a card
    "training/export/read_validation.py",  # on the same
    "training/study_fold.py",  # on the validation parts of a fold
}


@pytest.mark.parametrize(
    "split", ["test", "Test", "official_test", "test list", "hold-out", "holdout 2", "Train", "EVAL"]
)
def test_a_test_split_cannot_become_validation(split: str) -> None:
    with pytest.raises(DataError, match=f"Nothing may be chosen or fitted on the split '{split}'"):
        ValidationPredictions(replace(VALIDATION, split=(split, *VALIDATION.split[1:])))


@pytest.mark.parametrize("split", ["val", "valid", "validation", "fold 3", "tuning", "latest"])
def test_other_splits_may_choose(split: str) -> None:
    assert ValidationPredictions(replace(VALIDATION, split=(split,) * VALIDATION.n)).predictions.n == VALIDATION.n


@pytest.mark.parametrize(
    "fits",
    [
        lambda given: operating_points(given, labels=["Effusion"], sensitivity=None),
        lambda given: operating_points(given, labels=["Effusion"], sensitivity=0.9),
        *(lambda given, m=method: fit_calibrators(given, labels=["Effusion"], method=m) for method in METHODS),
        lambda given: judge(JUDGED, validation=given, replicates=100),
    ],
)
def test_what_fits_takes_no_other_predictions(fits: Callable[[object], object]) -> None:
    for given in (JUDGED, VALIDATION):
        with pytest.raises(UsageError, match="need ValidationPredictions, not Predictions"):
            fits(given)
    fits(ValidationPredictions(VALIDATION))


def test_the_types_say_so_too() -> None:
    for function in (operating_points, fit_calibrators):
        first = next(iter(inspect.signature(function).parameters))
        assert get_type_hints(function)[first] is ValidationPredictions


def test_only_these_modules_fit() -> None:
    """Whoever wants to fit somewhere else adds a line here, and says which images it fits on."""
    fitting = {
        "fit_intercept",
        "fit_platt",
        "fit_temperature",
        "platt_or_raw",
        "point_at_sensitivity",
        "point_at_specificity",
        "youden_point",
    }
    root = Path(hilum.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and fitting & {alias.name for alias in node.names}:
                found.add(path.relative_to(root).as_posix())
    assert found <= MAY_FIT


def test_images_that_the_model_was_trained_on_choose_nothing() -> None:
    seen = ("train: same picture", "train: same file", *("validation: same file",) * (VALIDATION.n - 2))
    with pytest.raises(DataError, match="trained on 2 of the images"):
        ValidationPredictions(replace(VALIDATION, seen=seen))
    chosen_on = replace(VALIDATION, seen=("validation: same file",) * VALIDATION.n)
    assert ValidationPredictions(chosen_on).predictions.n == VALIDATION.n


def test_shared_patients_images_and_missing_labels_are_refused() -> None:
    overlapping = fabricate_predictions(split="val", first_patient=39, seed=1)
    with pytest.raises(DataError, match=r"shares patients with the judged file \(1 of them"):
        ValidationPredictions(overlapping).check_apart_from(JUDGED)
    same_image = replace(VALIDATION, image=(JUDGED.image[0], *VALIDATION.image[1:]))
    with pytest.raises(DataError, match="shares images"):
        judge(JUDGED, validation=ValidationPredictions(same_image), replicates=100)
    other = fabricate_predictions(split="val", first_patient=500, labels=("Effusion",))
    with pytest.raises(DataError, match="lacks the judged labels Atelectasis"):
        judge(JUDGED, validation=ValidationPredictions(other), replicates=100)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patient": tuple(name.upper() for name in JUDGED.patient)}, r"shares patients .* \(40 of them"),
        ({"image": tuple(f"{name[:-4]}.PNG" for name in JUDGED.image)}, rf"shares images .* \({JUDGED.n} of them"),
        ({"image": tuple(f"val/{name}" for name in JUDGED.image)}, "same name, truths and scores in another folder"),
        ({}, f"{JUDGED.n} rows of the validation file have the same truths and scores of Atelectasis"),
    ],
)
@pytest.mark.parametrize("split", ["tuning", "val"])
def test_the_judged_rows_under_other_names_are_refused(changes: dict[str, Any], said: str, split: str) -> None:
    names = {what: tuple(f"{what} {i}" for i in range(JUDGED.n)) for what in ("image", "patient")}
    other = replace(JUDGED, split=(split,) * JUDGED.n, **{**names, **changes})
    with pytest.raises(DataError, match=said):
        judge(JUDGED, validation=ValidationPredictions(other), replicates=100)


def test_the_judged_truths_play_no_part() -> None:
    points = operating_points(ValidationPredictions(VALIDATION), labels=JUDGED.labels, sensitivity=None)
    result = judge(
        replace(JUDGED, truth=1 - JUDGED.truth), validation=ValidationPredictions(VALIDATION), replicates=100
    )
    for label in result.whole.labels:
        assert label.decisions is not None
        assert label.decisions.threshold == points[label.label].threshold


def test_only_predictions_become_validation() -> None:
    with pytest.raises(UsageError, match="need Predictions"):
        ValidationPredictions("val.parquet")
    with pytest.raises(DataError, match="validation file has no label Hernia"):
        ValidationPredictions(VALIDATION).outcomes("Hernia")
