"""Where a training runs: precision, devices, nodes, the strategy between them, and who prepares batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from hilum.errors import UsageError
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.processor import this_processor

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
"""float32 throughout, or autocast to bfloat16 or half precision with float32 weights; see `precision_here`."""

Strategy = Literal["auto", "ddp", "ddp_spawn", "fsdp"]

MOST_WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How many devices a node (None takes what is there), nodes, Lightning's strategy, and worker processes."""

    devices: int | None = None
    nodes: int = 1
    strategy: str = "auto"
    workers: int = 0


THIS_MACHINE = Machine()
"""One process, on the accelerator that is there."""


def accelerator() -> torch.device:
    """The first CUDA device where there is one, else the CPU: where passes run that no trainer steers."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def multiplies_bfloat16() -> bool:
    """Whether the hardware that trains here multiplies bfloat16 itself; a processor that does not tell counts as not.

    Else torch computes it by slow ways of its own: a step takes a multiple of one in float32.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.backends.mps.is_available() or this_processor().has_bfloat16


def precision_here(asked: Precision) -> Precision:
    """What a training that asks for this precision computes in here: float32 where bfloat16 would be slower."""
    return "32-true" if asked == "bf16-mixed" and not multiplies_bfloat16() else asked


def workers_here() -> int:
    """How many processes prepare batches beside each device where nobody says.

    On a CPU none: they would take their time from the training, whose own threads prepare a batch for less between two
    steps (`benchmarks/training.py`). Beside CUDA devices the cores are free: all but one a device, at most 8.
    """
    devices = torch.cuda.device_count()
    return min(MOST_WORKERS, max(1, available_cores() // devices - 1)) if devices else 0


def check_machine(machine: Machine, *, ema: bool) -> None:
    """Refuse what cannot be: raises `UsageError` for counts below 1, unknown strategies and absent devices.

    `ema` says that weights are averaged over the updates.
    """
    if machine.nodes < 1 or (machine.devices is not None and machine.devices < 1) or machine.workers < 0:
        raise UsageError(
            f"At least one device and one node are needed; given: {machine.devices} devices and {machine.nodes} nodes"
        )
    if machine.strategy not in get_args(Strategy):
        raise UsageError(f"Unknown strategy {machine.strategy!r}. Available: {', '.join(get_args(Strategy))}")
    there = torch.cuda.device_count()
    if there and machine.devices is not None and machine.devices > there:
        raise UsageError(
            f"This machine has {there} devices, and --devices asks for {machine.devices}. Give {there} or fewer"
        )
    if machine.strategy == "fsdp" and not there:
        raise UsageError("The strategy fsdp needs CUDA devices, and this machine has none. Use ddp")
    if machine.strategy == "fsdp" and ema:
        raise UsageError("Averaged weights (EMA) do not work with the strategy fsdp. Use ddp, or --set ema_decay=none")
    if machine.strategy == "ddp_spawn" and machine.nodes > 1:
        raise UsageError("The strategy ddp_spawn works on one node. Use ddp")


def lightning_strategy(machine: Machine, *, released_later: bool) -> str:
    """Lightning's name of the strategy; `released_later` says that some parameters train only from a later epoch."""
    several = machine.nodes > 1 or (machine.devices or 1) > 1 or machine.strategy != "auto"
    if not several:
        return "auto"
    if machine.strategy in ("auto", "ddp"):
        return "ddp_find_unused_parameters_true" if released_later else "ddp"
    if machine.strategy == "ddp_spawn" and released_later:
        return "ddp_spawn_find_unused_parameters_true"
    return machine.strategy
