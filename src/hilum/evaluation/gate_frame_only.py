"""What the frame alone gives away: a classifier that gets padding, fill, aspect, size and JPEG quality, and no picture.

Near one half, the gate cannot have learnt the frame; the figures of the study are then about the pictures.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

from hilum.evaluation.gate_figures import Table, balanced
from hilum.evaluation.gate_predictions import FRAMED_VIEWS, GatePredictions

SIDE_PX = 192


def frame_only_table(folds: GatePredictions) -> Table:
    """Balanced accuracy of gradient boosting on the frames of the judged pictures, cross-validated by group."""
    rows = folds.where(np.isin(folds.view, FRAMED_VIEWS) & ~np.char.startswith(folds.source, "rendering: "))
    features = visible(rows.frame)
    called = np.zeros(len(rows), np.bool_)
    for train, held_out in GroupKFold(5).split(features, rows.is_xray, rows.group):
        model = HistGradientBoostingClassifier(class_weight="balanced", random_state=0)
        called[held_out] = model.fit(features[train], rows.is_xray[train]).predict(features[held_out])
    return Table(
        key="frame",
        title="The frame alone",
        protocol=(
            "gradient boosting on padding rule, width of the bars in pixels, share of the picture within them, size "
            "before the last resize and JPEG quality, five folds by group, classes balanced"
        ),
        figures=(
            balanced("balanced accuracy, frame alone", called == rows.is_xray, truth=rows.is_xray, groups=rows.group),
        ),
    )


def visible(frame: np.ndarray) -> np.ndarray:
    """Float64 (n, 5) of rule, bar widths to the sides and above in pixels, size and quality, from `frame` (n, 5)."""
    rule, quality, size_px, aspect, fill = frame.astype(np.float64).T
    side = np.round((1 - np.minimum(aspect, 1.0) * fill) * SIDE_PX / 2)
    above = np.round((1 - np.minimum(1 / aspect, 1.0) * fill) * SIDE_PX / 2)
    stretched = rule == 4
    return np.stack([rule, np.where(stretched, 0, side), np.where(stretched, 0, above), size_px, quality], axis=1)
