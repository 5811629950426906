"""The example set: a few phantoms as files of the usual kinds, with the truth about their lesions beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hilum.errors import FileAccessError
from hilum.phantom.dicom_tags import STATEMENT
from hilum.phantom.dicom_variants import write_dicom
from hilum.phantom.hand import render_hand
from hilum.phantom.jaw import render_jaw
from hilum.phantom.lesions import LesionSpec
from hilum.phantom.phantom import Phantom
from hilum.phantom.thorax import render_thorax

CONSOLIDATION = LesionSpec("Consolidation", centre=(0.7, 0.5), radii=(0.13, 0.25), density=1.3, patchy=True)
"""Through most of the patient's left lung, which is on the right of the picture."""
NODULE = LesionSpec("Nodule", centre=(0.725, 0.43), radii=(0.03, 0.03), density=1.6)
"""In the middle of the left lung."""
TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class _Example:
    """`format` is how the file is written: PNG (8 bits), PNG16, JPEG, or the name of a DICOM variant."""

    name: str
    phantom: Phantom
    format: str


def write_examples(folder: Path, *, seed: int = 0) -> tuple[Path, ...]:
    """Write the example files and `truth.json` into `folder` (made if need be); returns all paths, the truth last.

    Every file's name starts with `phantom-`, its pixels carry the word PHANTOM, and its tags or text say that there is
    no real patient. The same seed gives the same bytes. Raises `FileAccessError` where the folder cannot be written.
    """
    paths: list[Path] = []
    truth: dict[str, object] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for example in _examples(seed):
            path = folder / example.name
            _write(example, path)
            paths.append(path)
            truth[example.name] = _truth(example.phantom)
        notes = {"statement": STATEMENT, "boxes": "[x, y, width, height] in native pixels", "images": truth}
        paths.append(folder / TRUTH)
        paths[-1].write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise FileAccessError(
            f"Cannot write phantoms into {folder}: {error.strerror}. Choose another folder"
        ) from error
    return tuple(paths)


def _examples(seed: int) -> tuple[_Example, ...]:
    healthy = render_thorax(seed=seed)
    child_healthy = render_thorax(seed=seed + 1, child=True, sex="F")
    child_ill = render_thorax(seed=seed + 2, child=True, lesions=(CONSOLIDATION,))
    nodule = render_thorax(seed=seed + 3, sex="F", lesions=(NODULE,))
    return (
        _Example("phantom-chest-healthy.png", healthy, "PNG"),
        _Example("phantom-chest-healthy-16bit.png", healthy, "PNG16"),
        _Example("phantom-chest-child-healthy.dcm", child_healthy, "plain"),
        _Example("phantom-chest-child-consolidation.dcm", child_ill, "plain"),
        _Example("phantom-chest-child-consolidation-monochrome1.dcm", child_ill, "monochrome1-inverse"),
        _Example("phantom-chest-nodule.jpg", nodule, "JPEG"),
        _Example("phantom-hand.png", render_hand(seed=seed), "PNG"),
        _Example("phantom-jaw.png", render_jaw(seed=seed), "PNG"),
    )


def _truth(phantom: Phantom) -> dict[str, object]:
    rows, columns = phantom.pixels.shape
    return {
        "kind": phantom.kind,
        "rows": rows,
        "columns": columns,
        "age_years": phantom.age_years,
        "sex": phantom.sex,
        "view": phantom.view,
        "lesions": [{"name": lesion.name, "box": lesion.box.as_list()} for lesion in phantom.lesions],
    }


def _write(example: _Example, path: Path) -> None:
    pixels = example.phantom.pixels
    if example.format in ("PNG", "PNG16"):
        top, kind = (255, np.uint8) if example.format == "PNG" else (65535, np.uint16)
        text = PngInfo()
        text.add_text("Description", STATEMENT)
        Image.fromarray(np.rint(pixels * top).astype(kind)).save(path, "PNG", pnginfo=text)
    elif example.format == "JPEG":
        picture = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
        picture.save(path, "JPEG", quality=95, comment=STATEMENT.encode())
    else:
        write_dicom(example.phantom, path, variant=example.format)
