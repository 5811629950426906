"""The build of the body whose thorax is rendered: adult or child, woman or man, with small differences by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.radiograph import Sex


@dataclass(frozen=True, slots=True)
class Habitus:
    """Sizes relative to an adult man; lengths elsewhere in the thorax are body millimetres, `scale` makes them real.

    `lung_height` stretches the lungs upwards from their base, `heart` the heart in all directions; `rib_slope` scales
    how far ribs descend; `field_mm` is the shorter side of the picture and `centre_y_mm` its middle, in body
    millimetres; `wall` the tissue outside the ribs; `right_dome_mm` and `left_dome_mm` lift the diaphragm.
    """

    scale: float
    field_mm: float
    centre_y_mm: float
    age_years: int
    sex: Sex
    lung_height: float
    heart: float
    rib_slope: float
    wall: float
    bone: float
    right_dome_mm: float
    left_dome_mm: float


def habitus(*, child: bool, sex: Sex, seed: int) -> Habitus:
    """The build of a child of five or an adult of forty, varied a little by `seed`."""
    rng = np.random.default_rng([seed, 1])

    def about(mean: float, spread: float) -> float:
        return float(mean * (1 + spread * rng.uniform(-1, 1)))

    return Habitus(
        scale=about(0.55 if child else 0.93 if sex == "F" else 1.0, 0.02),
        field_mm=352.0 if child else 400.0,
        centre_y_mm=22.0 if child else 0.0,
        age_years=5 if child else 40,
        sex=sex,
        lung_height=about(0.88 if child else 1.0, 0.02),
        heart=about(1.12 if child else 1.0, 0.04),
        rib_slope=about(0.72 if child else 1.0, 0.06),
        wall=about(0.75 if child else 1.0, 0.08),
        bone=about(0.8 if child else 1.0, 0.05),
        right_dome_mm=float(rng.uniform(-4, 4)),
        left_dome_mm=float(rng.uniform(-4, 4)),
    )
