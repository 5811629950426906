"""The gate's loss against parts computed by hand."""

import math
from dataclasses import replace

import pytest
import torch

from hilum.bundle.gate_outputs import CROPPED, GATE_OUTPUTS, INVERTED, IS_XRAY, TURNS, TYPES, VIEWS
from hilum.systems.gate.data.releases import ViewTold
from hilum.systems.gate.losses import NO_TARGET, UNASKED, GateLoss, gate_loss, target_row

PLAIN = GateLoss(type_smoothing=0.0, is_xray_smoothing=0.0)


def test_the_outputs_are_in_the_order_that_slices_name() -> None:
    assert GATE_OUTPUTS[IS_XRAY] == "is_xray"
    assert GATE_OUTPUTS[TYPES][1] == "chest"
    assert GATE_OUTPUTS[TURNS] == ("turned 0", "turned 90", "turned 180", "turned 270")
    assert GATE_OUTPUTS[VIEWS] == ("view PA", "view AP", "view lateral")
    assert (GATE_OUTPUTS[INVERTED], GATE_OUTPUTS[CROPPED]) == ("inverted", "cropped")
    assert len(GATE_OUTPUTS) == 24


def test_flat_logits_cost_the_logs_of_the_numbers_of_answers() -> None:
    logits = torch.zeros(1, 24)
    chest = target_row(True, 1, turn=2, inverted=True, cropped=False)[None]
    expected = math.log(2) + math.log(14) + 0.3 * (math.log(4) + 2 * math.log(2))
    assert float(gate_loss(logits, chest, weights=PLAIN)) == pytest.approx(expected, abs=1e-5)


def test_what_has_no_type_is_pulled_to_equal_shares() -> None:
    photo = target_row(False, NO_TARGET)[None]
    flat = float(gate_loss(torch.zeros(1, 24), photo, weights=PLAIN))
    assert flat == pytest.approx(math.log(2) + 0.3 * math.log(14), abs=1e-5)
    sure = torch.zeros(1, 24)
    sure[0, TYPES.start] = 9.0
    assert float(gate_loss(sure, photo, weights=PLAIN)) > flat + 1


def test_a_type_that_is_not_asked_for_costs_nothing_whatever_it_is_called() -> None:
    part = target_row(True, UNASKED)[None]
    logits = torch.zeros(1, 24, requires_grad=True)
    loss = gate_loss(logits, part, weights=PLAIN)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(math.log(2), abs=1e-5)
    assert logits.grad is not None
    assert not bool(logits.grad[0, TYPES].any())
    assert bool(logits.grad[0, IS_XRAY] != 0)


@pytest.mark.parametrize(("told", "probability"), [("PA", 0.5), ("AP", 0.2), ("LL", 0.3), ("frontal", 0.7)])
def test_a_view_costs_the_log_of_what_may_be_true(told: ViewTold, probability: float) -> None:
    logits = torch.zeros(1, 24)
    logits[0, VIEWS] = torch.tensor([0.5, 0.2, 0.3]).log()
    weights = replace(PLAIN, view=2.0)
    silent = float(gate_loss(logits, target_row(True, 1)[None], weights=weights))
    asked = float(gate_loss(logits, target_row(True, 1, view=told)[None], weights=weights))
    assert asked - silent == pytest.approx(-2.0 * math.log(probability), abs=1e-5)


def test_a_view_is_the_mean_of_those_that_are_told() -> None:
    logits = torch.zeros(3, 24)
    rows = torch.stack([target_row(True, 1, view="LL"), target_row(True, 1, view="frontal"), target_row(True, 1)])
    silent = torch.stack([target_row(True, 1)] * 3)
    weights = replace(PLAIN, view=1.0)
    cost = float(gate_loss(logits, rows, weights=weights)) - float(gate_loss(logits, silent, weights=weights))
    assert cost == pytest.approx((math.log(3) + math.log(1.5)) / 2, abs=1e-5)


@pytest.mark.parametrize("answered", [True, False])
def test_faults_are_asked_of_chests_alone(answered: bool) -> None:
    row = target_row(True, 1, turn=0, inverted=False, cropped=False) if answered else target_row(True, 1)
    logits = torch.zeros(1, 24, requires_grad=True)
    gate_loss(logits, row[None], weights=PLAIN).backward()
    assert logits.grad is not None
    gradient = logits.grad[0, TURNS.start : VIEWS.start]
    assert bool((gradient != 0).any()) == answered


def test_a_batch_is_the_mean_of_its_pictures_where_all_have_the_same_questions() -> None:
    torch.manual_seed(0)
    logits = torch.randn(6, 24)
    targets = torch.stack([target_row(True, i, turn=i % 4, inverted=bool(i % 2), cropped=False) for i in range(6)])
    whole = float(gate_loss(logits, targets, weights=GateLoss()))
    alone = [float(gate_loss(logits[i : i + 1], targets[i : i + 1], weights=GateLoss())) for i in range(6)]
    assert whole == pytest.approx(sum(alone) / 6, abs=1e-5)
