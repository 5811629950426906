"""The page of a study: tables, figures and the system's own sections, in one file that works offline.

It may hold patients' pictures, so it is written beside the study's own output and never anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from hilum.evaluation.report.figures import ReportFigure
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.report.templating import render_page
from hilum.evaluation.study.as_json import study_json
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.interval_sentence import interval_sentence
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.training_time import time_in_words


def render_study(
    study: Study,
    *,
    content: StudyContent,
    tables: Sequence[ReportTable],
    figures: Sequence[ReportFigure],
    sections: Sequence[SectionContent] = (),
) -> str:
    """The page as HTML text; the same study gives the same text, and nothing in it comes from outside."""
    shown = [section for section in sections if section.shown]
    numbers = study_json(study, content=content, sections=tuple(sections))
    return render_page(
        "study.html.j2",
        styles=("report.css", "study.css"),
        content={
            "title": study.title,
            "study": study,
            "content": content,
            "intervals": interval_sentence(numbers),
            "tables": {table.key: table for table in (*tables, *(table for one in shown for table in one.tables))},
            "figures": {figure.key: figure for figure in (*figures, *(one for each in shown for one in each.figures))},
            "test_keys": [table.key for table in tables if table.key == "paired_t" or table.key.startswith("tests_")],
            "group_keys": [table.key for table in tables if table.key.startswith("by_")],
            "sections": shown,
            "provenance": _provenance(content, time=time_in_words(numbers)),
        },
    )


def _provenance(content: StudyContent, *, time: str | None) -> tuple[Facts, ...]:
    run, file = content.run, content.run.file
    rows = [
        ("Recipe", file.recipe or "not recorded"),
        ("Command", file.command or "not recorded"),
        ("Commit", file.commit or "not recorded"),
        ("SHA-256 of the folds", file.split_sha256 or "not recorded"),
        ("SHA-256 of the judged images", content.predictions.first.split_sha256),
        ("Folds", f"{run.folds_done} of {run.folds}"),
    ]
    if time is not None:
        rows.append(("Time", time))
    if run.calibrations:
        rows.append(("Not calibrated", f"{run.not_calibrated} of {run.calibrations} (classes x networks x folds)"))
    folded: tuple[tuple[str, Mapping[str, JsonValue]], ...] = (
        ("Environment", file.environment),
        ("Settings of the training", file.settings),
    )
    more = [
        Facts(title=title, rows=tuple((name, str(value)) for name, value in sorted(found.items())), folded=True)
        for title, found in folded
        if found
    ]
    return (Facts(title="The study", rows=tuple(rows)), *more)
