"""Write a study: the page, its numbers as JSON and CSV, its figures, and the pictures that stay here."""

from __future__ import annotations

from pathlib import Path

from hilum.evaluation.judging.curve_bands import BAND_REPLICATES
from hilum.evaluation.predictions.patient_bootstrap import SMOKE_REPLICATES
from hilum.evaluation.predictions.predictions_file import write_predictions
from hilum.evaluation.report.write import tables_and_figures
from hilum.evaluation.study.as_json import STUDY_NAME, study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.figures import study_figures
from hilum.evaluation.study.page import render_study
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.tables import study_tables
from hilum.output.lock import held_folder
from hilum.progress import SILENT, Progress
from hilum.whole_files import write_whole

PAGE_NAME = "study.html"
PREDICTIONS = "predictions"


def write_study(study: Study, *, content: StudyContent, folder: Path, band_replicates: int | None = None) -> Path:
    """Write everything into `folder`, each file whole or not at all, the page last; the path of the page.

    `band_replicates` are by default `BAND_REPLICATES`, and few for a smoke run. `predictions/ARM.parquet` are the
    pooled predictions. A section's pictures lie in its folder; they may be of patients. Raises `OutputError` where the
    folder cannot be written, or another process writes into it.
    """
    if band_replicates is None:
        band_replicates = SMOKE_REPLICATES if content.smoke else BAND_REPLICATES
    sections = tuple(section(content) for section in study.sections)
    tables, figures = (
        study_tables(study, content=content),
        study_figures(study, content=content, band_replicates=band_replicates),
    )
    files = {
        STUDY_NAME: study_json_bytes(study, content=content, sections=sections),
        **tables_and_figures(
            (*tables, *(table for section in sections for table in section.tables)),
            figures=(*figures, *(figure for section in sections for figure in section.figures)),
        ),
    }
    for section in sections:
        files |= _pictures(section)
    page = render_study(study, content=content, tables=tables, figures=figures, sections=sections)
    with held_folder(folder):
        for arm, predictions in zip(content.predictions.models, content.predictions.predictions, strict=True):
            write_predictions(predictions, path=folder / PREDICTIONS / f"{arm}.parquet")
        for name, data in files.items():
            write_whole(folder / name, data)
        write_whole(folder / PAGE_NAME, page.encode())
    return folder / PAGE_NAME


def publish_study(study: Study, *, content: StudyContent, folder: Path, progress: Progress = SILENT) -> None:
    """Write everything as `write_study` does, and say what each arm reaches and where the page lies."""
    page = write_study(study, content=content, folder=folder)
    for line in content.means_in_words(study.titles):
        progress.say(line)
    progress.say(f"wrote {folder / STUDY_NAME} and {page}")


def _pictures(section: SectionContent) -> dict[str, bytes]:
    pictures = (picture for gallery in section.galleries for picture in gallery.pictures)
    return {
        f"{section.folder or section.key}/{number:03d}{stem}.png": png
        for number, picture in enumerate(pictures, start=1)
        for stem, png, _ in picture.images
    }
