import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from fabricate_label_images import fabricate_label_images
from hilum.errors import DataError
from hilum.evaluation.calibrating.cross_fit import CROSS_FITTED, cross_fit, cross_fitted_result
from hilum.evaluation.calibrating.label_images import FOLDS, folds_by_patient
from hilum.evaluation.calibrating.rule import PointRule
from hilum.statistics.auroc import auroc


def literally(images):
    """Each fold's calibration by scikit-learn, its point by trying every cut, and each decision one by one."""
    fold = folds_by_patient(images)
    stated, called = {}, {}
    for held in range(FOLDS):
        there = [i for i in range(images.n) if fold[i] != held]
        truth = images.truth[there]
        positives = truth.sum()
        target = np.where(truth, (positives + 1) / (positives + 2), 1 / (len(there) - positives + 2))
        fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
        fit.fit(
            np.tile(images.logits[there], 2)[:, None],
            np.repeat([1, 0], len(there)),
            sample_weight=np.concatenate([target, 1 - target]),
        )
        known = fit.predict_proba(images.logits[there][:, None])[:, 1]
        cuts = sorted(set(known))
        gains = [(known[truth] >= cut).mean() + (known[~truth] < cut).mean() for cut in cuts]
        lowest_above = cuts[int(np.argmax(np.round(gains, 12)))]  # of equal cuts the lowest finds most
        for i in np.flatnonzero(fold == held):
            stated[i] = fit.predict_proba(images.logits[[i]][:, None])[0, 1]
            below = [one for one in known if one < lowest_above]
            called[i] = stated[i] >= (lowest_above + max(below)) / 2
    order = range(images.n)
    return np.array([stated[i] for i in order]), np.array([called[i] for i in order])


def test_each_patient_is_judged_by_a_fit_that_did_not_know_them():
    images = fabricate_label_images(ill=40, well=50, each=2, apart=1.5)
    stated, called = literally(images)
    fitted = cross_fit(images, rule=PointRule(), kept_slope=None)
    np.testing.assert_allclose(fitted.probabilities, stated, atol=1e-4)
    np.testing.assert_array_equal(fitted.called, called)


def test_the_row_counts_these_decisions_and_keeps_the_networks_own_ranking():
    images = fabricate_label_images(ill=40, well=50, each=2, apart=1.5)
    fitted = cross_fit(images, rule=PointRule(sensitivity=0.9), kept_slope=None)
    row = cross_fitted_result(images, fitted=fitted, name="St. Elsewhere")
    assert row.set == f"St. Elsewhere, {CROSS_FITTED}"
    assert (row.n, row.positives, row.is_test) == (180, 80, False)
    assert row.sensitivity == pytest.approx(fitted.called[images.truth].mean())
    assert row.specificity == pytest.approx(1 - fitted.called[~images.truth].mean())
    assert row.sensitivity_ci[0] < row.sensitivity < row.sensitivity_ci[1]
    assert row.auroc == pytest.approx(auroc(images.truth, scores=images.logits))
    assert row.calibration.slope == pytest.approx(1.0, abs=0.35)
    assert row.calibration.brier == pytest.approx(np.mean((fitted.probabilities - images.truth) ** 2))


def test_what_was_chosen_by_chance_is_not_taken_for_a_gain():
    """Scores without meaning: the best of all cuts looks good where it was chosen, and is worth nothing to others."""
    apparent, honest = [], []
    for seed in range(20):
        images = fabricate_label_images(ill=25, well=25, apart=0.0, seed=seed)
        point = PointRule().point(images.truth, scores=images.logits)
        apparent.append(point.sensitivity + point.specificity - 1)
        fitted = cross_fit(images, rule=PointRule(), kept_slope=1.0)
        honest.append(fitted.called[images.truth].mean() - fitted.called[~images.truth].mean())
    assert np.mean(apparent) > 0.15
    assert abs(np.mean(honest)) < 0.1


def test_the_figures_are_those_of_other_patients():
    """Of 20 ill and 40 well patients at an AUROC of 0.86, the best cut looks 0.11 better than it is for others."""
    apparent, honest, true = [], [], []
    for seed in range(100):
        images = fabricate_label_images(ill=20, well=40, apart=1.5, seed=seed)
        point = PointRule().point(images.truth, scores=images.logits)
        apparent.append(point.sensitivity + point.specificity - 1)
        true.append(norm.cdf(0.75 - point.threshold) - norm.cdf(-0.75 - point.threshold))
        fitted = cross_fit(images, rule=PointRule(), kept_slope=1.0)
        honest.append(fitted.called[images.truth].mean() - fitted.called[~images.truth].mean())
    assert np.mean(apparent) - np.mean(true) == pytest.approx(0.11, abs=0.04)
    assert np.mean(honest) - np.mean(true) == pytest.approx(0.0, abs=0.04)


def test_scores_that_part_the_outcomes_have_a_row_too():
    images = fabricate_label_images(apart=20.0)
    row = cross_fitted_result(images, fitted=cross_fit(images, rule=PointRule(), kept_slope=None), name="x")
    assert (row.sensitivity, row.specificity, row.auroc) == (1.0, 1.0, 1.0)
    assert row.calibration is None or row.calibration.slope is None


def test_a_part_that_ranks_the_wrong_way_round_ends_the_fit():
    with pytest.raises(DataError, match="wrong way round"):
        cross_fit(fabricate_label_images(apart=-1.0), rule=PointRule(), kept_slope=None)
