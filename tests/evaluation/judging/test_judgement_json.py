import json

import numpy as np
from scipy.special import expit

from hilum.evaluation.judging.judged_calibration import judged_calibration
from hilum.evaluation.judging.judgement_json import calibration_json, decision_curve_json
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import DecisionCurve, decision_curve


def test_numbers_bands_words_and_curve() -> None:
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=300)
    truth = (rng.random(300) < expit(z - 1.5)).astype(np.float64)
    judged = judged_calibration(
        truth, probabilities=expit(z), patients=[str(i // 2) for i in range(300)], with_curve=True
    )
    found = calibration_json(judged)
    assert isinstance(judged.fit.slope, Estimate)
    assert found["slope"] == judged.fit.slope.value
    assert found["in_the_large_ci"][1] < -1
    assert sum(band["positives"] for band in found["bands"]) == truth.sum()
    assert found["in_words"].startswith("Where it states")
    assert any(band["off"] for band in found["bands"])
    curve = found["curve"]
    assert curve["method"].startswith("logistic regression on a ")
    assert len({len(curve[name]) for name in ("stated", "observed", "low", "high")}) == 1
    json.dumps(found, allow_nan=False)


def test_what_has_no_value_is_null_and_says_why() -> None:
    truth, stated = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.8, 0.9])
    found = calibration_json(judged_calibration(truth, probabilities=stated, patients=list("abcd"), with_curve=True))
    assert found["slope"] is None
    assert "parts the outcomes" in found["slope_undefined"]
    assert found["in_the_large_ci"] is None
    assert found["in_the_large_note"] == "only 2 patients with a positive image; an interval needs 5"
    assert "parts the outcomes" in found["curve"]["undefined"]
    none = calibration_json(
        judged_calibration(np.array([np.nan]), probabilities=stated[:1], patients=["a"], with_curve=False)
    )
    assert (none["mean_stated_minus_observed"], none["bands"], none["in_words"]) == (None, [], "")
    assert "curve" not in none


def test_lists_of_one_length_with_bounds() -> None:
    truth, stated = np.tile([0.0, 1.0, 0.0], 30), np.tile([0.2, 0.7, 0.4], 30)
    curve = decision_curve(truth, probabilities=stated, patients=np.arange(90))
    assert isinstance(curve, DecisionCurve)
    found = json.loads(json.dumps(decision_curve_json(curve), allow_nan=False))
    assert {len(values) for values in found.values()} == {99}
    assert found["thresholds"][49] == 0.5
    assert found["model"][49] == 1 / 3
    assert found["model_low"][49] < 1 / 3 < found["model_high"][49]


def test_a_bound_that_is_not_there_is_null() -> None:
    curve = decision_curve([0, 1], probabilities=[0.2, 0.7], patients=[1, 1])
    assert isinstance(curve, DecisionCurve)
    assert set(decision_curve_json(curve)["model_low"]) == {None}
