"""The gate's thresholds: what is fixed beforehand stays, whoever was asked; what is chosen keeps to its budget."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fabricate_gate_predictions import rows
from hilum.bundle.gate_outputs import IS_XRAY
from hilum.errors import DataError
from hilum.systems.gate.study.predictions import GatePredictions, joined
from hilum.systems.gate.study.scores import largest_probability
from hilum.systems.gate.study.thresholds import NONE_BUDGET, UNSURE_BUDGET, choose_spec, cross_calibrated, fit_is_xray


def overlapping(count: int, *, others: int, network: str, shift: float = 0.0) -> GatePredictions:
    """Radiographs about 1.5 and photographs about -0.5, both with standard deviation one."""
    rng = np.random.default_rng(len(network) + count + others)
    xrays = rows(count, source="nih", xray_type="chest", called="chest", network=network)
    photos = rows(others, source="photos", is_xray=False, network=network)
    xrays.logits[:, IS_XRAY] = rng.normal(1.5 + shift, 1, count)
    photos.logits[:, IS_XRAY] = rng.normal(-0.5 + shift, 1, others)
    return joined([xrays, photos])


def test_the_fit_is_a_logistic_regression_that_weighs_both_kinds_alike() -> None:
    judged = overlapping(6000, others=1500, network="fold 0")
    ours = fit_is_xray(judged)
    peer = LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-10)
    peer.fit(judged.logits[:, [IS_XRAY]].astype(np.float64), judged.is_xray)
    assert ours.slope == pytest.approx(float(peer.coef_[0, 0]), rel=0.1)
    assert -ours.intercept / ours.slope == pytest.approx(-float(peer.intercept_[0] / peer.coef_[0, 0]), abs=0.05)
    assert -ours.intercept / ours.slope == pytest.approx(0.5, abs=0.1)  # half way, however many of each there are


def test_bulk_radiographs_have_no_say() -> None:
    judged = overlapping(300, others=300, network="fold 0")
    bulk = rows(500, source="scol", xray_type="spine", called="spine", xray=-6.0)
    assert fit_is_xray(joined([judged, bulk])) == fit_is_xray(judged)


def test_views_with_a_fault_have_no_say() -> None:
    judged = overlapping(300, others=300, network="fold 0")
    faults = [
        rows(500, source="nih", xray_type="chest", called="chest", xray=-6.0, view=view)
        for view in ("cropped", "inverted", "turned 90", "masked")
    ]
    assert fit_is_xray(joined([judged, *faults])) == fit_is_xray(judged)
    framed = rows(100, source="nih", xray_type="chest", called="chest", xray=0.5, view="white")
    assert fit_is_xray(joined([judged, framed])) != fit_is_xray(judged)


def test_a_fold_is_judged_by_what_the_other_folds_say() -> None:
    first = overlapping(400, others=400, network="fold 0", shift=4.0)
    second = overlapping(400, others=400, network="fold 1")
    probability = cross_calibrated(joined([first, second]))
    assert np.mean(probability[:800] >= 0.5) > 0.95
    assert np.mean(probability[800:] >= 0.5) < 0.05


def test_one_kind_only_is_an_error() -> None:
    with pytest.raises(DataError, match="positives and negatives"):
        fit_is_xray(rows(20, source="nih", xray_type="chest", called="chest"))


SCORE = "largest probability"


def judged(*, hands: int = 400, sureness: float = 8.0) -> GatePredictions:
    """Hands of spread sureness, chests of `sureness`, and photographs."""
    each = [
        rows(hands // 8, source="frac", xray_type="hand", called="hand", sureness=value, seed=seed)
        for seed, value in enumerate(np.linspace(1, 8, 8))
    ]
    chests = rows(200, source="nih", xray_type="chest", called="chest", sureness=sureness)
    return joined([*each, chests, rows(200, source="photos", is_xray=False, xray=-6.0)])


@pytest.mark.parametrize("sureness", [3.0, 8.0])
def test_a_chest_is_accepted_from_the_same_probability_however_sure_the_networks_are(sureness: float) -> None:
    spec = choose_spec(judged(sureness=sureness), score=SCORE)
    assert (spec.refuse_below, spec.accept_from, spec.chest_from) == (0.5, 0.8, 0.8)


def test_thresholds_of_the_type_are_as_strict_as_their_budgets_allow() -> None:
    predictions = judged()
    spec = choose_spec(predictions, score=SCORE)
    hands = predictions.where(predictions.xray_type == "hand")
    sure = largest_probability(hands, learnt=hands)
    for threshold, budget in ((spec.none_below, NONE_BUDGET), (spec.unsure_below, UNSURE_BUDGET)):
        assert budget - 2 / len(hands) <= np.mean(sure < threshold) <= budget


def test_hard_chests_make_the_rule_of_none_of_the_types_milder() -> None:
    strict = choose_spec(judged(), score=SCORE)
    mild = choose_spec(judged(sureness=0.5), score=SCORE)
    assert mild.none_below < strict.none_below
    assert mild.unsure_below == strict.unsure_below


@pytest.mark.parametrize("lacking", ["chest", "hand"])
def test_without_chests_or_other_types_nothing_can_be_chosen(lacking: str) -> None:
    mixed_chests = rows(5, source="frac", xray_type="chest", called="chest")
    predictions = joined([judged(), mixed_chests])
    with pytest.raises(DataError, match="Chests and other types from held-out sources are needed"):
        choose_spec(predictions.where(predictions.xray_type != lacking), score=SCORE)
