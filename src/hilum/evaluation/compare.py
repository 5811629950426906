"""Compare two models on the same images: paired differences of AUROC, tested label by label and over the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.bootstrap_p import bootstrap_p_value
from hilum.evaluation.paired_t import PairedT, paired_t_test
from hilum.evaluation.patient_bootstrap import (
    REPLICATES,
    SEED,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.ranking_statistic import ranking_statistic
from hilum.evaluation.same_images import CommonRows, common_rows
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import holm
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """One label of both models; `difference` is the first AUROC minus the second.

    p-values are two-sided, `_holm` ones are adjusted over the labels compared. The DeLong ones are None for
    cross-validated predictions and where DeLong's test has no value; all are None where `undefined` gives a reason.
    """

    label: str
    n: int
    positives: int
    undefined: str | None = None
    first: float | None = None
    second: float | None = None
    difference: Estimate | None = None
    bootstrap_p: float | None = None
    bootstrap_p_holm: float | None = None
    delong_p: float | None = None
    delong_p_holm: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything `hilum compare` shows; the mean and the t-test are over `in_mean` less `left_out`.

    `not_compared` are labels that only one of the two files has; `notes` say how far the tests can be trusted.
    """

    labels: tuple[LabelComparison, ...]
    mean_difference: Estimate | None
    paired_t: PairedT | UndefinedMetric
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]
    not_compared: tuple[str, ...]
    n: int
    patients: int
    protocols: tuple[str, str]
    split_sha256: str
    cross_validated: bool
    replicates: int
    seed: int
    notes: tuple[str, ...]


def compare(
    first: Predictions,
    *,
    second: Predictions,
    common_labels: bool = False,
    any_protocol: bool = False,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Comparison:
    """Compare two models' predictions of the same images with the same truths, whatever their order.

    Raises `DataError` that names the first difference where images, patients, splits, truths, labels or protocols
    differ, and where no label has both outcomes. `common_labels` compares the labels that both have, `any_protocol`
    takes two protocols as one; the result names what differed.
    """
    rows = common_rows(first, second=second, common_labels=common_labels, any_protocol=any_protocol)
    cross_validated = first.cross_validated or second.cross_validated
    patients = patient_rows(first.patient)
    defined = [label for label in rows.labels if _undefined(rows, label) is None]
    if not defined:
        raise DataError("expected at least one common label with positives and negatives, came none")
    statistics = [
        ranking_statistic(rows.truth[label], scores=scores[label], patients=patients)
        for label in defined
        for scores in (rows.first, rows.second)
    ]
    draws = [two[0] for two in patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)]
    differences = {label: draws[2 * i] - draws[2 * i + 1] for i, label in enumerate(defined)}
    labels = _with_holm(
        [_compare_label(rows, label, draws=differences.get(label), delong=not cross_validated) for label in rows.labels]
    )
    in_mean = [one for one in labels if one.label in first.in_mean and one.difference is not None]
    return Comparison(
        labels=labels,
        mean_difference=_mean(in_mean, draws=differences),
        paired_t=paired_t_test(
            [one.first for one in in_mean if one.first is not None],
            second=[one.second for one in in_mean if one.second is not None],
        ),
        in_mean=first.in_mean,
        left_out=tuple(label for label in first.in_mean if label not in {one.label for one in in_mean}),
        not_compared=tuple(sorted(set(first.labels) ^ set(second.labels))),
        n=first.n,
        patients=patients.count,
        protocols=(first.protocol, second.protocol),
        split_sha256=first.split_sha256,
        cross_validated=cross_validated,
        replicates=replicates,
        seed=seed,
        notes=_notes(
            smoke=first.smoke or second.smoke, cross_validated=cross_validated, repeated=patients.count < first.n
        ),
    )


def _undefined(rows: CommonRows, label: str) -> str | None:
    undefined = known_outcomes(rows.truth[label], scores=rows.first[label]).lacks_an_outcome()
    return None if undefined is None else undefined.reason


def _compare_label(rows: CommonRows, label: str, *, draws: FloatArray | None, delong: bool) -> LabelComparison:
    outcomes = known_outcomes(rows.truth[label], scores=rows.first[label])
    one = LabelComparison(label, outcomes.n, outcomes.positives, _undefined(rows, label))
    if draws is None:
        return one
    first, second = rows.aurocs(label)
    test = delong_test(rows.truth[label], first=rows.first[label], second=rows.second[label])
    return replace(
        one,
        first=first,
        second=second,
        difference=estimate(first - second, draws=draws),
        bootstrap_p=bootstrap_p_value(draws),
        delong_p=test.p_value if delong and isinstance(test, DelongTest) else None,
    )


def _with_holm(labels: Sequence[LabelComparison]) -> tuple[LabelComparison, ...]:
    bootstrap, delong = holm([one.bootstrap_p for one in labels]), holm([one.delong_p for one in labels])
    return tuple(
        replace(one, bootstrap_p_holm=b, delong_p_holm=d) for one, b, d in zip(labels, bootstrap, delong, strict=True)
    )


def _mean(labels: Sequence[LabelComparison], *, draws: dict[str, FloatArray]) -> Estimate | None:
    values = [one.difference.value for one in labels if one.difference is not None]
    if not values:
        return None
    return estimate(float(np.mean(values)), draws=np.mean([draws[one.label] for one in labels], axis=0))


def _notes(*, smoke: bool, cross_validated: bool, repeated: bool) -> tuple[str, ...]:
    notes = []
    if smoke:
        notes.append("A smoke run is compared: these figures prove a path through the code, no result.")
    if cross_validated:
        notes.append(
            "Cross-validated predictions: pooled scores come from several models, so DeLong's test is replaced by"
            " the patient bootstrap."
        )
    elif repeated:
        notes.append(
            "Some patients have several images: DeLong's test takes images as independent; the bootstrap does not."
        )
    notes.append("The t-test takes classes as independent, though every image counts in each of them.")
    return tuple(notes)
