"""What the pneumonia study adds to its page: the paper's results beside ours, one table of all networks, and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.bundles.confident_errors import ALARM, MISS
from hilum.evaluation.judging.baseline import baseline_auroc
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.label_figures import LabelPanel, confusion_figure
from hilum.evaluation.report.style import styled
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.claims import ClaimResult
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Gallery, Picture, Section, SectionContent
from hilum.evaluation.study.tables import claims_table
from hilum.report.wording import probability_text
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray
from hilum.systems.pneumonia.claims import paper_claims
from hilum.systems.pneumonia.costs import Costs
from hilum.systems.pneumonia.curves import Rows, curves_figure
from hilum.systems.pneumonia.errors import DrawnError, FoldErrors, most_confident
from hilum.systems.pneumonia.look_at_test import TestLook
from hilum.systems.pneumonia.measures import Measures, measures
from hilum.systems.pneumonia.paper import IMAGENET, PAPER, RANDOM, TEST_IMAGES
from hilum.systems.pneumonia.synthetic_section import synthetic_section

SHOWN = 12
"""Errors of a kind that the page draws of each of the paper's networks."""
PAPERS = (RANDOM, IMAGENET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    """What was kept of one arm: its pooled uncalibrated predictions, and of each fold its curves and errors.

    Curves and errors are those of the paper's two networks alone.
    """

    title: str
    uncalibrated: Predictions
    started_from: str
    balance: str
    costs: Costs
    curves: tuple[Rows, ...]
    errors: tuple[FoldErrors, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PneumoniaRecord:
    """All arms by name, the `sharpness` (n,) of each judged image, and the looks at the official test by arm.

    `samples` are the folders of each fold's DCGAN, none where synthetic children are not among the arms.
    """

    arms: Mapping[str, ArmRecord]
    sharpness: FloatArray
    looks: Mapping[str, TestLook]
    samples: tuple[Path, ...] = ()


def pneumonia_sections(record: PneumoniaRecord) -> tuple[Section, ...]:
    """The sections in the order of the page."""
    measured = {name: measures(one.uncalibrated) for name, one in record.arms.items()}

    def published(_: StudyContent) -> SectionContent:
        return published_section(record, measured=measured)

    def table(content: StudyContent) -> SectionContent:
        return networks_section(record, measured=measured, content=content)

    def errors(_: StudyContent) -> SectionContent:
        return errors_section(record)

    def synthetic(content: StudyContent) -> SectionContent:
        return synthetic_section(
            content,
            says={name: one.uncalibrated for name, one in record.arms.items()},
            titles={name: one.title for name, one in record.arms.items()},
            folders=record.samples,
        )

    return (published, table, *((synthetic,) if record.samples else ()), errors)


def published_section(record: PneumoniaRecord, *, measured: Mapping[str, Measures]) -> SectionContent:
    """The paper's two accuracies beside ours, its sentences tested, the curves and the confusion matrices."""
    claims = paper_claims(
        predictions={arm: record.arms[arm].uncalibrated for arm in PAPERS},
        measured=measured,
        false_alarms={arm: [one for fold in record.arms[arm].errors for one in fold.false_alarms] for arm in PAPERS},
    )
    rows = [_published_row(arm, measured=measured[arm], look=record.looks.get(arm)) for arm in PAPERS]
    return SectionContent(
        key="published",
        title="The paper's accuracies beside ours",
        note=f"{PAPER.source}. {PAPER.protocol}. Called pneumonia is a probability of at least 0.5, the larger of the "
        "paper's two outputs, as the network gives it: nothing is calibrated. Ours in the third column is on children "
        "of the official train folder, by networks that never saw them: other images than the paper's, whose test "
        "folder differs in sharpness, so the two columns are not to be compared. A heatmap "
        "may lie on bright parts for other reasons than exposure: heart and bones are bright in every chest.",
        tables=(
            ReportTable(
                key="accuracies",
                title="Accuracy",
                columns=(
                    "network",
                    f"the paper ({PAPER.protocol_short})",
                    "ours, children held out of the train folder",
                    "ours, official test folder",
                    "its images",
                ),
                rows=tuple(rows),
                note="A dash: not evaluated on the official test folder; --look-at-test does so, and records it in the "
                f"ledger.{_lacking(record.looks)}",
                decimals=4,
            ),
            replace(claims_table(claims), key="paper_claims", title="The paper's sentences, by name"),
        ),
        figures=(
            curves_figure({record.arms[arm].title: record.arms[arm].curves for arm in PAPERS}),
            confusions_figure({record.arms[arm].title: measured[arm] for arm in PAPERS}),
        ),
        numbers={
            "source": PAPER.source,
            "protocol": PAPER.protocol,
            "accuracy": {arm: PAPER.value(LABEL, arm) for arm in PAPERS},
            "claims": [_claim_json(one) for one in claims],
            "official_test": {arm: look.as_json() for arm, look in record.looks.items()},
        },
    )


def networks_section(
    record: PneumoniaRecord, *, measured: Mapping[str, Measures], content: StudyContent
) -> SectionContent:
    """One table of what all networks reach, with what tells the classes apart without any, and one of their costs."""
    aurocs = next(one for one in content.aurocs.labels if one.label == LABEL)
    first = next(iter(record.arms.values())).uncalibrated
    baseline = baseline_auroc(first, sharpness=record.sharpness, replicates=content.replicates)
    rows: list[tuple[Cell, ...]] = [
        _network_row(one, measured=measured[name], auroc=aurocs.auroc.get(name) if aurocs.undefined is None else None)
        for name, one in record.arms.items()
    ]
    rows.append((BASELINE, "no network", None, None, baseline, *(None,) * 4))
    return SectionContent(
        key="networks",
        title="All networks",
        tables=(
            ReportTable(
                key="networks",
                title="Decisions, ranking and probabilities",
                columns=(
                    "network",
                    "balance",
                    "accuracy",
                    "balanced accuracy",
                    "AUROC",
                    "sensitivity",
                    "specificity",
                    "calibration slope",
                    "in the large",
                ),
                rows=tuple(rows),
                note="Decisions at a probability of 0.5, slope and calibration in the large (log odds; above 0 the "
                "probabilities are too low) are of what the network says, with nothing fitted; AUROC is of the folds' "
                "calibrated probabilities, which can be pooled. Intervals: 95%, by patient.",
            ),
            costs_table(record),
            ReportTable(
                key="starts",
                title="Starting weights",
                columns=("network", "started from"),
                rows=tuple((one.title, one.started_from) for one in record.arms.values()),
                folded=True,
            ),
        ),
        numbers={
            **{name: _network_json(one, measured=measured[name]) for name, one in record.arms.items()},
            "baseline": {"name": BASELINE, **estimate_json("auroc", baseline)},
        },
    )


def costs_table(record: PneumoniaRecord) -> ReportTable:
    """How large each network is, and how long it takes."""
    return ReportTable(
        key="costs",
        title="Costs",
        columns=("network", "million parameters", "MB", "ms a picture"),
        rows=tuple(
            (one.title, one.costs.parameters / 1e6, one.costs.megabytes, one.costs.milliseconds)
            for one in record.arms.values()
        ),
        note="MB: weights in float32. ms: processor time of one thread of this machine as torch computes it.",
        decimals=1,
    )


def errors_section(record: PneumoniaRecord) -> SectionContent:
    """The most confident errors of the paper's two networks, with heatmaps."""
    galleries = []
    for arm in PAPERS:
        one = record.arms[arm]
        for kind, said in (
            (ALARM, "healthy children who are called ill"),
            (MISS, "ill children who are called healthy"),
        ):
            found = most_confident(one.errors, kind=kind, most=SHOWN)
            pictures = tuple(
                _picture(folder, error=error, stem=f"_{arm}_{kind}".replace(" ", "-")) for folder, error in found
            )
            galleries.append(Gallery(title=f"{one.title}: {said}", pictures=pictures))
    return SectionContent(
        key="errors",
        title="Failure cases",
        note="These are patients' pictures: a page that holds them stays on this machine. The most confident errors of "
        "all folds, by networks that never saw the patient; beside each picture its heatmap on the package's fixed "
        "scale of logit contribution. A heatmap outlines no disease.",
        galleries=tuple(galleries),
        numbers={
            arm: {"false_alarms": sum(len(fold.false_alarms) for fold in record.arms[arm].errors)} for arm in PAPERS
        },
    )


def confusions_figure(measured: Mapping[str, Measures]) -> ReportFigure:
    """A confusion matrix of each arm, by its title."""
    panels = [
        LabelPanel(
            label=title,
            n=one.n,
            positives=one.table.positives,
            auroc=None,
            average_precision=None,
            ece=None,
            smooth=None,
            curves=None,
            bins=(),
            confusion=one.table,
        )
        for title, one in measured.items()
    ]
    with styled():
        return written_figure(
            "confusion",
            confusion_figure(panels),
            title="Confusion matrices",
            caption="At a probability of 0.5. Percentages and shades are shares of each row. Positive is pneumonia.",
            words="Counts of truth against decision for each network; the shares stand in the table of all networks.",
            wide=True,
        )


def _published_row(arm: str, *, measured: Measures, look: TestLook | None) -> tuple[Cell, ...]:
    looked: tuple[Cell, Cell] = (None, None) if look is None else (look.accuracy, _counted(look))
    return PAPER.columns[arm], PAPER.value(LABEL, arm), measured.accuracy, *looked


def _counted(look: TestLook) -> str:
    return f"{look.n:,}" if look.n == TEST_IMAGES else f"{look.n:,} of {TEST_IMAGES:,}"


def _lacking(looks: Mapping[str, TestLook]) -> str:
    """A sentence where a look was not at all images of the test folder; else nothing."""
    if all(look.n == TEST_IMAGES for look in looks.values()):
        return ""
    return f" The test folder at hand has not all of the paper's {TEST_IMAGES:,} images: its accuracies are of others."


def _network_row(one: ArmRecord, *, measured: Measures, auroc: Estimate | None) -> tuple[Cell, ...]:
    return (
        one.title,
        one.balance,
        measured.accuracy,
        measured.balanced_accuracy,
        auroc,
        measured.sensitivity,
        measured.specificity,
        measured.slope,
        measured.in_the_large,
    )


def _network_json(one: ArmRecord, *, measured: Measures) -> dict[str, Any]:
    table = measured.table
    return {
        "started_from": one.started_from,
        "balance": one.balance,
        "confusion": {
            "true_positives": table.true_positives,
            "false_positives": table.false_positives,
            "true_negatives": table.true_negatives,
            "false_negatives": table.false_negatives,
        },
        **estimate_json("accuracy", measured.accuracy),
        **estimate_json("balanced_accuracy", measured.balanced_accuracy),
        **estimate_json("sensitivity", measured.sensitivity),
        **estimate_json("specificity", measured.specificity),
        **estimate_json("calibration_slope", measured.slope),
        **estimate_json("calibration_in_the_large", measured.in_the_large),
        "parameters": one.costs.parameters,
        "megabytes": one.costs.megabytes,
        "milliseconds": one.costs.milliseconds,
    }


def _claim_json(one: ClaimResult) -> dict[str, Any]:
    return {
        "key": one.key,
        "claim": one.claim,
        "paper": one.paper,
        "ours": one.ours,
        **estimate_json("difference", one.difference),
        "verdict": one.verdict,
    }


def _picture(folder: Path, *, error: DrawnError, stem: str) -> Picture:
    return Picture(
        images=(
            (stem, (folder / error.plain).read_bytes(), f"{error.kind}, the picture"),
            (f"{stem}_heatmap", (folder / error.overlay).read_bytes(), f"{error.kind}, its heatmap of {LABEL}"),
        ),
        title=error.kind,
        lines=(probability_text(error.probability), error.image),
    )
