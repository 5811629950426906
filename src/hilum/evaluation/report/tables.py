"""The tables of a report, from a judgement and the predictions that it judges."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hilum.evaluation.judging.judgement import GroupJudgement, Judgement, LabelJudgement
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.subject import Exclusion, by_reason
from hilum.evaluation.report.table import Cell, ReportTable, counted
from hilum.statistics.confusion import Confusion
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import THRESHOLDS
from hilum.statistics.outcomes import UndefinedMetric

MEASURES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "lr_positive": "LR+",
    "lr_negative": "LR−",
    "net_benefit": "net benefit",
    "net_benefit_treat_all": "of calling everyone",
}
"""What measures at an operating point are called, in the order of the tables' columns."""

_AT_PREVALENCE = {
    "ppv_at_prevalence": "PPV there",
    "npv_at_prevalence": "NPV there",
    "net_benefit_at_prevalence": "net benefit there",
    "net_benefit_treat_all_at_prevalence": "of calling everyone there",
}


def label_table(judgement: Judgement) -> ReportTable:
    """Discrimination and calibration of each label, and the mean AUROC below."""
    whole = judgement.whole
    rows: list[tuple[Cell, ...]] = [
        (
            one.label,
            one.n,
            one.positives,
            one.auroc if one.undefined is None else one.undefined,
            one.average_precision,
            one.brier,
            one.ece,
        )
        for one in whole.labels
    ]
    used = [name for name in whole.in_mean if name not in whole.left_out]
    if len(whole.labels) > 1:
        rows.append((f"mean of {counted(len(used), 'label')}", None, None, whole.mean_auroc, None, None, None))
    lacking = "; ".join(f"{name}: {whole.left_out_why[name]}" for name in whole.left_out)
    left_out = f" Not in the mean: {lacking}." if lacking else ""
    mean = f"The mean is over {', '.join(used) or 'no label'}.{left_out}" if len(whole.labels) > 1 else ""
    return ReportTable(
        key="labels",
        title="Discrimination and calibration",
        columns=("label", "n", "positives", "AUROC", "average precision", "Brier", "ECE"),
        rows=tuple(rows),
        note=f"{mean} n counts images whose truth is known.".lstrip(),
    )


def delong_table(judgement: Judgement) -> ReportTable | None:
    """The AUROC with DeLong's interval, for those who compare with papers; None where there is none."""
    known = [one for one in judgement.whole.labels if one.delong is not None]
    if not known:
        return None
    return ReportTable(
        key="delong",
        title="AUROC with DeLong's interval",
        columns=("label", "AUROC"),
        rows=tuple((one.label, one.delong) for one in known),
        note="DeLong's interval takes images as independent, which they are here: each patient has one.",
        folded=True,
    )


def calibration_table(judgement: Judgement) -> ReportTable | None:
    """What a calibration that was fitted on validation changes; None where none was asked for."""
    if judgement.calibration is None:
        return None
    rows: list[tuple[Cell, ...]] = []
    for one in judgement.whole.labels:
        after = one.calibrated
        if after is None or after.undefined is not None:
            reason = "not asked for" if after is None else after.undefined
            rows.append((one.label, reason, one.brier, None, one.ece, None))
            continue
        fitted = "" if after.slope is None else f", slope {after.slope:.3f}, intercept {after.intercept or 0.0:.3f}"
        rows.append((one.label, f"{after.method}{fitted}", one.brier, after.brier, one.ece, after.ece))
    return ReportTable(
        key="calibration",
        title="Calibration fitted on validation",
        columns=("label", "method", "Brier before", "Brier after", "ECE before", "ECE after"),
        rows=tuple(rows),
        note="Curves and decisions on this page are those of the scores before this calibration.",
    )


def calibration_numbers_table(judgement: Judgement) -> ReportTable:
    """Slope, intercept and calibration-in-the-large of each label, with what a reader must know of the scale."""
    whole = judgement.whole
    rows: list[tuple[Cell, ...]] = []
    for one in whole.labels:
        if one.calibration is not None:
            fit = one.calibration.fit
            numbers = (fit.mean_difference, fit.in_the_large, fit.slope, fit.intercept)
            rows.append((one.label, *map(_number_or_reason, numbers), one.brier, one.ece))
    words = " ".join(
        f"{one.label}: {one.calibration.in_words}" if len(whole.labels) > 1 else one.calibration.in_words
        for one in whole.labels
        if one.calibration is not None and (one.calibration.is_off or len(whole.labels) == 1)
    )
    return ReportTable(
        key="calibration_numbers",
        title="Calibration in numbers",
        columns=(
            "label",
            "mean stated − observed",
            "in the large (log odds)",
            "slope",
            "intercept",
            "Brier",
            "ECE",
        ),
        rows=tuple(rows),
        note=f"{words} A calibrated model has slope 1 and 0 in the others. In the large: below 0, probabilities are "
        "too high. Slope below 1: they are too extreme. Intervals of these four are by patient.".lstrip(),
    )


