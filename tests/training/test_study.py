from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_recipe import LABELS, fabricate_labelled_table, tiny_recipe
from hilum.bundle.label import PlattCalibration
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Arm, Study
from hilum.training.recipe.optimizers import Sgd
from hilum.training.study import classifier_arm, cross_validate
from hilum.training.study_fold import Fold, calibrated, cross_validation, fold_predictions

STUDY = Study(
    name="toy", title="Toy", arms=(Arm(name="adam", title="Adam"), Arm(name="sgd", title="SGD")),
    pairs=(("adam", "sgd"),), groups=(),
)  # fmt: skip
ADAM = tiny_recipe(epochs=2)
SHARES = {"train": 0.7, "validation": 0.3}
"""The shares of `tiny_recipe`."""


def sgd():
    stage = replace(ADAM.last, optimizer=Sgd(learning_rate=1e-3, momentum=0.9))
    return replace(ADAM, stages=(stage,))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("data"), patients=30))


def run(records, *, folder: Path, adam=ADAM, **changes) -> None:
    makers = (classifier_arm("adam", recipe=adam), classifier_arm("sgd", recipe=sgd()))
    cross_validate(STUDY, makers, records=records, folder=folder, seed=1, **{"folds": 2, "smoke": True} | changes)


@pytest.fixture(scope="module")
def folder(records: tuple[Record, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    run(records, folder=folder)
    return folder


def test_every_image_outside_the_test_is_predicted_once_by_each_arm(records, folder: Path) -> None:
    content = read_study(STUDY, folder=folder, replicates=50)
    fitted = {record.image for record in records if record.official != "test"}
    assert set(content.predictions.first.image) == fitted
    assert content.predictions.models == ("adam", "sgd")
    assert content.smoke
    assert content.protocol.startswith("SMOKE cross-validated: 2 folds by patient")
    assert "80% train and 20% validation" in content.protocol
    assert (content.run.folds_done, content.run.calibrations) == (2, 2 * 2 * len(LABELS))
    assert content.run.file.settings["arms.adam.stages.train.optimizer.kind"] == "AdamW"
    assert content.run.file.settings["arms.sgd.stages.train.optimizer.kind"] == "Sgd"
    truth = {record.image: record.labels for record in records}
    one = content.predictions.first
    for row, image in enumerate(one.image):
        expected = [truth[image].get(label, np.nan) for label in LABELS]
        assert np.array_equal(one.truth[row], expected, equal_nan=True)


def test_folds_hold_out_whole_patients(folder: Path) -> None:
    first, second = (set(read_predictions(folder / name / "sgd.parquet").patient) for name in ("fold-0", "fold-1"))
    assert not first & second


def test_a_study_that_is_done_is_left_alone_and_another_refused(records, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    run(records, folder=folder)
    with pytest.raises(UsageError, match=r"its arms.adam.stages.train.epochs is 2, here 3"):
        run(records, folder=folder, adam=tiny_recipe(epochs=3))
    with pytest.raises(UsageError, match=r"its shares.train is 0.8, here 0.7"):
        run(records, folder=folder, shares=SHARES)
    with pytest.raises(UsageError, match="its smoke is True, here False"):
        run(records, folder=folder, smoke=False)
    held = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert held == before


def test_the_trainings_must_be_the_studys(records, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The study toy needs trainings of adam, sgd; given: adam"):
        cross_validate(
            STUDY, (classifier_arm("adam", recipe=ADAM),), records=records, folder=tmp_path, seed=1
        )  # fmt: skip


def test_a_fold_learns_and_is_fitted_on_other_patients(records) -> None:
    whole = [record for record in records if record.official != "test"]
    patients = sorted({record.patient for record in whole})
    half = set(patients[::2])
    parts = Split(
        {
            "fold 0": tuple(record for record in whole if record.patient in half),
            "fold 1": tuple(record for record in whole if record.patient not in half),
        },
        "toy",
    )
    folds = cross_validation(parts, shares=SHARES, seed=3, protocol="toy")
    for name, fold in folds.items():
        held_out = parts.parts[name]
        assert fold.split.parts[TEST] == held_out
        train, validation = ({one.patient for one in fold.split.parts[part]} for part in SHARES)
        assert not (train | validation) & {record.patient for record in held_out}
        assert not train & validation
        assert sum(map(len, fold.split.parts.values())) == len(whole)
    few = Split({"fold 0": whole[:1], "fold 1": whole[2:3]}, "toy")
    with pytest.raises(DataError, match=r"has no images. Give more data, or fewer folds"):
        cross_validation(few, shares=SHARES, seed=3, protocol="toy")


def test_a_smoothed_label_judges_nothing(records) -> None:
    smooth = replace(records[0], labels={"Effusion": 0.6, "Nodule": 1.0})
    fold = Fold(name="fold 0", split=Split({TEST: (smooth,)}, "toy"), protocol="toy")
    found = fold_predictions(fold, scores={"a": np.full((1, 2), 0.5)}, labels=LABELS)["a"]
    assert np.isnan(found.truth[0, 0])
    assert found.truth[0, 1] == 1.0


def test_calibrated_by_class() -> None:
    by = [PlattCalibration(slope=2.0, intercept=1.0), PlattCalibration(method="none", slope=1.0, intercept=0.0)]
    found = calibrated(np.array([[0.0, 0.0], [1.0, -1.0]], np.float32), by=by)
    assert found == pytest.approx(1 / (1 + np.exp(-np.array([[1.0, 0.0], [3.0, -1.0]]))))
