import numpy as np
import pytest

from fabricate_shift import judged, sample
from hilum.statistics.auroc import auroc
from hilum.systems.pneumonia.shift.parts import PLAIN


def test_scores_that_are_too_high_by_a_number_of_logits_are_told_so():
    truth, z = sample(prevalence=0.5, seed=1)
    found = judged(sample(prevalence=0.5, seed=2), (truth, z + 2.0))
    assert found.beyond.value == pytest.approx(-2.0, abs=0.2)
    assert found.beyond.interval[0] < found.beyond.value < found.beyond.interval[1]
    assert found.measures.slope.value == pytest.approx(1.0, abs=0.1)
    assert auroc(found.predictions.truth[:, 0], scores=found.predictions.scores[:, 0]) == auroc(truth, scores=z)


def test_what_prevalence_explains_is_taken_off():
    # the same pictures at another prevalence: the logits that a network trained at one half gives do not move
    truth, z = sample(prevalence=0.2, seed=1)
    unmoved = z - np.log(0.2 / 0.8)
    found = judged(sample(prevalence=0.5, seed=2), (truth, unmoved))
    assert found.measures.in_the_large.value == pytest.approx(np.log(0.2 / 0.8), abs=0.2)
    assert found.beyond.value == pytest.approx(0.0, abs=0.2)


def test_the_point_comes_from_the_other_parts_softened_copies():
    plain, shifted = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    as_they_are = judged(plain, shifted)
    softer = judged(plain, shifted, of_plain={"softened": plain[1] + 1.0})
    # softening lifts the scores by one logit, and so the threshold
    lifted = np.log(softer.threshold / (1 - softer.threshold)) - np.log(
        as_they_are.threshold / (1 - as_they_are.threshold)
    )
    assert lifted == pytest.approx(1.0, abs=0.1)
    assert softer.measures.specificity.value > as_they_are.measures.specificity.value
    called = softer.predictions.scores[:, 0] >= softer.threshold
    assert softer.measures.specificity.value == pytest.approx(np.mean(~called[~shifted[0]]))
    assert softer.measures.sensitivity.value == pytest.approx(np.mean(called[shifted[0]]))


def test_the_plain_part_is_judged_from_the_shifted_one():
    truth, z = sample(prevalence=0.5, seed=1)
    found = judged((truth, z), (truth[::-1], z[::-1] + 2.0), part=PLAIN)
    assert found.beyond.value == pytest.approx(2.0, abs=0.2)
    assert set(found.predictions.split) == {PLAIN}


def test_copies_are_averaged_in_logits_and_counted_where_they_disagree():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    apart = np.stack([z + 3.0, z - 3.0, z, z])
    found = judged(plain, (truth, apart), way="copies")
    alone = judged(plain, (truth, z), way="picture")
    np.testing.assert_allclose(found.predictions.scores, alone.predictions.scores)
    assert alone.unstable.value == 0.0
    logits = np.log(found.predictions.scores[:, 0] / (1 - found.predictions.scores[:, 0]))
    cut = np.log(found.threshold / (1 - found.threshold))
    assert found.unstable.value == pytest.approx(np.mean(np.abs(logits - cut) < 3.0), abs=0.02)
    first = judged(plain, (truth, apart), way="picture")
    assert first.beyond.value == pytest.approx(-3.0, abs=0.3), "one picture alone is its first copy"


def test_the_map_is_weighed_over_pictures_that_are_called_ill():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    inside = np.where(z > 0, 0.6, 0.1)
    inside[:10] = np.nan
    found = judged(plain, (truth, z), of_shifted={"inside": inside})
    called = found.predictions.scores[:, 0] >= found.threshold
    assert found.inside.value == pytest.approx(0.6)
    assert found.mapped == np.count_nonzero(called[10:])
    assert judged(plain, (truth, z)).inside is None


def test_too_few_patients_give_no_decision():
    few = (np.array([True, False] * 3), np.linspace(-1, 1, 6))
    found = judged(few, sample(prevalence=0.5, seed=2, n=50))
    assert found.threshold is found.measures is found.beyond is found.unstable is None
    assert found.predictions.n == 50
