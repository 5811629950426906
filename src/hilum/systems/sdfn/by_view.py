"""The three networks by view, for the classes that have enough positives there.

A third of the images at hand come from a selection whose groups differ in view, so that a network can learn the view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.evaluation.comparing.many_models import ModelAurocs, labels_with_positives, model_aurocs
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES, SEED
from hilum.evaluation.predictions.subgroups import UNKNOWN
from hilum.systems.sdfn.predictions import PAIRS, SdfnPredictions

LEAST_POSITIVES = 20


@dataclass(frozen=True, slots=True)
class ViewAurocs:
    """One view: its images, the classes shown, and the classes with fewer than `LEAST_POSITIVES` positives.

    `aurocs` is None where no class has enough.
    """

    view: str
    n: int
    aurocs: ModelAurocs | None
    too_few: tuple[str, ...]


def view_aurocs(
    predictions: SdfnPredictions, *, replicates: int = REPLICATES, seed: int = SEED
) -> tuple[ViewAurocs, ...]:
    """Every view that the predictions name, in alphabetical order; images of no known view form the group "unknown"."""
    views = predictions.whole.view
    if views is None:
        return ()
    of_rows = np.array([UNKNOWN if view is None else view for view in views])
    found = []
    for view in sorted(set(of_rows.tolist())):
        own = predictions.take(of_rows == view)
        labels = labels_with_positives(own.many, least=LEAST_POSITIVES)
        judged = (
            model_aurocs(own.many, pairs=PAIRS, labels=labels, replicates=replicates, seed=seed) if labels else None
        )
        too_few = tuple(label for label in own.whole.in_mean if label not in labels)
        found.append(ViewAurocs(view, own.whole.n, judged, too_few))
    return tuple(found)
