import math

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from hilum.errors import DataError, UsageError
from hilum.statistics.delong import DelongTest, delong, delong_test
from hilum.statistics.estimate import Estimate
from hilum.statistics.obuchowski import ClusteredAurocs, clustered_aurocs, logit_interval
from hilum.statistics.outcomes import UndefinedMetric


def _as_printed(truth: np.ndarray, columns: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Obuchowski 1997, equations of section 2, patient by patient and pair by pair, with her names."""

    def psi(x: float, y: float) -> float:
        return 1.0 if x > y else 0.5 if x == y else 0.0

    clusters = sorted(set(patients.tolist()))
    k = columns.shape[1]
    m_total, n_total = int(truth.sum()), int((~truth).sum())
    theta, v10, v01 = [], [], []
    for r in range(k):
        xs = [(c, columns[i, r]) for i, c in enumerate(patients) if truth[i]]
        ys = [(c, columns[i, r]) for i, c in enumerate(patients) if not truth[i]]
        theta.append(sum(psi(x, y) for _, x in xs for _, y in ys) / (m_total * n_total))
        v10.append({c: sum(sum(psi(x, y) for _, y in ys) / n_total for d, x in xs if d == c) for c in clusters})
        v01.append({c: sum(sum(psi(x, y) for _, x in xs) / m_total for d, y in ys if d == c) for c in clusters})
    m = {c: int(truth[patients == c].sum()) for c in clusters}
    n = {c: int((~truth[patients == c]).sum()) for c in clusters}
    i10, i01, i = sum(1 for c in clusters if m[c]), sum(1 for c in clusters if n[c]), len(clusters)
    covariance = np.zeros((k, k))
    for r in range(k):
        for s in range(k):
            s10 = sum((v10[r][c] - m[c] * theta[r]) * (v10[s][c] - m[c] * theta[s]) for c in clusters)
            s01 = sum((v01[r][c] - n[c] * theta[r]) * (v01[s][c] - n[c] * theta[s]) for c in clusters)
            s11 = sum((v10[r][c] - m[c] * theta[r]) * (v01[s][c] - n[c] * theta[s]) for c in clusters)
            s11_turned = sum((v10[s][c] - m[c] * theta[s]) * (v01[r][c] - n[c] * theta[r]) for c in clusters)
            covariance[r, s] = (
                s10 * i10 / ((i10 - 1) * m_total) / m_total
                + s01 * i01 / ((i01 - 1) * n_total) / n_total
                + (s11 + s11_turned) * i / (i - 1) / (m_total * n_total)
            )
    return np.array(theta), covariance


def _clustered(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patients = rng.integers(0, 15, 60)
    truth = (rng.random(60) < rng.random(15)[patients]) | (np.arange(60) < 2)
    shared = rng.normal(size=15)[patients]
    columns = np.round(shared[:, None] + truth[:, None] * [1.0, 0.5, 2.0] + rng.normal(size=(60, 3)), 1)
    return truth, columns, patients


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_formula_as_printed(seed: int) -> None:
    truth, columns, patients = _clustered(seed)
    found = clustered_aurocs(truth, scores=columns, patients=patients)
    areas, covariance = _as_printed(truth, columns, patients)
    assert isinstance(found, ClusteredAurocs)
    np.testing.assert_allclose(found.aurocs, areas, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, rtol=0, atol=1e-12)
    difference, error = found.contrast([1, -1, 0])
    assert difference == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert error == pytest.approx(math.sqrt(np.array([1, -1, 0]) @ covariance @ [1, -1, 0]), abs=1e-12)
    assert found.patients == len(set(patients.tolist()))
    assert found.positive_patients == len(set(patients[truth].tolist()))
    assert found.negative_patients == len(set(patients[~truth].tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_is_delongs_where_each_patient_has_one_image(seed: int) -> None:
    truth, columns, _ = _clustered(seed)
    names = np.array([f"p{i}" for i in range(60)])
    found = clustered_aurocs(truth, scores=columns, patients=names)
    single, paired = delong(truth, scores=columns[:, 0]), delong_test(truth, first=columns[:, 0], second=columns[:, 1])
    assert isinstance(found, ClusteredAurocs)
    assert isinstance(single, Estimate)
    assert isinstance(paired, DelongTest)
    assert found.aurocs[0] == pytest.approx(single.value, abs=1e-12)
    low, high = single.bounds
    assert 2 * norm.ppf(0.975) * found.standard_errors[0] == pytest.approx(high - low, abs=1e-12)
    difference, error = found.contrast([1, -1, 0])
    assert (difference, error) == pytest.approx((paired.difference, paired.standard_error), abs=1e-12)


def test_copies_of_images_change_nothing_and_missing_truth_is_left_out() -> None:
    truth, columns, _ = _clustered(7)
    once = clustered_aurocs(truth, scores=columns, patients=np.arange(60))
    nine = clustered_aurocs(
        np.append(np.repeat(truth, 9).astype(float), np.nan),
        scores=np.append(np.repeat(columns, 9, axis=0), [[9.0, 9.0, 9.0]], axis=0),
        patients=np.append(np.repeat(np.arange(60), 9), 99),
    )
    assert isinstance(once, ClusteredAurocs)
    assert isinstance(nine, ClusteredAurocs)
    np.testing.assert_allclose(nine.covariance, once.covariance, rtol=0, atol=1e-12)
    assert (nine.n, nine.positives, nine.patients) == (540, 9 * once.positives, 60)


def test_scores_that_order_alike_have_a_difference_without_error() -> None:
    truth, columns, patients = _clustered(1)
    found = clustered_aurocs(truth, scores=np.stack([columns[:, 0], 3 * columns[:, 0] + 1], 1), patients=patients)
    assert isinstance(found, ClusteredAurocs)
    assert found.contrast([1, -1]) == (0.0, 0.0)


def test_the_logit_interval_is_that_of_the_log_odds() -> None:
    interval = logit_interval(0.98, standard_error=0.01)
    assert interval == pytest.approx(expit(logit(0.98) + norm.ppf([0.025, 0.975]) * 0.01 / (0.98 * 0.02)))
    assert logit_interval(1.0, standard_error=0.1) is None
    assert logit_interval(0.4, standard_error=0.0) is None
    with pytest.raises(UsageError, match=r"value must lie in \[0, 1\]"):
        logit_interval(1.1, standard_error=0.1)


def test_one_patient_of_a_kind_has_no_variance() -> None:
    found = clustered_aurocs([1, 1, 0, 0], scores=[[3.0], [1.0], [2.0], [0.0]], patients=["a", "a", "b", "c"])
    assert isinstance(found, UndefinedMetric)
    assert (found.n, found.positives) == (4, 2)
    with pytest.raises(DataError, match=r"scores\[:, None\]"):
        clustered_aurocs([1, 0], scores=[0.1, 0.2], patients=["a", "b"])
    both = clustered_aurocs([1, 1, 0, 0], scores=[[3.0], [1.0], [2.0], [0.0]], patients=list("abcd"))
    assert isinstance(both, ClusteredAurocs)
    with pytest.raises(DataError, match="must be 1 weights"):
        both.contrast([1, -1])
