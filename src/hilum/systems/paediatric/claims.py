"""What Tran et al. 2021 say in words of F1 and of single labels, each sentence held against numbers.

Of F1 (section 4.4.2): the modified loss is above every other. Of labels (section 4.4.1): the ensemble does best on
Pneumonia and No Finding, and worst on Bronchiolitis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import JsonValue

from hilum.datasets.releases.chexpert import NO_FINDING
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.evaluation.predictions.patient_bootstrap import estimate, patient_bootstrap, patient_rows
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.evaluation.study.as_json import claim_json
from hilum.evaluation.study.claims import ClaimResult, verdict_of
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.decisions import mean_differences
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.tables import claims_table
from hilum.statistics.estimate import Estimate
from hilum.systems.paediatric import paper

BEST, WORST = ("Pneumonia", NO_FINDING), ("Bronchiolitis",)
F1_NOTE = (
    "F1 is the mean over classes at each fold's own thresholds; its interval is of the difference on the same draws of "
    "patients. Of its lead in F1 over the second best the paper's text says 0.4%, its table 6 0.5%."
)
LABELS_NOTE = (
    "The number is the lowest AUROC of the labels that are claimed to be the highest less the highest of the others, "
    "or the other way round, on the same draws of patients. A lowest less a highest is drawn lower than it is, so that "
    "the interval is on the careful side."
)


def f1_section(content: StudyContent, *, study: Study, pairs: Sequence[Pair], folder: Path) -> SectionContent:
    """The claims of F1 about `pairs` of losses; empty where a fold of `folder` kept no validation predictions."""
    differences = mean_differences(study, pairs=pairs, measure="f1", content=content, folder=folder)
    return _section([_f1_claim(pair, study=study, difference=one) for pair, one in differences.items()], note=F1_NOTE)


def labels_section(content: StudyContent, *, study: Study, arm: str) -> SectionContent:
    """The claims about the labels in which `arm` does best and worst."""
    claims = [labels_claim(content, study=study, arm=arm, labels=BEST, end="best")]
    claims += [labels_claim(content, study=study, arm=arm, labels=WORST, end="worst")]
    return _section(claims, note=LABELS_NOTE)


def labels_claim(
    content: StudyContent, *, study: Study, arm: str, labels: Sequence[str], end: Literal["best", "worst"]
) -> ClaimResult:
    """`arm` has its highest AUROCs, or its lowest, in exactly these `labels`: by the interval of what parts them."""
    sign = 1.0 if end == "best" else -1.0
    printed = {label: value for label in paper.ENSEMBLE.rows if (value := paper.ENSEMBLE.value(label, arm)) is not None}
    values = {one.label: one.auroc[arm].value for one in content.aurocs.labels if one.undefined is None}
    absent = [label for label in labels if label not in values]
    difference = None
    if not absent and len(values) > len(labels):
        drawn = _drawn_aurocs(content, arm=arm, labels=tuple(values))
        lead = _lead({label: np.array([value]) for label, value in values.items()}, labels=labels, sign=sign)
        difference = estimate(float(lead[0]), draws=_lead(drawn, labels=labels, sign=sign))
    names = " and ".join(labels)
    return ClaimResult(
        key=f"{arm}-{end}-on-{'-'.join(label.lower().replace(' ', '-') for label in labels)}",
        claim=f"{study.titles[arm]}: {'highest' if end == 'best' else 'lowest'} AUROC in {names}",
        paper=_parted(printed, labels=labels, sign=sign),
        paper_holds=bool(_lead({one: np.array([v]) for one, v in printed.items()}, labels=labels, sign=sign)[0] > 0),
        ours=_ours(values, labels=labels, sign=sign, absent=absent, difference=difference),
        difference=difference,
        verdict=verdict_of(difference),
    )


def _f1_claim(pair: Pair, *, study: Study, difference: Estimate | None) -> ClaimResult:
    first, second = (paper.LOSS_F1[arm] for arm in pair)
    return ClaimResult(
        key=f"f1-{pair[0]}-over-{pair[1]}",
        claim=f"mean F1 of the classes: {study.titles[pair[0]]} above {study.titles[pair[1]]}",
        paper=f"{first:.3f} against {second:.3f}: {first - second:+.3f}",
        paper_holds=first > second,
        ours="no class was decided by both" if difference is None else interval_text(difference, sign="+", unknown=""),
        difference=difference,
        verdict=verdict_of(difference),
    )


def _section(claims: Sequence[ClaimResult], *, note: str) -> SectionContent:
    table = claims_table(claims)
    named = replace(table, key="more_claims", title="Further claims, by name", note=f"{table.note} {note}")
    numbers: JsonValue = [claim_json(one) for one in claims]
    return SectionContent(
        key="more_claims",
        title="Further claims",
        tables=(named,) if claims else (),
        numbers=numbers if claims else None,
    )


def _drawn_aurocs(content: StudyContent, *, arm: str, labels: Sequence[str]) -> dict[str, np.ndarray]:
    patients = patient_rows(content.predictions.first.patient)
    statistics = []
    for label in labels:
        truth, scores = content.predictions.column(label)
        statistics.append(ranking_statistic(truth, scores=scores[arm], patients=patients))
    drawn = patient_bootstrap(statistics, patients=patients, replicates=content.replicates, seed=content.seed)
    return {label: one[0] for label, one in zip(labels, drawn, strict=True)}


def _lead(values: Mapping[str, np.ndarray], *, labels: Sequence[str], sign: float) -> np.ndarray:
    """By how much the least of `labels` is above the greatest other, (B,); of values times `sign`."""
    own = np.stack([sign * values[label] for label in labels])
    others = np.stack([sign * value for label, value in values.items() if label not in labels])
    lead: np.ndarray = own.min(axis=0) - others.max(axis=0)
    return lead


def _parted(values: Mapping[str, float], *, labels: Sequence[str], sign: float) -> str:
    """The labels with their values, and the label that comes next."""
    own = ", ".join(f"{label} {values[label]:.3f}" for label in labels)
    after = max((label for label in values if label not in labels), key=lambda label: sign * values[label])
    return f"{own}; then {after} {values[after]:.3f}"


def _ours(
    values: Mapping[str, float],
    *,
    labels: Sequence[str],
    sign: float,
    absent: Sequence[str],
    difference: Estimate | None,
) -> str:
    if difference is None:
        return f"{' and '.join(absent)} could not be judged" if absent else "no other label could be judged"
    return f"{_parted(values, labels=labels, sign=sign)}: {interval_text(difference, sign='+', unknown='')}"
