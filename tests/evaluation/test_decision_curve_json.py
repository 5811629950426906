import json

import numpy as np

from hilum.evaluation.decision_curve_json import decision_curve_json
from hilum.statistics.net_benefit import DecisionCurve, decision_curve


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
