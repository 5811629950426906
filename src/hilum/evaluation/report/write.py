"""Write a report: the page, its numbers as JSON and CSV, and its figures as PNG and SVG.

The page works offline, on a phone and on paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hilum.evaluation.judging.judgement import by_unit
from hilum.evaluation.judging.judgement_json import judgement_json
from hilum.evaluation.report.checklist import checklist
from hilum.evaluation.report.figures import ReportFigure, label_panels, report_figures
from hilum.evaluation.report.subgroup_test_tables import subgroup_test_table
from hilum.evaluation.report.subject import DrawnError, ReportSubject, by_reason
from hilum.evaluation.report.table import ReportTable, table_csv
from hilum.evaluation.report.tables import (
    calibration_numbers_table,
    calibration_table,
    confusion_table,
    decision_curve_table,
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
from hilum.evaluation.report.templating import render_page
from hilum.statistics.confusion import Confusion
from hilum.whole_files import output_error, write_whole

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
    confusions = [(one.label, one.confusion) for one in panels if one.confusion is not None]
    tables, figures = in_units(
        _tables(subject, confusions=confusions),
        figures=report_figures(subject, panels=panels),
        patients_known=subject.predictions.patients_known,
    )
    content = {JSON_NAME: report_json(subject), **tables_and_figures(tables, figures=figures)}
    content |= {f"{GALLERY}/{name}": drawn.whole for name, drawn in gallery_names(subject.errors).items()}
    content[PAGE_NAME] = render_report(subject, tables=tables, figures=figures).encode()
    write_files(content, folder=folder)
    return WrittenReport(folder / PAGE_NAME, tuple(folder / name for name in content))


def in_units(
    tables: Sequence[ReportTable], *, figures: Sequence[ReportFigure], patients_known: bool
) -> tuple[tuple[ReportTable, ...], tuple[ReportFigure, ...]]:
    """Tables and figures whose texts say by image, where nothing tells patients apart."""
    return (
        tuple(
            replace(one, note=by_unit(one.note, patients_known=patients_known)) if one.note else one for one in tables
        ),
        tuple(replace(one, caption=by_unit(one.caption, patients_known=patients_known)) for one in figures),
    )


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


def tables_and_figures(tables: Sequence[ReportTable], *, figures: Sequence[ReportFigure]) -> dict[str, bytes]:
    """Every table as CSV, every figure as PNG and SVG, by the name of its file."""
    content = {f"{TABLES}/{table.key}.csv": table_csv(table) for table in tables}
    for figure in figures:
        content |= {f"{FIGURES}/{figure.key}.png": figure.png, f"{FIGURES}/{figure.key}.svg": figure.svg}
    return content


def write_files(content: Mapping[str, bytes], *, folder: Path) -> None:
    """Write `content` by name into `folder`, each file whole or not at all, in order.

    What an earlier report left among its tables, figures and pictures is removed; files of another kind stay. Raises
    `OutputError` where the folder cannot be written.
    """
    for inner, suffixes in ((TABLES, (".csv",)), (FIGURES, (".png", ".svg")), (GALLERY, (".png",))):
        for path in (folder / inner).glob("*"):
            if path.suffix in suffixes and f"{inner}/{path.name}" not in content:
                try:
                    path.unlink()
                except OSError as error:
                    raise output_error(path, error) from error
    for name, data in content.items():
        write_whole(folder / name, data)


SCHEMA = "hilum.report/1"


def report_json(subject: ReportSubject) -> bytes:
    """`report.json`, UTF-8; nothing in it is NaN, and it names no image."""
    items = checklist(subject.filled)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "title": subject.title,
        "smoke": subject.smoke,
        "cautions": list(subject.cautions),
        "judgement": judgement_json(subject.judgement),
        "facts": {facts.title: [list(row) for row in facts.rows] for facts in subject.facts},
        "exclusions": None if subject.exclusions is None else by_reason(subject.exclusions),
        "checklist": [
            {"claim_2024": item.claim, "tripod_ai": item.tripod, "topic": item.topic, "filled": item.filled}
            for item in items
        ],
        "ledger": subject.ledger,
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def render_report(subject: ReportSubject, *, tables: Sequence[ReportTable], figures: Sequence[ReportFigure]) -> str:
    """The page as HTML text; the same subject gives the same text, and nothing in it comes from outside."""
    items = checklist(subject.filled)
    return render_page(
        "report.html.j2",
        content={
            "subject": subject,
            "judgement": subject.judgement,
            "whole": subject.judgement.whole,
            "tables": {table.key: table for table in tables},
            "figures": {figure.key: figure for figure in figures},
            "filled": [item for item in items if item.filled is not None],
            "for_authors": [item for item in items if item.filled is None],
        },
    )
