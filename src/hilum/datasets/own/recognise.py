"""What a path without a name is: a table of one's own, boxes of one's own, or a folder of class folders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hilum.datasets.own.own_boxes import NAME as BOXES
from hilum.datasets.own.own_table import is_csv, tables_in
from hilum.datasets.records.files import PICTURES

OwnKind = Literal["table", "boxes", "folder"]


def own_kind(path: Path) -> OwnKind | None:
    """`table` for a CSV or a folder with one, `boxes` for one called boxes.csv, `folder` for a folder of class folders.

    None for anything else, such as a folder whose pictures nothing tells of.
    """
    if path.is_file():
        return _of_table(path) if is_csv(path) else None
    if not path.is_dir():
        return None
    tables = tables_in(path)
    if len(tables) == 1:
        return _of_table(tables[0])
    folders = [one for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")]
    return "folder" if not tables and any(map(_has_pictures, folders)) else None


def _of_table(path: Path) -> OwnKind:
    return "boxes" if path.name.casefold().removesuffix(".gz") == BOXES else "table"


def _has_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in PICTURES for path in folder.rglob("*"))
