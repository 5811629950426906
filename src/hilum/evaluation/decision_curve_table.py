"""The decision curves as a table of the report: net benefit at every twentieth of the threshold probability."""

from __future__ import annotations

import math

from hilum.evaluation.judgement import Judgement
from hilum.evaluation.report_table import Cell, ReportTable
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import THRESHOLDS

_EVERY = 5


def decision_curve_table(judgement: Judgement) -> ReportTable | None:
    """Model and calling everyone, each with its interval; None where no label has both outcomes."""
    rows: list[tuple[Cell, ...]] = []
    for one in judgement.whole.labels:
        curve = one.decision_curve
        if curve is None:
            continue
        rows += [
            (
                one.label,
                float(round(THRESHOLDS[place], 2)),
                _estimate(curve.model[place], curve.model_low[place], curve.model_high[place]),
                _estimate(curve.everyone[place], curve.everyone_low[place], curve.everyone_high[place]),
            )
            for place in range(_EVERY - 1, THRESHOLDS.size, _EVERY)
        ]
    if not rows:
        return None
    return ReportTable(
        key="decision_curve",
        title="Net benefit by threshold",
        columns=("label", "threshold probability", "net benefit of the model", "of calling everyone"),
        rows=tuple(rows),
        note="Calling no one gives 0. All thresholds stand in report.json.",
        folded=True,
    )


def _estimate(value: float, low: float, high: float) -> Estimate:
    interval = None if math.isnan(low) else (float(low), float(high))
    return Estimate(float(value), interval, method=None if interval is None else "MOVER")
