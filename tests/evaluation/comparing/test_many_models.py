from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.errors import DataError
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.many_models import labels_with_positives, model_aurocs
from hilum.evaluation.judging.judge import judge
from hilum.systems.sdfn.predictions import NETWORKS, PAIRS, SdfnPredictions


def test_values_are_scikit_learns(sdfn_predictions, sdfn_aurocs):
    for label in ("Mass", "Nodule"):
        truth, scores = sdfn_predictions.column(label)
        for network in NETWORKS:
            assert sdfn_aurocs.label(label).auroc[network].value == pytest.approx(roc_auc_score(truth, scores[network]))


def test_intervals_are_those_of_judge(sdfn_predictions, sdfn_aurocs):
    for network in NETWORKS:
        judged = judge(sdfn_predictions.of(network), replicates=300).whole
        assert sdfn_aurocs.mean[network] == judged.mean_auroc
        assert [one.auroc for one in judged.labels[:2]] == [one.auroc[network] for one in sdfn_aurocs.labels[:2]]


def test_differences_and_p_values_are_those_of_compare(sdfn_predictions, sdfn_aurocs):
    found = compare(sdfn_predictions.many, all_pairs=True, replicates=300)
    assert set(found.pairs) == set(PAIRS)
    for pair in PAIRS:
        mean = next(one for one in found.mean_pairs if one.pair == pair)
        assert mean.auroc.estimate == sdfn_aurocs.mean_difference[pair]
        for ours, theirs in zip(sdfn_aurocs.labels[:2], found.labels[:2], strict=True):
            tested = next(one.auroc for one in theirs.pairs if one.pair == pair)
            assert ours.difference[pair].value == tested.estimate.value
            assert ours.bootstrap_p[pair] == tested.p


def test_a_class_without_positives_is_named_and_not_averaged(sdfn_aurocs):
    hernia = sdfn_aurocs.label("Hernia")
    assert (hernia.positives, hernia.undefined, hernia.auroc) == (0, "there are no positives", {})
    assert sdfn_aurocs.left_out == ("Hernia",)
    two = [sdfn_aurocs.label(name).auroc["sdfn"].value for name in ("Mass", "Nodule")]
    assert sdfn_aurocs.mean["sdfn"].value == pytest.approx(np.mean(two))


def test_wins_count_classes(sdfn_aurocs):
    for pair in PAIRS:
        above = sum(sdfn_aurocs.label(name).difference[pair].value > 0 for name in ("Mass", "Nodule"))
        wins = sdfn_aurocs.wins[pair]
        assert (wins.count, wins.of) == (above, 2)
        assert 0 <= wins.interval[0] <= wins.interval[1] <= 2


def test_a_sure_win_has_a_narrow_count():
    made = fabricate_sdfn_predictions(patients=200, labels=("Mass", "Nodule"), rare=0.4)
    weak = np.full(made.whole.scores.shape, 0.5) + 1e-6 * np.random.default_rng(0).random(made.whole.scores.shape)
    sure = SdfnPredictions(replace(made.whole, scores=weak), made.lung, made.sdfn)
    assert model_aurocs(sure.many, pairs=PAIRS, replicates=200).wins["sdfn", "whole"].interval == (2, 2)


def test_labels_with_positives(sdfn_predictions):
    truth, _ = sdfn_predictions.column("Mass")
    assert "Mass" in labels_with_positives(sdfn_predictions.many, least=int(truth.sum()))
    assert "Mass" not in labels_with_positives(sdfn_predictions.many, least=int(truth.sum()) + 1)
    assert "Hernia" not in labels_with_positives(sdfn_predictions.many, least=1)


def test_nothing_to_judge():
    made = fabricate_sdfn_predictions(patients=5, labels=("Mass",), without=("Mass",))
    with pytest.raises(DataError, match="at least one label"):
        model_aurocs(made.many, pairs=PAIRS)


def test_a_class_that_was_not_judged(sdfn_aurocs):
    with pytest.raises(DataError, match="came Edema"):
        sdfn_aurocs.label("Edema")
