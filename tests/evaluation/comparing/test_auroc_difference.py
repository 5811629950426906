import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from hilum.errors import UsageError
from hilum.evaluation.comparing.auroc_difference import auroc_difference
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.estimate import Estimate
from hilum.statistics.obuchowski import ClusteredAurocs, clustered_aurocs


def clustered(truth, scores, patients) -> ClusteredAurocs:
    found = clustered_aurocs(truth, scores=scores, patients=patients)
    assert isinstance(found, ClusteredAurocs)
    return found


def two_models(rng, *, patients=60, size=9, rho=0.5, between=0.5, aurocs=(0.8, 0.8), share=0.3, ill=None):
    """Scores of two models on clustered images, normal within each outcome, with the AUROCs that are asked for.

    A share of the images is positive, or all those of `ill` patients and no others.
    """
    patient = np.repeat(np.arange(patients), size)
    truth = rng.random(patient.size) < share if ill is None else patient < ill

    def noise():
        return np.sqrt(rho) * rng.normal(size=patients)[patient] + np.sqrt(1 - rho) * rng.normal(size=patient.size)

    common = noise()
    scores = [
        np.sqrt(between) * common + np.sqrt(1 - between) * noise() + truth * np.sqrt(2) * norm.ppf(area)
        for area in aurocs
    ]
    return truth.astype(float), np.stack(scores, axis=1), patient


def test_one_image_a_patient_is_delong():
    truth, scores, _ = two_models(np.random.default_rng(0), aurocs=(0.8, 0.75))
    found = auroc_difference(clustered(truth, scores, np.arange(truth.size)))
    test = delong_test(truth, first=scores[:, 0], second=scores[:, 1])
    assert isinstance(test, DelongTest)
    assert (found.estimate.value, found.p) == pytest.approx((test.difference, test.p_value), rel=1e-9)


def test_bounds_by_the_formulas_written_out():
    truth, scores, patient = two_models(np.random.default_rng(1), patients=25, size=2, rho=0.2, aurocs=(0.97, 0.9))
    areas = clustered(truth, scores, patient)
    (a, b), c = areas.aurocs, areas.covariance
    z = norm.ppf(0.975)
    error = np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
    freedom = min(len(set(patient[truth == 1])), len(set(patient[truth == 0]))) - 1
    wald = a - b + student.ppf(0.975, freedom) * error * np.array([-1, 1])

    def logit_bounds(area, variance):
        half = z * np.sqrt(variance) / (area * (1 - area))
        return 1 / (1 + np.exp(-(np.log(area / (1 - area)) + half * np.array([-1, 1]))))

    (low_a, high_a), (low_b, high_b) = logit_bounds(a, c[0, 0]), logit_bounds(b, c[1, 1])
    r = c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])
    low = a - b - np.sqrt((a - low_a) ** 2 + (high_b - b) ** 2 - 2 * r * (a - low_a) * (high_b - b))
    high = a - b + np.sqrt((high_a - a) ** 2 + (b - low_b) ** 2 - 2 * r * (high_a - a) * (b - low_b))
    found = auroc_difference(areas)
    assert found.estimate.interval == pytest.approx((min(wald[0], low), max(wald[1], high)), rel=1e-9)
    assert found.p == pytest.approx(2 * student.sf(abs(a - b) / error, freedom), rel=1e-9)
    turned = auroc_difference(areas, first=1, second=0)
    assert turned.estimate.value == -found.estimate.value
    assert turned.estimate.interval == pytest.approx((-found.estimate.interval[1], -found.estimate.interval[0]))


def test_scores_that_order_alike_have_no_spread():
    truth, scores, patient = two_models(np.random.default_rng(2), patients=30)
    alike = np.stack([scores[:, 0], 3 * scores[:, 0] + 1], axis=1)
    found = auroc_difference(clustered(truth, alike, patient))
    assert (found.estimate, found.p) == (Estimate(0.0, None), None)


def test_two_perfect_scores_are_not_certain():
    truth = np.array([1.0] * 8 + [0.0] * 20)
    scores = np.stack([truth + np.linspace(0, 0.5, 28), truth + np.linspace(0.5, 0, 28)], axis=1)
    found = auroc_difference(clustered(truth, scores, np.arange(28)))
    wilson = 8 / (8 + norm.ppf(0.975) ** 2)  # the lower bound of 8 of 8
    assert found.estimate.interval == pytest.approx((wilson - 1, 1 - wilson))
    assert found.p is None
    with pytest.raises(UsageError, match="level"):
        auroc_difference(clustered(truth, scores, np.arange(28)), level=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("ill", [None, 20])
def test_the_paired_test_keeps_its_level_where_patients_repeat(ill):
    """Under the null, 60 patients with nine images that resemble each other; DeLong's own test does not keep it."""
    rng = np.random.default_rng(11)
    by_patient, by_image = [], []
    for _ in range(600):
        truth, scores, patient = two_models(rng, ill=ill)
        by_patient.append(auroc_difference(clustered(truth, scores, patient)).p)
        test = delong_test(truth, first=scores[:, 0], second=scores[:, 1])
        assert isinstance(test, DelongTest)
        by_image.append(test.p_value)
    assert (0.03 if ill is None else 0.02) <= np.mean(np.array(by_patient) <= 0.05) <= 0.07
    if ill is not None:  # where a patient is ill or well in every image, as in the field
        assert np.mean(np.array(by_image) <= 0.05) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize(("patients", "size"), [(75, 1), (60, 9)])
@pytest.mark.parametrize("aurocs", [(0.8, 0.8), (0.98, 0.98), (0.95, 0.98)])
def test_the_interval_covers(patients, size, aurocs):
    """Of the bound that a claim of non-inferiority rests on, no more than 6% may lie above the truth."""
    rng = np.random.default_rng(12)
    covered, above = [], []
    for _ in range(600):
        truth, scores, patient = two_models(rng, patients=patients, size=size, aurocs=aurocs, share=0.25)
        interval = auroc_difference(clustered(truth, scores, patient)).estimate.interval
        if interval is not None:
            covered.append(interval[0] <= aurocs[0] - aurocs[1] <= interval[1])
            above.append(interval[0] > aurocs[0] - aurocs[1])
    assert np.mean(covered) >= 0.93
    assert np.mean(above) <= 0.06
