"""A fabricated radiograph with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.geometry import Box
from hilum.radiograph import Pixels, Sex, View

Mask = npt.NDArray[np.bool_]
"""bool (H, W)."""

Kind = Literal["chest", "hand", "jaw"]


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion that was put there: what it is, and the smallest box of whole pixels around every pixel it touches."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A picture of no patient.

    `pixels` is float32 (H, W) in [0, 1], bright is dense. Masks are bool (H, W) and all False where the phantom has no
    lungs; the patient's right lung lies on the left of the picture. `spacing_mm` is the pixel spacing at the detector.
    `age_years` and `sex` are those of the body that was modelled.
    """

    pixels: Pixels
    lesions: tuple[Lesion, ...]
    right_lung: Mask
    left_lung: Mask
    kind: Kind
    spacing_mm: float
    view: View = "PA"
    age_years: int = 40
    sex: Sex = "unknown"
    seed: int = 0
