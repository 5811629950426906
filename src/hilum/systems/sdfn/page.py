"""The page of the SDFN study: tables, figures, heatmaps side by side and flagged crops, in one file that works offline.

It holds patients' pictures, so it is written beside the study's own output and never anywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup

from hilum.evaluation.report.figures import ReportFigure
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.report.templating import page_environment
from hilum.report.templating import asset, content_security_policy
from hilum.report.wording import RESEARCH_USE
from hilum.systems.sdfn.heatmaps import DrawnPair
from hilum.systems.sdfn.lung_cases import LungCase
from hilum.systems.sdfn.predictions import NETWORKS, TITLES
from hilum.systems.sdfn.study import SdfnStudy

TITLE = "SDFN study: whole image, lung crop and their fusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPictures:
    """What is drawn: `heatmaps` of out-of-fold images, `boxed` of images with boxes, and `cases` of `flagged` crops."""

    heatmaps: tuple[DrawnPair, ...] = ()
    boxed: tuple[DrawnPair, ...] = ()
    cases: tuple[LungCase, ...] = ()
    flagged: int = 0


NO_PICTURES = StudyPictures()


def render_sdfn_page(
    study: SdfnStudy,
    *,
    tables: Sequence[ReportTable],
    figures: Sequence[ReportFigure],
    pictures: StudyPictures = NO_PICTURES,
) -> str:
    """The page as HTML text; the same study gives the same text, and nothing in it comes from outside."""
    folder = files("hilum.evaluation").joinpath("templates")
    own = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("report.css", "sdfn_study.css"))
    style = Markup("{}\n{}").format(asset("base.css"), Markup(own))
    return (
        page_environment()
        .get_template("sdfn_study.html.j2")
        .render(
            csp=content_security_policy(style=style, script=""),
            style=style,
            title=TITLE,
            study=study,
            networks=NETWORKS,
            titles=TITLES,
            tables={table.key: table for table in tables},
            figures={figure.key: figure for figure in figures},
            test_keys=[table.key for table in tables if table.key == "paired_t" or table.key.startswith("tests_")],
            heatmaps=pictures.heatmaps,
            boxed=pictures.boxed,
            cases=pictures.cases,
            flagged=pictures.flagged,
            provenance=_provenance(study),
            research_use=RESEARCH_USE,
        )
    )


def _provenance(study: SdfnStudy) -> tuple[Facts, ...]:
    run = study.run
    rows = [
        ("Recipe", run.recipe),
        ("Command", run.command or "not recorded"),
        ("Commit", run.commit or "not recorded"),
        ("SHA-256 of the folds", run.split_sha256),
        ("SHA-256 of the judged images", study.predictions.whole.split_sha256),
        ("Folds", f"{run.folds_done} of {run.folds}"),
    ]
    if run.calibrations:
        rows.append(("Not calibrated", f"{run.not_calibrated} of {run.calibrations} (classes x networks x folds)"))
    found = [Facts(title="The study", rows=tuple(rows))]
    for title, content in (("Environment", run.environment), ("Settings of the training", run.settings)):
        if content:
            lines = tuple((name, str(value)) for name, value in sorted(content.items()))
            found.append(Facts(title=title, rows=lines, folded=True))
    return tuple(found)
