from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.errors import DataError
from hilum.evaluation.compare import compare
from hilum.evaluation.judge import judge
from hilum.evaluation.sdfn_auroc import labels_with_positives, network_aurocs
from hilum.evaluation.sdfn_predictions import NETWORKS, PAIRS, SdfnPredictions

LABELS = ("Mass", "Nodule", "Hernia")


@pytest.fixture(scope="module")
def predictions():
    return fabricate_sdfn_predictions(patients=60, labels=LABELS, without=("Hernia",))


@pytest.fixture(scope="module")
def aurocs(predictions):
    return network_aurocs(predictions, replicates=300)


def test_values_are_scikit_learns(predictions, aurocs):
    for label in ("Mass", "Nodule"):
        truth, scores = predictions.column(label)
        for network in NETWORKS:
            assert aurocs.label(label).auroc[network].value == pytest.approx(roc_auc_score(truth, scores[network]))


def test_intervals_are_those_of_judge(predictions, aurocs):
    for network in NETWORKS:
        judged = judge(predictions.of(network), replicates=300).whole
        assert aurocs.mean[network] == judged.mean_auroc
        assert [one.auroc for one in judged.labels[:2]] == [one.auroc[network] for one in aurocs.labels[:2]]


def test_differences_and_p_values_are_those_of_compare(predictions, aurocs):
    for pair in PAIRS:
        found = compare(predictions.of(pair[0]), second=predictions.of(pair[1]), replicates=300)
        assert aurocs.mean_difference[pair] == found.mean_difference
        for ours, theirs in zip(aurocs.labels[:2], found.labels[:2], strict=True):
            assert ours.difference[pair] == theirs.difference
            assert ours.bootstrap_p[pair] == theirs.bootstrap_p


def test_a_class_without_positives_is_named_and_not_averaged(aurocs):
    hernia = aurocs.label("Hernia")
    assert (hernia.positives, hernia.undefined, hernia.auroc) == (0, "there are no positives", {})
    assert aurocs.left_out == ("Hernia",)
    two = [aurocs.label(name).auroc["sdfn"].value for name in ("Mass", "Nodule")]
    assert aurocs.mean["sdfn"].value == pytest.approx(np.mean(two))


def test_wins_count_classes(aurocs):
    for pair in PAIRS:
        above = sum(aurocs.label(name).difference[pair].value > 0 for name in ("Mass", "Nodule"))
        wins = aurocs.wins[pair]
        assert (wins.count, wins.of) == (above, 2)
        assert 0 <= wins.interval[0] <= wins.interval[1] <= 2


def test_a_sure_win_has_a_narrow_count():
    made = fabricate_sdfn_predictions(patients=200, labels=("Mass", "Nodule"), rare=0.4)
    weak = np.full(made.whole.scores.shape, 0.5) + 1e-6 * np.random.default_rng(0).random(made.whole.scores.shape)
    sure = SdfnPredictions(replace(made.whole, scores=weak), made.lung, made.sdfn)
    assert network_aurocs(sure, replicates=200).wins["sdfn", "whole"].interval == (2, 2)


def test_labels_with_positives(predictions):
    truth, _ = predictions.column("Mass")
    assert "Mass" in labels_with_positives(predictions, least=int(truth.sum()))
    assert "Mass" not in labels_with_positives(predictions, least=int(truth.sum()) + 1)
    assert "Hernia" not in labels_with_positives(predictions, least=1)


def test_nothing_to_judge():
    made = fabricate_sdfn_predictions(patients=5, labels=("Mass",), without=("Mass",))
    with pytest.raises(DataError, match="at least one class"):
        network_aurocs(made)


def test_a_class_that_was_not_judged(aurocs):
    with pytest.raises(DataError, match="came Edema"):
        aurocs.label("Edema")
