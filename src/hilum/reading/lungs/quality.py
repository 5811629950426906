"""How far a drawing of lungs can be trusted, from three passes of the network over the picture."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.lung_spec import QualityRule
from hilum.explain.components import labelled_components
from hilum.reading.lungs.passes import drawing
from hilum.reading.lungs.regions import LungFlag
from hilum.reading.lungs.words import NEVER_TRUSTED

PIECE_SHARE = 1e-3
"""Components from this share of the grid on (66 of 65,536 pixels) count as pieces: a drawing in pieces is doubtful."""


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """What the rule weighs, each 0 at its best: see `QualityRule`; and the share of the picture that is lung."""

    flip: float
    shift: float
    area: float
    regions: float
    area_share: float

    @property
    def weighed(self) -> tuple[float, float, float, float]:
        """The four facts that have a weight, in the rule's order."""
        flip, shift, area, regions, _ = astuple(self)
        return flip, shift, area, regions


def quality_facts(passes: npt.NDArray[np.float32], *, threshold: float = 0.5) -> QualityFacts:
    """The facts of probabilities float (3, 2, H, W), as `lung_passes.probabilities` gives them."""
    unions = passes.max(axis=1) >= threshold
    drawn = drawing(passes)
    union = drawn.max(axis=0) >= threshold
    right = int(np.count_nonzero(union & (drawn[0] >= drawn[1])))
    left = int(np.count_nonzero(union)) - right
    numbers, count = labelled_components(union)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    regions = int(np.count_nonzero(sizes >= PIECE_SHARE * union.size))
    return QualityFacts(
        flip=1 - agreement(unions[0], unions[1]),
        shift=1 - agreement(unions[0], unions[2]),
        area=1 - min(right, left) / max(right, left, 1),
        regions=float(min(abs(regions - 2), 4)),
        area_share=(right + left) / union.size,
    )


def agreement(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """Dice of two masks; 1 where both are empty."""
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else 1.0


def quality_score(facts: QualityFacts, *, rule: QualityRule) -> float:
    """The Dice that the rule expects, in [0, 1]; 0 where nothing was drawn."""
    if facts.area_share == 0:
        return 0.0
    weights = (rule.flip, rule.shift, rule.area, rule.regions)
    expected = rule.intercept + sum(w * fact for w, fact in zip(weights, facts.weighed, strict=True))
    return min(1.0, max(0.0, expected))


def is_trusted(facts: QualityFacts, *, rule: QualityRule, flags: Collection[LungFlag] = ()) -> bool:
    """Whether the score reaches the rule's cut, lungs can cover such a share, and no flag of `NEVER_TRUSTED` stands."""
    low, high = rule.area_share
    return (
        NEVER_TRUSTED.keys().isdisjoint(flags)
        and quality_score(facts, rule=rule) >= rule.trusted_from
        and low <= facts.area_share <= high
    )
