import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit, owens_t
from scipy.stats import binomtest, multivariate_normal, norm, t
from sklearn.metrics import roc_auc_score

from hilum.statistics.auroc_interval import PatientAuroc, mean_auroc, normal_variance, patient_auroc
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.obuchowski import ClusteredAurocs, clustered_aurocs
from hilum.statistics.outcomes import UndefinedMetric

Z = norm.ppf(0.975)


def _data(seed: int, *, patients: int = 60, apart: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 6, patients))
    truth = (rng.random(patient.size) < 0.4).astype(float)
    shared = rng.normal(size=patients)[patient]
    return truth, np.round(apart * truth + 0.6 * shared + 0.8 * rng.normal(size=patient.size), 2), patient


def _found(truth: np.ndarray, scores: np.ndarray, patient: np.ndarray) -> PatientAuroc:
    found = patient_auroc(truth, scores=scores, patients=patient, count=int(patient.max()) + 1)
    assert isinstance(found, PatientAuroc)
    return found


@pytest.mark.parametrize("area", [0.5, 0.8, 0.98, 0.9999])
def test_the_normal_variance_is_hanley_and_mcneils_with_a_bivariate_normal(area: float) -> None:
    d = norm.ppf(area)
    beats_two = multivariate_normal.cdf([d, d], cov=[[1, 0.5], [0.5, 1]])
    assert beats_two == pytest.approx(area - 2 * owens_t(d, 1 / np.sqrt(3)), abs=1e-6)
    exact = area - 2 * owens_t(d, 1 / np.sqrt(3))
    expected = (area * (1 - area) + (40 + 25 - 2) * (exact - area**2)) / (40 * 25)
    assert normal_variance(area, ill=40, well=25) == pytest.approx(expected, rel=1e-9)
    assert normal_variance(1.0, ill=40, well=25) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_the_score_interval_by_root_finding(seed: int) -> None:
    """All of it again by other means: variances, design effect, scale, and both roots by Brent's method."""
    truth, scores, patient = _data(seed)
    estimate = _found(truth, scores, patient).estimate
    clustered = clustered_aurocs(truth, scores=scores[:, None], patients=patient)
    # the error of the difference to a constant score is the error of the one that is none
    single = delong_test(truth, first=scores, second=np.zeros(scores.size))
    assert isinstance(clustered, ClusteredAurocs)
    assert isinstance(single, DelongTest)
    area, observed = roc_auc_score(truth, scores), clustered.covariance[0, 0]
    positives, negatives = truth.sum(), (1 - truth).sum()
    ill, well = len(set(patient[truth == 1])), len(set(patient[truth == 0]))
    effect = np.clip(observed / single.standard_error**2, 1, max(positives / ill, negatives / well))

    def expected(true: float) -> float:
        beats_two = true - 2 * owens_t(norm.ppf(true), 1 / np.sqrt(3))
        m, n = positives / effect, negatives / effect
        return (true * (1 - true) + (m + n - 2) * (beats_two - true**2)) / (m * n)

    parts, degrees = [], []
    for kind, mine in ((1, scores[truth == 1]), (0, scores[truth == 0])):
        others = scores[truth == 1 - kind]
        psi = (mine[:, None] > others[None]) + 0.5 * (mine[:, None] == others[None])
        placed = psi.mean(axis=1) if kind else 1 - psi.mean(axis=1)
        who = patient[truth == kind]
        sums = np.array([(placed[who == p] - area).sum() for p in np.unique(who)]) / mine.size
        parts.append(sums.size / (sums.size - 1) * (sums**2).sum())
        degrees.append(sums.size - 1)
    student = t.ppf(0.975, sum(parts) ** 2 / sum(s**2 / d for s, d in zip(parts, degrees, strict=True)))
    ratio, fewer = observed / expected(area), min(ill, well)
    scale = max(ratio, (20 + fewer * ratio) / (20 + fewer))
    bounds = [
        brentq(lambda true: (area - true) ** 2 - student**2 * scale * expected(true), *ends, xtol=1e-13)
        for ends in ((1e-9, area), (area, 1 - 1e-9))
    ]
    assert estimate.value == pytest.approx(area, abs=1e-12)
    assert estimate.interval == pytest.approx(bounds, abs=1e-8)
    assert (estimate.method, estimate.note, estimate.groups) == ("clustered score", None, 60)


def test_a_perfect_ranking_has_a_width_and_ends_at_one() -> None:
    truth = np.array([1.0] * 20 + [0.0] * 40)
    low, high = _found(truth, truth, np.arange(60)).estimate.interval
    assert high == 1.0
    assert low == pytest.approx(binomtest(20, 20).proportion_ci(method="wilson").low, abs=1e-9)
    turned = _found(truth, -truth, np.arange(60)).estimate.interval
    assert turned == pytest.approx((0.0, 1 - low), abs=1e-9)


