"""The tensors of a weights file, by their names there: safetensors, or a file of torch's, read without being run.

A file of torch's (`.pth`, `.pt`, `.bin`, `.ckpt`, `.tar`) is a pickle. torch's reader for weights alone takes tensors,
numbers and words from it and refuses whatever else it names. An `argparse.Namespace`, in which training scripts keep
their settings, and numpy's numbers, as which they keep a loss, are let through and thrown away.
"""

from __future__ import annotations

import argparse
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy._core import multiarray
from torch import Tensor

from hilum.errors import DataError

TORCH_ENDINGS = (".pth", ".pt", ".bin", ".ckpt", ".tar")
_NESTED = ("model_ema", "teacher", "model", "state_dict", "module")
"""Under which name a training script's checkpoint keeps the weights beside its own state; averages before what they
average."""

_HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace,
    (multiarray.scalar, "numpy.core.multiarray.scalar"),  # as numpy called it before 2.0
    (multiarray.scalar, "numpy._core.multiarray.scalar"),
    np.dtype,
    np.dtypes.Float64DType,
    np.dtypes.Float32DType,
    np.dtypes.Int64DType,
]

_DAMAGED = (OSError, EOFError, RuntimeError, ValueError, LookupError, AttributeError, TypeError, zipfile.BadZipFile)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of the file, in its order.

    Raises `DataError` where there is no file, it is damaged, holds no tensors, or asks for anything but weights; then
    nothing of it was run.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path}. Give the path of the weights")
    if path.suffix not in TORCH_ENDINGS:
        try:
            return safetensors.torch.load_file(path)
        except (OSError, safetensors.SafetensorError) as error:
            raise DataError(f"{path} is not an intact safetensors file ({error}). Give an intact one") from error
    return _tensors(_read_torch(path), path=path)


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_HARMLESS):
            warnings.simplefilter("ignore")  # of torch on the pickle's age
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path} holds more than weights, or is no file of torch's; nothing of it was run. Give a file of weights "
            "alone"
        ) from error
    except _DAMAGED as error:
        raise DataError(f"{path} is not an intact file of torch's. Get it again") from error


def _tensors(loaded: object, *, path: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint that may keep them under a name of their own, without a wrapper's `module.`."""
    for name in _NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
            break
    found = loaded if isinstance(loaded, Mapping) else {}
    tensors = {str(name): tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}
    if not tensors:
        raise DataError(f"{path} holds {type(loaded).__name__} and no tensors by name. Give a file of weights")
    wrapped = all(name.startswith("module.") for name in tensors)
    return {name.removeprefix("module.") if wrapped else name: tensor for name, tensor in tensors.items()}
