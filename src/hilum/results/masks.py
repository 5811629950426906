"""The lungs and the heart of one radiograph as masks of its own size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.explain.onto_pixels import onto_pixels
from hilum.reading.lungs.drawing import sides
from hilum.reading_result import LungDefinition, LungMap, LungVerdict

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LungMasks:
    """Masks bool (rows, columns) of the upright picture; right and left are the patient's, and do not overlap.

    `definition` says whether the lungs are the fields beside the heart, or the whole lungs. `heart` is None where none
    is drawn. `trusted` and `reason` say whether to rely on the drawing. Right and left can be told apart by their
    places alone where the reading's `lungs.right_share` is None.
    """

    right: Mask
    left: Mask
    heart: Mask | None
    definition: LungDefinition
    trusted: bool
    reason: str

    def __repr__(self) -> str:
        rows, columns = self.right.shape
        said = "trusted" if self.trusted else "not trusted"
        return (
            f"LungMasks({rows} × {columns}, {self.definition}, {'no heart' if self.heart is None else 'heart'}, {said})"
        )


def lung_masks(drawn: LungMap, *, verdict: LungVerdict, rows: int, columns: int) -> LungMasks | None:
    """The masks of what is shown on pages: the fields, or the whole lungs where nothing else was drawn."""
    planes = drawn.sides(drawn.outlined)
    if planes is None:
        return None
    right, left = sides(
        np.stack([planes.right, planes.left]), geometry=drawn.geometry, shape=(rows, columns), threshold=drawn.level
    )
    heart = None
    if drawn.heart is not None:
        heart = onto_pixels(drawn.heart, geometry=drawn.geometry, rows=rows, columns=columns) >= drawn.level
    return LungMasks(right, left, heart, drawn.outlined, verdict.trusted, verdict.reason)
