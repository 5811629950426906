"""The rule for a chest's view from fabricated predictions, and its table by hand."""

import math

import numpy as np
import pytest

from fabricate_gate_predictions import rows
from hilum.bundle.view_rule import ViewRule
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.chest_views import NEVER, choose_view_rule, probabilities, view_table
from hilum.systems.gate.study.predictions import GatePredictions, joined

PA, AP, LATERAL, OPEN = (5.0, -5.0, -5.0), (-5.0, 5.0, -5.0), (-5.0, -5.0, 5.0), (2.0, 2.0, -6.0)


def chests(
    count: int,
    *,
    source: str,
    told: str,
    looks: tuple[float, float, float],
    view: str = "as read",
    fold: int = 0,
    seed: int = 0,
) -> GatePredictions:
    return rows(
        count, source=source, xray_type="chest", called="chest", chest_view=told, looks=looks, view=view,
        network=f"fold {fold}", seed=seed,
    )  # fmt: skip


def one_fold(fold: int, *, wrong: int = 0) -> list[GatePredictions]:
    """Frontal chests (children look AP), `wrong` of which look lateral, and laterals, a fifth of which look frontal."""
    source = ("kermany", "nih", "lungs", "lungs_tb", "chest_adult")[fold]
    return [
        chests(200 - wrong, source=source, told="frontal", looks=AP if fold == 0 else OPEN, fold=fold),
        chests(wrong, source=source, told="frontal", looks=LATERAL, fold=fold, seed=1),
        chests(8, source="chest_lateral", told="LL", looks=LATERAL, fold=fold),
        chests(2, source="chest_lateral", told="LL", looks=OPEN, fold=fold, seed=1),
        chests(30, source="nih", told="PA", looks=PA, view="other patients", fold=fold),
        chests(30, source="nih", told="AP", looks=AP, view="other patients", fold=fold),
        chests(10, source="nih", told="AP", looks=OPEN, view="other patients", fold=fold, seed=1),
    ]


def folds(*, wrong: int = 0) -> GatePredictions:
    return joined([part for fold in range(5) for part in one_fold(fold, wrong=wrong) if len(part)])


def rule(predictions: GatePredictions) -> ViewRule:
    chosen = choose_view_rule(predictions)
    assert chosen is not None
    return chosen


def value(predictions: GatePredictions, label: str) -> float:
    found = view_table(predictions).shares[label]
    assert isinstance(found, Estimate)
    return found.value


def test_probabilities_are_a_softmax_of_the_three_logits() -> None:
    predictions = chests(1, source="nih", told="PA", looks=PA)
    predictions.logits[0, -3:] = (1.0, 0.0, -2.0)
    powers = [math.exp(0.5), 1.0, math.exp(-1.0)]
    assert probabilities(predictions, temperature=2.0)[0] == pytest.approx(np.array(powers) / sum(powers))


def test_what_is_far_apart_needs_no_more_than_one_half() -> None:
    chosen = rule(folds())
    assert chosen.lateral_from == 0.5
    for view, told, threshold in ((0, "PA", chosen.pa_from), (1, "AP", chosen.ap_from)):
        predictions = folds().where(folds().view == "other patients")
        scores = probabilities(predictions, temperature=chosen.temperature)[:, view]
        assert threshold == pytest.approx(scores[(predictions.chest_view == told) & (scores > 0.6)].min())


def test_where_frontal_chests_of_one_source_look_lateral_the_threshold_rises_above_them() -> None:
    """Two in a hundred of one source look as lateral as the lateral ones do: at most one in a hundred may be lost."""
    predictions = folds(wrong=4)
    chosen = rule(predictions)
    scores = probabilities(predictions, temperature=chosen.temperature)[:, 2]
    for source in ("kermany", "nih", "lungs", "lungs_tb", "chest_adult"):
        own = (predictions.source == source) & (predictions.view == "as read")
        assert np.mean(scores[own] >= chosen.lateral_from) <= 0.01
    assert chosen.lateral_from > 0.9


def test_children_who_are_all_ap_and_look_pa_let_no_pa_be_told() -> None:
    """The rule may not turn a child's only model away for a view that nobody taught it to see in children."""
    sure = chests(200, source="kermany", told="frontal", looks=(12.0, -5.0, -5.0), seed=5)
    assert rule(folds()).pa_from < 0.97
    predictions = joined([folds(), sure])
    chosen = rule(predictions)
    scores = probabilities(predictions, temperature=chosen.temperature)[:, 0]
    assert np.mean(scores[predictions.source == "kermany"] >= chosen.pa_from) <= 0.02
    assert chosen.pa_from == NEVER
    assert chosen.ap_from < 0.97


def test_a_view_that_is_wrong_too_often_where_it_is_told_is_told_of_nothing() -> None:
    """One in ten of those that look AP is PA: within what may be false of all PA, and yet no answer to rely on."""
    false = chests(17, source="nih", told="PA", looks=AP, view="other patients", seed=8)
    more = chests(1000, source="nih", told="PA", looks=PA, view="other patients", seed=9)
    chosen = rule(joined([folds(), false, more]))
    assert chosen.ap_from == NEVER
    assert chosen.pa_from < 0.97


def test_the_table_by_hand() -> None:
    predictions = folds()
    assert value(predictions, "frontal chests kept, kermany") == 1.0
    assert value(predictions, "frontal chests kept, mean over sources") == 1.0
    assert value(predictions, "lateral chests told") == pytest.approx(0.8)
    assert value(predictions, "PA or AP told, nih") == pytest.approx(6 / 7)
    assert value(predictions, "right, of PA or AP told, nih") == 1.0
    assert value(predictions, "wrong view told, kermany") == 0.0
    assert value(predictions, "AUROC, AP against PA, nih") == 1.0
    table = view_table(predictions)
    assert isinstance(table.shares["frontal chests kept, wingspan"], UndefinedMetric)  # none are among these
    assert table.shares["lateral chests told"].n == 50


def test_each_fold_is_judged_by_the_thresholds_of_the_others() -> None:
    """Fold 0 alone has frontal chests that look lateral: its own rule would keep them, that of the others does not."""
    easy = [part for fold in range(1, 5) for part in one_fold(fold) if len(part)]
    predictions = joined([*one_fold(0, wrong=20), *easy])
    assert value(predictions, "frontal chests kept, kermany") == pytest.approx(0.9)


@pytest.mark.parametrize("lacking", ["LL", "PA"])
def test_without_a_view_there_is_no_rule_and_the_table_says_so(lacking: str) -> None:
    predictions = folds().where(folds().chest_view != lacking)
    assert choose_view_rule(predictions) is None
    (only,) = view_table(predictions).shares.values()
    assert isinstance(only, UndefinedMetric)
    assert "were not among the pictures" in only.reason


def test_a_network_that_never_saw_the_two_views_chooses_nothing_between_them() -> None:
    """Pictures of the source that tells them, as a fold that holds the source out judges them."""
    held_out = chests(60, source="nih", told="AP", looks=(9.0, -5.0, -5.0), fold=1, seed=7)
    assert rule(joined([folds(), held_out])).pa_from < 0.97
