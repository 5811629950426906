import numpy as np
import pytest
from scipy.special import expit, logit

from hilum.explain.ensemble_map import as_logit_contribution

GRIDS = np.random.default_rng(0).normal(0, 1, (3, 4, 5)).astype(np.float32)


def mean_map(logits):
    """Mean of p (1 - p) times the grids, and the log odds of the mean of p."""
    p = expit(np.array(logits))
    return ((p * (1 - p))[:, None, None] * GRIDS[: len(p)]).mean(axis=0).astype(np.float32), float(logit(p.mean()))


@pytest.mark.parametrize("one", [-12.0, -0.3, 0.0, 2.5])
def test_one_member_gets_its_class_map_back(one):
    grid, mean = mean_map([one])
    found = as_logit_contribution(grid, logit=mean)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, GRIDS[0], rtol=1e-4)


def test_it_is_how_the_log_odds_move_with_the_members_maps():
    """Finite differences: each member's logit moved along its map's cell moves the log odds of the mean."""
    logits = np.array([-1.0, 0.4, 2.0])
    grid, mean = mean_map(logits)
    step = 1e-6
    moved = logit(expit(logits[:, None, None] + step * GRIDS.astype(np.float64)).mean(axis=0))
    np.testing.assert_allclose(as_logit_contribution(grid, logit=mean), (moved - mean) / step, rtol=1e-3, atol=1e-4)


def test_members_that_differ_explain_less():
    same, apart = (
        np.abs(
            as_logit_contribution(np.full((1, 1), expit(z) @ expit(-z) / 2, np.float32), logit=logit(expit(z).mean()))
        )
        for z in (np.array([0.0, 0.0]), np.array([-3.0, 3.0]))
    )
    assert float(same.item()) == pytest.approx(1.0, rel=1e-5)
    assert float(apart.item()) < 0.25


@pytest.mark.parametrize("one", [-1000.0, 1000.0])
def test_a_certain_probability_gives_a_finite_map(one):
    assert np.isfinite(as_logit_contribution(np.zeros((2, 2), np.float32), logit=one)).all()
