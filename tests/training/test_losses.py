import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from hilum.training.losses import masked_bce

NAN = float("nan")


def test_it_is_the_log_loss_of_scikit_learn():
    draw = np.random.default_rng(0)
    logits, targets = draw.normal(size=(50, 1)), draw.integers(0, 2, (50, 1))
    expected = log_loss(targets[:, 0], 1 / (1 + np.exp(-logits[:, 0])))
    ours = masked_bce(torch.tensor(logits), torch.tensor(targets, dtype=torch.float64), label_smoothing=0.0)
    assert float(ours) == pytest.approx(expected, rel=1e-6)


def test_a_missing_label_counts_for_nothing_and_gets_no_gradient():
    logits = torch.tensor([[2.0, -1.0], [0.5, 9.0]], requires_grad=True)
    loss = masked_bce(logits, torch.tensor([[1.0, 0.0], [0.0, NAN]]), label_smoothing=0.0)
    expected = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(-1.0)) + math.log1p(math.exp(0.5))) / 3
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert float(logits.grad[1, 1]) == 0.0
    assert bool((logits.grad.flatten()[:3] != 0).all())


def test_a_batch_without_labels_gives_zero():
    assert float(masked_bce(torch.ones(2, 1), torch.full((2, 1), NAN), label_smoothing=0.1)) == 0.0


def test_smoothing_moves_the_best_logit_inward():
    logit = torch.tensor([[3.0]], requires_grad=True)
    masked_bce(logit, torch.ones(1, 1), label_smoothing=0.2).backward()
    assert logit.grad is not None
    assert float(logit.grad) == pytest.approx(1 / (1 + math.exp(-3.0)) - 0.9, rel=1e-5)
