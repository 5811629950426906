"""The rule that says which drawings to trust: fitted to out-of-fold Dice, judged cross-fitted.

It is fitted on pictures as they are and made worse (`worsen`): on careful pictures alone it learns too little of bad
drawings, and doubts whatever looks otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear  # type: ignore[import-untyped]

from hilum.bundle.lung_spec import QualityRule
from hilum.errors import DataError
from hilum.reading.lungs.quality import is_trusted, quality_score
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.lungs.study.judge import JudgedLungs
from hilum.systems.lungs.study.worsen import AS_IT_IS

BAD_BELOW = 0.90
"""Dice below which a drawing should not be trusted."""

LEAST_SPARED = 0.98
"""At least this share of the good drawings stays trusted. Pictures of other hospitals agree less from pass to pass,
good ones too: a rule that doubted a tenth here doubted two fifths of the chests of ChestX-ray14."""

_AREA_SLACK = 1.5
_FEWEST = 10
_NOTHING = 1e-9
"""A weight below this is what the solver leaves of a bound at 0."""


AS_THEY_ARE, MADE_WORSE = "as they are", "made worse"


@dataclass(frozen=True, slots=True)
class TrustFigures:
    """How the rule does on folds that it was not fitted on: counts, and AUROC for Dice below `BAD_BELOW` or None.

    `pictures` says which: `AS_THEY_ARE` or `MADE_WORSE`. `mean_expected` and `mean_dice` should be alike.
    """

    pictures: str
    n: int
    bad: int
    bad_untrusted: int
    good_untrusted: int
    auroc: float | None
    mean_expected: float
    mean_dice: float


def fit_trust(judged: Sequence[JudgedLungs]) -> QualityRule:
    """Least squares of Dice on the facts, none of which may raise it; the cut has the largest Youden index.

    The index is for Dice below 0.90. Only cuts that spare at least `LEAST_SPARED` of the good drawings are asked.

    Without a drawing that bad the cut is at the lowest expected Dice. `area_share` reaches from the smallest annotated
    share of pictures as they are over 1.5 to the largest times 1.5. Raises `DataError` for fewer than ten pictures with
    known Dice.
    """
    known = [each for each in judged if each.dice is not None]
    if len(known) < _FEWEST:
        raise DataError(
            f"Only {len(known)} drawings have a known Dice, and at least {_FEWEST} are needed. Run every fold"
        )
    truth = np.array([each.dice for each in known], np.float64)
    facts = np.array([each.facts.weighed for each in known], np.float64)
    weights = _least_squares(truth, facts=facts)
    shares = [each.truth_share for each in known if each.truth_share is not None and each.way == AS_IT_IS]
    free = QualityRule(
        intercept=weights[0],
        flip=weights[1],
        shift=weights[2],
        area=weights[3],
        regions=weights[4],
        expected=weights[5],
        trusted_from=0.0,
        area_share=(min(shares) / _AREA_SLACK, min(1.0, max(shares) * _AREA_SLACK)),
    )
    scores = np.array([quality_score(each.facts, rule=free) for each in known])
    return free.changed({"trusted_from": _cut(scores, bad=truth < BAD_BELOW)})


def _least_squares(truth: npt.NDArray[np.float64], *, facts: npt.NDArray[np.float64]) -> list[float]:
    """The intercept and a weight of each fact, none above 0; 0 of a fact that is the same in all drawings."""
    varies = np.ptp(facts, axis=0) > 0
    columns = np.column_stack([np.ones(len(truth)), facts[:, varies]])
    highest = [np.inf, *[0.0] * int(varies.sum())]
    solution = lsq_linear(columns, truth, bounds=([-np.inf] * len(highest), highest)).x
    weights = np.zeros(1 + varies.size)
    weights[0], weights[1:][varies] = solution[0], solution[1:]
    return [float(weight) if abs(weight) > _NOTHING else 0.0 for weight in weights]


def cross_fitted_trust(judged: Sequence[JudgedLungs]) -> tuple[TrustFigures, ...]:
    """The rule of the other folds, applied to each fold; of pictures as they are, and of those that were made worse."""
    scored: dict[str, list[tuple[float, float, bool]]] = {AS_THEY_ARE: [], MADE_WORSE: []}
    for fold in sorted({each.fold for each in judged}):
        rule = fit_trust([each for each in judged if each.fold != fold])
        for each in judged:
            if each.fold == fold and each.dice is not None:
                part = AS_THEY_ARE if each.way == AS_IT_IS else MADE_WORSE
                score = quality_score(each.facts, rule=rule)
                scored[part].append((each.dice, score, is_trusted(each.facts, rule=rule, flags=each.flags)))
    return tuple(_figures(part, rows=rows) for part, rows in scored.items() if rows)


def _figures(part: str, *, rows: Sequence[tuple[float, float, bool]]) -> TrustFigures:
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    is_bad, untrusted = truth < BAD_BELOW, ~np.array([row[2] for row in rows])
    value = auroc(is_bad.astype(np.float64), scores=-scores)
    return TrustFigures(
        pictures=part,
        n=len(rows),
        bad=int(is_bad.sum()),
        bad_untrusted=int((is_bad & untrusted).sum()),
        good_untrusted=int((~is_bad & untrusted).sum()),
        auroc=None if isinstance(value, UndefinedMetric) else value,
        mean_expected=float(scores.mean()),
        mean_dice=float(truth.mean()),
    )


def _cut(scores: npt.NDArray[np.float64], *, bad: npt.NDArray[np.bool_]) -> float:
    """The score from which a drawing is trusted: of equal Youden indices, the lowest cut. The lowest spares all."""
    if not bad.any() or bad.all():
        return float(scores.min())
    cuts = np.unique(scores)
    caught = np.array([(scores[bad] < cut).mean() for cut in cuts])
    spared = np.array([(scores[~bad] >= cut).mean() for cut in cuts])
    allowed = spared >= LEAST_SPARED
    return float(cuts[allowed][np.argmax((caught + spared)[allowed])])
