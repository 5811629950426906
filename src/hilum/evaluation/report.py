"""Write a report: the page, its numbers as JSON and CSV, and its figures as PNG and SVG."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.evaluation.decision_curve_table import decision_curve_table
from hilum.evaluation.report_figures import label_panels, report_figures
from hilum.evaluation.report_json import report_json
from hilum.evaluation.report_page import render_report
from hilum.evaluation.report_subject import DrawnError, ReportSubject
from hilum.evaluation.report_table import ReportTable, table_csv
from hilum.evaluation.report_tables import (
    calibration_numbers_table,
    calibration_table,
    confusion_table,
    decision_table,
    delong_table,
    excluded_images_table,
    exclusion_table,
    label_table,
    people_table,
    prevalence_table,
    probability_bands_table,
    subgroup_label_table,
    subgroup_table,
)
from hilum.evaluation.subgroup_test_tables import subgroup_test_table
from hilum.evaluation.unit_words import by_unit
from hilum.output.atomic import output_error, write_whole
from hilum.statistics.confusion import Confusion

PAGE_NAME = "report.html"
JSON_NAME = "report.json"
TABLES, FIGURES, GALLERY = "tables", "figures", "gallery"


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """The page, and every file that was written, the page among them."""

    page: Path
    files: tuple[Path, ...]


def write_report(subject: ReportSubject, *, folder: Path) -> WrittenReport:
    """Write the report into `folder`, each file whole or not at all, the page last.

    An earlier report there is replaced; files that this one lacks are removed from its own folders. Raises
    `OutputError` where the folder cannot be written.
    """
    panels = label_panels(subject)
    known = subject.predictions.patients_known
    figures = tuple(
        replace(one, caption=by_unit(one.caption, patients_known=known))
        for one in report_figures(subject, panels=panels)
    )
    confusions = [(one.label, one.confusion) for one in panels if one.confusion is not None]
    tables = tuple(
        replace(one, note=by_unit(one.note, patients_known=known)) if one.note else one
        for one in _tables(subject, confusions=confusions)
    )
    content: dict[str, bytes] = {JSON_NAME: report_json(subject)}
    content |= {f"{TABLES}/{table.key}.csv": table_csv(table) for table in tables}
    for figure in figures:
        content |= {f"{FIGURES}/{figure.key}.png": figure.png, f"{FIGURES}/{figure.key}.svg": figure.svg}
    content |= {f"{GALLERY}/{name}": drawn.whole for name, drawn in gallery_names(subject.errors).items()}
    content[PAGE_NAME] = render_report(subject, tables=tables, figures=figures).encode()
    remove_others(folder, kept=content.keys())
    for name, data in content.items():
        write_whole(folder / name, data)
    return WrittenReport(folder / PAGE_NAME, tuple(folder / name for name in content))


def gallery_names(errors: tuple[DrawnError, ...]) -> dict[str, DrawnError]:
    """The file of each picture of the gallery, numbered as on the page; no name of an image is in it."""
    return {
        f"{number:03d} {one.label} {one.kind}.png".replace(" ", "_").replace("/", "-"): one
        for number, one in enumerate(errors, start=1)
    }


def _tables(subject: ReportSubject, *, confusions: Sequence[tuple[str, Confusion]]) -> tuple[ReportTable, ...]:
    judgement, exclusions = subject.judgement, subject.exclusions
    made = (
        people_table(subject.predictions),
        None if exclusions is None else exclusion_table(exclusions),
        None if exclusions is None else excluded_images_table(exclusions),
        label_table(judgement),
        delong_table(judgement),
        subject.published,
        calibration_numbers_table(judgement),
        probability_bands_table(judgement),
        calibration_table(judgement),
        decision_table(judgement),
        decision_curve_table(judgement),
        confusion_table(confusions),
        prevalence_table(judgement),
        subgroup_test_table(judgement),
        subgroup_table(judgement),
        subgroup_label_table(judgement),
    )
    return tuple(table for table in made if table is not None)


def remove_others(folder: Path, *, kept: Collection[str]) -> None:
    """Remove what an earlier report left among its tables, figures and pictures; files of another kind stay."""
    for inner, suffixes in ((TABLES, (".csv",)), (FIGURES, (".png", ".svg")), (GALLERY, (".png",))):
        for path in (folder / inner).glob("*"):
            if path.suffix in suffixes and f"{inner}/{path.name}" not in kept:
                try:
                    path.unlink()
                except OSError as error:
                    raise output_error(path, error) from error
