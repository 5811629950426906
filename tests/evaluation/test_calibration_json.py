import json

import numpy as np
from scipy.special import expit

from hilum.evaluation.calibration_json import calibration_json
from hilum.evaluation.judged_calibration import judged_calibration
from hilum.statistics.estimate import Estimate


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
