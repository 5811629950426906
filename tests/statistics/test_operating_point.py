import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from hilum.errors import UsageError
from hilum.statistics.confusion import confusion
from hilum.statistics.operating_point import (
    OperatingPoint,
    point_at_sensitivity,
    point_at_specificity,
    stated_point,
    youden_point,
)
from hilum.statistics.outcomes import UndefinedMetric

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40).filter(
    lambda rows: len({row[0] for row in rows}) == 2
)


def _split(rows: list[tuple[bool, int]]) -> tuple[list[bool], list[float]]:
    return [row[0] for row in rows], [row[1] / 8 for row in rows]


def _reached(point: OperatingPoint | UndefinedMetric, truth: list[bool], scores: list[float]) -> tuple[float, float]:
    """What the threshold does to the data, counted anew; it must be what the point says."""
    assert isinstance(point, OperatingPoint)
    table = confusion(truth, scores=scores, threshold=point.threshold)
    found = table.true_positives / table.positives, table.true_negatives / table.negatives
    assert found == (point.sensitivity, point.specificity)
    return point.sensitivity, point.specificity


@given(ROWS)
def test_youden_reaches_the_greatest_index_of_the_roc_curve(rows: list[tuple[bool, int]]) -> None:
    truth, scores = _split(rows)
    sensitivity, specificity = _reached(youden_point(truth, scores=scores), truth, scores)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    best = np.isclose(true - false, (true - false).max(), atol=1e-12)
    assert sensitivity + specificity - 1 == pytest.approx((true - false).max())
    assert sensitivity == pytest.approx(true[best].max())  # of equal cuts, the most sensitive


@given(ROWS, st.floats(0.01, 1.0))
def test_set_sensitivity_costs_as_little_specificity_as_the_roc_curve_allows(
    rows: list[tuple[bool, int]], target: float
) -> None:
    truth, scores = _split(rows)
    sensitivity, specificity = _reached(point_at_sensitivity(truth, scores=scores, sensitivity=target), truth, scores)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert sensitivity >= target
    assert specificity == pytest.approx(1 - false[true >= target].min())


@given(ROWS, st.floats(0.01, 1.0))
def test_set_specificity_costs_as_little_sensitivity_as_the_roc_curve_allows(
    rows: list[tuple[bool, int]], target: float
) -> None:
    truth, scores = _split(rows)
    sensitivity, specificity = _reached(point_at_specificity(truth, scores=scores, specificity=target), truth, scores)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert specificity >= target
    assert sensitivity == pytest.approx(true[1 - false >= target].max())


def test_a_specificity_that_only_calling_nobody_reaches() -> None:
    point = point_at_specificity([0, 1, 1], scores=[0.9, 0.2, 0.3], specificity=1.0)
    assert isinstance(point, OperatingPoint)
    assert (point.sensitivity, point.specificity) == (0.0, 1.0)
    assert point.threshold > 0.9
    assert isinstance(point_at_specificity([1, 1], scores=[0.1, 0.2], specificity=0.5), UndefinedMetric)
    with pytest.raises(UsageError, match="specificity must be above 0"):
        point_at_specificity([0, 1], scores=[0.1, 0.2], specificity=0.0)


def test_threshold_lies_between_the_scores_that_it_parts() -> None:
    point = youden_point([0, 0, 1, 1], scores=[0.1, 0.3, 0.7, 0.8])
    assert isinstance(point, OperatingPoint)
    assert point.threshold == pytest.approx(0.5)
    assert point.rule == "greatest Youden index"


def test_neighbouring_floats_are_still_parted() -> None:
    low = 0.5
    high = float(np.nextafter(low, 1.0))
    point = youden_point([0, 1], scores=[low, high])
    assert isinstance(point, OperatingPoint)
    assert point.threshold == high


def test_full_sensitivity_may_call_everything_positive() -> None:
    point = point_at_sensitivity([1, 0, 1], scores=[0.2, 0.4, 0.9], sensitivity=1.0)
    assert isinstance(point, OperatingPoint)
    assert (point.threshold, point.sensitivity, point.specificity) == (0.2, 1.0, 0.0)


def test_a_stated_threshold_says_nothing_of_what_it_reached() -> None:
    point = stated_point(0.3, rule="stated")
    assert (point.threshold, point.rule, point.n) == (0.3, "stated", 0)
    assert np.isnan([point.sensitivity, point.specificity]).all()


def test_lack_of_an_outcome_gives_no_threshold() -> None:
    for point in (
        youden_point([1, 1], scores=[0.1, 0.2]),
        point_at_sensitivity([0, 0], scores=[0.1, 0.2], sensitivity=0.9),
        point_at_sensitivity([None, None], scores=[0.1, 0.2], sensitivity=0.9),
    ):
        assert isinstance(point, UndefinedMetric)


@pytest.mark.parametrize("target", [0.0, -0.1, 1.1, float("nan")])
def test_impossible_targets_are_refused(target: float) -> None:
    with pytest.raises(UsageError, match="sensitivity"):
        point_at_sensitivity([0, 1], scores=[0, 1], sensitivity=target)
