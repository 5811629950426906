"""The gate's thresholds from predictions of networks that never saw the pictures, and what they do on other folds.

Fixed beforehand: a picture is refused below probability 0.5 of a radiograph and accepted from 0.8, and a chest from
probability 0.8 of a chest; chosen from the chests that most networks find hard, that one moved between 0.3 and 0.9 with
the hospitals that were asked. Chosen: the type's temperature by likelihood, and the type's thresholds, as strict as
these budgets allow: at most `NONE_BUDGET` of the known types of the mixed sources but chests and at most `CHEST_BUDGET`
of the chests, as a mean over their sources, below `none_below`; at most `UNSURE_BUDGET` of the former below
`unsure_below`. The view of a chest has a rule of its own, in `chest_views.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.bundle.card import GateSpec, ScoreName
from hilum.bundle.gate_outputs import CROPPED, GATE_OUTPUTS, INVERTED, IS_XRAY, TURNS
from hilum.bundle.label import PlattCalibration
from hilum.datasets.typed.body_parts import BULK_SOURCES, MIXED_SOURCES
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.reading.gate.rules import PictureVerdict, judge_picture
from hilum.statistics.calibration import calibrate, fit_platt
from hilum.systems.gate.data.releases import LATERAL_SOURCES
from hilum.systems.gate.study.chest_views import choose_view_rule
from hilum.systems.gate.study.predictions import WHOLE_VIEWS, GatePredictions
from hilum.systems.gate.study.scores import SCORES, Scores, type_probabilities
from hilum.systems.gate.study.shares import Bools

HALF = 0.5
"""From here on a picture is called a radiograph."""


def fit_is_xray(judged: GatePredictions) -> PlattCalibration:
    """Slope and intercept on held-out predictions; raises `DataError` where there are pictures of one kind only."""
    usual = judged.where(~np.isin(judged.source, BULK_SOURCES) & np.isin(judged.view, WHOLE_VIEWS))
    fitted = fit_platt(usual.is_xray.astype(np.float64), logits=usual.logits[:, IS_XRAY])
    odds = np.count_nonzero(usual.is_xray) / np.count_nonzero(~usual.is_xray)
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept - float(np.log(odds)))


def is_xray_probability(rows: GatePredictions, *, calibration: PlattCalibration) -> Scores:
    """The calibrated probability of a radiograph of each row, (n,)."""
    return calibration.probabilities(rows.logits[:, IS_XRAY])


def cross_calibrated(folds: GatePredictions) -> Scores:
    """The probability of a radiograph of each row, (n,), calibrated on the other folds."""
    probabilities = np.empty(len(folds), np.float64)
    for network in sorted(set(folds.network.tolist())):
        own = folds.network == network
        calibration = fit_is_xray(folds.where(~own))
        probabilities[own] = is_xray_probability(folds.where(own), calibration=calibration)
    return probabilities


ACCEPT_FROM = 0.8
NONE_BUDGET, UNSURE_BUDGET, CHEST_BUDGET = 0.02, 0.12, 0.001
FALSE_WARNINGS = 0.01
CANDIDATES_MASS = 0.9
_TEMPERATURES = np.geomspace(0.3, 4.0, 60)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the rule says of each row: parallel to the predictions."""

    verdicts: tuple[PictureVerdict, ...]

    def status(self, *names: str) -> Bools:
        """Whether the status is one of `names`, (n,)."""
        return np.array([each.verdict.status in names for each in self.verdicts], np.bool_)

    def accepted_as(self, xray_type: str) -> Bools:
        """Whether the picture is accepted as this type, (n,)."""
        return np.array(
            [
                each.verdict.status == "accepted"
                and each.verdict.type is not None
                and each.verdict.type.name == xray_type
                for each in self.verdicts
            ],
            np.bool_,
        )


def decide(rows: GatePredictions, *, spec: GateSpec) -> Decisions:
    """The reading rule's verdict on every row."""
    return Decisions(tuple(judge_picture(logits, spec=spec) for logits in rows.logits))


def choose_spec(judged: GatePredictions, *, score: ScoreName) -> GateSpec:
    """Thresholds from held-out predictions `judged`; no figures yet.

    Raises `DataError` where radiographs, other pictures or chests are missing.
    """
    as_read = judged.where(judged.view == "as read")
    known = as_read.where(np.isin(as_read.source, MIXED_SOURCES) & (as_read.xray_type != ""))
    frontal = ~np.isin(as_read.source, (*MIXED_SOURCES, *LATERAL_SOURCES))
    chests = as_read.where((as_read.xray_type == "chest") & frontal)
    others = known.xray_type != "chest"
    if not others.any() or not len(chests):
        raise DataError(
            "Chests and other types from held-out sources are needed, and one of both is missing. Run the folds of the "
            "study first"
        )
    temperature = _temperature(known)
    of_known, of_chests = (SCORES[score](rows, learnt=rows) for rows in (known, chests))
    weights = _source_weights(chests)
    unsure_below = _quantile(of_known[others], UNSURE_BUDGET)
    none_below = min(_quantile(of_known[others], NONE_BUDGET), _quantile(of_chests, CHEST_BUDGET, weights))
    return GateSpec(
        outputs=GATE_OUTPUTS,
        is_xray=fit_is_xray(judged),
        refuse_below=HALF,
        accept_from=ACCEPT_FROM,
        type_temperature=temperature,
        score=score,
        none_below=none_below,
        unsure_below=unsure_below,
        chest_from=ACCEPT_FROM,
        candidates_mass=CANDIDATES_MASS,
        turned_from=_warn_from(_turned(chests)),
        inverted_from=_warn_from(calibrate(chests.logits[:, INVERTED], slope=1.0, intercept=0.0)),
        cropped_from=_warn_from(calibrate(chests.logits[:, CROPPED], slope=1.0, intercept=0.0)),
        view=choose_view_rule(judged),
        figures=(),
    )


def _temperature(known: GatePredictions) -> float:
    truth = np.array([XRAY_TYPES.index(name) for name in known.xray_type])
    losses = [
        -np.log(type_probabilities(known.logits, temperature=float(t))[np.arange(len(truth)), truth] + 1e-12).mean()
        for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _source_weights(rows: GatePredictions) -> Scores:
    """Weights that give every source the same sum."""
    return np.array([1.0 / np.count_nonzero(rows.source == source) for source in rows.source])


def _quantile(values: Scores, share: float, weights: Scores | None = None) -> float:
    """The largest threshold with at most `share` of the weight strictly below it."""
    order = np.argsort(values)
    weight = np.ones(len(values)) if weights is None else weights
    below = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(below, share, side="right")), len(values) - 1)])


def _warn_from(probabilities: Scores) -> float:
    """The probability from which at most `FALSE_WARNINGS` of whole chests would be warned of, and one half at least."""
    return float(np.clip(np.quantile(probabilities, 1 - FALSE_WARNINGS) + 1e-6, 0.5, 0.999))


def _turned(rows: GatePredictions) -> Scores:
    """The largest probability of a turn, (n,)."""
    logits = rows.logits[:, TURNS].astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray((powers / powers.sum(axis=1, keepdims=True))[:, 1:].max(axis=1), np.float64)
