"""Evaluate a bundle on one part of the data: read it, judge it, record the look at a test split, write the report.

After a stop the same call goes on with the images that are not read yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.errors import BundleError, UsageError
from hilum.evaluation.bundles.confident_errors import confident_errors, draw_errors
from hilum.evaluation.bundles.facts import evaluation_facts, filled_items
from hilum.evaluation.bundles.look import Looks, begin_look, end_look
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.evaluation.bundles.part import AskedPart, check_labels
from hilum.evaluation.bundles.predict import PredictedPart, Progress, predict_part
from hilum.evaluation.bundles.run_folder import Run
from hilum.evaluation.bundles.seen_part import seen_part, with_overlap
from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.judging.baseline import baseline_auroc
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.judging.operating_points import with_bundle_points
from hilum.evaluation.predictions.overlap import overlap_of
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES
from hilum.evaluation.predictions.predictions_file import write_predictions
from hilum.evaluation.report.published_table import published_beside
from hilum.evaluation.report.subject import DrawnError, ReportSubject
from hilum.evaluation.report.training_log import read_training_logs
from hilum.evaluation.report.write import WrittenReport, write_report
from hilum.output.lock import held_folder
from hilum.statistics.estimate import Estimate

PREDICTIONS_NAME = "predictions.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSettings:
    """How an evaluation is made.

    `prevalence` in (0, 1) adds predictive values at that prevalence. `gallery` draws the most confident errors, which
    are patients' pictures, into the report. `allow_overlap` judges a test although the model saw some of its images in
    its training; the result then carries a caution. `published` are papers' tables by the name of the bundle that
    reproduces each: the report shows its own beside it.
    """

    prevalence: float | None = None
    replicates: int = REPLICATES
    gallery: bool = True
    allow_overlap: bool = False
    published: Mapping[str, PublishedTable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPart:
    """What a model did on a part; `looks` counts those in the ledger where this was one.

    `part` is what was asked for, with all cautions. `baseline` is the AUROC of the rule without a network
    (`sharpness.BASELINE`), where the model has one label.
    """

    part: AskedPart
    judgement: Judgement
    predicted: PredictedPart
    looks: Looks | None
    baseline: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What an evaluation gives, and where it was written."""

    judged: JudgedPart
    predictions_path: Path
    report: WrittenReport


def judge_part(
    bundle: Bundle,
    *,
    part: AskedPart,
    folder: Path,
    ledger: Path,
    settings: EvaluationSettings,
    progress: Progress,
    lungs: Bundle | None = None,
    scratch: bool = False,
) -> JudgedPart:
    """Read `part` with `bundle` and judge it at the bundle's own operating points; nothing is written but the journal.

    The journal goes into `folder`, whose lock is the caller's. Where the part is a test, the ledger has the intent to
    look before the first image is read, and the result before anything is returned. Nothing is listed in a `scratch`
    folder, which goes away. Raises as `evaluate_part`.
    """
    _check(bundle, part=part)
    lungs = needed_lungs(bundle, given=lungs)
    listed = None if scratch else folder
    seen = seen_part(part, bundle=bundle, folder=listed, allowed=settings.allow_overlap)

    def begin() -> None:
        if part.is_test:
            meant = with_overlap(part, overlap=None if seen is None else overlap_of(tuple(seen.values())))
            begin_look(bundle=bundle, part=meant, folder=folder, ledger=ledger)

    predicted = predict_part(part, bundle=bundle, folder=folder, progress=progress, lungs=lungs, seen=seen, begin=begin)
    predictions = predicted.predictions
    judgement = with_bundle_points(
        judge(predictions, replicates=settings.replicates),
        predictions=predictions,
        card=bundle.card,
        validation=part.validation,
        prevalence=settings.prevalence,
    )
    baseline = baseline_auroc(predictions, sharpness=predicted.sharpness, replicates=settings.replicates)
    looks = None
    if part.is_test:
        looks = end_look(
            judgement, predictions=predictions, bundle=bundle, folder=folder, ledger=ledger, baseline=baseline
        )
    return JudgedPart(
        part=with_overlap(part, overlap=judgement.overlap),
        judgement=judgement,
        predicted=predicted,
        looks=looks,
        baseline=baseline,
    )


def evaluate_part(
    bundle: Bundle,
    *,
    part: AskedPart,
    run: Run | None,
    folder: Path,
    ledger: Path,
    settings: EvaluationSettings,
    progress: Progress,
    lungs: Bundle | None = None,
) -> Evaluated:
    """Judge `bundle` on `part` at the bundle's own operating points, and write everything into `folder`.

    The ledger has the intent before the first image of a test is read, and the result before predictions or report are
    written. `lungs` draws the lungs for a model that reads crops, as in its training. Images that the model saw in its
    training are counted before anything is read, and named in `overlap.csv`; a test with any is refused with
    `DataError` unless the settings allow it. Raises `BundleError` for a gate and for the lungs of another bundle,
    `UsageError` for a smoke run on a test split, `DataError` where data and model have no label in common or nothing
    can be judged, and `OutputError` where the folder is held by another process, holds another evaluation or cannot be
    written.
    """
    _check(bundle, part=part)
    lungs = needed_lungs(bundle, given=lungs)
    with held_folder(folder):
        judged = judge_part(
            bundle, part=part, folder=folder, ledger=ledger, settings=settings, progress=progress, lungs=lungs
        )
        published = settings.published.get(bundle.card.name)
        part, predicted, judgement = judged.part, judged.predicted, judged.judgement
        predictions = predicted.predictions
        write_predictions(predictions, path=folder / PREDICTIONS_NAME)
        mistakes = confident_errors(predictions, judgement=judgement) if settings.gallery else ()
        errors = draw_errors(mistakes, predictions=predictions, part=part, bundle=bundle, lungs=lungs)
        subject = ReportSubject(
            title=f"{bundle.card.title}: {part.name}",
            predictions=predictions,
            judgement=judgement,
            facts=evaluation_facts(bundle, part=part, predicted=predicted, run=run),
            filled=filled_items(bundle, part=part, predicted=predicted, judgement=judgement, run=run)
            | _failures(errors),
            exclusions=predicted.exclusions,
            cautions=part.cautions,
            training=() if run is None else read_training_logs(run.folder),
            errors=errors,
            published=None if published is None else published_beside(published, judgement=judgement),
            ledger=None if judged.looks is None else f"This evaluation on a test split is recorded in {ledger.name}.",
        )
        report = write_report(subject, folder=folder)
    return Evaluated(judged=judged, predictions_path=folder / PREDICTIONS_NAME, report=report)


def _failures(errors: Sequence[DrawnError]) -> dict[str, str]:
    return {"39": "the most confident errors of each label, drawn under Errors"} if errors else {}


def _check(bundle: Bundle, *, part: AskedPart) -> None:
    if bundle.card.role != "specialist":
        raise BundleError(
            f"{bundle.card.name} is of kind {bundle.card.kind}, and only classifiers can be evaluated here. For the "
            "X-ray check use `hilum study gate`"
        )
    if (part.smoke or bundle.card.smoke) and part.is_test:
        raise UsageError(
            f"A test run cannot be evaluated on {part.name}: its numbers mean nothing and do not belong in the ledger. "
            "Evaluate it on a validation part"
        )
    check_labels(part, labels=bundle.card.label_names)
