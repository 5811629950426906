"""The report of `hilum judge --report`: anybody's predictions, on the page that `hilum evaluate` writes."""

from __future__ import annotations

from pathlib import Path

from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.predictions.overlap import overlap_caution
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.subject import ReportSubject
from hilum.evaluation.report.write import write_report


def report_judgement(predictions: Predictions, *, judgement: Judgement, name: str, folder: Path) -> Path:
    """Write the report of `judgement` into `folder`, and return its page; `name` is that of the predictions file."""
    said = overlap_caution(judgement.overlap)
    subject = ReportSubject(
        title=f"Judgement of {name}",
        predictions=predictions,
        judgement=judgement,
        cautions=() if said is None else (said,),
    )
    return write_report(subject, folder=folder).page
