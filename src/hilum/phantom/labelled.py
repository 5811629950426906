"""Chests with a table of their labels: something to train and to judge on, without a patient's image."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hilum.errors import FileAccessError
from hilum.phantom.dicom_tags import STATEMENT
from hilum.phantom.examples import CONSOLIDATION
from hilum.phantom.thorax import render_thorax
from hilum.radiograph import Sex

TABLE = "labels.csv"
COLUMNS = ("file", "patient", "Consolidation")
_SIDE_PX = 256


def write_labelled_chests(folder: Path, *, count: int, seed: int = 0) -> tuple[Path, ...]:
    """Write `count` chests of 256 pixels, every second with a consolidation, and their table; its path comes last.

    Each chest is another body, and two of them are one patient's. Every file's name starts with `phantom-`, and its
    pixels carry the word PHANTOM. The same seed gives the same pixels. Raises `FileAccessError` where the folder cannot
    be written.
    """
    paths = []
    rows = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            patient, ill = index // 2, index % 2
            sex: Sex = "F" if patient % 2 else "M"
            chest = render_thorax(
                rows=_SIDE_PX,
                columns=_SIDE_PX,
                seed=1000 * (seed + 1) + index,
                lesions=(CONSOLIDATION,) if ill else (),
                sex=sex,
            )
            path = folder / f"phantom-chest-{index:03}.png"
            text = PngInfo()
            text.add_text("Description", STATEMENT)
            Image.fromarray(np.rint(chest.pixels * 255).astype(np.uint8)).save(path, "PNG", pnginfo=text)
            paths.append(path)
            rows.append((path.name, f"phantom-{patient:03}", ill))
        paths.append(folder / TABLE)
        with paths[-1].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((COLUMNS, *rows))
    except OSError as error:
        raise FileAccessError(
            f"cannot write phantoms into {folder}: {error.strerror}; choose another folder"
        ) from error
    return tuple(paths)