def probability_bands_table(judgement: Judgement) -> ReportTable:
    """How often each label came in each band of stated probability, in counts."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.label,
            f"{band.low:g} to {band.high:g}",
            band.observed.n,
            band.positives,
            band.stated,
            band.observed,
            "off" if band.off else "",
        )
        for one in judgement.whole.labels
        if one.calibration is not None
        for band in one.calibration.bands
    ]
    return ReportTable(
        key="probability_bands",
        title="Stated probabilities against what was observed",
        columns=("label", "stated probability", "images", "with the finding", "mean stated", "observed", "verdict"),
        rows=tuple(rows),
        note="Off: further from what was observed than chance explains (exact binomial test, corrected for the number "
        "of bands). Wilson's intervals take images as independent.",
        folded=len(judgement.whole.labels) > 1,
    )


def decision_table(judgement: Judgement) -> ReportTable | None:
    """What each label's operating point reaches; None where there are no operating points."""
    decided = [one for one in judgement.whole.labels if one.decisions is not None or one.decisions_undefined]
    if not decided:
        return None
    stated = any(one.decisions is not None and one.decisions.prevalence is not None for one in decided)
    columns = ["label", "threshold", *MEASURES.values()]
    if stated:
        columns += ["stated prevalence", *_AT_PREVALENCE.values()]
    return ReportTable(
        key="decisions",
        title="Decisions at the operating points",
        columns=tuple(columns),
        rows=tuple(_decision_row(one, width=len(columns), stated=stated) for one in decided),
        note=f"Operating points come from {judgement.validation_protocol}. "
        "PPV, NPV and net benefit hold at the prevalence of these images"
        + (" unless another is stated. " if stated else ". ")
        + "LR+ has no value where no image without the finding was called positive. Net benefit takes the threshold "
        "as a probability.",
    )


def prevalence_table(judgement: Judgement) -> ReportTable | None:
    """How common each label is where its operating point was chosen, and here; None where that is not known."""
    known = [(one, one.validation) for one in judgement.whole.labels if one.validation is not None]
    if not known:
        return None
    return ReportTable(
        key="prevalence",
        title="Prevalence shift",
        columns=("label", "validation n", "validation positives", "validation prevalence", "prevalence here", "shift"),
        rows=tuple(
            (
                one.label,
                there.n,
                there.positives,
                there.positives / there.n if there.n else None,
                one.positives / one.n if one.n else None,
                there.shift,
            )
            for one, there in known
        ),
        note="Shift is here minus validation. Nothing was fitted again.",
    )


def shown_subgroups(judgement: Judgement) -> dict[str, dict[str, GroupJudgement]]:
    """The columns that part the images; one that puts all of them into one group says nothing more than the whole."""
    return {column: groups for column, groups in judgement.subgroups.items() if len(groups) > 1}


def subgroup_table(judgement: Judgement) -> ReportTable | None:
    """The mean AUROC of every subgroup; None where the predictions name none."""
    rows: list[tuple[Cell, ...]] = []
    for column, groups in shown_subgroups(judgement).items():
        for name, group in groups.items():
            used = len(group.in_mean) - len(group.left_out)
            found: Cell = group.mean_auroc if group.mean_auroc is not None else "no label has both outcomes"
            rows.append((column, name, group.n, group.patients, f"{used} of {len(group.in_mean)}", found))
    if not rows:
        return None
    return ReportTable(
        key="subgroups",
        title="Subgroups in numbers",
        columns=("by", "group", "images", "patients", "labels in the mean", "mean AUROC"),
        rows=tuple(rows),
        note="A mean over other labels is another measure: compare groups only where the labels in the mean agree. "
        "Differences between groups are not tested here.",
    )


def subgroup_label_table(judgement: Judgement) -> ReportTable | None:
    """Every label in every subgroup, for those who look for one; None where there are no subgroups."""
    rows: list[tuple[Cell, ...]] = []
    for column, groups in shown_subgroups(judgement).items():
        for name, group in groups.items():
            for one in group.labels:
                found: Cell = one.auroc if one.undefined is None else one.undefined
                rows.append((column, name, one.label, one.n, one.positives, found, one.average_precision))
    if not rows or len(judgement.whole.labels) == 1:
        return None
    return ReportTable(
        key="subgroup_labels",
        title="Every label in every subgroup",
        columns=("by", "group", "label", "n", "positives", "AUROC", "average precision"),
        rows=tuple(rows),
        folded=True,
    )


