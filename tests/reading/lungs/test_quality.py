"""The facts of a drawing and the score that a rule makes of them, by hand."""

import numpy as np
import pytest

from fabricate_lungs import ALL_STRUCTURES, RULE
from hilum.bundle.lung_spec import LUNG_SIDES
from hilum.reading.lungs.quality import agreement, expected_dice, is_trusted, quality_facts, quality_score

WHOLE = LUNG_SIDES["whole"]


def passes_of(*masks: np.ndarray) -> np.ndarray:
    return np.stack(masks).astype(np.float32)


def lungs(right_rows: int = 32, left_rows: int = 32) -> np.ndarray:
    planes = np.zeros((2, 64, 64))
    planes[0, 10 : 10 + right_rows, 8:24] = 1
    planes[1, 10 : 10 + left_rows, 40:56] = 1
    return planes


def test_two_equal_lungs_in_three_equal_passes_have_nothing_against_them():
    facts = quality_facts(passes_of(lungs(), lungs(), lungs()), structures=WHOLE)
    assert facts.weighed == (0, 0, 0, 0, 0)
    assert facts.area_share == 2 * 32 * 16 / 64**2
    assert quality_score(facts, rule=RULE) == 1.0
    assert is_trusted(facts, rule=RULE)


def test_each_fact_is_what_its_name_says():
    # the mean draws as the first does
    facts = quality_facts(passes_of(lungs(32, 16), 0.7 * lungs(32, 32), lungs(16, 16)), structures=WHOLE)
    assert facts.area == 0.5
    assert facts.flip == pytest.approx(1 - 2 * 48 / (48 + 64))
    assert facts.shift == pytest.approx(1 - 2 * 32 / (48 + 32))
    expected = 1.0 - facts.flip - 0.5 * facts.shift - 0.2 * 0.5
    assert quality_score(facts, rule=RULE) == pytest.approx(expected)
    assert not is_trusted(facts, rule=RULE)


def test_regions_count_from_two():
    one, three = lungs(), lungs()
    one[1] = 0
    three[1, 60:64, 30:36] = 1
    assert quality_facts(passes_of(one, one, one), structures=WHOLE).regions == 1
    assert quality_facts(passes_of(three, three, three), structures=WHOLE).regions == 1


def test_nothing_drawn_scores_nothing():
    empty = np.zeros((2, 64, 64))
    facts = quality_facts(passes_of(empty, empty, empty), structures=WHOLE)
    assert quality_score(facts, rule=RULE) == 0.0
    assert not is_trusted(facts, rule=RULE)


def test_lungs_that_cover_nearly_everything_are_not_trusted_however_steady():
    planes = np.zeros((2, 64, 64))
    planes[0, :, :30], planes[1, :, 34:] = 1, 1
    facts = quality_facts(passes_of(planes, planes, planes), structures=WHOLE)
    assert quality_score(facts, rule=RULE) == 1.0
    assert not is_trusted(facts, rule=RULE)


def test_agreement_is_dice():
    first, second = np.array([True, True, False]), np.array([True, False, False])
    assert agreement(first, second) == pytest.approx(2 / 3)
    assert agreement(~first & first, ~first & first) == 1.0


def test_of_two_definitions_the_worse_one_counts_and_the_heart_does_not():
    fields, whole, heart = lungs(32, 16), lungs(32, 32), np.ones((1, 64, 64))
    planes = np.concatenate([fields, whole, heart])
    facts = quality_facts(passes_of(planes, planes), structures=ALL_STRUCTURES)
    assert (facts.area, facts.shift, facts.flip) == (0.5, 0.0, 0.0)
    assert facts.area_share == 2 * 32 * 16 / 64**2
    swapped = quality_facts(passes_of(*[np.concatenate([whole, fields, heart])] * 2), structures=ALL_STRUCTURES)
    assert swapped.area == 0.5
    assert swapped.area_share == (32 + 16) * 16 / 64**2


def test_the_expected_dice_is_that_of_masks_drawn_by_the_probabilities():
    generator = np.random.default_rng(0)
    probability = np.clip(generator.normal(0.5, 0.4, (64, 64)), 0, 1).astype(np.float32)
    drawn = probability >= 0.5
    truths = generator.random((400, 64, 64)) < probability
    dice = [2 * (drawn & truth).sum() / (drawn.sum() + truth.sum()) for truth in truths]
    assert expected_dice(probability, drawn=drawn) == pytest.approx(np.mean(dice), abs=1e-3)
    certain = drawn.astype(np.float32)
    assert expected_dice(certain, drawn=drawn) == 1.0
    assert expected_dice(np.zeros((4, 4), np.float32), drawn=np.zeros((4, 4), np.bool_)) == 1.0
