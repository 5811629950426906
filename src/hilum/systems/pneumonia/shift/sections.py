"""The tables of the study of the shift: every arm on either validation, each picture read once and as four copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.comparing.many_models import LabelAurocs, model_aurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.judging.baseline import baseline_auroc
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.section import SectionContent
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray
from hilum.systems.pneumonia.shift.arms import TODAY
from hilum.systems.pneumonia.shift.judged import JudgedSet, Way
from hilum.systems.pneumonia.shift.judged_sets import Named

Judged = Mapping[str, JudgedSet]
"""By arm, in order."""

ABOUT: Mapping[Named, str] = {
    "shifted": "The softest healthy children and the sharpest ill ones, none of whose kind was learnt from so far out. "
    "Calibration and operating point are those of the plain validation",
    "soft": "The softest healthy children beside ill ones drawn at random. Calibration and operating point are those "
    "of plain children: each half of them gives those by which the other half, and half of the soft children, is read",
    "plain": "Children drawn at random. Calibration and operating point are those of the shifted validation",
}
_TITLES: Mapping[Named, str] = {
    "shifted": "Shifted validation",
    "soft": "Soft healthy children",
    "plain": "Plain validation",
}
_READ = {
    "picture": "each picture read once",
    "matched": "each picture read once, fitted on pictures of equal sharpness",
    "copies": "mean over four copies of each picture",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SetRecord:
    """One set: what each arm reaches by way of reading, the arms' `titles`, and each image's `sharpness` (n,)."""

    name: Named
    judged: Mapping[Way, Judged]
    titles: Mapping[str, str]
    sharpness: FloatArray


def set_section(record: SetRecord, *, replicates: int) -> SectionContent:
    """The tables and numbers of one set."""
    tables: list[ReportTable] = []
    numbers: dict[str, JsonValue] = {}
    first = next(iter(record.judged["picture"].values())).predictions
    baseline = baseline_auroc(first, sharpness=record.sharpness, replicates=replicates)
    for way, judged in record.judged.items():
        aurocs = _aurocs(judged, replicates=replicates)
        tables.append(_table(record, way=way, judged=judged, aurocs=aurocs, baseline=baseline))
        numbers[way] = {arm: _json(one, arm=arm, aurocs=aurocs) for arm, one in judged.items()}
    return SectionContent(
        key=record.name,
        title=_TITLES[record.name],
        note=f"{ABOUT[record.name]}; the point of a picture that is read once is chosen on softened pictures, or "
        "calibration and point are fitted where the healthy are as soft as the ill.",
        tables=tuple(tables),
        numbers={
            "n": first.n,
            "positives": int(first.truth[:, 0].sum()),
            "baseline": {"name": BASELINE, **estimate_json("auroc", baseline)},
            **numbers,
        },
    )


def _aurocs(judged: Judged, *, replicates: int) -> LabelAurocs:
    models = ManyPredictions(tuple(judged), tuple(one.predictions for one in judged.values()))
    pairs = [(arm, TODAY) for arm in judged if arm != TODAY and TODAY in judged]
    return model_aurocs(models, pairs=pairs, labels=(LABEL,), replicates=replicates).label(LABEL)


def _table(
    record: SetRecord, *, way: Way, judged: Judged, aurocs: LabelAurocs, baseline: Estimate | None
) -> ReportTable:
    once = way != "copies"
    rows: list[tuple[Cell, ...]] = [
        (record.titles[arm], *_cells(one, arm=arm, aurocs=aurocs), one.inside if once else one.unstable)
        for arm, one in judged.items()
    ]
    if once:
        rows.append((BASELINE, baseline, *(None,) * 7))
    last = "map inside the lungs" if once else "copies disagree"
    return ReportTable(
        key=f"{record.name}_{way}",
        title=f"{_TITLES[record.name]}, {_READ[way]}",
        columns=(
            "arm",
            "AUROC",
            "AUROC less today's",
            "balanced accuracy",
            "sensitivity",
            "specificity",
            "in the large",
            "slope",
            last,
        ),
        rows=tuple(rows),
        note="In the large: in log odds, less what the prevalence explains; below 0 the probabilities are too high. "
        + (
            "Map inside the lungs: the median share of the positive map, over pictures that are called ill and whose "
            "lungs are trusted. "
            if once
            else "Copies: as it is, blurred, sharpened, equalised; logits are averaged. Copies disagree: the share of "
            "pictures whose copies, each read alone, are not all called the same. "
        )
        + "Intervals: 95%, by patient; how another training would turn out is not in them.",
    )


def _cells(one: JudgedSet, *, arm: str, aurocs: LabelAurocs) -> tuple[Cell, ...]:
    reached = one.decisions
    return (
        aurocs.auroc.get(arm),
        aurocs.difference.get((arm, TODAY)),
        *((None,) * 3 if reached is None else (reached.balanced_accuracy, reached.sensitivity, reached.specificity)),
        one.beyond,
        None if one.probabilities is None else one.probabilities.slope,
    )


def _json(one: JudgedSet, *, arm: str, aurocs: LabelAurocs) -> dict[str, Any]:
    reached = one.decisions
    shares: dict[str, Estimate | None] = {
        "auroc": aurocs.auroc.get(arm),
        "auroc_less_today": aurocs.difference.get((arm, TODAY)),
        "balanced_accuracy": None if reached is None else reached.balanced_accuracy,
        "sensitivity": None if reached is None else reached.sensitivity,
        "specificity": None if reached is None else reached.specificity,
        "in_the_large_beyond_prevalence": one.beyond,
        "slope": None if one.probabilities is None else one.probabilities.slope,
        "inside_lungs_median": one.inside,
        "copies_disagree": one.unstable,
    }
    found: dict[str, Any] = {"maps": one.mapped}
    for name, share in shares.items():
        found |= estimate_json(name, share)
    return found
