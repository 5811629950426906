"""Checkpoints that are whole or absent, and what a stopped run finds in them.

Lightning writes a checkpoint to the system's temporary folder and moves it to its place, which copies (and can be torn)
where that folder lies on another disk. Here it is written beside its place, flushed, and renamed.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import safetensors
import safetensors.torch
import torch
from lightning import pytorch as pl
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint
from torch import Tensor

from hilum.errors import DataError
from hilum.whole_files import write_whole

LAST_CHECKPOINT = "last.ckpt"
BEST_CHECKPOINT = "best.ckpt"
WEIGHTS = "weights.safetensors"

_NETWORK, _ABOUT = "network.", "about"


class WholeCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files through `write_whole`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Write `checkpoint` to `path`, whole or not at all. Raises `OutputError` where the disk refuses."""
        del storage_options
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_whole(Path(path), buffer.getvalue())


class EpochCheckpoints(Checkpoint):
    """Writes `last.ckpt` into `folder` after every epoch, and `best.ckpt` after one with a better `monitor`.

    Lightning's own callback writes the last one only where it also writes a best one, which depends on its version.
    """

    def __init__(self, folder: Path, *, monitor: str | None, mode: Literal["min", "max"]) -> None:
        self._folder, self._monitor, self._mode = folder, monitor, mode
        self.best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` saved."""
        self.best = state_dict["best"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the best first: a kill between the two leaves the epoch to be run again, and written again."""
        del pl_module
        if self._monitor is not None:
            value = float(trainer.callback_metrics[self._monitor])
            if is_better(value, than=self.best, mode=self._mode):
                self.best = value
                trainer.save_checkpoint(self._folder / BEST_CHECKPOINT, weights_only=False)
        trainer.save_checkpoint(self._folder / LAST_CHECKPOINT, weights_only=False)


def is_better(value: float, *, than: float | None, mode: Literal["min", "max"]) -> bool:
    """Whether a value is better than the best so far, None at first; a value that is no number is better than nothing.

    Any number is better than one that is none.
    """
    if than is None or math.isnan(than):
        return than is None or not math.isnan(value)
    return value < than if mode == "min" else value > than


def has_begun(folder: Path) -> bool:
    """Whether a training has left anything in `folder` that a later call goes on from."""
    return (folder / LAST_CHECKPOINT).is_file() or (folder / WEIGHTS).is_file()


def drop_checkpoints(folder: Path) -> None:
    """Delete the checkpoints of all trainings in `folder` whose weights stay: several times as large, and done with."""
    for weights in folder.rglob(WEIGHTS):
        for name in (LAST_CHECKPOINT, BEST_CHECKPOINT):
            weights.with_name(name).unlink(missing_ok=True)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The checkpoint at `path`, tensors and plain values only, on the CPU.

    Raises `DataError` where it cannot be read.
    """
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is none of its own
        raise DataError(
            f"{path} is not a checkpoint of this version of hilum ({type(error).__name__}). Remove the run's folder "
            "and start again"
        ) from error
    return checkpoint


def has_ended(checkpoint: Mapping[str, Any], *, epochs: int) -> bool:
    """Whether the run that wrote it needs no further epoch: all are done, or it stopped early."""
    stopped = any(
        (name.startswith("EarlyStopping") and state.get("stopped_epoch", 0) > 0)
        or (name.startswith("Validations") and state["stopped"])
        for name, state in checkpoint.get("callbacks", {}).items()
    )
    return stopped or int(checkpoint["epoch"]) + 1 >= epochs


def network_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The parameters and buffers of the network alone: the averaged ones where the run averaged weights."""
    return {
        name.removeprefix(_NETWORK): tensor
        for name, tensor in checkpoint["state_dict"].items()
        if name.startswith(_NETWORK)
    }


def save_weights(path: Path, *, state: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Write a network's weights as safetensors, whole or not at all; `about` goes into the file's metadata."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    # one entry, since the order of several is left to chance and equal weights shall be equal files
    write_whole(path, safetensors.torch.save(tensors, metadata={_ABOUT: json.dumps(dict(about), sort_keys=True)}))


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights that `save_weights` wrote and their metadata. Raises `DataError` where the file is none."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about: dict[str, str] = json.loads(file.metadata()[_ABOUT])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no mapping)
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} does not hold the weights of a finished stage: {error}. Remove the file and start again"
        ) from error
