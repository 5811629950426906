"""The images on which one label is fitted, and how many patients stand behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.outcomes import BoolArray, FloatArray

POINT_FROM = 20
"""Ill and well patients, each, below which nothing is fitted; of 20, a sensitivity of 0.85 lies in 0.64 to 0.95."""

SLOPE_FROM = 30
"""Ill and well patients, each, below which the slope stays as it is and the intercept alone is fitted.

Drawn 1,000 times with 30 ill and 60 well patients at an AUROC of 0.86, the fitted slope lay between 0.61 and 1.38 of
the true one in 95 of 100; with 20 and 40, between 0.56 and 1.39; with 10 and 20, between 0.38 and 1.38
(`benchmarks/calibrating.py`)."""

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class LabelImages:
    """The n images of which one label's truth is known.

    `truth` bool (n,); `logits` (n,) as they leave the network; `sharpness` (n,) each picture's mean gradient;
    `patients` (n,) the patient of each, by any names. Raises `DataError` where they are not of one length.
    """

    truth: BoolArray
    logits: FloatArray
    sharpness: FloatArray
    patients: npt.NDArray[np.str_]

    def __post_init__(self) -> None:
        shapes = {self.truth.shape, self.logits.shape, self.sharpness.shape, self.patients.shape}
        if len(shapes) != 1 or self.truth.ndim != 1:
            raise DataError(f"truth, logits, sharpness and patients need one shape (n,); their shapes: {shapes}")

    @property
    def n(self) -> int:
        """How many images there are."""
        return int(self.truth.size)

    @property
    def positives(self) -> int:
        """How many of them have the finding."""
        return int(np.count_nonzero(self.truth))

    @property
    def ill(self) -> int:
        """Patients with an image that has the finding."""
        return int(np.unique(self.patients[self.truth]).size)

    @property
    def well(self) -> int:
        """Patients with an image that has it not."""
        return int(np.unique(self.patients[~self.truth]).size)

    def take(self, rows: npt.NDArray[np.intp] | BoolArray) -> LabelImages:
        """The images that an index array or a boolean mask names."""
        return LabelImages(self.truth[rows], self.logits[rows], self.sharpness[rows], self.patients[rows])

    def too_few(self) -> str | None:
        """Why nothing is fitted on so few patients, in words; None where there are enough."""
        count, kind = min((self.ill, "with the finding"), (self.well, "without it"))
        if count >= POINT_FROM:
            return None
        counted = f"only {count} patient{'' if count == 1 else 's'}" if count else "no patient"
        return f"{counted} {kind} among {self.n:,} images; a decision needs {POINT_FROM}"

    @property
    def give_a_slope(self) -> bool:
        """Whether there are patients enough for a slope."""
        return min(self.ill, self.well) >= SLOPE_FROM


def folds_by_patient(images: LabelImages) -> npt.NDArray[np.intp]:
    """The fold of each image, (n,), from 0: whole patients, with ill ones dealt out evenly, then the others.

    A patient counts as ill where any image has the finding. The same names and truths give the same folds.
    """
    names, whose = np.unique(images.patients, return_inverse=True)
    ill = np.bincount(whose, weights=images.truth, minlength=names.size) > 0
    draw = np.random.default_rng(0)
    dealt = np.concatenate([draw.permutation(np.flatnonzero(kind)) for kind in (ill, ~ill)])
    fold = np.empty(names.size, np.intp)
    fold[dealt] = np.arange(names.size) % FOLDS
    return np.asarray(fold[whose.reshape(-1)], np.intp)
