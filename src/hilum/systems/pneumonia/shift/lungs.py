"""The lungs of validation pictures, drawn once with a lung bundle, and how much of a class map lies inside them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry
from hilum.imaging.decode import decode, read_file
from hilum.progress import SILENT, Progress
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.finder import LungFinder
from hilum.whole_files import write_whole

SIDE = 224
"""Masks divide the whole picture into so many cells a side."""

Mask = npt.NDArray[np.bool_]
Lungs = Mapping[str, Mask]
"""By a file's hash, where the lungs lie: bool (SIDE, SIDE). A drawing that is not trusted is left out."""


def drawn_lungs(
    records: Sequence[Record], *, bundle: Bundle, path: Path, progress: Progress = SILENT
) -> dict[str, Mask]:
    """The lungs that `bundle` draws of each file and trusts, whole ones where it draws such; kept in the file `path`.

    A file that another bundle made, or for other pictures, is made anew. Raises what decoding raises, and `DataError`
    where `path` is malformed.
    """
    key = np.array([bundle.sha256, *sorted({record.sha256 for record in records})])
    if path.is_file():
        kept = _read(path, key=key)
        if kept is not None:
            return kept
    finder = LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=available_cores())
    found: dict[str, Mask] = {}
    with progress.count("drawing lungs") as counter:
        counter.found(len(records))
        for record in records:
            drawing = finder.find(decode(read_file(record.path), name=record.image))
            if drawing.trusted:
                found[record.sha256] = mask_of(drawing)
            counter.done()
    masks = np.packbits(np.array(list(found.values()), np.bool_).reshape(len(found), SIDE, SIDE), axis=-1)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, key=key, trusted=np.array(list(found), np.str_), masks=masks)
    write_whole(path, buffer.getvalue())
    return found


def mask_of(drawing: LungDrawing) -> Mask:
    """Both lungs of a drawing on SIDE x SIDE cells that divide the picture."""
    union = drawing.masks(drawing.lungs.boxed).union
    return np.asarray(Image.fromarray(union).resize((SIDE, SIDE), Image.Resampling.NEAREST))


def inside_share(placed: PlacedMap, *, lungs: Mask, rows: int, columns: int) -> float:
    """The share of the positive part of a class map that lies inside the lungs of a picture of `rows` x `columns`.

    NaN where nothing of the map is positive inside the picture. `LungDrawing.inside_share` is the same of a reading.
    """
    cells = Geometry(SIDE / columns, SIDE / rows, 0.0, 0.0)
    grid = onto_pixels(placed.grid, geometry=cells.after(placed.geometry), rows=SIDE, columns=SIDE)
    positive = np.maximum(grid, 0).astype(np.float64)
    total = float(positive.sum())
    return float(positive[lungs].sum()) / total if total > 0 else float("nan")


def _read(path: Path, *, key: npt.NDArray[np.str_]) -> dict[str, Mask] | None:
    try:
        with np.load(path) as kept:
            if not np.array_equal(kept["key"], key):
                return None
            masks = np.unpackbits(kept["masks"], axis=-1, count=SIDE).astype(np.bool_)
            return dict(zip(kept["trusted"].tolist(), masks, strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"expected drawings of lungs in {path}, came {error}; remove the file") from error
