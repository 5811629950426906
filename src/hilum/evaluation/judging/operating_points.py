"""A judgement at the operating points that a bundle brings with it.

They were chosen on validation when the bundle was made; nothing here looks at the judged images to choose anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hilum.bundle.card import Card
from hilum.evaluation.judging.decisions import Decisions, decide
from hilum.evaluation.judging.judge import thresholds_of
from hilum.evaluation.judging.judgement import Judgement, LabelJudgement, ValidationPrevalence
from hilum.evaluation.judging.prevalence_shift import share_by_patient
from hilum.evaluation.judging.subgroup_tests import subgroup_tests
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.predictions import Predictions, canonical_labels
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import stated_point
from hilum.statistics.share_gap import difference_interval

NO_POINT = "the model brings no operating point"


def with_bundle_points(
    judgement: Judgement,
    *,
    predictions: Predictions,
    card: Card,
    validation: Mapping[str, ValidationPrevalence],
    prevalence: float | None,
) -> Judgement:
    """`judgement` of `predictions` with each label decided at the card's operating point.

    A label without one is not decided. `validation` counts each label where the points come from; `prevalence` in
    (0, 1) adds predictive values at that prevalence. Intervals are over the judged patients.
    """
    names = canonical_labels(card.label_names)
    decisions = _decisions(predictions, card=card, names=names, prevalence=prevalence)
    counts = dict(zip(names, (validation.get(name) for name in card.label_names), strict=True))
    labels = tuple(
        replace(
            one,
            decisions=decisions.get(one.label),
            decisions_undefined=None if one.label in decisions else NO_POINT,
            validation=_shifted(one, there=counts[one.label], predictions=predictions),
        )
        for one in judgement.whole.labels
    )
    whole = replace(judgement.whole, labels=labels)
    rules = "; ".join(dict.fromkeys(label.operating_point_rule for label in card.labels))
    return replace(
        judgement,
        whole=whole,
        subgroup_tests=subgroup_tests(predictions, thresholds=thresholds_of(whole)),
        prevalence=prevalence,
        validation_protocol=f"the bundle {card.name} {card.version} ({rules}); {card.protocol}",
        validation_split_sha256=card.training.split_sha256,
    )


def _decisions(
    predictions: Predictions,
    *,
    card: Card,
    names: tuple[str, ...],
    prevalence: float | None,
) -> dict[str, Decisions]:
    patients = patient_rows(predictions.patient)
    found = {}
    for name, label in zip(names, card.labels, strict=True):
        if label.operating_point is None:
            continue
        column = predictions.labels.index(name)
        found[name] = decide(
            predictions.truth[:, column],
            scores=predictions.scores[:, column],
            point=stated_point(label.operating_point, rule=label.operating_point_rule),
            patients=patients,
            prevalence=prevalence,
        )
    return found


def _shifted(
    label: LabelJudgement, *, there: ValidationPrevalence | None, predictions: Predictions
) -> ValidationPrevalence | None:
    """`there` with the shift to the prevalence here, and its interval where both sides have one."""
    if there is None or not there.n:
        return None
    here = share_by_patient(predictions.truth[:, predictions.labels.index(label.label)], predictions.patient)
    if here is None:
        return there
    interval = None if there.share is None else difference_interval(here, there.share)
    return replace(there, shift=Estimate(here.value - there.positives / there.n, interval))
