"""One Lightning `Trainer` for every network that hilum trains: precision, devices, logs, checkpoints, progress."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning import pytorch as pl
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger

from hilum.errors import UsageError
from hilum.training.loop.checkpoints import LAST_CHECKPOINT, EpochCheckpoints, WholeCheckpointIO
from hilum.training.loop.curves import LiveCurves
from hilum.training.loop.validations import Validations
from hilum.training.recipe.machine import Machine, check_machine, lightning_strategy, precision_here
from hilum.training.recipe.plan import Plan

LOG_FOLDER = "log"


def make_trainer(plan: Plan, *, folder: Path, machine: Machine, more: Sequence[Callback] = ()) -> pl.Trainer:
    """The trainer of a plan. `folder` gets `last.ckpt` after every epoch, `best.ckpt` where it is kept, and `log/`.

    It computes in the plan's precision, or as `precision_here` says.

    Raises `UsageError` for devices, nodes or a strategy that this machine or Lightning does not have.
    """
    check_machine(machine, ema=plan.ema_decay is not None)
    callbacks: list[Callback] = [*more, LiveCurves(folder / LOG_FOLDER)]
    if plan.ema_decay is not None:
        callbacks.append(EMAWeightAveraging(decay=plan.ema_decay))
    callbacks += _selecting(plan, folder=folder)
    every = plan.validate_every
    try:
        with quiet_lightning():
            return pl.Trainer(
                accelerator="auto",
                devices="auto" if machine.devices is None else machine.devices,
                num_nodes=machine.nodes,
                strategy=lightning_strategy(machine, released_later=plan.freezing is not None),
                max_epochs=plan.epochs,
                precision=precision_here(plan.precision),
                accumulate_grad_batches=plan.accumulate,
                gradient_clip_val=plan.clip_norm,
                deterministic=plan.deterministic,
                use_distributed_sampler=False,  # the samplers deal the draws to the processes themselves
                logger=TensorBoardLogger(folder, name="", version=LOG_FOLDER),
                plugins=[WholeCheckpointIO()],
                callbacks=callbacks,
                enable_checkpointing=True,
                log_every_n_steps=20,
                num_sanity_val_steps=0,
                # without an epoch's count Lightning counts batches over the whole training
                check_val_every_n_epoch=1 if every is None else None,
                val_check_interval=every,
                enable_model_summary=False,
            )
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise UsageError(
            f"Lightning cannot use {machine.devices} devices and {machine.nodes} nodes with the strategy "
            f"{machine.strategy} here: {' '.join(str(error).split())}"
        ) from error


def _selecting(plan: Plan, *, folder: Path) -> list[Callback]:
    """What keeps the weights of the plan's choice, by epochs or by validations within them, and stops early."""
    selection = plan.selection
    if selection is None:
        return [EpochCheckpoints(folder, monitor=None, mode="min")]
    if plan.validate_every is not None:
        within = Validations(folder, log=folder / LOG_FOLDER, selection=selection)
        return [within, EpochCheckpoints(folder, monitor=None, mode=selection.mode)]
    monitor = selection.metric if selection.keep == "best" else None
    checkpoints = EpochCheckpoints(folder, monitor=monitor, mode=selection.mode)
    if selection.patience is None:
        return [checkpoints]
    patient = EarlyStopping(
        selection.metric, mode=selection.mode, patience=selection.patience, check_on_train_epoch_end=True
    )
    return [patient, checkpoints]


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
