"""How far a drawing of lungs can be trusted, from what the network says of the picture and of its mirror image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.lung_spec import LUNG_SIDES, QualityRule, Structure
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
    expected: float
    area_share: float

    @property
    def weighed(self) -> tuple[float, ...]:
        """The facts that have a weight, in the rule's order."""
        return astuple(self)[:-1]


def quality_facts(
    passes: npt.NDArray[np.float32], *, structures: tuple[Structure, ...], threshold: float = 0.5
) -> QualityFacts:
    """The facts of probabilities float (2 or 3, S, H, W) of `structures`, as `passes.probabilities` gives them.

    Of two definitions of a lung each fact is the worse one's: a drawing is as good as its weaker half. `area_share` is
    of whole lungs where they are drawn.
    """
    pairs = [pair for pair in LUNG_SIDES.values() if pair[0] in structures]
    each = [_facts(passes[:, [structures.index(side) for side in pair]], threshold=threshold) for pair in pairs]
    return QualityFacts(
        flip=max(facts.flip for facts in each),
        shift=max(facts.shift for facts in each),
        area=max(facts.area for facts in each),
        regions=max(facts.regions for facts in each),
        expected=max(facts.expected for facts in each),
        area_share=each[-1].area_share,
    )


def _facts(passes: npt.NDArray[np.float32], *, threshold: float) -> QualityFacts:
    """The facts of one definition, probabilities float (2 or 3, 2, H, W)."""
    unions = passes.max(axis=1) >= threshold
    drawn = drawing(passes)
    either = drawn.max(axis=0)
    union = either >= threshold
    right = int(np.count_nonzero(union & (drawn[0] >= drawn[1])))
    left = int(np.count_nonzero(union)) - right
    numbers, count = labelled_components(union)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    regions = int(np.count_nonzero(sizes >= PIECE_SHARE * union.size))
    return QualityFacts(
        flip=1 - agreement(unions[0], unions[1]),
        shift=1 - agreement(unions[0], unions[2]) if len(unions) > 2 else 0.0,
        area=1 - min(right, left) / max(right, left, 1),
        regions=float(min(abs(regions - 2), 4)),
        expected=1 - expected_dice(either, drawn=union),
        area_share=(right + left) / union.size,
    )


def expected_dice(probability: npt.NDArray[np.float32], *, drawn: npt.NDArray[np.bool_]) -> float:
    """The Dice that a drawing bool (H, W) has on average with masks drawn from `probability`, float (H, W); about.

    The mean overlap over the mean sizes, as if each pixel were lung by its own probability. 1 where both are empty.
    """
    total = float(probability.sum()) + int(np.count_nonzero(drawn))
    return 2 * float(probability[drawn].sum()) / total if total else 1.0


def agreement(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """Dice of two masks; 1 where both are empty."""
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else 1.0


def quality_score(facts: QualityFacts, *, rule: QualityRule) -> float:
    """The Dice that the rule expects, in [0, 1]; 0 where nothing was drawn."""
    if facts.area_share == 0:
        return 0.0
    weights = (rule.flip, rule.shift, rule.area, rule.regions, rule.expected)
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