def test_a_mean_of_perfect_rankings_has_a_width_and_ends_at_one() -> None:
    truth = np.array([1.0] * 20 + [0.0] * 40)
    one = _found(truth, truth, np.arange(60))
    mean = mean_auroc([one, one])
    assert mean.value == 1.0
    assert mean.interval == pytest.approx(one.estimate.interval, abs=1e-9)
    other = _found(1 - truth, truth + np.linspace(0, 2, 60), np.arange(60))
    low, high = mean_auroc([one, other]).interval
    alone = other.estimate.interval
    assert high - low > 0.4 * (alone[1] - alone[0])


@pytest.mark.slow
@pytest.mark.parametrize(("missed", "ill", "well"), [(0.01, 100, 300), (0.02, 60, 200)])
def test_intervals_of_near_perfect_rankings_hold_the_truth_where_few_of_the_ill_score_like_well_ones(
    missed: float, ill: int, well: int
) -> None:
    rng, area, held, perfect = np.random.default_rng(3), 1 - missed / 2, 0, 0
    truth = np.r_[np.ones(ill), np.zeros(well)]
    for _ in range(400):
        scores = rng.normal(size=ill + well)
        scores[:ill] += np.where(rng.random(ill) < missed, 0.0, 12.0)
        found = _found(truth, scores, np.arange(ill + well)).estimate
        perfect += found.value == 1.0
        held += found.interval[0] <= area <= found.interval[1]
    assert perfect > 80, "many of these samples show nobody who is missed"
    assert held > 0.9 * 400


def test_too_few_and_few_patients_are_said() -> None:
    truth = np.array([1.0] * 4 + [0.0] * 40)
    scores = np.linspace(1, 0, 44)
    four = _found(truth, scores, np.arange(44)).estimate
    assert four.interval is None
    assert four.method is None
    assert four.note == "only 4 patients with a positive image; an interval needs 5"
    # forty positive images of four patients are four patients still
    many = _found(np.repeat(truth, 10), np.repeat(scores, 10), np.repeat(np.arange(44), 10)).estimate
    assert many.interval is None
    truth[:5] = 1.0
    five = _found(truth, scores, np.arange(44)).estimate
    assert five.interval is not None
    assert five.note == "only 5 patients with a positive image: the interval may be too narrow"
    one = patient_auroc([1, 0, 1, 0], scores=[4, 3, 2, 1], patients=np.zeros(4, int), count=1)
    assert isinstance(one, PatientAuroc)
    assert one.estimate.interval is None
    assert isinstance(patient_auroc([1, 1], scores=[1, 2], patients=np.arange(2), count=2), UndefinedMetric)


def test_a_mean_of_one_auroc_twice_is_that_auroc() -> None:
    truth, scores, patient = _data(5)
    one = _found(truth, scores, patient)
    mean = mean_auroc([one, one])
    error = np.sqrt(one.variance_at(one.value))
    half = Z * error / (one.value * (1 - one.value))
    assert mean.interval == pytest.approx(expit(logit(one.value) + np.array([-half, half])), abs=1e-10)
    assert mean_auroc([one]) == one.estimate


def test_the_error_of_a_mean_is_that_of_a_bootstrap_of_patients() -> None:
    """Two labels of the same images; the bootstrap is a loop over scikit-learn."""
    truth, scores, patient = _data(6, patients=300, apart=1.0)
    other = (truth + (np.random.default_rng(1).random(truth.size) < 0.3) > 0).astype(float)
    mean = mean_auroc([_found(truth, scores, patient), _found(other, scores, patient)])
    rng = np.random.default_rng(2)
    rows_of = [np.flatnonzero(patient == p) for p in range(300)]
    drawn = []
    for _ in range(400):
        rows = np.concatenate([rows_of[p] for p in rng.integers(0, 300, 300)])
        drawn.append(np.mean([roc_auc_score(t[rows], scores[rows]) for t in (truth, other)]))
    width = 2 * Z * np.std(drawn)
    assert np.diff(mean.interval)[0] == pytest.approx(width, rel=0.12)
    assert mean.value == pytest.approx(np.mean([roc_auc_score(t, scores) for t in (truth, other)]))


def test_a_mean_with_a_label_of_too_few_patients_has_no_interval() -> None:
    truth, scores, patient = _data(7)
    rare = np.zeros(truth.size)
    rare[:2] = 1.0
    mean = mean_auroc([_found(truth, scores, patient), _found(rare, scores, patient)])
    assert mean.interval is None
    assert mean.note is not None
    assert "an interval needs 5" in mean.note
