import numpy as np
import pytest

from fabricate_shift import judged, sample
from hilum.statistics.auroc import auroc


def test_scores_that_are_too_high_by_a_number_of_logits_are_told_so():
    truth, z = sample(prevalence=0.5, seed=1)
    found = judged(sample(prevalence=0.5, seed=2), (truth, z + 2.0))
    assert found.beyond.value == pytest.approx(-2.0, abs=0.2)
    assert found.beyond.interval[0] < found.beyond.value < found.beyond.interval[1]
    assert found.probabilities.slope.value == pytest.approx(1.0, abs=0.1)
    assert auroc(found.predictions.truth[:, 0], scores=found.predictions.scores[:, 0]) == auroc(truth, scores=z)


def test_what_prevalence_explains_is_taken_off():
    # the same pictures at another prevalence: the logits that a network trained at one half gives do not move
    truth, z = sample(prevalence=0.2, seed=1)
    unmoved = z - np.log(0.2 / 0.8)
    found = judged(sample(prevalence=0.5, seed=2), (truth, unmoved))
    assert found.probabilities.in_the_large.value == pytest.approx(np.log(0.2 / 0.8), abs=0.2)
    assert found.beyond.value == pytest.approx(0.0, abs=0.2)


def test_the_point_comes_from_the_other_parts_softened_copies():
    plain, shifted = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    as_they_are = judged(plain, shifted)
    softer = judged(plain, shifted, of_plain={"softened": plain[1] + 1.0})
    np.testing.assert_array_equal(softer.predictions.scores, as_they_are.predictions.scores)
    # Youden's point of two normal populations of one spread lies midway, where the logit is 0; softened, at 1
    truth, z = shifted
    for found, cut in ((as_they_are, 0.0), (softer, 1.0)):
        assert found.decisions.specificity.value == pytest.approx(np.mean(z[~truth] < cut), abs=0.05)
        assert found.decisions.sensitivity.value == pytest.approx(np.mean(z[truth] >= cut), abs=0.05)


def test_calibration_and_point_come_from_pictures_of_equal_sharpness_where_these_are_asked_for():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    # a network that calls soft pictures ill: by 2 logits too high on the shifted part, as on equally soft plain ones
    of_plain = {"matched": plain[1] + 2.0}
    found = judged(plain, (truth, z + 2.0), way="matched", of_plain=of_plain)
    as_they_are = judged(plain, (truth, z + 2.0), of_plain=of_plain)
    assert found.beyond.value == pytest.approx(0.0, abs=0.2)
    assert as_they_are.beyond.value == pytest.approx(-2.0, abs=0.2)
    assert found.decisions.specificity.value == pytest.approx(np.mean(z[~truth] < 0.0), abs=0.05)


def test_the_plain_part_is_judged_from_the_shifted_one():
    truth, z = sample(prevalence=0.5, seed=1)
    found = judged((truth, z), (truth[::-1], z[::-1] + 2.0), name="plain")
    assert found.beyond.value == pytest.approx(2.0, abs=0.2)
    assert set(found.predictions.split) == {"plain"}


def test_copies_are_averaged_in_logits_and_counted_where_they_disagree():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    apart = np.stack([z + 3.0, z - 3.0, z, z])
    found = judged(plain, (truth, apart), way="copies")
    alone = judged(plain, (truth, z), way="picture")
    np.testing.assert_allclose(found.predictions.scores, alone.predictions.scores)
    assert alone.unstable.value == 0.0
    assert found.unstable.value == pytest.approx(np.mean(np.abs(z) < 3.0), abs=0.05)
    first = judged(plain, (truth, apart), way="picture")
    assert first.beyond.value == pytest.approx(-3.0, abs=0.3), "one picture alone is its first copy"


def test_the_map_is_weighed_over_pictures_that_are_called_ill():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    inside = np.where(z > 0, 0.6, 0.1)
    inside[:10] = np.nan
    found = judged(plain, (truth, z), of_shifted={"inside": inside})
    assert found.inside.value == pytest.approx(0.6)
    assert found.mapped == pytest.approx(np.count_nonzero(z[10:] > 0), rel=0.05)
    assert judged(plain, (truth, z)).inside is None


def test_soft_healthy_children_stand_beside_ill_ones_drawn_at_random():
    plain, (truth, z) = sample(prevalence=0.5, seed=1), sample(prevalence=0.5, seed=2)
    # what a network says of soft healthy children and of sharp ill ones that reads sharpness
    shifted = (truth, np.where(truth, z - 3.0, z + 3.0))
    found = judged(plain, shifted, name="soft")
    assert found.predictions.n == np.count_nonzero(plain[0]) + np.count_nonzero(~truth)
    assert found.decisions.sensitivity.value == pytest.approx(np.mean(plain[1][plain[0]] > 0), abs=0.05)
    assert found.decisions.specificity.value == pytest.approx(np.mean(z[~truth] + 3.0 < 0), abs=0.05)
    assert found.beyond.value < -1.0, "the probabilities are too high"
    both = judged(plain, shifted)
    assert abs(both.beyond.value) < 0.5, "errors of both kinds hide one another"


def test_too_few_patients_give_no_decision():
    few = (np.array([True, False] * 3), np.linspace(-1, 1, 6))
    found = judged(few, sample(prevalence=0.5, seed=2, n=50))
    assert found.decisions is found.probabilities is found.beyond is found.unstable is None
    assert found.predictions.n == 50
