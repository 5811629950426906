"""What the study of the adult's chest adds to its page: what ships, which labels may speak, and on what they rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hilum.evaluation.comparing.many_models import labels_with_positives, model_aurocs
from hilum.evaluation.judging.covariate_baselines import covariate_baselines
from hilum.evaluation.judging.earned_label import (
    CHANCE,
    LEAST_LOWER_BOUND,
    LEAST_POSITIVES,
    LEAST_WITHIN_VIEWS,
    EarnedLabel,
    ViewAuroc,
    earned_labels,
    weak_views,
)
from hilum.evaluation.predictions.estimate_text import estimate_json, interval_text
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Section, SectionContent
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.chest_adult.looks import Looks
from hilum.systems.chest_adult.recipe import VIEWS
from hilum.systems.chest_adult.study import ADULT, LOCAL, SHIPS, WANTED_GAIN

SHIPS_KEY, BASELINES_KEY, INSIDE_KEY = "ships", "baselines", "inside_lungs"
EARNED_KEY, EARNED_ALONE_KEY = "earned", "earned_alone"
"""What the arm that may ship has earned, and what the whole picture has, which reads alone without trusted lungs."""


def adult_sections(content: StudyContent, *, looks: Looks) -> tuple[Section, ...]:
    """The sections of the page of `content`, in order; `looks` say where the networks of the folds look."""
    labels = earned_labels(content.predictions.of(SHIPS))
    return (
        partial(ships_section, labels=labels),
        partial(earned_section, labels=labels),
        earned_alone_section,
        baselines_section,
        partial(inside_section, looks=looks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the arm that may ship gains on the baseline, over the `labels` with positives enough.

    `decided` are the labels that have earned a decision.
    """

    labels: tuple[str, ...]
    means: Mapping[str, Estimate]
    difference: Estimate | None
    decided: tuple[str, ...]

    @property
    def why_not(self) -> str | None:
        """Why nothing ships, in half a sentence; None where the arm ships."""
        if self.difference is None or self.difference.interval is None:
            return f"no label has {LEAST_POSITIVES} positives, so nothing can be said of a gain"
        said = interval_text(self.difference, sign="+")
        if self.difference.interval[0] <= 0:
            return f"it gains {said} on the baseline, which is not surely more than nothing"
        return None if self.decided else "no finding has earned a decision"

    @property
    def hoped_for(self) -> str:
        """Whether the gain is as large as was hoped, in a sentence."""
        reached = self.difference is not None and self.difference.value >= WANTED_GAIN
        return f"A gain of {WANTED_GAIN:+.2f} was hoped for and is {'' if reached else 'not '}reached."


def gain_of(content: StudyContent, *, labels: Sequence[EarnedLabel]) -> Gain:
    """The mean AUROCs over the labels with at least `LEAST_POSITIVES` positives, and their difference by patient.

    `labels` are those of the arm that may ship, judged.
    """
    models = content.predictions
    counted = labels_with_positives(models, least=LEAST_POSITIVES)
    decided = tuple(one.label for one in labels if one.earned)
    if not counted:
        return Gain(labels=(), means={}, difference=None, decided=decided)
    found = model_aurocs(models, pairs=ADULT.pairs, labels=counted, replicates=content.replicates, seed=content.seed)
    difference = found.mean_difference[SHIPS, LOCAL]
    return Gain(labels=counted, means=found.mean, difference=difference, decided=decided)


def ships_section(content: StudyContent, *, labels: Sequence[EarnedLabel]) -> SectionContent:
    """Whether the arm that may ship does, by its gain on the baseline and by what it may decide."""
    gain = gain_of(content, labels=labels)
    why_not = gain.why_not
    rows: list[tuple[Cell, ...]] = [(ADULT.titles[arm], found) for arm, found in gain.means.items()]
    rows.append((ADULT.pair_title((SHIPS, LOCAL)), gain.difference))
    verdict = f"{ADULT.titles[SHIPS]} ships" if why_not is None else f"Nothing ships: {why_not}"
    return SectionContent(
        key=SHIPS_KEY,
        title="What ships",
        note=f"{verdict}. It must surely gain something on the whole picture alone, and decide a finding. "
        f"{gain.hoped_for}",
        tables=(
            ReportTable(
                key="mean_of_labels_with_positives",
                title=f"Mean AUROC over the {len(gain.labels)} labels with at least {LEAST_POSITIVES} positives",
                columns=("what", "mean AUROC"),
                rows=tuple(rows),
                note=f"Labels: {', '.join(gain.labels) or 'none'}.",
            ),
        ),
        numbers={
            "arm": SHIPS,
            "ships": why_not is None,
            "why_not": why_not,
            "wanted_gain": WANTED_GAIN,
            "labels": list(gain.labels),
            "mean_auroc": {arm: estimate_json("value", found) for arm, found in gain.means.items()},
            **estimate_json("difference", gain.difference),
        },
    )


def earned_section(_: StudyContent, *, labels: Sequence[EarnedLabel]) -> SectionContent:
    """Which labels of the arm that may ship have earned a decision, and what the others lack."""
    return SectionContent(
        key=EARNED_KEY,
        title="Which findings may be decided",
        note=f"A finding is decided where it has at least {LEAST_POSITIVES} positives, the 95% interval of its AUROC "
        f"begins at {LEAST_LOWER_BOUND:.2f} or above, and its AUROC among images of one view is at least "
        f"{LEAST_WITHIN_VIEWS:.2f}. The others are read and listed as not reliable here. Nor is it "
        f"decided in a view among whose images the interval does not lie above {CHANCE:.2f}.",
        tables=(_earned_table(SHIPS, labels=labels),),
        numbers={one.label: _earned_json(one) for one in labels},
    )


