import math

import pytest
import torch

from hilum.bundle.two_looks_spec import NOTHING_TOLD, TOLD_GROUPS
from hilum.networks.attention import Attention
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.two_looks import Told, TwoLooks
from hilum.systems.attention.task import TwoLooksTask
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss

LABELS = ("Effusion", "Nodule")
TARGETS = torch.tensor([[1.0, 0.0], [0.0, math.nan], [1.0, 1.0], [0.0, 0.0]])


@pytest.fixture
def network():
    torch.manual_seed(0)
    whole, crop = (PooledClassifier("squeezenet1_1", labels=2) for _ in range(2))
    return TwoLooks(
        whole=whole,
        crop=crop,
        size=(32, 32),
        attention=Attention(subdivisions=3),
        told=Told(unknown=NOTHING_TOLD, groups=TOLD_GROUPS),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
    )


def task_of(network, *, unknown_probability=0.0):
    loss = fit_loss(BinaryCrossEntropy(weighting="inverse prevalence"), targets=TARGETS.numpy(), labels=LABELS)
    return TwoLooksTask(network, labels=LABELS, loss=loss, unknown_probability=unknown_probability)


def batch():
    draw = torch.Generator().manual_seed(1)
    return torch.rand(4, 1, 48, 48, generator=draw), torch.cat([TARGETS, torch.rand(4, 8, generator=draw)], dim=1)


def by_hand(logits):
    """Cross-entropy over the seven known labels; a positive weighs known / positives, 4 / 2 and 3 / 1."""
    losses = []
    for column, weight in enumerate((2.0, 3.0)):
        for logit, target in zip(logits[:, column].tolist(), TARGETS[:, column].tolist(), strict=True):
            if not math.isnan(target):
                probability = 1 / (1 + math.exp(-logit))
                losses.append(-weight * math.log(probability) if target else -math.log(1 - probability))
    return sum(losses) / len(losses)


def test_the_loss_is_the_sum_of_three_weighted_by_inverse_prevalence(network):
    picture, rows = batch()
    expected = sum(by_hand(logits) for logits in network.eval()(picture, rows[:, 2:]))
    assert float(task_of(network).loss((picture, rows))) == pytest.approx(expected, rel=1e-5)


def test_training_is_steered_by_the_fusion_and_the_other_heads_stand_beside_it(network):
    task = task_of(network.eval())
    with torch.inference_mode():
        figures = task.figures(task.outputs(batch()))
        said = network(*(part for part in (batch()[0], batch()[1][:, 2:])))
    assert figures["loss"] == pytest.approx(by_hand(said.fused), rel=1e-5)
    assert figures["whole_loss"] == pytest.approx(by_hand(said.whole), rel=1e-5)
    assert figures["crop_loss"] == pytest.approx(by_hand(said.crop), rel=1e-5)
    assert figures["labels_with_auroc"] == 2
    assert {"mean_auroc", "whole_mean_auroc", "crop_mean_auroc", "auroc/Nodule"} <= set(figures)


def test_a_patient_of_whom_all_is_forgotten_is_one_of_whom_nothing_is_known(network):
    picture, rows = batch()
    nothing = torch.cat([TARGETS, torch.tensor(NOTHING_TOLD).expand(4, -1)], dim=1)
    forgetful = task_of(network.eval(), unknown_probability=1.0)
    assert float(forgetful.loss((picture, rows))) == pytest.approx(float(task_of(network).loss((picture, nothing))))


def test_logits_that_are_no_numbers_are_a_loss_that_is_none(network):
    task = task_of(network)
    nan = torch.full((4, 2), math.nan)
    outputs = {"whole": nan, "crop": nan, "fused": nan, "targets": TARGETS}
    assert math.isnan(task.figures(outputs)["loss"])
