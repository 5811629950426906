"""Write the SDFN study: the page, its numbers as JSON and CSV, its figures, and the pictures that stay here."""

from __future__ import annotations

from pathlib import Path

from hilum.evaluation.judging.curve_bands import BAND_REPLICATES
from hilum.evaluation.report.table import table_csv
from hilum.systems.sdfn.figures import sdfn_figures
from hilum.systems.sdfn.page import NO_PICTURES, StudyPictures, render_sdfn_page
from hilum.systems.sdfn.study import SdfnStudy
from hilum.systems.sdfn.study_json import write_sdfn_json
from hilum.systems.sdfn.tables import sdfn_tables
from hilum.whole_files import write_whole

PAGE_NAME = "study.html"
TABLES, FIGURES, HEATMAPS, CASES = "tables", "figures", "heatmaps", "flagged"


def write_sdfn_study(
    study: SdfnStudy, *, folder: Path, pictures: StudyPictures = NO_PICTURES, band_replicates: int = BAND_REPLICATES
) -> Path:
    """Write everything into `folder`, each file whole or not at all, the page last; the path of the page.

    `heatmaps/` and `flagged/` hold patients' pictures, numbered as on the page. Raises `OutputError` where the folder
    cannot be written.
    """
    tables, figures = sdfn_tables(study), sdfn_figures(study, band_replicates=band_replicates)
    write_sdfn_json(study, folder=folder)
    content = {f"{TABLES}/{table.key}.csv": table_csv(table) for table in tables}
    for figure in figures:
        content |= {f"{FIGURES}/{figure.key}.png": figure.png, f"{FIGURES}/{figure.key}.svg": figure.svg}
    content |= _pictures(pictures)
    for name, data in content.items():
        write_whole(folder / name, data)
    page = render_sdfn_page(study, tables=tables, figures=figures, pictures=pictures)
    write_whole(folder / PAGE_NAME, page.encode())
    return folder / PAGE_NAME


def _pictures(pictures: StudyPictures) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    for number, pair in enumerate((*pictures.heatmaps, *pictures.boxed), start=1):
        name = f"{HEATMAPS}/{number:03d}_{pair.label.replace(' ', '_')}"
        content |= {f"{name}_whole.png": pair.whole, f"{name}_sdfn.png": pair.sdfn}
    content |= {f"{CASES}/{number:03d}.png": case.png for number, case in enumerate(pictures.cases, start=1)}
    return content
