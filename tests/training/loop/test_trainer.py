import signal

import pytest

from hilum.errors import UsageError
from hilum.training.loop.trainer import make_trainer
from hilum.training.recipe import machine as machine_module
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Plan
from hilum.training.recipe.schedules import Constant


def plan(**more):
    settings = {"precision": "32-true", **more}
    return Plan(name="any", optimizer=Sgd(learning_rate=0.1), schedule=Constant(), epochs=1, batch_size=1, **settings)


def test_lightning_refusals_are_one_line_too(tmp_path):
    with pytest.raises(UsageError, match="Lightning cannot use") as refused:
        make_trainer(plan(precision="64-banana"), folder=tmp_path, machine=Machine())
    assert "\n" not in str(refused.value)


def test_signals_are_left_as_they_were(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    make_trainer(plan(), folder=tmp_path, machine=Machine())
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize("has", [True, False])
def test_without_bfloat16_of_its_own_a_machine_trains_in_float32(tmp_path, monkeypatch, has):
    monkeypatch.setattr(machine_module, "multiplies_bfloat16", lambda: has)
    trainer = make_trainer(plan(precision="bf16-mixed"), folder=tmp_path, machine=Machine())
    assert trainer.precision == ("bf16-mixed" if has else "32-true")
