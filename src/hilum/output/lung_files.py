"""What `hilum segment` writes of an image: masks, box and quality as JSON, and the picture of a flagged case."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.geometry import Box
from hilum.radiograph import Pixels, Radiograph
from hilum.reading.gate.gate import GateOpinion
from hilum.reading.lungs.drawing import LungDrawing, Mask, SideMasks
from hilum.reading.lungs.regions import LungFlag
from hilum.reading_result import LungDefinition, ModelRef
from hilum.report.overlay import BOX_COLOUR
from hilum.report.reading_json import stated_to_json, stored_to_json
from hilum.report.windowing import encode_png, fit, to_grey8
from hilum.stated import Stated
from hilum.version import __version__
from hilum.whole_files import remove_file, write_whole

RIGHT_GREY, LEFT_GREY, LUNG_GREY = 255, 128, 192
"""Grey values of the patient's right lung, of the left one, and of a lung whose side is not named, in a mask."""

HEART_GREY = 255
"""Grey value of the heart in its own mask."""

Grey8 = npt.NDArray[np.uint8]

TILE_PX = 256
SCHEMA = "hilum.lungs/1"

ODD: frozenset[LungFlag] = frozenset({"mirrored", "more than two regions", "one region", "no lung"})
"""Flags of a box that is not simply that of two lungs."""


@dataclass(frozen=True, slots=True)
class LungPaths:
    """Where the outputs of one image lie; the JSON is written last."""

    mask: Path
    heart: Path
    picture: Path
    json: Path

    def all(self) -> tuple[Path, ...]:
        """All of them, in the order of writing."""
        return self.mask, self.heart, self.picture, self.json


def lung_paths(relative: str, *, folder: Path) -> LungPaths:
    """The outputs of the image at `relative` (POSIX, with its suffix)."""
    ends = ("mask.png", "heart.png", "lungs.png", "lungs.json")
    return LungPaths(*(folder / f"{relative}.{end}" for end in ends))


@dataclass(frozen=True, slots=True, eq=False)
class NativeLungs:
    """A drawing with masks of native size: the lungs by one definition, and the heart where one is drawn."""

    drawing: LungDrawing
    definition: LungDefinition
    sides: SideMasks
    heart: Mask | None

    @staticmethod
    def of(drawing: LungDrawing, *, definition: LungDefinition) -> NativeLungs:
        """The masks of a drawing; raises `UsageError` where it has no lungs by this definition."""
        return NativeLungs(drawing, definition, drawing.masks(definition), drawing.heart())

    def mask_picture(self) -> Grey8:
        """Uint8 (H, W): 255 the patient's right, 128 the left, 0 other; 192 either one where sides are not named."""
        if not self.drawing.names_sides:
            return grey_of(self.sides.union, grey=LUNG_GREY)
        return mask_of(right=self.sides.right, left=self.sides.left)

    def areas_px(self) -> dict[str, int | None]:
        """Native pixels of each lung, None where sides are not named, of both, and of the heart, None without one."""
        right, left = (int(np.count_nonzero(side)) for side in (self.sides.right, self.sides.left))
        named = self.drawing.names_sides
        return {
            "right": right if named else None,
            "left": left if named else None,
            "both": right + left,
            "heart": None if self.heart is None else int(np.count_nonzero(self.heart)),
        }


def mask_of(*, right: Mask, left: Mask) -> Grey8:
    """The mask's grey values from both sides, bool (H, W) each, that do not overlap."""
    return grey_of(right, grey=RIGHT_GREY) | grey_of(left, grey=LEFT_GREY)


def grey_of(mask: Mask, *, grey: int) -> Grey8:
    """Uint8 (H, W): `grey` where the mask is set, 0 elsewhere."""
    return mask.view(np.uint8) * np.uint8(grey)


def lungs_to_json(lungs: NativeLungs, *, radiograph: Radiograph, gate: GateOpinion, stated: Stated) -> dict[str, Any]:
    """The JSON object of one image; boxes and areas are in pixels of the upright picture."""
    source, drawing, verdict = radiograph.source, lungs.drawing, gate.verdict
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
        "definition": lungs.definition,
        "box": drawing.box.as_list(),
        "areas_px": lungs.areas_px(),
        "quality": round(drawing.quality, 4),
        "trusted": drawing.trusted,
        "flags": list(drawing.flags),
        "stated": stated_to_json(stated),
        "gate": {
            "status": verdict.status,
            "view": verdict.view,
            "state": list(verdict.state),
            "model": model_to_json(gate.ref),
        },
        "warnings": list(radiograph.warnings),
        "model": model_to_json(drawing.model),
        "hilum": __version__,
    }


def model_to_json(model: ModelRef | None) -> dict[str, str] | None:
    """The model that drew or judged; None where none did."""
    return None if model is None else {"name": model.name, "version": model.version, "sha256": model.sha256}


def is_flagged(*, trusted: bool, flags: Iterable[str]) -> bool:
    """Whether a picture is drawn: the lungs are not trusted, or the box is not simply that of two lungs."""
    return not trusted or not ODD.isdisjoint(flags)


def write_lungs(
    drawing: LungDrawing,
    *,
    definition: LungDefinition,
    radiograph: Radiograph,
    gate: GateOpinion,
    stated: Stated,
    relative: str,
    folder: Path,
) -> None:
    """Write the masks, the picture where the case is flagged, and last the JSON, each whole.

    `gate` is what was judged of the picture, and `stated` what the user says of it. Raises `UsageError` where the
    drawing has no lungs by this definition, and `OutputError` as `write_whole` does.
    """
    lungs, paths = NativeLungs.of(drawing, definition=definition), lung_paths(relative, folder=folder)
    write_whole(paths.mask, encode_png(lungs.mask_picture()))
    _write_or_remove(paths.heart, None if lungs.heart is None else encode_png(grey_of(lungs.heart, grey=HEART_GREY)))
    flagged = is_flagged(trusted=drawing.trusted, flags=drawing.flags)
    _write_or_remove(paths.picture, case_picture(lungs, radiograph=radiograph) if flagged else None)
    content = lungs_to_json(lungs, radiograph=radiograph, gate=gate, stated=stated)
    write_whole(paths.json, json.dumps(content, indent=2, allow_nan=False).encode() + b"\n")


def _write_or_remove(path: Path, content: bytes | None) -> None:
    if content is None:
        remove_file(path)
    else:
        write_whole(path, content)


def case_picture(lungs: NativeLungs, *, radiograph: Radiograph) -> bytes:
    """PNG of image, mask, box and crop side by side, as figure 7 of Liu et al. 2019 shows its cases."""
    return four_pictures(radiograph.pixels, mask=lungs.mask_picture(), box=lungs.drawing.box)


def four_pictures(pixels: Pixels, *, mask: Grey8, box: Box) -> bytes:
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
