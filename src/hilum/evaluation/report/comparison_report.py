"""Write a comparison's report: the page, its numbers as JSON and CSV, and its figures as PNG and SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from hilum.evaluation.comparing.comparison import Comparison
from hilum.evaluation.comparing.comparison_json import comparison_json
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.words import comparison_words
from hilum.evaluation.judging.curve_bands import BAND_REPLICATES
from hilum.evaluation.judging.judgement import drawn_unit
from hilum.evaluation.report.comparison_figures import comparison_figures
from hilum.evaluation.report.comparison_tables import comparison_report_tables
from hilum.evaluation.report.figures import ReportFigure
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.report.templating import render_page
from hilum.evaluation.report.write import in_units, tables_and_figures, write_files

PAGE_NAME = "comparison.html"
JSON_NAME = "comparison.json"


def write_comparison_report(
    comparison: Comparison, *, models: ManyPredictions, folder: Path, band_replicates: int = BAND_REPLICATES
) -> Path:
    """Write the report into `folder`, each file whole or not at all, the page last; the path of the page.

    `models` are the predictions that were compared. An earlier report there is replaced. Raises `OutputError` where
    the folder cannot be written.
    """
    tables, figures = in_units(
        comparison_report_tables(comparison, models=models),
        figures=comparison_figures(comparison, models=models, band_replicates=band_replicates),
        patients_known=comparison.patients_known,
    )
    numbers = json.dumps(comparison_json(comparison), indent=2, ensure_ascii=False, allow_nan=False)
    content = {JSON_NAME: f"{numbers}\n".encode(), **tables_and_figures(tables, figures=figures)}
    content[PAGE_NAME] = render_comparison(comparison, tables=tables, figures=figures).encode()
    write_files(content, folder=folder)
    return folder / PAGE_NAME


def render_comparison(comparison: Comparison, *, tables: Sequence[ReportTable], figures: Sequence[ReportFigure]) -> str:
    """The page as HTML text; the same comparison gives the same text, and nothing in it comes from outside."""
    return render_page(
        "comparison.html.j2",
        content={
            "title": f"Comparison of {', '.join(comparison.models)}",
            "comparison": comparison,
            "shown": comparison_words(comparison),
            "tables": {table.key: table for table in tables},
            "figures": {figure.key: figure for figure in figures},
            "protocol": _protocol(comparison),
        },
    )


def _protocol(comparison: Comparison) -> Facts:
    """Who was compared on which images, and how."""
    unit = drawn_unit(patients_known=comparison.patients_known)
    rows = [
        ("Compared", "every pair" if comparison.reference is None else f"the others with {comparison.reference}"),
        *((f"Protocol of {name}", text) for name, text in comparison.protocols.items()),
        *((f"Operating points of {name}", source) for name, source in comparison.points.items()),
        ("SHA-256 of the images", comparison.split_sha256),
        (
            "Bootstrap",
            f"{comparison.replicates:,} replicates that draw {unit}s, seed {comparison.seed}",
        ),
    ]
    if comparison.not_compared:
        rows.append(("Labels not in every file", ", ".join(comparison.not_compared)))
    return Facts(title="Protocol", rows=tuple(rows))
