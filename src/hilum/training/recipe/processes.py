"""Which of several training processes this one is, and sums over all of them; alone where nothing is distributed."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_utilities.core.rank_zero import rank_zero_only
from torch import Tensor, distributed


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """How many processes train together, and the rank of this one among them, from 0."""

    count: int
    rank: int


def training_processes() -> Processes:
    """The processes of torch's default group; one where there is no group.

    Asked when it is needed, never kept: Lightning makes the group after the recipe's objects.
    """
    if not _grouped():
        return Processes(count=1, rank=0)
    return Processes(count=distributed.get_world_size(), rank=distributed.get_rank())


def sum_over_processes(values: Tensor) -> Tensor:
    """The element-wise sum of `values` over all processes, without a gradient; every process must call it."""
    total = values.detach().clone()
    if _grouped():
        distributed.all_reduce(total)
    return total


def is_first_process() -> bool:
    """Whether this process writes what a run leaves behind; of several that train together one does."""
    return int(getattr(rank_zero_only, "rank", 0) or 0) == 0


def wait_for_all() -> None:
    """Wait until every process that trains together has come here."""
    if _grouped():
        distributed.barrier()


def _grouped() -> bool:
    return distributed.is_available() and distributed.is_initialized()
