"""A batch of cases through a network in one pass, and how long each took of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from hilum.reading.specialists.opinion import Case

Output = TypeVar("Output")
Floats = npt.NDArray[np.float32]
Outputs = Mapping[str, Floats]
"""What a graph gives, by the name of the output; for a batch with its cases first."""


def one_pass(
    cases: Sequence[Case], *, run: Callable[[Sequence[Case]], Sequence[Output]]
) -> tuple[tuple[Case, Output, float], ...]:
    """Each case with what `run` says of it and its share of the time in ms; nothing is run for an empty batch."""
    if not cases:
        return ()
    started = time.perf_counter()
    outputs = run(cases)
    each_ms = (time.perf_counter() - started) * 1e3 / len(cases)
    return tuple((case, output, each_ms) for case, output in zip(cases, outputs, strict=True))


def inputs_of(cases: Sequence[Case]) -> Floats:
    """The prepared pictures of the cases, (N, C, H, W)."""
    return np.stack([case.model_input.array for case in cases])


def maps_of(class_maps: Floats | None, *, count: int) -> Sequence[Floats | None]:
    """The class maps (N, L, h, w) of each of `count` cases; None for each where the network gives none."""
    return [None] * count if class_maps is None else list(class_maps)


def each_of(outputs: Outputs, *, count: int) -> list[Outputs]:
    """The outputs of a batch for each of its `count` cases."""
    return [{name: values[i] for name, values in outputs.items()} for i in range(count)]
