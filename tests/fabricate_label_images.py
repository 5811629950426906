"""Makes the images of one label as a fit has them: logits that say something, patients with one or several images."""

import numpy as np

from hilum.evaluation.calibrating.label_images import LabelImages


def fabricate_label_images(
    *, ill: int = 60, well: int = 60, each: int = 1, apart: float = 2.0, slope: float = 1.0, seed: int = 0
) -> LabelImages:
    """`ill` patients with and `well` without the finding, `each` images apiece.

    Logits lie around plus and minus half of `apart`, with deviation 1, divided by `slope`.
    """
    draw = np.random.default_rng(seed)
    truth = np.repeat(np.arange(ill + well) < ill, each)
    order = draw.permutation(truth.size)
    names = np.repeat([f"p{number:04d}" for number in range(ill + well)], each)
    logits = draw.normal(np.where(truth, apart / 2, -apart / 2), 1.0) / slope
    sharpness = draw.random(truth.size)
    return LabelImages(truth[order], logits[order], sharpness[order], names[order])
