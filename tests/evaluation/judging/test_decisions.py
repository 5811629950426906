import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import (
    balanced_accuracy_score,
    class_likelihood_ratios,
    f1_score,
    precision_score,
    recall_score,
    roc_curve,
)

from fabricate_predictions import fabricate_predictions
from hilum.errors import UsageError
from hilum.evaluation.judging.decisions import (
    AT_PREVALENCE,
    MEASURES,
    WORTH,
    WORTH_AT_PREVALENCE,
    DecisionCounts,
    Decisions,
    decide,
    decision_worth,
    operating_points,
)
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import UndefinedMetric


def _independent(tp: int, fp: int, tn: int, fn: int) -> DecisionCounts:
    kinds = np.repeat(np.arange(4), [tp, fp, tn, fn])
    return DecisionCounts(*((kinds == kind).astype(np.float64) for kind in range(4)))


def _estimate(found: dict[str, Estimate | None], name: str) -> Estimate:
    one = found[name]
    assert one is not None
    return one


def test_values_by_hand() -> None:
    """Sensitivity 0.9, specificity 0.8; at 0.25 a false alarm costs a third: 90/200 - 20/200/3."""
    found = decision_worth(_independent(90, 20, 80, 10), threshold=0.25, prevalence=None)
    assert tuple(found) == WORTH
    assert _estimate(found, "lr_positive").value == pytest.approx(0.9 / 0.2)
    assert _estimate(found, "lr_negative").value == pytest.approx(0.1 / 0.8)
    assert _estimate(found, "net_benefit").value == pytest.approx(90 / 200 - 20 / 200 / 3)
    assert _estimate(found, "net_benefit_treat_all").value == pytest.approx(0.5 - 0.5 / 3)


def test_at_a_stated_prevalence() -> None:
    found = decision_worth(_independent(90, 20, 80, 10), threshold=0.25, prevalence=0.05)
    assert tuple(found) == (*WORTH, *WORTH_AT_PREVALENCE)
    assert _estimate(found, "net_benefit_at_prevalence").value == pytest.approx(0.05 * 0.9 - 0.95 * 0.2 / 3)
    assert _estimate(found, "net_benefit_treat_all_at_prevalence").value == pytest.approx(0.05 - 0.95 / 3)


def test_the_interval_of_a_likelihood_ratio_comes_near_simels() -> None:
    """With many images both are the delta method on the logarithm (Simel, Samsa and Matchar 1991)."""
    found = _estimate(decision_worth(_independent(900, 200, 800, 100), threshold=0.5, prevalence=None), "lr_positive")
    error = math.sqrt(1 / 900 - 1 / 1000 + 1 / 200 - 1 / 1000)
    assert found.interval == pytest.approx((4.5 * math.exp(-1.96 * error), 4.5 * math.exp(1.96 * error)), rel=0.01)


def test_the_interval_of_net_benefit_is_that_of_its_mean_over_many_images() -> None:
    counts = _independent(900, 200, 800, 100)
    found = _estimate(decision_worth(counts, threshold=0.5, prevalence=None), "net_benefit")
    worth = counts.true_positives - counts.false_positives
    half = 1.96 * worth.std(ddof=1) / math.sqrt(worth.size)
    assert found.interval == pytest.approx((worth.mean() - half, worth.mean() + half), abs=0.001)


def test_what_has_no_value_is_none() -> None:
    found = decision_worth(_independent(9, 0, 20, 1), threshold=1.0, prevalence=0.1)
    assert found["lr_positive"] is None  # no false alarm: the ratio has no bound
    assert (found["net_benefit"], found["net_benefit_at_prevalence"]) == (None, None)
    assert found["lr_negative"] is not None
    one_sided = decision_worth(_independent(9, 0, 0, 1), threshold=0.5, prevalence=None)
    assert (one_sided["lr_positive"], one_sided["lr_negative"]) == (None, None)


def test_where_nothing_well_is_called_the_interval_of_net_benefit_still_allows_false_alarms() -> None:
    found = _estimate(decision_worth(_independent(30, 0, 30, 5), threshold=0.8, prevalence=None), "net_benefit")
    assert found.interval is not None
    assert found.value - found.interval[0] > 4 * 0.05  # at 0.8 each false alarm costs four finds


