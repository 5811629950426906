"""What a network costs: its parameters, the size of its weights, and the time of a picture; measured once and kept."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from hilum.errors import DataError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.whole_files import write_whole

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """`parameters` of backbone and linear layer; `megabytes` of 1e6 bytes, weights and statistics in float32.

    `milliseconds` of processor time of one thread for one picture in float32, the best of five rounds as torch computes
    it: neighbours on the machine count little, and a bundle's engine may be faster.
    """

    parameters: int
    megabytes: float
    milliseconds: float


def costs_path(arm: str, *, folder: Path) -> Path:
    """Where the costs of an arm's network are kept in a fold's `folder`."""
    return folder / "costs" / f"{arm}.json"


def keep_costs(network: PooledClassifier, *, spec: PreprocessSpec, path: Path) -> None:
    """Measure and write the file `path`, unless it is there."""
    if not path.is_file():
        write_whole(path, (json.dumps(asdict(measured(network, spec=spec)), indent=1) + "\n").encode())


def read_costs(path: Path) -> Costs:
    """What `keep_costs` left. Raises `DataError` where it is not there or malformed."""
    try:
        return Costs(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the costs of a network ({error}). Remove {path.parent.parent} and run the study "
            "again"
        ) from error


def measured(network: PooledClassifier, *, spec: PreprocessSpec) -> Costs:
    """The costs of a network in evaluation mode on this machine. Raises `DataError` where `spec` fixes no size."""
    if spec.output_size is None:
        raise DataError("The preprocessing has no resize step, so the network cannot be timed. Add one to the recipe")
    height, width = spec.output_size
    picture = torch.zeros(1, spec.channels, height, width)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            network(picture)  # warms up
            seconds = min(_seconds(network, picture) for _ in range(ROUNDS))
    finally:
        torch.set_num_threads(threads)
    numbers = sum(tensor.numel() for tensor in network.state_dict().values() if tensor.is_floating_point())
    return Costs(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        megabytes=numbers * 4 / 1e6,
        milliseconds=seconds * 1e3,
    )


def _seconds(network: PooledClassifier, picture: torch.Tensor) -> float:
    started = time.process_time()
    network(picture)
    return time.process_time() - started
