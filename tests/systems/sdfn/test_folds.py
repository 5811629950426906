from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_chest_table import LABELS, fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.bundle.label import PlattCalibration
from hilum.datasets.records.record import LabelledBox, Record
from hilum.datasets.releases.own_table import read_own_table
from hilum.datasets.splits.label_folds import label_folds
from hilum.errors import DataError
from hilum.geometry import Box
from hilum.statistics.calibration import fit_platt
from hilum.systems.sdfn.folder import BOXED_MAPS, MAPS, fold_folder, read_study_folder
from hilum.systems.sdfn.folds import StudyData, calibrated, run_sdfn_fold, split_without
from hilum.systems.sdfn.maps import load_maps
from hilum.systems.sdfn.predictions import read_sdfn_predictions
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.loop.fusion_networks import predict_sdfn, train_sdfn
from hilum.training.records.run_place import RunPlace

PROTOCOL = "cross-validated toy chests"
RECIPE = tiny_sdfn()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    folder = tmp_path_factory.mktemp("chests")
    lungs = write_lung_bundle(folder / "toy-lungs")
    return with_lung_boxes(read_own_table(fabricate_chest_table(folder / "data")), bundle=lungs, memory=None)


@pytest.fixture(scope="module")
def data(records: tuple[Record, ...]) -> StudyData:
    test = next(record for record in records if record.official == "test" and record.lung_box is not None)
    boxed = replace(test, boxes=(LabelledBox(label="Nodule", box=Box(1, 2, 3, 4), frame=(80, 96)),))
    return StudyData(folds=label_folds(records, folds=2, seed=1), protocol=PROTOCOL, boxed=(boxed,))