def test_copies_of_a_patients_images_make_no_interval_narrower() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.choice(4, 150, p=[0.35, 0.1, 0.4, 0.15])
    once = DecisionCounts(*((kinds == kind).astype(np.float64) for kind in range(4)))
    five = DecisionCounts(*(5.0 * (kinds == kind) for kind in range(4)))
    for name in WORTH:
        one, many = (_estimate(decision_worth(counts, threshold=0.3, prevalence=None), name) for counts in (once, five))
        assert one.interval is not None
        assert many.interval is not None
        assert many.value == pytest.approx(one.value)
        assert many.interval[1] - many.interval[0] > 0.97 * (one.interval[1] - one.interval[0])


def test_the_intervals_cover() -> None:
    rng = np.random.default_rng(1)
    threshold, prevalence, sensitivity, specificity = 0.4, 0.3, 0.9, 0.8
    right = {
        "lr_positive": 4.5,
        "lr_negative": 0.125,
        "net_benefit": prevalence * sensitivity - (1 - prevalence) * (1 - specificity) * 2 / 3,
        "net_benefit_treat_all": prevalence - (1 - prevalence) * 2 / 3,
    }
    held = dict.fromkeys(right, 0)
    for _ in range(500):
        ill = rng.random(120) < prevalence
        called = np.where(ill, rng.random(120) < sensitivity, rng.random(120) > specificity)
        counts = DecisionCounts(
            *(k.astype(np.float64) for k in (ill & called, ~ill & called, ~ill & ~called, ill & ~called))
        )
        found = decision_worth(counts, threshold=threshold, prevalence=None)
        for name, value in right.items():
            one = found[name]
            held[name] += one is not None and one.interval is not None and one.interval[0] <= value <= one.interval[1]
    for name, times in held.items():
        assert 0.92 < times / 500 < 0.985, (name, times)


JUDGED = fabricate_predictions(missing=0.0)
VALIDATION = fabricate_predictions(split="val", first_patient=500, seed=1, missing=0.0)
CHOSEN_ON = ValidationPredictions(VALIDATION)
BY_HAND = OperatingPoint(0.5, 1.0, 1.0, 2, 1, "by hand")


def _decided(
    truth: np.ndarray,
    scores: np.ndarray,
    patient: Sequence[str],
    point: OperatingPoint,
    *,
    prevalence: float | None = None,
) -> Decisions:
    patients = patient_rows(patient)
    return decide(truth, scores=scores, point=point, patients=patients, prevalence=prevalence)


def test_points_come_from_validation() -> None:
    points = operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=None)
    assert list(points) == ["Atelectasis", "Effusion"]
    for column, point in enumerate(points.values()):
        assert isinstance(point, OperatingPoint)
        false, true, _ = roc_curve(VALIDATION.truth[:, column], VALIDATION.scores[:, column])
        assert point.sensitivity + point.specificity - 1 == pytest.approx((true - false).max())


def test_a_set_sensitivity_is_reached_on_validation() -> None:
    for point in operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=0.95).values():
        assert isinstance(point, OperatingPoint)
        assert point.sensitivity >= 0.95
        assert "0.95" in point.rule


def test_measures_agree_with_scikit_learn() -> None:
    point = operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=None)["Effusion"]
    assert isinstance(point, OperatingPoint)
    truth, scores = JUDGED.truth[:, 1], JUDGED.scores[:, 1]
    measures = _decided(truth, scores, JUDGED.patient, point).measures
    called = scores >= point.threshold
    expected = [
        recall_score(truth, called),
        recall_score(1 - truth, ~called),
        precision_score(truth, called),
        precision_score(1 - truth, ~called),
        f1_score(truth, called),
        balanced_accuracy_score(truth, called),
    ]
    assert list(measures) == [*MEASURES, *WORTH]
    shares = [measures[name] for name in MEASURES]
    assert [value.value for value in shares if value is not None] == pytest.approx(expected)
    positive, negative = (class_likelihood_ratios(truth, called)[place] for place in (0, 1))
    ratios = [measures["lr_positive"], measures["lr_negative"]]
    assert [value.value for value in ratios if value is not None] == pytest.approx([positive, negative])
    for value in measures.values():
        assert value is not None
        assert value.interval is not None
        assert value.interval[0] < value.value < value.interval[1]


