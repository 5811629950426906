from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hilum.evaluation.judging.curve_bands import label_curves
from hilum.evaluation.judging.reliability import reliability
from hilum.evaluation.report.label_figures import (
    DecisionPanel,
    LabelPanel,
    confusion_figure,
    decision_curve_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from hilum.evaluation.report.style import styled
from hilum.statistics.calibration_curve import calibration_curve
from hilum.statistics.confusion import confusion
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import THRESHOLDS, DecisionCurve, decision_curve

PATIENT = [f"p{i // 2}" for i in range(80)]


def panel(*, positives=True, threshold=0.5):
    rng = np.random.default_rng(0)
    truth = (rng.random(80) < 0.4).astype(float) if positives else np.zeros(80)
    scores = np.clip(0.5 * truth + rng.random(80) * 0.6, 0, 1)
    return LabelPanel(
        label="Effusion" if positives else "A name that is far too long for the head of a panel",
        n=80,
        positives=int(truth.sum()),
        auroc=Estimate(0.9, (0.8, 0.95), 0) if positives else None,
        average_precision=Estimate(0.85, None, 0) if positives else None,
        ece=0.05,
        smooth=calibration_curve(truth, probabilities=scores, patients=PATIENT),
        curves=label_curves(truth, scores=scores, patient=PATIENT, replicates=30) if positives else None,
        bins=reliability(truth, probabilities=scores, patient=PATIENT, replicates=30),
        confusion=None if threshold is None else confusion(truth, scores=scores, threshold=threshold),
    )


def texts(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_the_operating_point_lies_where_the_counts_say():
    one = panel()
    table = one.confusion
    with styled():
        (roc,), (pr,) = roc_figure([one]).axes, precision_recall_figure([one]).axes
    sensitivity = table.true_positives / table.positives
    assert one.roc_point == pytest.approx((table.false_positives / table.negatives, sensitivity))
    assert one.pr_point == pytest.approx(
        (sensitivity, table.true_positives / (table.true_positives + table.false_positives))
    )
    for axes, point in ((roc, one.roc_point), (pr, one.pr_point)):
        diamond = next(line for line in axes.lines if line.get_marker() == "D")
        assert tuple(np.ravel(diamond.get_xydata())) == pytest.approx(point)


def test_the_drawn_curve_is_the_computed_one():
    one = panel()
    with styled():
        (axes,) = roc_figure([one]).axes
    drawn = [line for line in axes.lines if len(line.get_xdata()) == len(one.curves.roc.x)]
    np.testing.assert_array_equal(drawn[0].get_ydata(), one.curves.roc.y)
    assert "AUROC 0.900\n[0.800, 0.950]" in texts(axes)


def test_a_label_without_positives_says_so_and_shortens_its_name():
    with styled():
        first, second = roc_figure([panel(), panel(positives=False)]).axes
    assert "no curve" not in texts(first)
    assert "0 positive\nof 80" in texts(second)
    assert second.get_title(loc="left").endswith("…")


def test_without_a_threshold_there_is_no_point_and_no_table():
    one = panel(threshold=None)
    assert one.roc_point is None
    assert one.pr_point is None
    with styled():
        (roc,), (table,) = roc_figure([one]).axes, confusion_figure([one]).axes
    assert not [line for line in roc.lines if line.get_marker() == "D"]
    assert "no operating point" in texts(table)


def test_where_nothing_is_called_positive_there_is_no_precision():
    assert panel(threshold=2.0).pr_point is None
    assert panel(threshold=2.0).roc_point == (0.0, 0.0)


def test_the_confusion_matrix_shows_counts_and_shares_of_rows():
    one = panel()
    with styled():
        (axes,) = confusion_figure([one]).axes
    table = one.confusion
    assert f"{table.true_positives}\n{table.true_positives / table.positives:.1%}" in texts(axes)
    assert f"{table.true_negatives}\n{table.true_negatives / table.negatives:.1%}" in texts(axes)


def test_the_names_above_narrow_panels_stay_within_the_picture():
    panels = [replace(panel(), label=f"MobileNetV2, {start} weights") for start in ("random", "ImageNet")]
    with styled():
        figure = confusion_figure(panels)
        FigureCanvasAgg(figure).draw()
        for axes in figure.axes:
            assert axes._left_title.get_window_extent().x1 <= figure.bbox.x1, axes.get_title(loc="left")


def test_reliability_shows_every_bin_and_the_error():
    one = panel()
    with styled():
        (axes,) = reliability_figure([one]).axes
    assert len(axes.patches) == len(one.bins)
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1)
    assert "ECE 0.050" in texts(axes)
    assert axes.get_xlabel() == "stated probability"  # of anybody's scores: whether they are calibrated is the question


def test_the_smooth_curve_is_drawn_with_its_band_where_there_is_one():
    one = panel()
    with styled():
        (axes,) = reliability_figure([one]).axes
        (without,) = reliability_figure([panel(positives=False)]).axes
    drawn = [line for line in axes.lines if len(line.get_xdata()) == len(one.smooth.probability)]
    np.testing.assert_allclose(drawn[0].get_ydata(), one.smooth.observed)
    bands = [each for each in axes.collections if len(each.get_paths()[0].vertices) > 100]
    low, high = bands[0].get_paths()[0].get_extents().intervaly
    assert (low, high) == pytest.approx((one.smooth.low.min(), one.smooth.high.max()))
    assert not [each for each in without.collections if len(each.get_paths()[0].vertices) > 100]


def _curve() -> DecisionCurve:
    rng = np.random.default_rng(0)
    truth = (rng.random(200) < 0.4).astype(np.float64)
    stated = np.clip(0.4 * truth + 0.5 * rng.random(200), 0, 1)
    found = decision_curve(truth, probabilities=stated, patients=np.arange(200) // 2)
    assert isinstance(found, DecisionCurve)
    return found


def test_model_everyone_and_no_one_are_drawn_with_the_operating_point() -> None:
    curve = _curve()
    panel = DecisionPanel(label="Effusion", curve=curve, point=(0.45, 0.21))
    with styled():
        (axes,) = decision_curve_figure([panel]).axes
    drawn = {str(line.get_label()): line for line in axes.lines}
    np.testing.assert_allclose(drawn["model"].get_ydata(), curve.model)
    np.testing.assert_allclose(drawn["call everyone"].get_ydata(), curve.everyone)
    np.testing.assert_allclose(drawn["model"].get_xdata(), THRESHOLDS)
    assert set(drawn["call no one"].get_ydata()) == {0}
    point = drawn["operating point"].get_xydata()[0]
    assert tuple(point) == pytest.approx((0.45, 0.21))
    assert len(axes.collections) == 2  # a band for the model, one for calling everyone
    low, high = axes.get_ylim()
    assert high > np.nanmax(curve.model_high)
    assert -0.5 < low < 0  # calling everyone falls far below; the panel does not follow it


def test_a_label_that_lacks_an_outcome_says_so() -> None:
    with styled():
        figure = decision_curve_figure(
            [
                DecisionPanel(label="Effusion", curve=_curve(), point=None),
                DecisionPanel(label="Hernia", curve=None, point=None),
            ]
        )
    first, second = figure.axes
    assert "an outcome is lacking" in " ".join(text.get_text() for text in second.texts)
    assert "operating point" not in {str(line.get_label()) for line in first.lines}
