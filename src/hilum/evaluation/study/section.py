"""What a system adds to its study: tables, figures, pictures and numbers under a heading of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

from hilum.evaluation.report.figures import ReportFigure
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.study.content import StudyContent

__all__ = ["Gallery", "Picture", "ReportTable", "Section", "SectionContent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Images that stand side by side, each a file's stem, a PNG and words for who cannot see it.

    `title` and `lines` stand below them. They may be of patients: they are written beside the study and nowhere else.
    """

    images: tuple[tuple[str, bytes, str], ...]
    title: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pictures of one kind under a heading; `wide` ones take the more room each."""

    title: str
    pictures: tuple[Picture, ...]
    note: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionContent:
    """One part of the page: `key` names its place, and its `numbers` in `study.json`.

    `note` stands below the title, then tables, figures and galleries. `folder` is that of its pictures, by default
    `key`. A section that holds nothing is left out.
    """

    key: str
    title: str
    note: str = ""
    tables: tuple[ReportTable, ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    numbers: JsonValue = None
    folder: str = ""

    @property
    def shown(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.tables or self.figures or any(gallery.pictures for gallery in self.galleries))


Section = Callable[[StudyContent], SectionContent]
"""A part of one system's page, made of the study's numbers."""