def test_shares_count_each_patients_images() -> None:
    """The sensitivity is the clustered share of the ill images, patient by patient."""
    point = BY_HAND
    truth, scores = JUDGED.truth[:, 0], JUDGED.scores[:, 0]
    found = _decided(truth, scores, JUDGED.patient, point).measures["sensitivity"]
    names = np.array(JUDGED.patient)
    hits = [((names == p) & (truth == 1) & (scores >= 0.5)).sum() for p in dict.fromkeys(JUDGED.patient)]
    ill = [((names == p) & (truth == 1)).sum() for p in dict.fromkeys(JUDGED.patient)]
    expected = clustered_share(hits, trials=ill)
    assert isinstance(expected, Estimate)
    assert found is not None
    assert found.interval == pytest.approx(expected.interval, abs=1e-12)
    assert found.method == "clustered Wilson"


def test_predictive_values_at_a_stated_prevalence_by_hand() -> None:
    # sensitivity 3/4, specificity 4/5; at 10 %: PPV = .075 / (.075 + .18), NPV = .72 / (.72 + .025)
    truth = np.array([1.0] * 4 + [0.0] * 5)
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.6, 0.1, 0.1, 0.1, 0.1])
    found = _decided(truth, scores, [str(i) for i in range(9)], BY_HAND, prevalence=0.1).measures
    ppv, npv = (found[name] for name in AT_PREVALENCE)
    assert ppv is not None
    assert npv is not None
    assert (ppv.value, npv.value) == pytest.approx((0.075 / 0.255, 0.72 / 0.745))
    for value in (ppv, npv):
        assert value.interval is not None
        assert 0 <= value.interval[0] < value.value < value.interval[1] <= 1


def test_predictive_values_of_a_perfect_test_have_a_width() -> None:
    """The ratio of false calls to right ones solves Fieller's equation with Wilson's bounds."""
    truth = np.array([1.0] * 20 + [0.0] * 30)
    ppv = _decided(truth, truth, [str(i) for i in range(50)], BY_HAND, prevalence=0.1).measures["ppv_at_prevalence"]
    sensitivity = stats.binomtest(20, 20).proportion_ci(method="wilson")
    alarm = stats.binomtest(0, 30).proportion_ci(method="wilson")
    # value 0 / 1: (0 - r 1)^2 = (0 - alarm)^2 + r^2 (1 - low)^2
    ratio = alarm.high / np.sqrt(1 - (1 - sensitivity.low) ** 2)
    assert ppv is not None
    assert ppv.value == 1.0
    assert ppv.interval == pytest.approx((1 / (1 + ratio * 9), 1.0))


def test_a_test_that_finds_no_one_has_a_predictive_value_of_zero() -> None:
    truth, scores = np.array([1.0] * 6 + [0.0] * 6), np.array([0.1] * 6 + [0.9] * 3 + [0.1] * 3)
    ppv = _decided(truth, scores, [str(i) for i in range(12)], BY_HAND, prevalence=0.5).measures["ppv_at_prevalence"]
    assert ppv is not None
    assert ppv.value == 0.0
    assert ppv.interval is not None
    assert ppv.interval[0] == 0.0
    assert 0.3 < ppv.interval[1] < 0.8


def test_a_share_of_nothing_has_no_value() -> None:
    found = _decided(np.zeros(2), np.full(2, 0.1), ["a", "b"], BY_HAND, prevalence=0.5).measures
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"sensitivity", "ppv", "f1", "balanced_accuracy", "lr_positive", "lr_negative",
                       "net_benefit_at_prevalence", *AT_PREVALENCE}  # fmt: skip


def test_one_patient_has_shares_without_intervals() -> None:
    truth, scores = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.1, 0.9, 0.1])
    found = _decided(truth, scores, ["a"] * 4, BY_HAND, prevalence=0.5).measures
    stated = found.pop("net_benefit_treat_all_at_prevalence")
    assert stated is not None
    assert stated.interval is None  # it follows from the stated prevalence alone
    for value in found.values():
        assert value is not None
        assert (value.interval, value.note) == (None, "all images are of one patient")


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_prevalence(prevalence: float) -> None:
    point = OperatingPoint(0.5, 1.0, 1.0, 2, 1, "by hand")
    with pytest.raises(UsageError, match="prevalence must lie between 0 and 1"):
        decide(np.zeros(1), scores=np.zeros(1), point=point, patients=patient_rows(["a"]), prevalence=prevalence)


def test_validation_without_both_outcomes_gives_a_reason() -> None:
    truth = VALIDATION.truth.copy()
    truth[:, 0] = 0.0
    points = operating_points(
        ValidationPredictions(replace(VALIDATION, truth=truth)), labels=JUDGED.labels, sensitivity=None
    )
    assert isinstance(points["Atelectasis"], UndefinedMetric)
    assert isinstance(points["Effusion"], OperatingPoint)
