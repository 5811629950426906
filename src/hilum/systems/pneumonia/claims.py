"""What Barnett 2023 says of its two networks, each sentence held against numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.claims import NOT_PRINTED, ClaimResult, verdict_of
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.share_gap import difference_interval
from hilum.systems.pneumonia.errors import FalseAlarm
from hilum.systems.pneumonia.measures import Measures, accuracy_difference
from hilum.systems.pneumonia.paper import IMAGENET, PAPER, RANDOM


def paper_claims(
    *,
    predictions: Mapping[str, Predictions],
    measured: Mapping[str, Measures],
    false_alarms: Mapping[str, Sequence[FalseAlarm]],
) -> tuple[ClaimResult, ...]:
    """The paper's sentences about its two networks, whose uncalibrated predictions, measures and errors are given."""
    claims = [accuracy_claim(predictions[IMAGENET], random=predictions[RANDOM])]
    for arm in (RANDOM, IMAGENET):
        claims += [healthy_claim(arm, measured=measured[arm]), exposure_claim(arm, false_alarms=false_alarms[arm])]
    return tuple(claims)


def accuracy_claim(imagenet: Predictions, *, random: Predictions) -> ClaimResult:
    """ImageNet weights give the higher accuracy: by the interval of the difference on the same images."""
    first, second = PAPER.value(LABEL, IMAGENET), PAPER.value(LABEL, RANDOM)
    apart = PAPER.difference(LABEL, (IMAGENET, RANDOM))
    found = accuracy_difference(imagenet, second=random)
    difference = None if isinstance(found, UndefinedMetric) else found.difference
    return ClaimResult(
        key="accuracy-imagenet-over-random",
        claim=f"accuracy: {PAPER.columns[IMAGENET]} above {PAPER.columns[RANDOM]}",
        paper=f"{first:.4f} against {second:.4f}: {apart:+.4f}",
        paper_holds=apart is not None and apart > 0,
        ours=found.reason if isinstance(found, UndefinedMetric) else _signed(found.difference),
        difference=difference,
        verdict=verdict_of(difference),
    )


def healthy_claim(arm: str, *, measured: Measures) -> ClaimResult:
    """It errs on the healthy ("little to no issue" with the ill): by the interval of sensitivity less specificity."""
    ill, well = measured.sensitivity, measured.specificity
    difference = None
    if ill is not None and well is not None:
        difference = Estimate(ill.value - well.value, difference_interval(ill, well), method="MOVER")
    return ClaimResult(
        key=f"{arm}-errs-on-the-healthy",
        claim=f"{PAPER.columns[arm]}: ill children are recognised more often than healthy ones",
        paper=NOT_PRINTED,
        paper_holds=None,
        ours="one of the two shares is of nothing" if difference is None else _signed(difference),
        difference=difference,
        verdict=verdict_of(difference),
    )


def exposure_claim(arm: str, *, false_alarms: Sequence[FalseAlarm]) -> ClaimResult:
    """The heatmaps of false positives lie on bright parts: in more than half of them the map's part is brighter."""
    known = [one for one in false_alarms if not np.isnan(one.brighter_by)]
    share = (
        share_of_rows([one.brighter_by > 0 for one in known], groups=[one.patient for one in known]) if known else None
    )
    found = None if share is None or isinstance(share, UndefinedMetric) else share
    difference = None if found is None else found.through(lambda part: part - 0.5)
    return ClaimResult(
        key=f"{arm}-looks-at-bright-parts",
        claim=f"{PAPER.columns[arm]}: heatmaps of false alarms lie on parts brighter than the picture",
        paper=NOT_PRINTED,
        paper_holds=None,
        ours="there are no false alarms"
        if found is None
        else f"in {interval_text(found, unknown='')} of {len(known):,} false alarms",
        difference=difference,
        verdict=verdict_of(difference),
    )


def _signed(difference: Estimate) -> str:
    return interval_text(difference, sign="+", unknown="")
