import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss, recall_score, roc_auc_score

from hilum.bundle.label import LabelResult
from hilum.bundle.result_calibration import ResultCalibration
from hilum.errors import DataError
from hilum.evaluation.bundles.result_on_card import calibration_on_card, result_on_card
from hilum.evaluation.judging.judged_calibration import judged_calibration
from hilum.statistics.estimate import Estimate


def _too_high(n: int = 600) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A model whose probabilities lie three log odds too high."""
    rng = np.random.default_rng(0)
    truth = (rng.random(n) < 0.6).astype(np.float64)
    right = 3.0 * ((2 * truth - 1) * 1.5 + rng.normal(size=n)) + np.log(1.5)
    return truth, expit(right + 3.0), [f"p{i // 2}" for i in range(n)]


def test_the_card_holds_the_numbers_and_says_in_words_where_they_are_off() -> None:
    truth, stated, patients = _too_high()
    found = calibration_on_card(truth, probabilities=stated, patients=patients)
    judged = judged_calibration(truth, probabilities=stated, patients=patients, with_curve=False)
    assert isinstance(judged.fit.slope, Estimate)
    assert (found.slope, found.slope_ci) == (judged.fit.slope.value, judged.fit.slope.interval)
    assert found.in_the_large == pytest.approx(-3.0, abs=0.5)
    assert found.in_the_large_ci is not None
    assert found.in_the_large_ci[1] < -2
    assert found.brier == pytest.approx(brier_score_loss(truth, stated))
    assert sum(band.n for band in found.bands) == 600
    inside = (stated >= 0.9) & (stated < 0.97)
    assert f"Where it states 0.9 to 0.97, {int(truth[inside].sum())} of {int(inside.sum())} images" in found.in_words


def test_a_card_without_the_block_still_reads_and_one_with_it_comes_back_as_it_was() -> None:
    truth, stated, patients = _too_high()
    old = {
        "set": "validation", "n": 600, "positives": 360, "auroc": 0.98, "auroc_ci": [0.97, 0.99], "sensitivity": 0.9,
        "sensitivity_ci": None, "specificity": 0.9, "specificity_ci": [0.8, 0.95],
    }  # fmt: skip
    assert LabelResult.model_validate(old).calibration is None
    block = calibration_on_card(truth, probabilities=stated, patients=patients)
    new = LabelResult.model_validate(old | {"calibration": json.loads(block.model_dump_json())})
    assert new.calibration == block


def test_what_the_images_do_not_give_is_null() -> None:
    parted = calibration_on_card(
        np.array([0.0, 0.0, 1.0, 1.0]), probabilities=np.array([0.1, 0.2, 0.8, 0.9]), patients=list("abcd")
    )
    assert (parted.slope, parted.slope_ci, parted.mean_stated_minus_observed_ci) == (None, None, None)
    assert ResultCalibration.model_validate_json(parted.model_dump_json()) == parted
    with pytest.raises(DataError, match="known truth"):
        calibration_on_card(np.array([np.nan]), probabilities=np.array([0.5]), patients=["a"])


def _judged(n: int, *, truth: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, LabelResult]:
    draw = np.random.default_rng(0)
    truth = (draw.random(n) < 0.4).astype(float) if truth is None else truth
    stated, sharpness = np.clip(draw.normal(0.4 + 0.2 * truth, 0.2), 0, 1), draw.normal(-0.3 * truth, 1.0)
    patients = [f"p{i // 3}" for i in range(n)]
    found = result_on_card(
        truth,
        probabilities=stated,
        simple=-sharpness,
        baseline="softness",
        patients=patients,
        operating_point=0.5,
        images="validation",
    )
    return truth, stated, sharpness, found


def test_values_are_those_of_scikit_learn() -> None:
    truth, stated, sharpness, found = _judged(400)
    assert (found.set, found.n, found.positives) == ("validation", 400, int(truth.sum()))
    assert found.auroc == pytest.approx(roc_auc_score(truth, stated))
    assert found.sensitivity == pytest.approx(recall_score(truth, stated >= 0.5))
    assert found.specificity == pytest.approx(recall_score(truth, stated >= 0.5, pos_label=0))
    assert found.baseline == "softness"
    assert found.baseline_auroc == pytest.approx(roc_auc_score(truth, -sharpness))


def test_intervals_hold_the_value_and_narrow_with_more_patients() -> None:
    few, many = (_judged(n)[-1] for n in (100, 3000))
    for one in (few, many):
        for name in ("auroc", "sensitivity", "specificity"):
            low, high = getattr(one, f"{name}_ci")
            assert low < getattr(one, name) < high
    assert np.diff(many.auroc_ci) < 0.4 * np.diff(few.auroc_ci)


def test_images_without_a_known_truth_are_left_out() -> None:
    truth = (np.arange(300) % 2).astype(float)
    *_, whole = _judged(300, truth=truth)
    *_, part = _judged(300, truth=np.where(np.arange(300) < 30, np.nan, truth))
    assert (whole.n, part.n, part.positives) == (300, 270, 135)


def test_a_set_with_one_outcome_has_no_result() -> None:
    with pytest.raises(DataError, match="there are no negatives among 50 images"):
        _judged(50, truth=np.ones(50))
