"""Masks with sides, with one side, of the union only, and those that are no masks."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records.record import typed_record
from hilum.errors import DataError
from hilum.systems.lungs.study.truth import (
    TRUTHS,
    UNKNOWN,
    read_heart_truth,
    read_lung_truth,
    read_targets,
    says_what_lungs_are,
)


@pytest.fixture
def make(tmp_path):
    def build(mask, *, source="lungs"):
        Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "chest.png")
        Image.fromarray(np.asarray(mask, np.uint8)).save(tmp_path / "mask.png")
        record = typed_record(
            tmp_path / "chest.png", image="chest.png", group="a", source=source, is_xray=True, xray_type="chest"
        )
        definition = "whole" if source == "lungs" else "field"
        return replace(record, masks={"lungs": tmp_path / "mask.png"}, lung_definition=definition)

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
    with pytest.raises(DataError, match="is empty: it shows no lung"):
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


def test_lungs_drawn_over_the_heart_lose_it_and_are_fields(make, tmp_path):
    mask = np.zeros((4, 6))
    mask[1:3, 1], mask[1:3, 3:5] = 255, 128
    record = make(mask, source="wingspan")
    heart = np.zeros((4, 6), np.uint8)
    heart[1:3, 2:4] = 255
    Image.fromarray(heart).save(tmp_path / "heart.png")
    unsure = replace(record, masks={**record.masks, "heart": tmp_path / "heart.png"}, lung_definition=None)
    truth = read_lung_truth(unsure, shape=(4, 6))
    assert truth.definition == "field"
    assert np.argwhere(truth.left).tolist() == [[1, 4], [2, 4]]
    assert truth.union.sum() == 4
    assert truth.heart.sum() == 4
    beside = read_lung_truth(replace(unsure, lung_definition="field"), shape=(4, 6))
    assert beside.left.sum() == 4, "an overlap at the border is the annotator's"


def test_masks_that_do_not_tell_what_they_show_are_refused(make):
    record = replace(make(np.eye(4, 6) * 255, source="wingspan"), lung_definition=None)
    assert not says_what_lungs_are(record)
    with pytest.raises(DataError, match="are lung fields or whole lungs"):
        read_lung_truth(record, shape=(4, 6))


def test_targets_hold_what_was_drawn_in_its_plane_and_all_else_is_unknown(make):
    mask = np.zeros((4, 6))
    mask[1:3, 1], mask[1:3, 4] = 255, 128
    for source, known in (("lungs", {3, 4, 5}), ("wingspan", {0, 1, 2})):
        targets = read_targets(make(mask, source=source), size=(4, 6))
        assert targets.shape == (len(TRUTHS), 4, 6)
        assert {plane for plane in range(7) if (targets[plane] != UNKNOWN).any()} == known
        right, left, union = (targets[plane] for plane in sorted(known))
        assert np.array_equal(right, mask == 255)
        assert np.array_equal(left, mask == 128)
        assert np.array_equal(union, mask > 0)
