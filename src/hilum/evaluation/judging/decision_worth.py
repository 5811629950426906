"""What decisions at one operating point are worth: likelihood ratios and net benefit, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.mover import ratio_interval
from hilum.statistics.net_benefit import (
    net_benefit,
    net_benefit_of_calls,
    net_benefit_of_everyone,
    weighted_difference,
)
from hilum.statistics.outcomes import FloatArray, defined

WORTH: tuple[str, ...] = ("lr_positive", "lr_negative", "net_benefit", "net_benefit_treat_all")
WORTH_AT_PREVALENCE: tuple[str, ...] = ("net_benefit_at_prevalence", "net_benefit_treat_all_at_prevalence")


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCounts:
    """Images of each patient by kind, each (P,)."""

    true_positives: FloatArray
    false_positives: FloatArray
    true_negatives: FloatArray
    false_negatives: FloatArray


def decision_worth(counts: DecisionCounts, *, threshold: float, prevalence: float | None) -> dict[str, Estimate | None]:
    """`WORTH`, and `WORTH_AT_PREVALENCE` where a `prevalence` in (0, 1) is stated; None where there is no value.

    The positive likelihood ratio has none where nothing well was called positive, net benefit none where `threshold`
    is no probability below 1. Intervals are made from the clustered intervals of the shares (MOVER).
    """
    tp, fp, tn, fn = counts.true_positives, counts.false_positives, counts.true_negatives, counts.false_negatives
    found = {
        "lr_positive": _ratio(share(tp, of=tp + fn), share(fp, of=tn + fp)),
        "lr_negative": _ratio(share(fn, of=tp + fn), share(tn, of=tn + fp)),
    }
    names = WORTH[2:] if prevalence is None else (*WORTH[2:], *WORTH_AT_PREVALENCE)
    if not 0.0 <= threshold < 1.0:
        return found | dict.fromkeys(names)
    images = tp + fp + tn + fn
    found |= {
        "net_benefit": net_benefit_of_calls(tp, false_positives=fp, images=images, threshold=threshold),
        "net_benefit_treat_all": net_benefit_of_everyone(tp + fn, images=images, threshold=threshold),
    }
    if prevalence is not None:
        found |= _at_prevalence(counts, threshold=threshold, prevalence=prevalence)
    return found


def _at_prevalence(counts: DecisionCounts, *, threshold: float, prevalence: float) -> dict[str, Estimate | None]:
    hit = share(counts.true_positives, of=counts.true_positives + counts.false_negatives)
    alarm = share(counts.false_positives, of=counts.false_positives + counts.true_negatives)
    model = None
    if hit is not None and alarm is not None:  # of ill and of well patients: they count as independent
        gained, lost = hit.through(lambda part: part * prevalence), alarm.through(lambda part: part * (1 - prevalence))
        model = weighted_difference(gained, lost, odds=threshold / (1 - threshold), correlation=0.0)
    everyone = net_benefit(prevalence, false_share=1 - prevalence, threshold=threshold)
    return {
        "net_benefit_at_prevalence": model,
        "net_benefit_treat_all_at_prevalence": Estimate(everyone, None, note="it follows from what is stated"),
    }


def share(part: FloatArray, *, of: FloatArray) -> Estimate | None:
    """The share of images counted by patient, each (P,), with its interval; None where there are none."""
    return defined(clustered_share(part, trials=of))


def _ratio(first: Estimate | None, second: Estimate | None) -> Estimate | None:
    if first is None or second is None or second.value == 0:
        return None
    interval = ratio_interval(first, second)
    if interval is None:
        return Estimate(first.value / second.value, None, note=first.note or second.note)
    return Estimate(first.value / second.value, interval, method="MOVER")
