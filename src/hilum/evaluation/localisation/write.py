"""Write a localisation: page, JSON, tables, every case, and a few pictures that stay here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hilum.evaluation.localisation.as_json import json_bytes, localisation_json
from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.localise import LocalisationSettings, Localised
from hilum.evaluation.localisation.maps import Method
from hilum.evaluation.localisation.pictures import gallery
from hilum.evaluation.localisation.tables import (
    cases_csv,
    cross_fit_table,
    hit_table,
    left_out_table,
    overlap_table,
    pointing_table,
    titles_of,
)
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.write import GALLERY, tables_and_figures, write_files
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.section_study import SectionStudy, section_page

PAGE_NAME, JSON_NAME, CASES_NAME = "localisation.html", "localisation.json", "cases.csv"


def write_localisation(
    found: Localised,
    *,
    chosen: ChosenCases,
    methods: Mapping[str, Method],
    settings: LocalisationSettings,
    title: str,
    protocol: str,
    smoke: bool,
    cautions: Sequence[str],
    facts: Sequence[Facts],
    about: Mapping[str, Any],
    folder: Path,
    more: Sequence[SectionContent] = (),
) -> Path:
    """Write everything into `folder`, each file whole or not at all, the page last; the path of the page.

    `more` are further sections, whose numbers stand in the JSON under their keys. Raises `OutputError` where the folder
    cannot be written.
    """
    sections = (_figures(found, chosen=chosen, methods=methods, cautions=cautions), *more, _pictures(found, methods))
    content = localisation_json(
        found.figures,
        chosen=chosen,
        methods=methods,
        about=dict(about),
        replicates=settings.replicates,
        seed=settings.seed,
    )
    content |= {one.key: one.numbers for one in more}
    tables = [table for one in sections for table in one.tables]
    figures = [figure for one in sections for figure in one.figures]
    thresholds = settings.thresholds
    files = {
        JSON_NAME: json_bytes(content),
        CASES_NAME: cases_csv(found.measured, thresholds=thresholds),
        **tables_and_figures(tables, figures=figures),
        **{
            f"{GALLERY}/{number:03d}{stem}.png": png
            for number, picture in enumerate(sections[-1].galleries[0].pictures, start=1)
            for stem, png, _ in picture.images
        },
    }
    study = SectionStudy(
        name="localisation",
        title=title,
        protocol=protocol,
        smoke=smoke,
        sections=sections,
        facts=tuple(facts),
        told={},
    )
    files[PAGE_NAME] = section_page(study).encode()
    write_files(files, folder=folder)
    return folder / PAGE_NAME


def _figures(
    found: Localised, *, chosen: ChosenCases, methods: Mapping[str, Method], cautions: Sequence[str]
) -> SectionContent:
    figures, titles = found.figures, titles_of(methods)
    left_out = left_out_table(chosen, unread=found.unread)
    tables = [
        *(table(figures, at=at, titles=titles) for at in figures.thresholds for table in (overlap_table, hit_table)),
        pointing_table(figures, titles=titles),
        cross_fit_table(figures, titles=titles),
        *(() if left_out is None else (left_out,)),
    ]
    notes = [*cautions, *(f"{one.title}: {one.note}" for one in methods.values() if one.note)]
    return SectionContent(key="boxes", title="Maps beside drawn boxes", note=" ".join(notes), tables=tuple(tables))


def _pictures(found: Localised, methods: Mapping[str, Method]) -> SectionContent:
    shown = gallery(found.kept, titles=titles_of(methods), threshold=found.figures.thresholds[0])
    return SectionContent(key="pictures", title="Pictures", galleries=(shown,))
