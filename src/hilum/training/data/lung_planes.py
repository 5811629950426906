"""The planes that tell a network how much of each pixel is lung, beside the pictures that it learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hilum.datasets.records.packed_mask import PackedMask
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.reading.lungs.on_input import widened
from hilum.training.recipe.lung_pooling import LungPooling


@dataclass(frozen=True, slots=True, eq=False)
class LungPlanes:
    """The widened lungs of some pictures, in their order; None where a drawing is not trusted."""

    pooling: LungPooling
    _masks: Sequence[PackedMask | None]

    def __getitem__(self, index: int) -> Tensor | None:
        """The plane of one picture: float32 (H, W), 1 inside the widened lungs and 0 elsewhere."""
        mask = self._masks[index]
        return None if mask is None else torch.from_numpy(mask.mask).float()


def lung_planes(records: Sequence[Record], *, size: tuple[int, int], pooling: LungPooling) -> LungPlanes:
    """The planes of `records` for pictures of `size` (rows, columns), each widened once.

    Raises `DataError` where a record's mask is of another size: its lungs were drawn for other pictures.
    """
    return LungPlanes(pooling, [_widened(record, size=size, pooling=pooling) for record in records])


def _widened(record: Record, *, size: tuple[int, int], pooling: LungPooling) -> PackedMask | None:
    mask = record.lung_mask
    if mask is None:
        return None
    if (mask.rows, mask.columns) != size:
        raise DataError(
            f"The lungs of {record.image} were drawn on {mask.rows} x {mask.columns} pixels, and the recipe needs "
            f"{size[0]} x {size[1]}. Draw them for the recipe's preprocessing"
        )
    return PackedMask.of(widened(mask.mask, share=pooling.widen))
