"""Predictions from arrays, for whoever has no file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.predictions.design import Design
from hilum.evaluation.predictions.predictions import Predictions

UNNAMED = "Finding"
"""What the one label is called where nobody names it."""


def as_predictions(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    protocol: str,
    labels: Sequence[str] | None = None,
    patient: Sequence[object] | None = None,
    image: Sequence[object] | None = None,
    split: str = "judged",
    design: Design = "held out",
) -> Predictions:
    """`truth` (n,) or (n, L), 1, 0 or NaN (not known), and `scores` of that shape, probabilities, as `judge` takes.

    `labels` names the L columns. `patient` tells whose image each row is; without it each counts as one patient's, and
    so is judged. `image` names the rows; without it they are numbered. `split` is the part that all of them are of:
    `validation` for what operating points are chosen on. Raises `DataError` where lengths differ, labels are missing,
    or as `Predictions` does.
    """
    known, said = _columns(truth, what="truth"), _columns(scores, what="scores")
    if known.shape != said.shape:
        raise DataError(f"truth has the shape {known.shape} and scores {said.shape}; give one score for each truth")
    n, wide = known.shape
    if labels is None and wide > 1:
        raise DataError(f"There are {wide} columns without names; give labels, one name for each")
    names = (UNNAMED,) if labels is None else tuple(labels)
    if len(names) != wide:
        raise DataError(f"There are {wide} columns and {len(names)} labels; give one name for each column")
    for what, given in (("patient", patient), ("image", image)):
        if given is not None and len(given) != n:
            raise DataError(f"There are {n} rows and {len(given)} names in {what}; give one for each row")
    images = tuple(f"{split} {row}" for row in range(1, n + 1)) if image is None else tuple(map(str, image))
    return Predictions(
        image=images,
        patient=images if patient is None else tuple(map(str, patient)),
        split=(split,) * n,
        labels=names,
        truth=known,
        scores=said,
        protocol=protocol,
        design=design,
        patients_known=patient is not None,
    )


def _columns(values: npt.ArrayLike, *, what: str) -> npt.NDArray[np.float64]:
    """float64 (n, L)."""
    try:
        found: npt.NDArray[np.float64] = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{what} holds something else than numbers ({error}); give 1, 0 or NaN, and probabilities"
        ) from error
    if found.ndim not in (1, 2) or not found.size:
        raise DataError(f"{what} has the shape {found.shape}; give (images,) or (images, labels)")
    return found[:, None] if found.ndim == 1 else found
