"""What a gate's networks said of pictures that they never saw: one row a picture and view, kept in an `.npz` file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.whole_files import write_whole

Text = npt.NDArray[np.str_]

AS_READ, MASKED, LEARNT, OTHER_PATIENTS = "as read", "masked", "learnt from", "other patients"
"""How a picture was shown that is not framed: as reading sees it, its middle hidden, in training, and of patients of
whom the network that shows it learnt nothing."""
FRAMED_VIEWS: tuple[Literal["black", "white", "stretch"], ...] = ("black", "white", "stretch")
"""Three paddings, each with a crop, a size and a JPEG quality drawn alike for all pictures."""
WHOLE_VIEWS = (AS_READ, *FRAMED_VIEWS)
"""Views of a picture as it came, without a fault put into it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GatePredictions:
    """Columns of equal length n.

    `network` names the network, `view` how the picture was shown. `xray_type` is empty where there is none, and so is
    `chest_view`, one of `VIEWS_TOLD`, where nothing is known of a chest's own view. `logits` float32 (n, 24) in the
    order of `GATE_OUTPUTS`; `features` float16 (n, K), pooled. `frame` float32 (n, 5): index of the padding rule, JPEG
    quality, size in pixels, aspect, fill; NaN where the view draws no frame.
    """

    network: Text
    view: Text
    name: Text
    source: Text
    group: Text
    is_xray: npt.NDArray[np.bool_]
    xray_type: Text
    chest_view: Text
    logits: npt.NDArray[np.float32]
    features: npt.NDArray[np.float16]
    frame: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.name)

    def where(self, rows: npt.NDArray[np.bool_]) -> GatePredictions:
        """The rows that are true in `rows` (n,)."""
        return GatePredictions(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def save_predictions(predictions: GatePredictions, *, path: Path) -> None:
    """Write the columns; whole or not at all."""
    buffer = io.BytesIO()
    arrays = {field.name: getattr(predictions, field.name) for field in fields(predictions)}
    np.savez(buffer, allow_pickle=False, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def load_predictions(path: Path) -> GatePredictions:
    """Read what `save_predictions` wrote. Raises `DataError` for anything else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return GatePredictions(**{field.name: file[field.name] for field in fields(GatePredictions)})
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{path} does not hold the predictions of an X-ray check ({error}). Delete it and run the study again"
        ) from error


def joined(parts: Sequence[GatePredictions]) -> GatePredictions:
    """All rows of all parts, in order."""
    return GatePredictions(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(GatePredictions)
        }
    )
