"""What `hilum segment` writes of an image: the mask, box and quality as JSON, and the picture of a flagged case."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.geometry import Box
from hilum.radiograph import Pixels, Radiograph
from hilum.reading.lungs.drawing import Mask
from hilum.reading.lungs.finder import Lungs
from hilum.reading.lungs.regions import LungFlag
from hilum.report.reading_json import stored_to_json
from hilum.report.windowing import encode_png, fit, to_grey8
from hilum.version import __version__
from hilum.whole_files import write_whole

RIGHT_GREY, LEFT_GREY, LUNG_GREY = 255, 128, 192
"""Grey values of the patient's right lung, of the left one, and of a lung whose side is not named, in a mask."""

TILE_PX = 256
BOX_COLOUR = (86, 180, 233)
SCHEMA = "hilum.lungs/1"

ODD: frozenset[LungFlag] = frozenset({"mirrored", "more than two regions", "one region", "no lung"})
"""Flags of a box that is not simply that of two lungs."""


def lung_paths(relative: str, *, folder: Path) -> tuple[Path, Path, Path]:
    """Mask, picture and JSON of the image at `relative` (POSIX, with its suffix), in the order of writing."""
    return tuple(folder / f"{relative}.{end}" for end in ("mask.png", "lungs.png", "lungs.json"))  # type: ignore[return-value]


def mask_picture(lungs: Lungs) -> npt.NDArray[np.uint8]:
    """Uint8 (H, W): 255 the patient's right lung, 128 the left, 0 other; 192 either one where sides are not named."""
    if not lungs.names_sides:
        return ((lungs.right | lungs.left) * LUNG_GREY).astype(np.uint8)
    return mask_of(right=lungs.right, left=lungs.left)


def mask_of(*, right: Mask, left: Mask) -> npt.NDArray[np.uint8]:
    """The mask's grey values from both sides, bool (H, W) each."""
    return (right * RIGHT_GREY + left * LEFT_GREY).astype(np.uint8)


def lungs_to_json(lungs: Lungs, *, radiograph: Radiograph) -> dict[str, Any]:
    """The JSON object of one image; boxes and areas are in pixels of the upright picture."""
    source, (right, left) = radiograph.source, lungs.areas_px or (None, None)
    return {
        "schema": SCHEMA,
        "source": {
            "name": source.name,
            "sha256": source.sha256,
            "rows": source.rows,
            "columns": source.columns,
            "frame": source.frame,
            "stored": stored_to_json(source.stored),
        },
        "box": lungs.box.as_list(),
        "areas_px": {"right": right, "left": left, "both": lungs.area_px},
        "quality": round(lungs.quality, 4),
        "trusted": lungs.trusted,
        "flags": list(lungs.flags),
        "warnings": list(radiograph.warnings),
        "model": {"name": lungs.model.name, "version": lungs.model.version, "sha256": lungs.model.sha256},
        "hilum": __version__,
    }


def is_flagged(*, trusted: bool, flags: Iterable[str]) -> bool:
    """Whether a picture is drawn: the lungs are not trusted, or the box is not simply that of two lungs."""
    return not trusted or not ODD.isdisjoint(flags)


def write_lungs(lungs: Lungs, *, radiograph: Radiograph, relative: str, folder: Path) -> None:
    """Write the mask, the picture where the case is flagged, and last the JSON, each whole.

    Raises `OutputError` as `write_whole` does.
    """
    mask, picture, json_path = lung_paths(relative, folder=folder)
    write_whole(mask, encode_png(mask_picture(lungs)))
    if is_flagged(trusted=lungs.trusted, flags=lungs.flags):
        write_whole(picture, case_picture(lungs, radiograph=radiograph))
    else:
        picture.unlink(missing_ok=True)
    content = lungs_to_json(lungs, radiograph=radiograph)
    write_whole(json_path, json.dumps(content, indent=2, allow_nan=False).encode() + b"\n")


def case_picture(lungs: Lungs, *, radiograph: Radiograph) -> bytes:
    """PNG of image, mask, box and crop side by side, as paper 3's figure 7 shows its cases."""
    return four_pictures(radiograph.pixels, mask=mask_picture(lungs), box=lungs.box)


def four_pictures(pixels: Pixels, *, mask: npt.NDArray[np.uint8], box: Box) -> bytes:
    """PNG of the image (H, W) in [0, 1], its mask (H, W), the box (in native pixels) on it, and the crop."""
    small = fit(pixels, longest_side=TILE_PX)
    grey = Image.fromarray(to_grey8(small.pixels))
    shown = small.geometry.box(box)
    boxed = grey.convert("RGB")
    corners = (shown.x, shown.y, max(shown.x, shown.x + shown.width - 1), max(shown.y, shown.y + shown.height - 1))
    ImageDraw.Draw(boxed).rectangle(corners, outline=BOX_COLOUR, width=2)
    drawn = Image.fromarray(mask).resize(grey.size, Image.Resampling.NEAREST)
    tiles = (grey, drawn, boxed, _crop(pixels, box=box))
    canvas = Image.new("RGB", (len(tiles) * (TILE_PX + 4) - 4, TILE_PX), (16, 17, 20))
    for index, tile in enumerate(tiles):
        canvas.paste(tile.convert("RGB"), (index * (TILE_PX + 4), 0))
    return encode_png(np.asarray(canvas))


def _crop(pixels: Pixels, *, box: Box) -> Image.Image:
    rows, columns = pixels.shape
    left, top = min(int(box.x), columns - 1), min(int(box.y), rows - 1)
    right, bottom = max(left + 1, round(box.x + box.width)), max(top + 1, round(box.y + box.height))
    cut = np.ascontiguousarray(pixels[top:bottom, left:right])
    return Image.fromarray(to_grey8(fit(cut, longest_side=TILE_PX).pixels))
