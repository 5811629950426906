from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_chest_table import LABELS, fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import LabelledBox, Record
from hilum.datasets.splits.label_folds import label_folds
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.folder import fold_folder
from hilum.evaluation.study.read import read_study
from hilum.geometry import Box
from hilum.statistics.calibration import fit_platt
from hilum.systems.sdfn.folds import sdfn_arms
from hilum.systems.sdfn.maps import load_maps
from hilum.systems.sdfn.pictures import BOXED_MAPS, MAPS
from hilum.systems.sdfn.study import SDFN
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.loop.fusion_networks import predict_fusion, train_fusion
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import RunRecord
from hilum.training.run_study import run_study
from hilum.training.study_fold import Fold, cross_validation

PROTOCOL = "cross-validated toy chests"
RECIPE = tiny_sdfn()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    folder = tmp_path_factory.mktemp("chests")
    lungs = write_lung_bundle(folder / "toy-lungs")
    return with_lung_boxes(read_own_table(fabricate_chest_table(folder / "data")), bundle=lungs, memory=None)


@pytest.fixture(scope="module")
def boxed(records: tuple[Record, ...]) -> Record:
    test = next(record for record in records if record.official == "test" and record.lung_box is not None)
    return replace(test, boxes=(LabelledBox(label="Nodule", box=Box(1, 2, 3, 4), frame=(80, 96)),))


@pytest.fixture(scope="module")
def folds(records: tuple[Record, ...]) -> dict[str, Fold]:
    parts = label_folds(records, folds=2, seed=1)
    return cross_validation(parts, shares=RECIPE.last.split.shares, seed=RECIPE.seed, protocol=PROTOCOL)


def run(folds: dict[str, Fold], boxed: Record, *, folder: Path) -> None:
    record = RunRecord(
        command="", recipe="tiny", settings={}, smoke=False, seed=0, commit=None, dirty=None, environment={}, data=[],
        split_sha256="a", protocol=PROTOCOL, stage_splits=dict.fromkeys(folds, "a"),
    )  # fmt: skip
    makers = (sdfn_arms(RECIPE, boxed={"fold 0": (boxed,)}),)
    run_study(makers, folds=folds, kept=CLASSIFIER, record=record, place=RunPlace(folder=folder))


@pytest.fixture(scope="module")
def folder(folds: dict[str, Fold], boxed: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    run(folds, boxed, folder=folder)
    return folder


def test_every_image_is_predicted_once_out_of_fold(folds: dict[str, Fold], folder: Path) -> None:
    for name, fold in folds.items():
        for arm in ("whole", "lung", "sdfn"):
            own = read_predictions(fold_folder(name, folder=folder) / f"{arm}.parquet")
            assert own.image == tuple(record.image for record in fold.split.parts["test"])
            assert set(own.split) == {name}
            truth = [[record.labels[label] for label in LABELS] for record in fold.split.parts["test"]]
            assert np.array_equal(own.truth, truth)
    content = read_study(SDFN, folder=folder, replicates=20)
    assert content.run.folds_done == 2
    assert content.run.calibrations == 2 * 3 * len(LABELS)


def test_probabilities_are_the_networks_logits_calibrated_on_validation_alone(
    folds: dict[str, Fold], folder: Path
) -> None:
    split = folds["fold 1"].split
    place = fold_folder("fold 1", folder=folder)
    networks = train_fusion(RECIPE, split=split, place=RunPlace(folder=place))  # all stages have ended: it only loads
    validation, judged = (predict_fusion(networks, records=split.parts[part]) for part in ("validation", "test"))
    for name, ours, theirs in (
        ("whole", judged.whole, validation.whole),
        ("lung", judged.crop, validation.crop),
        ("sdfn", judged.fusion, validation.fusion),
    ):
        for column, label in enumerate(LABELS):
            truth = np.array([record.labels[label] for record in split.parts["validation"]])
            try:
                fitted = fit_platt(truth, logits=theirs[:, column].astype(np.float64))
                slope, intercept = fitted.slope, fitted.intercept
            except DataError:  # it ranks the class the wrong way round, and stays as it is
                slope, intercept = 1.0, 0.0
            expected = 1 / (1 + np.exp(-(slope * ours[:, column].astype(np.float64) + intercept)))
            written = read_predictions(place / f"{name}.parquet").scores[:, column]
            assert np.allclose(written, expected, atol=1e-6)


def test_maps_sum_to_the_logits_less_their_bias(folds: dict[str, Fold], boxed: Record, folder: Path) -> None:
    split = folds["fold 0"].split
    place = fold_folder("fold 0", folder=folder)
    networks = train_fusion(RECIPE, split=split, place=RunPlace(folder=place))
    records = {record.image: record for record in (*split.parts["test"], boxed)}
    maps = (*load_maps(place / MAPS), *load_maps(place / BOXED_MAPS))
    assert [one.label for one in maps] == [*LABELS, "Nodule"]
    assert maps[-1].image == boxed.image
    assert not (fold_folder("fold 1", folder=folder) / BOXED_MAPS).exists()
    for one in maps:
        column = LABELS.index(one.label)
        logits = predict_fusion(networks, records=[records[one.image]])
        fused = float(one.whole.grid.sum() + one.crop.grid.sum()) + float(networks.fused.bias[column].detach())
        alone = float(one.whole_alone.grid.sum()) + float(networks.fused.whole.bias[column].detach())
        assert fused == pytest.approx(float(logits.fusion[0, column]), abs=1e-4)
        assert alone == pytest.approx(float(logits.whole[0, column]), abs=1e-4)


def test_maps_lie_on_the_picture_and_on_the_crop(folds: dict[str, Fold], folder: Path) -> None:
    records = {record.image: record for fold in folds.values() for record in fold.split.parts["test"]}
    one = next(
        one
        for name in folds
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


def test_a_study_that_is_done_is_left_alone(folds: dict[str, Fold], boxed: Record, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    run(folds, boxed, folder=folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_fold_whose_predictions_are_missing_is_not_trained_again(
    folds: dict[str, Fold], boxed: Record, folder: Path
) -> None:
    place = fold_folder("fold 1", folder=folder)
    before = (place / "sdfn.parquet").read_bytes()
    (place / "sdfn.parquet").unlink()
    weights = {path: path.stat().st_mtime_ns for path in place.rglob("*.safetensors")}
    run(folds, boxed, folder=folder)
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*.safetensors")} == weights
    assert (place / "sdfn.parquet").read_bytes() == before
