"""Masks with sides, with one side, of the union only, and those that are no masks."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records.record import typed_record
from hilum.errors import DataError
from hilum.systems.lungs.study.truth import read_heart_truth, read_lung_truth


@pytest.fixture
def make(tmp_path):
    def build(mask, *, source="lungs"):
        Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "chest.png")
        Image.fromarray(np.asarray(mask, np.uint8)).save(tmp_path / "mask.png")
        record = typed_record(
            tmp_path / "chest.png", image="chest.png", group="a", source=source, is_xray=True, xray_type="chest"
        )
        return replace(record, masks={"lungs": tmp_path / "mask.png"})

    return build


@pytest.mark.parametrize("source", ["lungs", "wingspan"])
def test_255_is_the_patients_right_and_128_the_left(make, source):
    mask = np.zeros((4, 6))
    mask[1:3, 1], mask[1:3, 4] = 255, 128
    truth = read_lung_truth(make(mask, source=source), shape=(4, 6))
    assert np.argwhere(truth.right).tolist() == [[1, 1], [2, 1]]
    assert np.argwhere(truth.left).tolist() == [[1, 4], [2, 4]]
    assert truth.union.sum() == 4


def test_a_side_that_nobody_drew_is_unknown_and_so_is_the_union(make):
    mask = np.zeros((4, 6))
    mask[1, 1] = 255
    truth = read_lung_truth(make(mask), shape=(4, 6))
    assert truth.right.sum() == 1
    assert truth.left is None
    assert truth.union is None


def test_a_mask_without_sides_is_the_union(make):
    truth = read_lung_truth(make(np.eye(4, 6) * 255, source="lungs_tb"), shape=(4, 6))
    assert truth.union.sum() == 4
    assert truth.right is None


def test_an_empty_mask_and_one_of_another_size_are_refused(make):
    with pytest.raises(DataError, match="none"):
        read_lung_truth(make(np.zeros((4, 6))), shape=(4, 6))
    with pytest.raises(DataError, match="8 x 6"):
        read_lung_truth(make(np.ones((4, 6))), shape=(8, 6))


def test_a_heart_is_a_mask_of_its_own_and_none_where_nobody_drew_it(make):
    record = make(np.eye(4, 6) * 255)
    assert read_heart_truth(record, shape=(4, 6)) is None
    drawn = replace(record, masks={"heart": record.masks["lungs"]})
    assert read_heart_truth(drawn, shape=(4, 6)).tolist() == (np.eye(4, 6) > 0).tolist()
    with pytest.raises(DataError, match="8 x 6"):
        read_heart_truth(drawn, shape=(8, 6))
