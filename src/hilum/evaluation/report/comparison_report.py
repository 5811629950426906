"""Write a comparison's report: the page, its numbers as JSON and CSV, and its figures as PNG and SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from hilum.evaluation.comparing.comparison import Comparison
from hilum.evaluation.comparing.comparison_json import comparison_json
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.words import comparison_words
from hilum.evaluation.judging.curve_bands import BAND_REPLICATES
from hilum.evaluation.report.comparison_figures import comparison_figures
from hilum.evaluation.report.comparison_tables import comparison_report_tables
from hilum.evaluation.report.figures import ReportFigure
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import ReportTable, table_csv
from hilum.evaluation.report.templating import page_environment
from hilum.evaluation.report.write import FIGURES, TABLES, remove_others
from hilum.report.templating import asset, content_security_policy
from hilum.report.wording import RESEARCH_USE
from hilum.whole_files import write_whole

PAGE_NAME = "comparison.html"
JSON_NAME = "comparison.json"


def write_comparison_report(
    comparison: Comparison, *, models: ManyPredictions, folder: Path, band_replicates: int = BAND_REPLICATES
) -> Path:
    """Write the report into `folder`, each file whole or not at all, the page last; the path of the page.

    `models` are the predictions that were compared. An earlier report there is replaced. Raises `OutputError` where
    the folder cannot be written.
    """
    tables = comparison_report_tables(comparison, models=models)
    figures = comparison_figures(comparison, models=models, band_replicates=band_replicates)
    numbers = json.dumps(comparison_json(comparison), indent=2, ensure_ascii=False, allow_nan=False)
    content: dict[str, bytes] = {JSON_NAME: f"{numbers}\n".encode()}
    content |= {f"{TABLES}/{table.key}.csv": table_csv(table) for table in tables}
    for figure in figures:
        content |= {f"{FIGURES}/{figure.key}.png": figure.png, f"{FIGURES}/{figure.key}.svg": figure.svg}
    content[PAGE_NAME] = render_comparison(comparison, tables=tables, figures=figures).encode()
    remove_others(folder, kept=content.keys())
    for name, data in content.items():
        write_whole(folder / name, data)
    return folder / PAGE_NAME


def render_comparison(comparison: Comparison, *, tables: Sequence[ReportTable], figures: Sequence[ReportFigure]) -> str:
    """The page as HTML text; the same comparison gives the same text, and nothing in it comes from outside."""
    own = files("hilum.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    style = Markup("{}\n{}").format(asset("base.css"), Markup(own))
    return (
        page_environment()
        .get_template("comparison.html.j2")
        .render(
            csp=content_security_policy(style=style, script=""),
            style=style,
            title=f"Comparison of {', '.join(comparison.models)}",
            comparison=comparison,
            shown=comparison_words(comparison),
            tables={table.key: table for table in tables},
            figures={figure.key: figure for figure in figures},
            protocol=_protocol(comparison),
            research_use=RESEARCH_USE,
        )
    )


def _protocol(comparison: Comparison) -> Facts:
    """Who was compared on which images, and how."""
    rows = [
        ("Compared", "every pair" if comparison.reference is None else f"the others with {comparison.reference}"),
        *((f"Protocol of {name}", text) for name, text in comparison.protocols.items()),
        *((f"Operating points of {name}", source) for name, source in comparison.points.items()),
        ("SHA-256 of the images", comparison.split_sha256),
        ("Bootstrap", f"{comparison.replicates:,} replicates that draw patients, seed {comparison.seed}"),
    ]
    if comparison.not_compared:
        rows.append(("Labels not in every file", ", ".join(comparison.not_compared)))
    return Facts(title="Protocol", rows=tuple(rows))
