"""One look at an official test set: read it with a bundle, judge it, and write the look into the ledger."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.datasets.record import Record
from hilum.datasets.split import Split
from hilum.errors import DataError
from hilum.evaluation.calibration_on_card import calibration_of_look
from hilum.evaluation.judged_calibration import JudgedCalibration, judged_calibration
from hilum.evaluation.label_table import LabelScores, LabelTable, label_table
from hilum.evaluation.ledger import LedgerLine, append_look, commit_and_dirty
from hilum.evaluation.overlap import Overlap, overlap_of
from hilum.evaluation.seen_part import refuse_seen, seen_records
from hilum.evaluation.sharpness import BASELINE, mean_gradient
from hilum.reading.reader import Reader
from hilum.reading_result import Examination
from hilum.statistics.brier import brier
from hilum.statistics.calibration_error import expected_calibration_error
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.reliability import BINS


@dataclass(frozen=True, slots=True)
class Judged:
    """One label on the test set, judged at the operating point that the card holds.

    `overlap` counts the test images that the model saw in its training, None where it does not name them.
    """

    label: str
    table: LabelTable
    operating_point: float
    calibration: JudgedCalibration
    brier: float
    ece: float
    overlap: Overlap | None = None


def look_at_test(
    records: Sequence[Record], *, bundle: Bundle, ledger: Path, allow_overlap: bool = False
) -> tuple[Judged, ...]:
    """Read the records of the official test split with `bundle` alone, judge each label, and record the look.

    The line is in the ledger before anything is returned; where it cannot be written there is no result. Raises
    `DataError` where there is no test image, one of them cannot be read, or the model saw one of them in its training
    and `allow_overlap` is not set.
    """
    test = tuple(record for record in records if record.official == "test")
    if not test:
        raise DataError("expected images of an official test split, came none; check the folder")
    split = Split({"test": test}, "official test split")
    seen = seen_records(test, bundle=bundle)
    if not allow_overlap:
        refuse_seen(seen, bundle=bundle)
    examinations = _examine(test, bundle=bundle)
    sharpness = np.array([mean_gradient(examination.radiograph.pixels) for examination in examinations])
    judged = tuple(
        replace(_judge(test, examinations, bundle=bundle, column=column, sharpness=sharpness), overlap=overlap_of(seen))
        for column in range(len(bundle.card.labels))
    )
    for one in judged:
        append_look(_line(one, bundle=bundle, split=split, where=ledger.parent), ledger=ledger)
    return judged


def _examine(records: Sequence[Record], *, bundle: Bundle) -> list[Examination]:
    examinations = []
    outcomes = Reader(models=[bundle]).examine_many([record.path for record in records])
    for record, outcome in zip(records, outcomes, strict=True):
        if not isinstance(outcome, Examination):
            raise DataError(f"expected every test image to be readable, came {record.image}: {outcome.message}")
        examinations.append(outcome)
    return examinations


def _judge(
    records: Sequence[Record],
    examinations: Sequence[Examination],
    *,
    bundle: Bundle,
    column: int,
    sharpness: np.ndarray,
) -> Judged:
    label = bundle.card.labels[column]
    if label.operating_point is None:
        raise DataError(f"expected an operating point for {label.name} in the card of {bundle.card.name}, came none")
    scores = LabelScores(
        truth=np.array([record.labels[label.name] for record in records], np.float64),
        probability=np.array([e.reading.findings[column].probability for e in examinations], np.float64),
        patient=[record.patient for record in records],
        baseline=-sharpness,
    )
    table = label_table(scores, operating_point=label.operating_point)
    score = brier(scores.truth, probabilities=scores.probability)
    error = expected_calibration_error(scores.truth, probabilities=scores.probability, bins=BINS)
    if isinstance(score, UndefinedMetric) or isinstance(error, UndefinedMetric):
        raise DataError(f"expected test images with a known truth for {label.name}, came none")
    return Judged(
        label=label.name,
        table=table,
        operating_point=label.operating_point,
        calibration=judged_calibration(
            scores.truth, probabilities=scores.probability, patients=scores.patient, with_curve=False
        ),
        brier=score,
        ece=error,
    )


def _line(judged: Judged, *, bundle: Bundle, split: Split, where: Path) -> LedgerLine:
    commit, dirty = commit_and_dirty(where)
    table = judged.table
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit,
        "dirty": dirty,
        "bundle": f"{bundle.card.name} {bundle.card.version}",
        "bundle_sha256": bundle.sha256,
        "graph_sha256": bundle.card.files[GRAPH],
        "protocol": split.protocol,
        "split_sha256": split.sha256,
        "label": judged.label,
        "n": table.n,
        "positives": table.positives,
        "patients": table.patients,
        "trained_on": None if judged.overlap is None else judged.overlap.train,
        "validated_on": None if judged.overlap is None else judged.overlap.validation,
        "operating_point": judged.operating_point,
        "auroc": table.auroc.value,
        "auroc_ci": _bounds(table.auroc),
        "auroc_ci_method": table.auroc.method,
        "average_precision": table.average_precision,
        "sensitivity": table.sensitivity.value,
        "sensitivity_ci": _bounds(table.sensitivity),
        "specificity": table.specificity.value,
        "specificity_ci": _bounds(table.specificity),
        "balanced_accuracy": table.balanced_accuracy.value,
        "balanced_accuracy_ci": _bounds(table.balanced_accuracy),
        "baseline": BASELINE,
        "baseline_auroc": table.baseline_auroc.value,
        "baseline_auroc_ci": _bounds(table.baseline_auroc),
        **calibration_of_look(judged.calibration, brier=judged.brier, ece=judged.ece),
    }


def _bounds(estimate: Estimate) -> list[float] | None:
    return None if estimate.interval is None else list(estimate.interval)