@pytest.fixture(scope="module")
def folder(data: StudyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for name in data.folds.parts:
        assert run_sdfn_fold(name, recipe=RECIPE, data=data, place=RunPlace(folder=folder)) == fold_folder(
            name, folder=folder
        )
    return folder


def test_a_fold_learns_and_is_fitted_on_other_patients(data: StudyData) -> None:
    for name, held_out in data.folds.parts.items():
        split = split_without(name, recipe=RECIPE, folds=data.folds)
        assert split.parts["test"] == held_out
        others = {record.patient for part in ("train", "validation") for record in split.parts[part]}
        assert not others & {record.patient for record in held_out}
        assert not {r.patient for r in split.parts["train"]} & {r.patient for r in split.parts["validation"]}
        assert sum(map(len, split.parts.values())) == sum(map(len, data.folds.parts.values()))


def test_every_image_is_predicted_once_out_of_fold(data: StudyData, folder: Path) -> None:
    content = read_study_folder(folder, folds=tuple(data.folds.parts))
    for name, part in data.folds.parts.items():
        own = read_sdfn_predictions(fold_folder(name, folder=folder))
        assert own.whole.image == tuple(record.image for record in part)
        assert set(own.whole.split) == {name}
        truth = [[record.labels[label] for label in LABELS] for record in part]
        assert np.array_equal(own.whole.truth, truth)
    assert content.folds_done == 2
    assert content.calibrations == 2 * 3 * len(LABELS)


def test_probabilities_are_the_networks_logits_calibrated_on_validation_alone(data: StudyData, folder: Path) -> None:
    split = split_without("fold 1", recipe=RECIPE, folds=data.folds)
    place = fold_folder("fold 1", folder=folder)
    networks = train_sdfn(RECIPE, split=split, place=RunPlace(folder=place))  # all stages have ended: it only loads
    validation, judged = (predict_sdfn(networks, records=split.parts[part]) for part in ("validation", "test"))
    found = read_sdfn_predictions(place)
    for name, ours, theirs in (
        ("whole", judged.whole, validation.whole),
        ("lung", judged.crop, validation.crop),
        ("sdfn", judged.fusion, validation.fusion),
    ):
        for column, label in enumerate(LABELS):
            truth = np.array([record.labels[label] for record in split.parts["validation"]])
            try:
                fitted = fit_platt(truth, logits=theirs[:, column].astype(np.float64), smoothed_targets=True)
                slope, intercept = fitted.slope, fitted.intercept
            except DataError:  # it ranks the class the wrong way round, and stays as it is
                slope, intercept = 1.0, 0.0
            expected = 1 / (1 + np.exp(-(slope * ours[:, column].astype(np.float64) + intercept)))
            written = found.of(name).scores[:, column]  # type: ignore[arg-type]
            assert np.allclose(written, expected, atol=1e-6)


def test_maps_sum_to_the_logits_less_their_bias(data: StudyData, folder: Path) -> None:
    split = split_without("fold 0", recipe=RECIPE, folds=data.folds)
    place = fold_folder("fold 0", folder=folder)
    networks = train_sdfn(RECIPE, split=split, place=RunPlace(folder=place))
    records = {record.image: record for record in (*split.parts["test"], *data.boxed)}
    maps = (*load_maps(place / MAPS), *load_maps(place / BOXED_MAPS))
    assert [one.label for one in maps] == [*LABELS, "Nodule"]
    assert maps[-1].image == data.boxed[0].image
    assert not (fold_folder("fold 1", folder=folder) / BOXED_MAPS).exists()
    for one in maps:
        column = LABELS.index(one.label)
        logits = predict_sdfn(networks, records=[records[one.image]])
        fused = float(one.whole.grid.sum() + one.crop.grid.sum()) + float(networks.fused.bias[column].detach())
        alone = float(one.whole_alone.grid.sum()) + float(networks.fused.whole.bias[column].detach())
        assert fused == pytest.approx(float(logits.fusion[0, column]), abs=1e-4)
        assert alone == pytest.approx(float(logits.whole[0, column]), abs=1e-4)


def test_maps_lie_on_the_picture_and_on_the_crop(data: StudyData, folder: Path) -> None:
    records = {record.image: record for part in data.folds.parts.values() for record in part}
    one = next(
        one
        for name in data.folds.parts
        for one in load_maps(fold_folder(name, folder=folder) / MAPS)
        if records[one.image].lung_box is not None
    )
    box = one.crop_box
    assert box is not None
    high, wide = one.whole.grid.shape
    corner = one.whole.geometry.point(wide, high)
    assert corner == pytest.approx((80, 96))
    high, wide = one.crop.grid.shape
    assert one.crop.geometry.point(0, 0) == pytest.approx((box.x, box.y))
    assert one.crop.geometry.point(wide, high) == pytest.approx((box.x + box.width, box.y + box.height))


def test_a_fold_that_is_done_is_left_alone(data: StudyData, folder: Path) -> None:
    place = fold_folder("fold 0", folder=folder)
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file()}
    run_sdfn_fold("fold 0", recipe=RECIPE, data=data, place=RunPlace(folder=folder))
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file()} == before


def test_a_fold_whose_predictions_are_missing_is_not_trained_again(data: StudyData, folder: Path) -> None:
    place = fold_folder("fold 1", folder=folder)
    before = (place / "sdfn.parquet").read_bytes()
    (place / "sdfn.parquet").unlink()
    weights = {path: path.stat().st_mtime_ns for path in place.rglob("*.safetensors")}
    run_sdfn_fold("fold 1", recipe=RECIPE, data=data, place=RunPlace(folder=folder))
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*.safetensors")} == weights
    assert (place / "sdfn.parquet").read_bytes() == before


def test_calibrated_by_class() -> None:
    by = [PlattCalibration(slope=2.0, intercept=1.0), PlattCalibration(method="none", slope=1.0, intercept=0.0)]
    found = calibrated(np.array([[0.0, 0.0], [1.0, -1.0]], np.float32), by=by)
    assert found == pytest.approx(1 / (1 + np.exp(-np.array([[1.0, 0.0], [3.0, -1.0]]))))
