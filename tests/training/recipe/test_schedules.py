"""Learning rates against values worked out by hand, and schedules that go on after a stop."""

import math

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from hilum.errors import UsageError
from hilum.training.recipe.optimizers import Sgd, build_optimizer
from hilum.training.recipe.schedules import (
    Constant,
    Cosine,
    KerasDecay,
    OneCycle,
    Plateau,
    Triangular,
    lightning_schedules,
)

RATE = 0.8
VALUES = (1.0, 1.1, 1.2, 0.9, 0.95, 0.96, 0.97, 0.98, 0.5, 0.6)
"""A watched value after each epoch of two updates."""


class Run:
    """What Lightning does to schedulers: each update, and each epoch of two updates with a watched value."""

    def __init__(self, spec, *, total=20, per_epoch=2):
        self.optimizer = build_optimizer(nn.Linear(1, 1), spec=Sgd(learning_rate=RATE))
        self.configs = lightning_schedules(self.optimizer, spec=spec, total_updates=total, updates_per_epoch=per_epoch)
        self.per_epoch = per_epoch

    def rates(self, updates, *, start=0):
        seen = []
        for update in range(start, start + updates):
            seen.append(self.optimizer.param_groups[0]["lr"])
            self.optimizer.step()
            self._step("step")
            if (update + 1) % self.per_epoch == 0:
                self._step("epoch", VALUES[(update // self.per_epoch) % len(VALUES)])
        return seen

    def _step(self, interval, value=None):
        for config in self.configs:
            if config["interval"] == interval:
                scheduler = config["scheduler"]
                scheduler.step(value) if isinstance(scheduler, ReduceLROnPlateau) else scheduler.step()


def test_constant_stays_and_needs_no_scheduler():
    assert Run(Constant()).rates(5) == [RATE] * 5


def test_plateau_divides_after_more_than_patience_epochs_without_a_better_value():
    # epochs end with 1.0, 1.1, 1.2 (two bad ones, more than 1: divided), 0.9, 0.95, 0.96 (divided), 0.97, 0.98 (again)
    rates = Run(Plateau(monitor="validation/loss", patience=1)).rates(18)
    by_epoch = [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001]
    assert rates[::2] == pytest.approx([RATE * share for share in by_epoch])
    assert rates[1::2] == rates[::2]


def test_plateau_watches_for_larger_values_and_stops_at_its_least_rate():
    rates = Run(Plateau(monitor="auroc", mode="max", patience=0, factor=0.5, min_learning_rate=0.3)).rates(14)
    assert rates[::2] == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.4, 0.3, 0.3])


def test_cosine_warms_up_in_a_line_and_falls_by_half_a_cosine():
    rates = Run(Cosine(warm_up=0.2, final=0.1), total=20).rates(20)
    rise = [0.25, 0.5, 0.75, 1.0]
    fall = [0.1 + 0.9 * (1 + math.cos(math.pi * step / 15)) / 2 for step in range(16)]
    assert rates == pytest.approx([RATE * share for share in rise + fall])
    assert rates[-1] == pytest.approx(RATE * 0.1)


def test_cosine_without_warm_up_starts_at_the_top():
    rates = Run(Cosine(warm_up=0.0), total=5).rates(5)
    assert rates == pytest.approx(
        [0.8, 0.8 * (2 + math.sqrt(2)) / 4, 0.4, 0.8 * (2 - math.sqrt(2)) / 4, 0.0], abs=1e-12
    )


def test_one_cycle_goes_up_and_down_by_cosines():
    # torch's: the top at update 0.3 x 21 - 1 = 5.3, the end at update 20
    rates = Run(OneCycle(warm_up=0.3, start_divisor=10.0, final_divisor=100.0), total=21).rates(21)
    low, least = RATE / 10, RATE / 1000
    up = [low + (RATE - low) * (1 - math.cos(math.pi * step / 5.3)) / 2 for step in range(6)]
    down = [least + (RATE - least) * (1 + math.cos(math.pi * (step - 5.3) / 14.7)) / 2 for step in range(6, 21)]
    assert rates == pytest.approx(up + down)


def test_one_cycle_turns_momentum_the_other_way_unless_told_not_to():
    run = Run(OneCycle())
    assert run.optimizer.param_groups[0]["momentum"] == 0.95
    run.rates(6)
    assert run.optimizer.param_groups[0]["momentum"] == pytest.approx(0.85, abs=0.01)
    assert Run(OneCycle(cycle_momentum=False)).optimizer.param_groups[0]["momentum"] == 0.9


def test_triangular_is_smiths():
    # two epochs of two updates up, as many down: 4 updates a half cycle
    rates = Run(Triangular(lowest=0.2, half_cycle_epochs=2.0)).rates(10)
    assert rates == pytest.approx([RATE * share for share in (0.2, 0.4, 0.6, 0.8, 1.0, 0.8, 0.6, 0.4, 0.2, 0.4)])


def test_triangular_agrees_with_torchs():
    parameter = [nn.Parameter(torch.zeros(1))]
    theirs = torch.optim.lr_scheduler.CyclicLR(
        torch.optim.SGD(parameter, lr=1.0), base_lr=RATE * 0.1, max_lr=RATE, step_size_up=6, cycle_momentum=False
    )
    expected = []
    for _ in range(30):
        expected.append(theirs.get_last_lr()[0])
        theirs.optimizer.step()
        theirs.step()
    assert Run(Triangular(lowest=0.1, half_cycle_epochs=3.0)).rates(30) == pytest.approx(expected)


def test_keras_decay_divides_by_one_more_decay_each_update():
    assert Run(KerasDecay(decay=0.5)).rates(5) == pytest.approx([RATE / d for d in (1.0, 1.5, 2.0, 2.5, 3.0)])


def test_keras_decay_and_a_plateau_both_apply():
    rates = Run(KerasDecay(decay=0.25, plateau=Plateau(monitor="validation/loss", patience=1))).rates(8)
    plateau = [1, 1, 1, 1, 1, 1, 0.1, 0.1]
    assert rates == pytest.approx([RATE * share / (1 + 0.25 * t) for t, share in enumerate(plateau)])


@pytest.mark.parametrize(
    "spec",
    [
        Plateau(monitor="validation/loss", patience=1),
        Cosine(warm_up=0.3),
        OneCycle(),
        Triangular(half_cycle_epochs=1.5),
        KerasDecay(decay=0.1, plateau=Plateau(monitor="validation/loss", patience=1)),
    ],
)
def test_a_schedule_that_was_stopped_goes_on(spec, tmp_path):
    whole = Run(spec).rates(20)
    first = Run(spec)
    begun = first.rates(8)
    state = {
        "optimizer": first.optimizer.state_dict(),
        "schedulers": [config["scheduler"].state_dict() for config in first.configs],
    }
    torch.save(state, tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    second = Run(spec)
    second.optimizer.load_state_dict(state["optimizer"])
    for config, saved in zip(second.configs, state["schedulers"], strict=True):
        config["scheduler"].load_state_dict(saved)
    assert begun + second.rates(12, start=8) == pytest.approx(whole)
    assert len(set(whole)) > 2


def test_a_plateau_names_what_it_watches_each_epoch():
    (config,) = Run(Plateau(monitor="validation/loss")).configs
    assert (config["interval"], config["monitor"]) == ("epoch", "validation/loss")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cosine(warm_up=1.5),
        lambda: Cosine(final=-0.1),
        lambda: OneCycle(warm_up=-0.5),
        lambda: Triangular(lowest=2.0),
        lambda: Triangular(half_cycle_epochs=0.0),
        lambda: OneCycle(start_divisor=0.0),
        lambda: OneCycle(final_divisor=-1.0),
        lambda: Plateau(monitor="validation/loss", factor=2.0),
        lambda: Plateau(monitor="validation/loss", patience=-1),
        lambda: Plateau(monitor="validation/loss", min_learning_rate=-1.0),
        lambda: KerasDecay(decay=-1.0),
    ],
)
def test_values_out_of_range_are_refused(make):
    with pytest.raises(UsageError, match="of the schedule"):
        make()


def test_one_cycle_may_warm_up_for_a_single_update():
    rates = Run(OneCycle(warm_up=0.2), total=5).rates(5)
    assert rates[0] == pytest.approx(RATE / 25)
    assert rates[1] > 0.75 * RATE
    assert rates[1:] == sorted(rates[1:], reverse=True)
