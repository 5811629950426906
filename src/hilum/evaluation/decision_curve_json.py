"""A decision curve as JSON: thresholds, and net benefit with its bounds beside them."""

from __future__ import annotations

import math
from typing import Any

from hilum.statistics.net_benefit import DecisionCurve
from hilum.statistics.outcomes import FloatArray


def decision_curve_json(curve: DecisionCurve) -> dict[str, Any]:
    """Lists of one length; calling no one positive gives 0 throughout. A bound is null where there is no interval."""
    return {
        "thresholds": [round(one, 2) for one in curve.thresholds.tolist()],
        "model": curve.model.tolist(),
        "model_low": _plain(curve.model_low),
        "model_high": _plain(curve.model_high),
        "treat_all": curve.everyone.tolist(),
        "treat_all_low": _plain(curve.everyone_low),
        "treat_all_high": _plain(curve.everyone_high),
    }


def _plain(values: FloatArray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]