def earned_alone_section(content: StudyContent) -> SectionContent:
    """The same of the whole picture alone."""
    labels = earned_labels(content.predictions.of(LOCAL))
    return SectionContent(
        key=EARNED_ALONE_KEY,
        title="Which findings may be decided where the lungs are not trusted",
        note="The network of the whole picture reads alone there. It decides what it has earned by the same rule, of "
        "the findings that are decided otherwise too.",
        tables=(_earned_table(LOCAL, labels=labels),),
        numbers={one.label: _earned_json(one) for one in labels},
    )


def _earned_table(arm: str, *, labels: Sequence[EarnedLabel]) -> ReportTable:
    return ReportTable(
        key=f"earned_labels_{arm}",
        title=f"Labels of {ADULT.titles[arm]}, and what they lack",
        columns=("finding", "n", "positives", "AUROC", "within views", *VIEWS, "decided"),
        rows=tuple(_earned_row(one) for one in labels),
        note="Within views: of a positive and a negative of the same view, how often the positive scores higher. "
        "Out-of-fold probabilities; intervals by patient.",
    )


def baselines_section(content: StudyContent) -> SectionContent:
    """What view, age and sex reach without the picture, beside each label."""
    predictions = content.predictions.of(SHIPS)
    columns = {name: _aurocs(predictions, scores) for name, scores in covariate_baselines(predictions).items()}
    own = _aurocs(predictions, predictions.scores)
    labels = predictions.labels
    return SectionContent(
        key=BASELINES_KEY,
        title="What is told without looking at the picture",
        note="Logistic models of what stands in the file's tags, in the same folds. What they reach, a network may "
        "have read off the picture without seeing any disease.",
        tables=(
            ReportTable(
                key="covariate_baselines",
                title="AUROC of view, age and sex alone",
                columns=("finding", ADULT.titles[SHIPS], *columns),
                rows=tuple((label, own[label], *(found[label] for found in columns.values())) for label in labels),
            ),
        ),
        numbers={
            label: {name: estimate_json("auroc", found[label]) for name, found in columns.items()} for label in labels
        },
    )


def inside_section(_: StudyContent, *, looks: Looks) -> SectionContent:
    """How much of the maps of findings of the lungs lies inside the lungs, by label and arm."""
    inside = {arm: _joined([one.inside for one in found]) for arm, found in looks.items()}
    labels = list(dict.fromkeys(label for found in inside.values() for label in found))
    rows: list[tuple[Cell, ...]] = []
    for label in labels:
        cells: list[Cell] = [label]
        for found in inside.values():
            shares = found.get(label, ())
            cells += [len(shares), float(np.median(shares)) if shares else None]
        rows.append(tuple(cells))
    return SectionContent(
        key=INSIDE_KEY,
        title="What the networks respond to",
        note="Of judged images that have the finding, and whose lungs are trusted: the share of the positive part of "
        "the finding's class map that lies inside the lungs, by networks that never saw the patient.",
        tables=(
            ReportTable(
                key="inside_lungs",
                title="Share of each finding's map inside the lungs",
                columns=("finding", *(f"{ADULT.titles[arm]}, {what}" for arm in inside for what in ("n", "median"))),
                rows=tuple(rows),
            ),
        ),
        numbers={label: {arm: _inside_json(found.get(label, ())) for arm, found in inside.items()} for label in labels},
    )


def _earned_row(one: EarnedLabel) -> tuple[Cell, ...]:
    views = (one.by_view[view].auroc if view in one.by_view else None for view in VIEWS)
    decided = decided_text(one.by_view) if one.earned else f"not reliable here: {one.reason}"
    return one.label, one.n, one.positives, one.auroc, one.within_views, *views, decided


def decided_text(by_view: Mapping[str, ViewAuroc]) -> str:
    """Of a label that is decided, in which views it is."""
    weak = weak_views(by_view, views=VIEWS)
    return f"yes, not in view {' and '.join(weak)}" if weak else "yes"


def _earned_json(one: EarnedLabel) -> dict[str, Any]:
    return {
        "n": one.n,
        "positives": one.positives,
        **estimate_json("auroc", one.auroc),
        "within_views": one.within_views,
        "by_view": {
            view: {"n": found.n, "positives": found.positives, **estimate_json("auroc", found.auroc)}
            for view, found in one.by_view.items()
        },
        "earned": one.earned,
        "why_not": list(one.why_not),
    }


def _aurocs(predictions: Predictions, scores: np.ndarray) -> dict[str, Estimate | None]:
    patients = patient_rows(predictions.patient)
    found: dict[str, Estimate | None] = {}
    for column, label in enumerate(predictions.labels):
        truth = predictions.truth[:, column]
        one = patient_auroc(truth, scores=scores[:, column], patients=patients.index, count=patients.count)
        found[label] = None if isinstance(one, UndefinedMetric) else one.estimate
    return found


def _joined(folds: Sequence[Mapping[str, tuple[float, ...]]]) -> dict[str, tuple[float, ...]]:
    labels = dict.fromkeys(label for fold in folds for label in fold)
    return {label: tuple(share for fold in folds for share in fold.get(label, ())) for label in labels}


def _inside_json(shares: Sequence[float]) -> dict[str, Any]:
    if not shares:
        return {"n": 0, "median": None, "quartiles": None}
    low, median, high = (float(value) for value in np.quantile(shares, [0.25, 0.5, 0.75]))
    return {"n": len(shares), "median": median, "quartiles": [low, high]}
