"""Drawings judged as reading would give them, against masks made by hand."""

from pathlib import Path

import numpy as np
import pytest

from fabricate_lung_releases import SIDE, write_lung_releases
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.systems.lungs.releases import read_lung_sources
from hilum.systems.lungs.shipped import STRUCTURES
from hilum.systems.lungs.study.judge import JudgedLungs, judge_lungs
from hilum.systems.lungs.study.predictions import LungPredictions, load_lung_predictions, save_lung_predictions
from hilum.systems.lungs.study.truth import TRUTHS, UNKNOWN, read_targets
from hilum.systems.lungs.study.worsen import worsened_targets

WAYS = ("as it is", "small")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_lung_sources(write_lung_releases(tmp_path_factory.mktemp("releases"), each=1))


def perfect(record: Record, *, way: str) -> np.ndarray:
    """What a network would draw that knows the annotation: uint8 (2, 5, H, W), with the definitions told apart."""
    targets = worsened_targets(read_targets(record, size=(SIDE, SIDE)), way=way, sha256=record.sha256)
    planes = np.zeros((5, SIDE, SIDE), np.uint8)
    for plane, name in enumerate(STRUCTURES):
        known = targets[TRUTHS.index(name)]
        planes[plane] = np.where(known == 1, 255, 0)
    if (targets[TRUTHS.index("right field")] == UNKNOWN).all():  # lungs_tb names no sides
        planes[0] = np.where(targets[TRUTHS.index("fields")] == 1, 255, 0)
    return np.stack([planes, planes])


@pytest.fixture(scope="module")
def predictions(records: tuple[Record, ...]) -> LungPredictions:
    asked = [(record, way) for record in records for way in WAYS]
    return LungPredictions(
        network="fold 0",
        structures=np.array(STRUCTURES),
        source=np.array([record.source for record, _ in asked]),
        image=np.array([record.image for record, _ in asked]),
        sha256=np.array([record.sha256 for record, _ in asked]),
        patient=np.array([record.patient for record, _ in asked]),
        way=np.array([way for _, way in asked]),
        passes=np.stack([perfect(record, way=way) for record, way in asked]),
    )


@pytest.fixture(scope="module")
def judged(predictions: LungPredictions, records: tuple[Record, ...]) -> dict[tuple[str, str], JudgedLungs]:
    rows = judge_lungs(predictions, records={record.sha256: record for record in records})
    return {(row.source, row.way): row for row in rows}


def test_a_perfect_drawing_is_judged_by_what_its_release_draws(judged) -> None:
    fields, union, whole = (judged[source, "as it is"] for source in ("wingspan", "lungs_tb", "lungs"))
    assert (fields.definition, union.definition, whole.definition) == ("field", "field", "whole")
    for row in (fields, union, whole):
        assert row.dice == pytest.approx(1.0, abs=1e-3)
    for row in (fields, whole):
        assert min(row.dice_right, row.dice_left) == pytest.approx(1.0, abs=1e-3)
    assert union.dice_right is None
    assert fields.dice_heart == pytest.approx(1.0, abs=1e-3)
    assert whole.dice_heart is None
    assert whole.contained == 1.0


def test_the_ratio_is_that_of_the_columns_of_heart_and_fields(judged) -> None:
    row = judged["wingspan", "as it is"]
    assert row.ratio == row.ratio_truth
    assert 0.2 < row.ratio_truth < 0.5  # the heart is 0.24 wide, both ellipses about 0.68
    assert row.ratio_error == 0.0
    assert judged["lungs", "as it is"].ratio_error is None


def test_a_picture_made_worse_is_judged_against_masks_made_worse(judged) -> None:
    for source in ("wingspan", "lungs_tb", "lungs"):
        row, before = judged[source, "small"], judged[source, "as it is"]
        assert row.dice == pytest.approx(1.0, abs=0.02)
        assert row.truth_share < before.truth_share
        assert row.iou is None


def test_predictions_come_back_and_others_are_refused(predictions, records, tmp_path: Path) -> None:
    save_lung_predictions(predictions, path=tmp_path / "all.npz")
    back = load_lung_predictions(tmp_path / "all.npz")
    assert np.array_equal(back.passes, predictions.passes)
    assert back.structures.tolist() == list(STRUCTURES)
    assert back.way.tolist() == predictions.way.tolist()
    np.savez(tmp_path / "other.npz", passes=predictions.passes)
    with pytest.raises(DataError, match="does not hold predictions of lungs"):
        load_lung_predictions(tmp_path / "other.npz")
    with pytest.raises(DataError, match="No image of the data has the content of"):
        judge_lungs(predictions, records={})
