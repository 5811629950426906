import numpy as np
import pytest

from hilum.evaluation.decision_curve_figure import DecisionPanel, decision_curve_figure
from hilum.evaluation.figure_style import styled
from hilum.statistics.net_benefit import THRESHOLDS, DecisionCurve, decision_curve


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