def confusion_table(confusions: Sequence[tuple[str, Confusion]]) -> ReportTable | None:
    """Counts at the operating points; None where there are none."""
    if not confusions:
        return None
    return ReportTable(
        key="confusion",
        title="Counts at the operating points",
        columns=("label", "true positive", "false negative", "false positive", "true negative"),
        rows=tuple(
            (label, one.true_positives, one.false_negatives, one.false_positives, one.true_negatives)
            for label, one in confusions
        ),
        folded=True,
    )


def people_table(predictions: Predictions) -> ReportTable:
    """Who was judged: images and patients, age, sex, view and source, as far as the predictions say."""
    p = predictions
    rows: list[tuple[Cell, ...]] = [
        ("images", p.n),
        ("patients", len(set(p.patient)) if p.patients_known else "not known"),
    ]
    if p.age_years is not None and not np.isnan(p.age_years).all():
        known = p.age_years[~np.isnan(p.age_years)]
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        rows.append(("age in years, median (quartiles)", f"{middle:.0f} ({low:.0f} to {high:.0f})"))
        rows.append(("age not known, images", int(np.isnan(p.age_years).sum())))
    for name, texts in (("sex", p.sex), ("view", p.view), ("source", p.source)):
        if texts is not None:
            counts = {value: texts.count(value) for value in sorted(set(texts), key=str)}
            rows += [(f"{name} {value or 'not known'}", count) for value, count in counts.items()]
    return ReportTable(key="people", title="Images and patients", columns=("what", "value"), rows=tuple(rows))


def exclusion_table(exclusions: Sequence[Exclusion]) -> ReportTable:
    """How many images each reason left out."""
    rows = tuple((reason, count) for reason, count in by_reason(exclusions).items())
    return ReportTable(
        key="exclusions_by_reason",
        title="Exclusions",
        columns=("reason", "images"),
        rows=rows or (("none: every image was judged", 0),),
    )


def excluded_images_table(exclusions: Sequence[Exclusion]) -> ReportTable | None:
    """Every image that was left out; None where there is none."""
    if not exclusions:
        return None
    return ReportTable(
        key="exclusions",
        title="Every excluded image",
        columns=("image", "reason", "detail"),
        rows=tuple((one.image, one.reason, one.detail) for one in exclusions),
        folded=True,
    )


def _decision_row(one: LabelJudgement, *, width: int, stated: bool) -> tuple[Cell, ...]:
    if one.decisions is None:
        return (one.label, one.decisions_undefined, *([None] * (width - 2)))
    measures = one.decisions.measures
    there: tuple[Cell, ...] = (one.decisions.prevalence, *(measures.get(name) for name in _AT_PREVALENCE))
    return (one.label, one.decisions.threshold, *(measures[name] for name in MEASURES), *(there if stated else ()))


def _number_or_reason(value: Estimate | UndefinedMetric) -> Cell:
    return value.reason if isinstance(value, UndefinedMetric) else value


_EVERY = 5


def decision_curve_table(judgement: Judgement) -> ReportTable | None:
    """Model and calling everyone, each with its interval; None where no label has both outcomes."""
    rows: list[tuple[Cell, ...]] = []
    for one in judgement.whole.labels:
        curve = one.decision_curve
        if curve is None:
            continue
        rows += [
            (
                one.label,
                float(round(THRESHOLDS[place], 2)),
                _estimate(curve.model[place], curve.model_low[place], curve.model_high[place]),
                _estimate(curve.everyone[place], curve.everyone_low[place], curve.everyone_high[place]),
            )
            for place in range(_EVERY - 1, THRESHOLDS.size, _EVERY)
        ]
    if not rows:
        return None
    return ReportTable(
        key="decision_curve",
        title="Net benefit by threshold",
        columns=("label", "threshold probability", "net benefit of the model", "of calling everyone"),
        rows=tuple(rows),
        note="Calling no one gives 0. All thresholds stand in report.json.",
        folded=True,
    )


def _estimate(value: float, low: float, high: float) -> Estimate:
    interval = None if math.isnan(low) else (float(low), float(high))
    return Estimate(float(value), interval, method=None if interval is None else "MOVER")
