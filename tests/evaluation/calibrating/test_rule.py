import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.evaluation.calibrating.rule import PointRule


def drawn(seed):
    """60 outcomes with scores on a coarse grid, so that there are ties."""
    draw = np.random.default_rng(seed)
    truth = draw.random(60) < 0.4
    return truth.astype(float), np.round(draw.normal(truth * 1.0, 1.0), 1)


def reached(truth, scores, threshold):
    """Sensitivity and specificity, image by image."""
    called = [score >= threshold for score in scores]
    hits = sum(c for c, t in zip(called, truth, strict=True) if t)
    rejections = sum(not c for c, t in zip(called, truth, strict=True) if not t)
    return hits / sum(truth), rejections / (len(truth) - sum(truth))


def thresholds(scores):
    return [*sorted(set(scores)), max(scores) + 1]


@pytest.mark.parametrize("seed", range(5))
def test_youden_is_the_best_of_all_cuts(seed):
    truth, scores = drawn(seed)
    best = max(sum(reached(truth, scores, cut)) for cut in thresholds(scores))
    point = PointRule().point(truth, scores=scores)
    assert sum(reached(truth, scores, point.threshold)) == pytest.approx(best)
    assert (point.sensitivity, point.specificity) == pytest.approx(reached(truth, scores, point.threshold))


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_stated_share_is_reached_at_the_least_cost(seed, share):
    truth, scores = drawn(seed)
    every = [reached(truth, scores, cut) for cut in thresholds(scores)]
    sensitive = PointRule(sensitivity=share).point(truth, scores=scores)
    specific = PointRule(specificity=share).point(truth, scores=scores)
    assert sensitive.specificity == pytest.approx(max(spec for sens, spec in every if sens >= share))
    assert specific.sensitivity == pytest.approx(max(sens for sens, spec in every if spec >= share))
    assert reached(truth, scores, sensitive.threshold)[0] >= share
    assert reached(truth, scores, specific.threshold)[1] >= share


def test_what_the_rule_is_called():
    assert PointRule().in_words == "greatest Youden index"
    assert PointRule(sensitivity=0.95).in_words == "sensitivity of at least 0.95"
    assert PointRule(specificity=0.9).in_words == "specificity of at least 0.9"


@pytest.mark.parametrize(
    "wrong", [{"sensitivity": 0.0}, {"specificity": 1.1}, {"sensitivity": 0.9, "specificity": 0.9}]
)
def test_a_rule_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=r"(Give a|The) (sensitivity|specificity)"):
        PointRule(**wrong)
