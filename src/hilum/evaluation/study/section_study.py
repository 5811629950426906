"""A study that is its sections alone, for what has no table of AUROCs by fold: its page, its numbers, its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.templating import render_page
from hilum.evaluation.report.write import tables_and_figures
from hilum.evaluation.study.as_json import SCHEMA, STUDY_NAME
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.write import PAGE_NAME
from hilum.output.lock import held_folder
from hilum.version import __version__
from hilum.whole_files import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionStudy:
    """What such a study shows: its `sections` in order, and below them `facts`.

    `protocol` says in one line how the images were parted. `told` are further fields of `study.json`.
    """

    name: str
    title: str
    protocol: str
    smoke: bool
    sections: tuple[SectionContent, ...]
    facts: tuple[Facts, ...] = ()
    told: Mapping[str, JsonValue]


def write_section_study(study: SectionStudy, *, folder: Path) -> Path:
    """Write page, `study.json`, tables and figures into `folder`, the page last; the path of the page.

    Raises `OutputError` where the folder cannot be written, or another process writes into it.
    """
    shown = [section for section in study.sections if section.shown]
    tables = [table for section in shown for table in section.tables]
    figures = [figure for section in shown for figure in section.figures]
    files = {STUDY_NAME: section_study_json(study), **tables_and_figures(tables, figures=figures)}
    with held_folder(folder):
        for name, data in files.items():
            write_whole(folder / name, data)
        write_whole(folder / PAGE_NAME, section_page(study).encode())
    return folder / PAGE_NAME


def section_page(study: SectionStudy) -> str:
    """The page as HTML text, of the sections that show anything."""
    shown = [section for section in study.sections if section.shown]
    return render_page(
        "sections.html.j2",
        styles=("report.css", "study.css"),
        content={
            "study": study,
            "sections": shown,
            "tables": {table.key: table for section in shown for table in section.tables},
            "figures": {figure.key: figure for section in shown for figure in section.figures},
        },
    )


def section_study_json(study: SectionStudy) -> bytes:
    """The file `study.json`: aggregated figures alone, each section's numbers under its key."""
    content = {
        "schema": SCHEMA,
        "study": study.name,
        "title": study.title,
        "hilum": __version__,
        "smoke": study.smoke,
        "protocol": study.protocol,
        **study.told,
        "sections": {one.key: one.numbers for one in study.sections if one.numbers is not None},
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
