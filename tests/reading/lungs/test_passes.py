"""The three passes lead back to the picture as it is."""

import numpy as np
import pytest

from fabricate_lungs import ALL_STRUCTURES, RULE
from hilum.bundle.lung_spec import LUNG_SIDES
from hilum.errors import UsageError
from hilum.reading.lungs.passes import drawing, is_moved, probabilities, quality_inputs

WHOLE = LUNG_SIDES["whole"]


def test_a_network_that_only_looks_at_its_pixel_agrees_with_itself():
    array = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
    inputs = quality_inputs(array, moved=True)
    # channel 0 draws the left half of its picture, channel 1 the other, so mirrored they change places
    logits = np.stack([inputs[:, 0], inputs[:, 0]], axis=1)
    passes = probabilities(logits, structures=WHOLE)
    assert np.array_equal(passes[0], passes[1])
    assert np.array_equal(passes[0], passes[2])


def test_the_mirrored_pass_calls_left_what_it_saw_on_the_right():
    logits = np.full((3, 2, 32, 32), -5.0, np.float32)
    logits[1, 0, :, :16] = 5  # the mirrored picture's right lung: on its left half
    passes = probabilities(logits, structures=WHOLE)
    assert passes[1, 1, :, 16:].min() > 0.9
    assert passes[1, 0].max() < 0.1


def test_each_side_of_each_definition_changes_places_and_the_heart_stays():
    logits = np.full((3, 5, 32, 32), -5.0, np.float32)
    for plane in range(5):
        logits[1, plane, plane, :16] = 5  # each plane marks the row of its number, on the mirrored picture's left half
    passes = probabilities(logits, structures=ALL_STRUCTURES)
    marked = [np.flatnonzero((passes[1, plane, :, 16:] > 0.9).all(axis=1)).tolist() for plane in range(5)]
    assert marked == [[1], [0], [3], [2], [4]]
    assert passes[1, :, :, :16].max() < 0.1


def test_the_moved_pass_is_moved_by_a_thirty_second_of_the_side():
    array = np.arange(64 * 64, dtype=np.float32).reshape(1, 64, 64)
    moved = quality_inputs(array, moved=True)[2, 0]
    assert np.array_equal(moved[2:, 2:], array[0, :-2, :-2])
    assert np.array_equal(moved[0, 2:], array[0, 0, :-2])


def test_without_the_moved_pass_the_others_are_as_with_it():
    array = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
    both, three = quality_inputs(array, moved=False), quality_inputs(array, moved=True)
    assert np.array_equal(both, three[:2])
    logits = np.random.default_rng(1).normal(size=(3, 5, 32, 32)).astype(np.float32)
    drawn = probabilities(logits[:2], structures=ALL_STRUCTURES)
    assert np.array_equal(drawn, probabilities(logits, structures=ALL_STRUCTURES)[:2])


def test_a_rule_that_does_not_weigh_the_moved_pass_needs_none():
    assert is_moved(RULE)
    assert not is_moved(RULE.changed({"shift": 0.0}))


def test_what_is_drawn_is_the_mean_of_the_picture_and_its_mirror_image():
    passes = np.zeros((3, 2, 4, 4), np.float32)
    passes[0, 0], passes[1, 0], passes[2] = 0.9, 0.3, 1.0
    assert np.allclose(drawing(passes), np.stack([np.full((4, 4), 0.6), np.zeros((4, 4))]))


def test_other_shapes_are_refused():
    with pytest.raises(UsageError, match="one input"):
        quality_inputs(np.zeros((4, 4), np.float32), moved=False)
    with pytest.raises(UsageError, match=r"logits must be \(2 or 3, 5, H, W\), not the shape \(3, 2, 4, 4\)"):
        probabilities(np.zeros((3, 2, 4, 4), np.float32), structures=ALL_STRUCTURES)
