"""The tables of a comparison's report."""

from __future__ import annotations

from hilum.evaluation.comparing.comparison import Comparison, LabelComparison, PairLabel, ShareDifference
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.comparing.words import p_words, pair_name, verdict_rows
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.report.tables import people_table


def comparison_report_tables(comparison: Comparison, *, models: ManyPredictions) -> tuple[ReportTable, ...]:
    """Every table that the comparison has something for, in the order of the page."""
    made = (
        people_table(models.first),
        models_table(comparison),
        differences_table(comparison),
        other_differences_table(comparison),
        shares_table(comparison),
        verdict_table(comparison),
        paired_t_table(comparison),
    )
    return tuple(table for table in made if table is not None)


def models_table(comparison: Comparison) -> ReportTable:
    """Each model on each label, and the mean AUROC below."""
    decided = bool(comparison.points)
    rows: list[tuple[Cell, ...]] = []
    for label in comparison.labels:
        counts = (label.label, label.n, label.positives)
        if label.undefined is not None:
            rows.append((*counts, None, label.undefined, None, None, *((None,) * 3 if decided else ())))
        for name, one in label.models.items():
            at: tuple[Cell, ...] = (one.threshold, one.sensitivity, one.specificity) if decided else ()
            rows.append((*counts, name, one.auroc, one.average_precision, one.brier, *at))
    if len(comparison.averaged) > 1:
        for name in comparison.models:
            blank: tuple[Cell, ...] = (None,) * (5 if decided else 2)
            mean = f"mean of {len(comparison.averaged)} labels"
            rows.append((mean, None, None, name, comparison.mean.get(name), *blank))
    left_out = f" Not in the mean, for lack of an outcome or of patients: {', '.join(comparison.left_out)}."
    return ReportTable(
        key="models",
        title="Each model",
        columns=("label", "n", "positives", "model", "AUROC", "average precision", "Brier")
        + (("threshold", "sensitivity", "specificity") if decided else ()),
        rows=tuple(rows),
        note="n counts images whose truth is known." + (left_out if comparison.left_out else ""),
    )


def differences_table(comparison: Comparison) -> ReportTable:
    """The differences of AUROC with both tests, and the mean below."""
    test = "clustered DeLong (Obuchowski)" if comparison.clustered else "DeLong"
    rows: list[tuple[Cell, ...]] = [
        (
            label.label,
            pair_name(one.pair),
            one.auroc.estimate,
            p_words(one.auroc.p),
            p_words(one.auroc.p_holm),
            p_words(one.delong_p),
            p_words(one.delong_p_holm),
        )
        for label in comparison.labels
        for one in label.pairs
    ]
    if len(comparison.averaged) > 1:
        mean = f"mean of {len(comparison.averaged)} labels"
        for each in comparison.mean_pairs:
            found = each.auroc
            rows.append(
                (mean, pair_name(each.pair), found.estimate, p_words(found.p), p_words(found.p_holm), None, None)
            )
    few = "; ".join(f"{label.label}: {label.too_few}" for label in comparison.labels if label.too_few)
    return ReportTable(
        key="differences",
        title="Differences of AUROC",
        columns=("label", "difference of", "AUROC", "p, bootstrap", "adjusted", f"p, {test}", "adjusted (Holm)"),
        rows=tuple(rows),
        note="A difference is the figure of the model before the minus sign, less that of the other. Intervals of "
        "labels take patients as the unit (Obuchowski's variance, and MOVER where an AUROC is near 1); that of the "
        "mean is the bootstrap's." + (f" {few}." if few else ""),
    )


def other_differences_table(comparison: Comparison) -> ReportTable:
    """The differences of average precision and Brier score."""
    return ReportTable(
        key="other_differences",
        title="Differences of average precision and Brier score",
        columns=("label", "difference of", "average precision", "p", "adjusted", "Brier", "p of Brier", "adjusted too"),
        rows=tuple(_other_row(label, one) for label in comparison.labels for one in label.pairs),
        note="Of the Brier score less is better: a difference below 0 speaks for the first model. Percentile intervals "
        "and tests of the bootstrap by patient, adjusted by Holm.",
        folded=True,
    )


def shares_table(comparison: Comparison) -> ReportTable | None:
    """Sensitivity and specificity side by side, with who alone was right; None where nothing was decided."""
    if not comparison.points:
        return None
    rows: list[tuple[Cell, ...]] = []
    for label in comparison.labels:
        for one in label.pairs:
            for measure, found in (("sensitivity", one.sensitivity), ("specificity", one.specificity)):
                rows.append((label.label, measure, pair_name(one.pair), *_share(found, label=label, one=one)))
    return ReportTable(
        key="paired_decisions",
        title="Sensitivity and specificity, paired",
        columns=(
            "label", "measure", "difference of", "difference", "p", "adjusted", "images", "patients", "both right",
            "first alone right", "second alone right", "both wrong",
        ),
        rows=tuple(rows),
        note="p: McNemar's exact test where each patient has one image; where patients have several, its exact form by "
        "patient, which flips all images of a patient together. Intervals: Bonett and Price's, with the design effect "
        "of repeated patients.",
    )  # fmt: skip


def verdict_table(comparison: Comparison) -> ReportTable | None:
    """What is shown against the margin; None where none was stated."""
    if comparison.margin is None:
        return None
    margin = f"{comparison.margin:g}"
    return ReportTable(
        key="margin",
        title=f"Against the margin of {margin}",
        columns=(
            "label", "measure", "difference of", "difference",
            f"not worse by more than {margin}", f"within {margin}", "the data could hide a loss of",
        ),
        rows=tuple(
            (
                row.label or f"mean of {len(comparison.averaged)} labels",
                row.measure,
                pair_name(row.pair),
                row.difference.estimate,
                row.not_worse,
                row.alike,
                row.verdict.hidden_loss,
            )
            for row in verdict_rows(comparison)
        ),
        note="Not shown is not refuted: the data are too few to tell.",
    )  # fmt: skip


def paired_t_table(comparison: Comparison) -> ReportTable | None:
    """Student's test over the labels, as papers report it; None where there is one label."""
    rows: list[tuple[Cell, ...]] = []
    for one in comparison.mean_pairs:
        t = one.paired_t
        if isinstance(t, PairedT):
            rows.append((pair_name(one.pair), t.n, f"{t.t:.2f}", p_words(t.p_value)))
        elif t is not None:
            rows.append((pair_name(one.pair), t.n, t.reason, None))
    if not rows:
        return None
    return ReportTable(
        key="paired_t",
        title="Paired t-test over the labels",
        columns=("difference of", "labels", "t", "two-tailed p"),
        rows=tuple(rows),
        note="It takes labels as independent, which they are not; it is given because many publications report it.",
        folded=True,
    )


def _other_row(label: LabelComparison, one: PairLabel) -> tuple[Cell, ...]:
    precision, brier = one.average_precision, one.brier
    return (
        label.label,
        pair_name(one.pair),
        precision.estimate,
        p_words(precision.p),
        p_words(precision.p_holm),
        brier.estimate,
        p_words(brier.p),
        p_words(brier.p_holm),
    )


def _share(found: ShareDifference | None, *, label: LabelComparison, one: PairLabel) -> tuple[Cell, ...]:
    if found is None:
        reason = next((why for name in one.pair if (why := label.models[name].no_point)), "there are no such images")
        return (reason, *((None,) * 8))
    table = found.table
    return (
        found.estimate,
        p_words(found.p),
        p_words(found.p_holm),
        table.n,
        table.patients,
        table.both,
        table.first_only,
        table.second_only,
        table.neither,
    )
