"""The gate's thresholds: what is fixed beforehand stays, whoever was asked; what is chosen keeps to its budget."""

import numpy as np
import pytest

from fabricate_gate_predictions import rows
from hilum.errors import DataError
from hilum.evaluation.gate_predictions import GatePredictions, joined
from hilum.evaluation.gate_scores import largest_probability
from hilum.evaluation.gate_thresholds import NONE_BUDGET, UNSURE_BUDGET, choose_spec

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


def test_without_chests_nothing_can_be_chosen() -> None:
    predictions = judged()
    with pytest.raises(DataError, match="chests"):
        choose_spec(predictions.where(predictions.xray_type != "chest"), score=SCORE)
