"""The picture of a body without lungs: what the detector makes of it, and what is known of it."""

from __future__ import annotations

import numpy as np

from hilum.phantom.detector import Detector, Display, expose
from hilum.phantom.grid import Grid, Image
from hilum.phantom.labels import stamped
from hilum.phantom.phantom import Kind, Phantom
from hilum.radiograph import View


def without_lungs(
    attenuation: Image, *, grid: Grid, kind: Kind, view: View, seed: int, detector: Detector, label: bool
) -> Phantom:
    """The picture that a detector makes of a body without lungs, from its mu x path (H, W), with a label or none."""
    display = Display.of_body(attenuation, detector=detector)
    pixels = display.pixels(expose(attenuation, detector=detector, seed=seed))
    nothing = np.zeros(pixels.shape, bool)
    return Phantom(
        pixels=stamped(pixels) if label else pixels,
        lesions=(),
        right_lung=nothing,
        left_lung=nothing,
        kind=kind,
        spacing_mm=grid.spacing_mm,
        view=view,
        seed=seed,
    )
