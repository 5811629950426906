"""Validation over several processes: each looks at its share of the images, and all see what all have found."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, distributed
from torch.utils.data import Sampler

from hilum.training.processes import training_processes


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


def gather_rows(rows: Tensor) -> Tensor:
    """The rows (n, L) of all processes, process after process, on every process; n may differ between them."""
    processes = training_processes()
    if processes.count == 1:
        return rows
    shares: list[Tensor] = [rows] * processes.count
    distributed.all_gather_object(shares, rows.cpu())
    return torch.cat(shares)
