import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from hilum.errors import DataError
from hilum.evaluation.judging.curve_bands import GRID, label_curves


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    truth = (rng.random(150) < 0.3).astype(float)
    scores = np.round(1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(size=150)))), 2)  # with ties
    truth[:10] = np.nan
    patient = [f"p{i // 3}" for i in range(150)]
    return truth, scores, patient


def test_the_points_are_scikit_learns(data):
    truth, scores, patient = data
    known = ~np.isnan(truth)
    curves = label_curves(truth, scores=scores, patient=patient, replicates=20)
    fpr, tpr, _ = roc_curve(truth[known], scores[known], drop_intermediate=False)
    np.testing.assert_allclose(curves.roc.x, fpr)
    np.testing.assert_allclose(curves.roc.y, tpr)
    precision, recall, _ = precision_recall_curve(truth[known], scores[known])
    np.testing.assert_allclose(curves.pr.x, recall[:-1][::-1])
    np.testing.assert_allclose(curves.pr.y, precision[:-1][::-1])
    assert curves.prevalence == pytest.approx(truth[known].mean())


def test_the_bands_are_those_of_resampled_scikit_learn_curves(data):
    """The same draws of patients, each replicate's curve by scikit-learn on the repeated rows."""
    truth, scores, patient = data
    curves = label_curves(truth, scores=scores, patient=patient, replicates=60, seed=4)
    known = ~np.isnan(truth)
    names = np.array(sorted(set(patient)))
    rng = np.random.default_rng(4)
    drawn = rng.integers(0, names.size, size=(60, names.size))
    at_fpr, at_recall = [], []
    for one in drawn:
        rows = np.concatenate([np.flatnonzero((np.array(patient) == names[i]) & known) for i in one])
        fpr, tpr, _ = roc_curve(truth[rows], scores[rows], drop_intermediate=False)
        at_fpr.append(np.interp(GRID, fpr, tpr))
        precision, recall, _ = precision_recall_curve(truth[rows], scores[rows])
        cuts_p, cuts_r = precision[:-1][::-1], recall[:-1][::-1]  # from the highest cut down
        at_recall.append([cuts_p[np.flatnonzero(cuts_r >= r - 1e-12)[0]] for r in GRID])
    for band, replicates in ((curves.roc, at_fpr), (curves.pr, at_recall)):
        low, high = np.quantile(np.array(replicates), [0.025, 0.975], axis=0)
        np.testing.assert_allclose(band.low, low, atol=1e-12)
        np.testing.assert_allclose(band.high, high, atol=1e-12)


def test_a_perfect_score_has_a_band_without_width():
    truth = np.array([0.0, 0, 0, 1, 1, 1])
    curves = label_curves(truth, scores=truth, patient=list("abcdef"), replicates=50)
    np.testing.assert_array_equal(curves.roc.low, 1)
    np.testing.assert_array_equal(curves.pr.low, 1)


@pytest.mark.parametrize(("value", "lacking"), [(0.0, "positives"), (1.0, "negatives")])
def test_one_outcome_has_no_curve(value, lacking):
    with pytest.raises(DataError, match=f"there are no {lacking}"):
        label_curves(np.full(4, value), scores=np.arange(4) / 4, patient=list("abcd"))
