"""Validation over several processes: each looks at its share of the images, and all see what all have found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, distributed
from torch.utils.data import Sampler

from hilum.training.recipe.processes import training_processes


class ShareSampler(Sampler[int]):
    """Every image once, in order, dealt to the processes in turn; no image is padded or left out."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        processes = training_processes()
        return len(range(processes.rank, self._count, processes.count))

    def __iter__(self) -> Iterator[int]:
        processes = training_processes()
        return iter(range(processes.rank, self._count, processes.count))


def gather_outputs(batches: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The outputs of all batches of all processes, name by name, process after process, on every process.

    Each process gives its own batches, which may be none; every process must call it.
    """
    own = {name: torch.cat([batch[name] for batch in batches]) for name in (batches[0] if batches else ())}
    processes = training_processes()
    if processes.count == 1:
        return own
    shares: list[dict[str, Tensor]] = [own] * processes.count
    distributed.all_gather_object(shares, own)
    filled = [share for share in shares if share]
    return {name: torch.cat([share[name] for share in filled]) for name in (filled[0] if filled else ())}
