"""One Lightning `Trainer` for every network that hilum trains: precision, devices, logs, checkpoints, progress."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from lightning import pytorch as pl
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger
from lightning_utilities.core.rank_zero import rank_zero_only
from torch import distributed

from hilum.errors import UsageError
from hilum.reading.engine import available_cores
from hilum.training.checkpoints import LAST_CHECKPOINT, EpochCheckpoints, WholeCheckpointIO
from hilum.training.curves import LiveCurves

LOG_FOLDER = "log"

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
"""float32 throughout, or autocast to bfloat16 or half precision with float32 weights."""

Strategy = Literal["auto", "ddp", "ddp_spawn", "fsdp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a training runs: how many devices a node (None takes what is there), nodes, and Lightning's strategy."""

    devices: int | None = None
    nodes: int = 1
    strategy: str = "auto"
    workers: int = 0


THIS_MACHINE = Machine()
"""One process, on the accelerator that is there."""

MOST_WORKERS = 8


def workers_here() -> int:
    """How many processes prepare batches beside each device where nobody says.

    On a CPU none: they would take their time from the training, whose own threads prepare a batch for less between two
    steps (`benchmarks/training.py`). Beside CUDA devices the cores are free: all but one a device, at most 8.
    """
    devices = torch.cuda.device_count()
    return min(MOST_WORKERS, max(1, available_cores() // devices - 1)) if devices else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What an epoch's end decides: `monitor` is a logged metric, `mode` says which way is better.

    `keep_best` keeps the best epoch beside the last; after `patience` epochs without a better one training stops.
    """

    monitor: str
    mode: Literal["min", "max"]
    keep_best: bool = False
    patience: int | None = None


def make_trainer(
    *,
    folder: Path,
    epochs: int,
    precision: Precision,
    machine: Machine,
    following: Following | None = None,
    ema_decay: float | None = None,
    accumulate: int = 1,
    clip_norm: float | None = None,
    deterministic: bool = False,
    log_every_steps: int = 20,
    released_later: bool = False,
    more: Sequence[Callback] = (),
) -> pl.Trainer:
    """The trainer. `folder` gets `last.ckpt` after every epoch, `best.ckpt` where it is followed, and `log/`.

    `released_later` says that some parameters train only from a later epoch. Raises `UsageError` for devices, nodes or
    a strategy that this machine or Lightning does not have.
    """
    check_machine(machine, ema=ema_decay is not None)
    callbacks: list[Callback] = [*more, LiveCurves(folder / LOG_FOLDER)]
    if ema_decay is not None:
        callbacks.append(EMAWeightAveraging(decay=ema_decay))
    if following is not None and following.patience is not None:
        callbacks.append(
            EarlyStopping(
                following.monitor, mode=following.mode, patience=following.patience, check_on_train_epoch_end=True
            )
        )
    monitor = following.monitor if following is not None and following.keep_best else None
    callbacks.append(EpochCheckpoints(folder, monitor=monitor, mode="min" if following is None else following.mode))
    try:
        with quiet_lightning():
            return pl.Trainer(
                accelerator="auto",
                devices="auto" if machine.devices is None else machine.devices,
                num_nodes=machine.nodes,
                strategy=_strategy(machine, released_later=released_later),
                max_epochs=epochs,
                precision=precision,
                accumulate_grad_batches=accumulate,
                gradient_clip_val=clip_norm,
                deterministic=deterministic,
                use_distributed_sampler=False,  # the samplers deal the draws to the processes themselves
                logger=TensorBoardLogger(folder, name="", version=LOG_FOLDER),
                plugins=[WholeCheckpointIO()],
                callbacks=callbacks,
                enable_checkpointing=True,
                log_every_n_steps=log_every_steps,
                num_sanity_val_steps=0,
                enable_model_summary=False,
            )
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise UsageError(
            f"expected devices and a strategy that Lightning can use here, came {machine.devices} devices, "
            f"{machine.nodes} nodes, strategy {machine.strategy}: {' '.join(str(error).split())}"
        ) from error


def check_machine(machine: Machine, *, ema: bool) -> None:
    """Refuse what cannot be: raises `UsageError` for counts below 1, unknown strategies and absent devices."""
    if machine.nodes < 1 or (machine.devices is not None and machine.devices < 1) or machine.workers < 0:
        raise UsageError(
            f"expected at least one device and one node, came {machine.devices} devices and {machine.nodes} nodes"
        )
    if machine.strategy not in get_args(Strategy):
        raise UsageError(f"expected a strategy among {', '.join(get_args(Strategy))}, came {machine.strategy!r}")
    there = torch.cuda.device_count()
    if there and machine.devices is not None and machine.devices > there:
        raise UsageError(f"expected at most the {there} devices of this machine, came --devices {machine.devices}")
    if machine.strategy == "fsdp" and not there:
        raise UsageError("the strategy fsdp needs CUDA devices, and this machine has none; take ddp")
    if machine.strategy == "fsdp" and ema:
        raise UsageError("averaged weights (EMA) do not go with the strategy fsdp; take ddp, or --set ema_decay=none")
    if machine.strategy == "ddp_spawn" and machine.nodes > 1:
        raise UsageError("the strategy ddp_spawn works on one node; take ddp")


def _strategy(machine: Machine, *, released_later: bool) -> str:
    several = machine.nodes > 1 or (machine.devices or 1) > 1 or machine.strategy != "auto"
    if not several:
        return "auto"
    if machine.strategy in ("auto", "ddp"):
        return "ddp_find_unused_parameters_true" if released_later else "ddp"
    if machine.strategy == "ddp_spawn" and released_later:
        return "ddp_spawn_find_unused_parameters_true"
    return machine.strategy


def checkpoint_to_resume(folder: Path) -> str | None:
    """The checkpoint of the last whole epoch in `folder`, or None where there is none."""
    last = folder / LAST_CHECKPOINT
    return str(last) if last.is_file() else None


def run_trainer(
    trainer: pl.Trainer, module: pl.LightningModule, *, training: Any, validation: Any = None, resume: str | None
) -> None:
    """Fit, from the checkpoint `resume` where there is one; Ctrl-C and SIGTERM come out as they came in.

    Lightning ends the process with `SystemExit` where it is interrupted, and leaves SIGINT ignored.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        with quiet_lightning():
            trainer.fit(
                module, train_dataloaders=training, val_dataloaders=validation, ckpt_path=resume, weights_only=True
            )
    except SystemExit as ended:
        signal.signal(signal.SIGINT, before)
        if isinstance(ended.__context__, KeyboardInterrupt):
            raise ended.__context__ from None
        raise


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Without Lightning's advice and its warnings on its own code; errors and hilum's own lines are still seen."""
    logger = logging.getLogger("lightning.pytorch")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for kind in (UserWarning, FutureWarning, DeprecationWarning):
                warnings.filterwarnings("ignore", category=kind, module=r"(lightning|torch|copyreg)\b")
            yield
    finally:
        logger.setLevel(before)


@contextmanager
def deterministic_as_before() -> Iterator[None]:
    """Leave torch's choice of deterministic algorithms, which a `Trainer` sets, as it was."""
    before = torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def is_first_process() -> bool:
    """Whether this process writes what a run leaves behind; of several that train together one does."""
    return int(getattr(rank_zero_only, "rank", 0) or 0) == 0


def wait_for_all() -> None:
    """Wait until every process that trains together has come here."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
