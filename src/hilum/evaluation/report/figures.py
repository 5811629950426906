"""The figures of a report, each with its words, drawn once and written as PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from hilum.evaluation.judging.curve_bands import label_curves
from hilum.evaluation.judging.judgement import Judgement, LabelJudgement
from hilum.evaluation.judging.reliability import reliability
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.label_figures import (
    DecisionPanel,
    LabelPanel,
    confusion_figure,
    decision_curve_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from hilum.evaluation.report.style import png_and_svg, styled
from hilum.evaluation.report.subgroup_figure import subgroup_figure, subgroup_gap_figure
from hilum.evaluation.report.subject import ReportSubject
from hilum.evaluation.report.tables import shown_subgroups
from hilum.evaluation.report.training_figure import training_figure
from hilum.statistics.confusion import confusion
from hilum.statistics.holm import is_significant

_MOST_GAP_FIGURES = 4
SHOWN_DPI = 92
"""CSS pixels for an inch of a figure: letters come out at the size of small text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure:
    """One figure: `key` names its files; `words` say what it shows to who cannot see it, `caption` what to read in it.

    The page shows it `width_px` by `height_px` CSS pixels large; `wide` figures keep that size on a narrow screen and
    are moved sideways.
    """

    key: str
    title: str
    caption: str
    words: str
    png: bytes
    svg: bytes
    wide: bool
    width_px: int
    height_px: int


def label_panels(subject: ReportSubject) -> tuple[LabelPanel, ...]:
    """What the figures show of each label, computed once."""
    return tuple(_panel(subject.predictions, one) for one in subject.judgement.whole.labels)


def report_figures(subject: ReportSubject, *, panels: Sequence[LabelPanel]) -> tuple[ReportFigure, ...]:
    """Every figure that the subject has data for, in the order of the page."""
    wide = len(panels) > 1
    judgement = subject.judgement
    areas = ", ".join(f"{one.label} {_value(one)}" for one in judgement.whole.labels)
    marked = any(panel.confusion is not None for panel in panels)
    point = " The diamond is the operating point." if marked else ""
    with styled():
        figures = [
            written_figure(
                "roc",
                roc_figure(panels),
                title="ROC curves",
                caption="Bands: 95%, pointwise, bootstrap by patient. Dashed: a score that knows nothing." + point,
                words=f"ROC curve of each label. AUROC: {areas}.",
                wide=wide,
            ),
            written_figure(
                "precision_recall",
                precision_recall_figure(panels),
                title="Precision-recall curves",
                caption="Bands as above. Dashed: the prevalence here, which is what a score that knows nothing reaches."
                + point,
                words="Precision-recall curve of each label.",
                wide=wide,
            ),
            written_figure(
                "reliability",
                reliability_figure(panels),
                title="Reliability curves",
                caption="Share of positives against stated probability. Line and band: logistic regression on the "
                "log odds, bent by a restricted cubic spline where the data bear it, with its 95% band by patient. "
                "Points: ten equal bins, with 95% intervals by patient. Pale bars: the share of images in each bin. "
                "Dashed: perfect calibration.",
                words="Reliability curve of each label.",
                wide=wide,
            ),
        ]
        if marked:
            figures.append(
                written_figure(
                    "confusion",
                    confusion_figure(panels),
                    title="Confusion matrices",
                    caption="At the operating points. Percentages and shades are shares of each row.",
                    words="Counts of truth against decision for each label; the same numbers stand in the table.",
                    wide=wide,
                )
            )
        decided = [_decision_panel(one) for one in judgement.whole.labels]
        if any(one.curve is not None for one in decided):
            figures.append(
                written_figure(
                    "decision_curve",
                    decision_curve_figure(decided),
                    title="Decision curves",
                    caption="Net benefit: true positives less false positives times the odds of the threshold, as a "
                    "share of all images. Bands: 95%, by patient, point by point. A model is worth using at a "
                    "threshold where it lies above both calling everyone and calling no one." + point,
                    words="Net benefit over threshold probabilities for each label; the same numbers stand in a table.",
                    wide=wide,
                )
            )
        if parted := shown_subgroups(judgement):
            figures.append(
                written_figure(
                    "subgroups",
                    subgroup_figure(judgement.whole, subgroups=parted),
                    title="AUROC by subgroup",
                    caption="95% intervals by patient. Dashed: all images.",
                    words="AUROC of each subgroup; the same numbers stand in the table.",
                    wide=True,
                )
            )
        figures += _gap_figures(judgement)
        if subject.training:
            figures.append(
                written_figure(
                    "training",
                    training_figure(subject.training),
                    title="Training curves",
                    caption="From the run's own logs, one row a stage; AUROC is the mean over labels.",
                    words="Loss and AUROC by epoch for each part that was watched in training.",
                    wide=True,
                )
            )
    return tuple(figures)


def _gap_figures(judgement: Judgement) -> list[ReportFigure]:
    """A forest a label: of the only label, else of the first that have a gap which stays after Holm's correction."""
    names = [one.label for one in judgement.whole.labels]
    by_label = {name: [one for one in judgement.subgroup_tests if one.label == name] for name in names}
    if len(names) > 1:
        by_label = {
            name: tests
            for name, tests in by_label.items()
            if any(is_significant(one.p_holm) and not one.is_crossed for one in tests)
        }
    return [
        written_figure(
            f"subgroup_gaps_{place}",
            subgroup_gap_figure(tests),
            title=f"Gaps of the groups: {name}",
            caption="Group minus the rest of its column, at the one threshold, with 95% intervals by patient. Filled "
            "squares: gaps that stay after Holm's correction.",
            words="Gap of each subgroup; the same numbers stand in the table.",
            wide=True,
        )
        for place, (name, tests) in enumerate(list(by_label.items())[:_MOST_GAP_FIGURES], start=1)
        if any(not one.is_crossed for one in tests)
    ]


def _decision_panel(one: LabelJudgement) -> DecisionPanel:
    worth = None if one.decisions is None else one.decisions.measures.get("net_benefit")
    point = None if one.decisions is None or worth is None else (one.decisions.threshold, worth.value)
    return DecisionPanel(label=one.label, curve=one.decision_curve, point=point)


def _panel(predictions: Predictions, one: LabelJudgement) -> LabelPanel:
    column = predictions.labels.index(one.label)
    truth, scores = predictions.truth[:, column], predictions.scores[:, column]
    return LabelPanel(
        label=one.label,
        n=one.n,
        positives=one.positives,
        auroc=one.auroc,
        average_precision=one.average_precision,
        ece=one.ece,
        smooth=None if one.calibration is None else one.calibration.curve,
        curves=None if one.undefined else label_curves(truth, scores=scores, patient=predictions.patient),
        bins=reliability(truth, probabilities=scores, patient=predictions.patient),
        confusion=None if one.decisions is None else confusion(truth, scores=scores, threshold=one.decisions.threshold),
    )


def written_figure(key: str, figure: Figure, *, title: str, caption: str, words: str, wide: bool) -> ReportFigure:
    """A drawn figure as PNG and SVG with its words; call it inside `styled`."""
    width, height = figure.get_size_inches()
    png, svg = png_and_svg(figure)
    return ReportFigure(
        key=key,
        title=title,
        caption=caption,
        words=words,
        png=png,
        svg=svg,
        wide=wide,
        width_px=round(width * SHOWN_DPI),
        height_px=round(height * SHOWN_DPI),
    )


def _value(one: LabelJudgement) -> str:
    return "no value" if one.auroc is None else f"{one.auroc.value:.3f}"
