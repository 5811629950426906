from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_study import fabricate_arms
from hilum.errors import DataError
from hilum.evaluation.judging.earned_label import earned_labels, why_not, within_groups_auroc
from hilum.statistics.estimate import Estimate

ENOUGH = {"positives": 40, "auroc": Estimate(0.78, (0.70, 0.85)), "within_views": 0.65}


def test_what_reaches_every_bound_has_earned_it() -> None:
    assert why_not(**ENOUGH) == ()


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"positives": 39}, "39 images with it to judge by, 40 are needed"),
        ({"auroc": Estimate(0.9, (0.6998, 0.97))}, "its AUROC may be as low as 0.69, 0.70 is needed"),
        ({"auroc": Estimate(0.9, None)}, "its AUROC has no interval"),
        ({"auroc": None}, "its AUROC has no interval"),
        ({"within_views": 0.6498}, "its AUROC among images of one view is 0.64, 0.65 is needed"),
        ({"within_views": None}, "its AUROC among images of one view cannot be told, 0.65 is needed"),
    ],
)
def test_what_misses_one_bound_says_which(lacking: dict[str, object], said: str) -> None:
    assert why_not(**ENOUGH | lacking) == (said,)


def test_one_group_is_the_plain_auroc_and_several_are_weighed_by_their_pairs() -> None:
    draw = np.random.default_rng(0)
    truth = (draw.random(200) < 0.3).astype(float)
    scores = np.round(truth * 0.3 + draw.random(200), 1)  # with ties
    groups = np.array(["PA"] * 120 + ["AP"] * 80)
    assert within_groups_auroc(truth, scores=scores, groups=np.zeros(200)) == pytest.approx(
        roc_auc_score(truth, scores)
    )
    parts = [(truth[groups == one], scores[groups == one]) for one in ("PA", "AP")]
    pairs = [own.sum() * (1 - own).sum() for own, _ in parts]
    expected = np.average([roc_auc_score(*part) for part in parts], weights=pairs)
    assert within_groups_auroc(truth, scores=scores, groups=groups) == pytest.approx(expected)
    assert within_groups_auroc(np.ones(3), scores=np.ones(3), groups=np.zeros(3)) is None


def test_a_label_that_is_told_by_the_view_alone_has_not_earned_it() -> None:
    truth = np.array([1.0, 0.0] * 200)
    view = np.where(np.random.default_rng(1).random(400) < 0.9, truth, 1 - truth)  # mostly AP where it is positive
    first = next(iter(fabricate_arms(labels=("Mass",), patients=400).values()))
    base = replace(
        first.take(np.arange(400)),
        truth=truth[:, None],
        scores=(0.1 + 0.8 * view)[:, None],
        view=tuple("AP" if one else "PA" for one in view),
    )
    (found,) = earned_labels(base)
    assert found.auroc is not None
    assert found.auroc.value > 0.85
    assert found.within_views == 0.5
    assert found.why_not == ("its AUROC among images of one view is 0.50, 0.65 is needed",)
    assert not found.earned
    assert sum(one.positives for one in found.by_view.values()) == found.positives == 200


def test_predictions_of_one_model_earn_nothing() -> None:
    one = next(iter(fabricate_arms(labels=("Mass",)).values()))
    with pytest.raises(DataError, match="only be told from cross-validated predictions"):
        earned_labels(replace(one, design="held out"))
    (mass,) = earned_labels(one)
    assert mass.reason == ("; ".join(mass.why_not) or None)
