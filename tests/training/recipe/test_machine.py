import pytest
import torch

from hilum.errors import UsageError
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.processor import Processor
from hilum.training.recipe import machine as machine_module
from hilum.training.recipe.machine import (
    Machine,
    accelerator,
    check_machine,
    multiplies_bfloat16,
    precision_here,
    workers_here,
)


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (Machine(devices=0), "one device and one node are needed; given: 0 devices and 1 nodes"),
        (Machine(nodes=0), "given: None devices and 0 nodes"),
        (Machine(strategy="magic"), "Unknown strategy 'magic'. Available: auto, ddp, ddp_spawn, fsdp"),
        (Machine(strategy="ddp_spawn", nodes=2), "works on one node"),
    ],
)
def test_what_no_machine_can_do_is_refused_in_one_line(machine, said):
    with pytest.raises(UsageError, match=said) as refused:
        check_machine(machine, ema=False)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device for it here")
def test_a_strategy_that_needs_devices_is_refused_without_one():
    with pytest.raises(UsageError, match="The strategy fsdp needs CUDA devices"):
        check_machine(Machine(strategy="fsdp"), ema=False)


def test_a_plain_machine_is_fine():
    check_machine(Machine(), ema=True)
    check_machine(Machine(devices=2, nodes=3, strategy="ddp"), ema=True)


def test_workers_are_for_cores_that_training_leaves_free():
    if torch.cuda.is_available():
        assert 1 <= workers_here() <= min(8, max(1, available_cores() - 1))
    else:
        assert workers_here() == 0


@pytest.mark.parametrize(("there", "device"), [(True, "cuda"), (False, "cpu")])
def test_passes_without_a_trainer_run_on_the_device_that_is_there(monkeypatch, there, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert accelerator() == torch.device(device)


@pytest.mark.parametrize(("flags", "has"), [("avx2 avx512_bf16", True), ("avx2 avx512f", False), ("", False)])
def test_bfloat16_is_computed_where_the_processor_multiplies_it_and_float32_elsewhere(flags, has, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(machine_module, "this_processor", lambda: Processor("any", frozenset(flags.split())))
    assert multiplies_bfloat16() is has
    assert precision_here("bf16-mixed") == ("bf16-mixed" if has else "32-true")
    assert [precision_here(one) for one in ("32-true", "16-mixed")] == ["32-true", "16-mixed"]


@pytest.mark.parametrize("has", [True, False])
def test_a_cuda_device_is_asked_whether_it_has_bfloat16_without_emulating_it(has, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or has)
    assert precision_here("bf16-mixed") == ("bf16-mixed" if has else "32-true")
