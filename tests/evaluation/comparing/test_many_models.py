from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_study import STUDY, fabricate_many
from hilum.errors import DataError
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.many_models import labels_with_positives, model_aurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.judging.judge import judge


def test_values_are_scikit_learns(many, aurocs):
    for label in ("Mass", "Nodule"):
        truth, scores = many.column(label)
        for network in many.models:
            assert aurocs.label(label).auroc[network].value == pytest.approx(roc_auc_score(truth, scores[network]))


def test_intervals_are_those_of_judge(many, aurocs):
    for network in many.models:
        judged = judge(many.of(network), replicates=300).whole
        assert aurocs.mean[network] == judged.mean_auroc
        assert [one.auroc for one in judged.labels[:2]] == [one.auroc[network] for one in aurocs.labels[:2]]


def test_differences_and_p_values_are_those_of_compare(many, aurocs):
    found = compare(many, all_pairs=True, replicates=300)
    assert set(found.pairs) == set(STUDY.pairs)
    for pair in STUDY.pairs:
        mean = next(one for one in found.mean_pairs if one.pair == pair)
        assert mean.auroc.estimate == aurocs.mean_difference[pair]
        for ours, theirs in zip(aurocs.labels[:2], found.labels[:2], strict=True):
            tested = next(one.auroc for one in theirs.pairs if one.pair == pair)
            assert ours.difference[pair].value == tested.estimate.value
            assert ours.bootstrap_p[pair] == tested.p


def test_a_class_without_positives_is_named_and_not_averaged(aurocs):
    hernia = aurocs.label("Hernia")
    assert (hernia.positives, hernia.undefined, hernia.auroc) == (0, "there are no positives", {})
    assert aurocs.left_out == ("Hernia",)
    two = [aurocs.label(name).auroc["both"].value for name in ("Mass", "Nodule")]
    assert aurocs.mean["both"].value == pytest.approx(np.mean(two))


def test_wins_count_classes(aurocs):
    for pair in STUDY.pairs:
        above = sum(aurocs.label(name).difference[pair].value > 0 for name in ("Mass", "Nodule"))
        wins = aurocs.wins[pair]
        assert (wins.count, wins.of) == (above, 2)
        assert 0 <= wins.interval[0] <= wins.interval[1] <= 2


def test_a_sure_win_has_a_narrow_count():
    made = fabricate_many(patients=200, labels=("Mass", "Nodule"), rare=0.4)
    weak = np.full(made.first.scores.shape, 0.5) + 1e-6 * np.random.default_rng(0).random(made.first.scores.shape)
    sure = ManyPredictions(made.models, (replace(made.first, scores=weak), *made.predictions[1:]))
    assert model_aurocs(sure, pairs=STUDY.pairs, replicates=200).wins["both", "plain"].interval == (2, 2)


def test_labels_with_positives(many):
    truth, _ = many.column("Mass")
    assert "Mass" in labels_with_positives(many, least=int(truth.sum()))
    assert "Mass" not in labels_with_positives(many, least=int(truth.sum()) + 1)
    assert "Hernia" not in labels_with_positives(many, least=1)


def test_nothing_to_judge():
    made = fabricate_many(patients=5, labels=("Mass",), without=("Mass",))
    with pytest.raises(DataError, match="No label has both"):
        model_aurocs(made, pairs=STUDY.pairs)


def test_a_class_that_was_not_judged(aurocs):
    with pytest.raises(DataError, match="No label Edema was judged"):
        aurocs.label("Edema")
