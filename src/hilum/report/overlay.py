"""The overlay picture: the radiograph with its heatmaps, lungs and boxes, and beside it the scale and the words.

The radiograph starts at the top left corner at native size (shrunk above `windowing.LONGEST_SIDE`), so that a native
pixel is found again in the picture; everything else stands in a column to its right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.reading_result import Examination, Heatmap
from hilum.report.box_names import draw_box_names
from hilum.report.colour import ContributionScale, paint
from hilum.report.headline import finding_names
from hilum.report.legend import draw_legend
from hilum.report.lung_outlines import draw_lungs
from hilum.report.windowing import LONGEST_SIDE, encode_jpeg, encode_png, fit, to_grey8
from hilum.report.wording import ordered

BOX_COLOUR = (86, 180, 233)  # sky blue of Okabe and Ito's colour-blind-safe set; not on the heatmap's scale
BOX_EDGE = (0, 0, 0)

OVERLAY_QUALITY = 65
"""Of the JPEG: outlines stay sharp and their colours true, at an eighth of a byte a pixel."""


def overlay_png(examination: Examination, *, every_heatmap: bool = False) -> bytes:
    """The overlay as PNG (sRGB), which loses nothing; the same examination gives the same bytes.

    Heatmaps and boxes are drawn for positive findings; `every_heatmap` draws those of the others too. Where several
    maps meet, a pixel shows the strongest. The lungs are outlined wherever they were drawn, in broken lines where they
    are not trusted. Without anything to draw it is the plain radiograph with a note.
    """
    return encode_png(np.asarray(overlay_picture(examination, every_heatmap=every_heatmap)))


def overlay_jpeg(examination: Examination, *, every_heatmap: bool = False) -> bytes:
    """The overlay as JPEG, a seventh of the PNG's size and made in a fraction of its time: for looking at."""
    picture = overlay_picture(examination, every_heatmap=every_heatmap)
    return encode_jpeg(picture, quality=OVERLAY_QUALITY)


def overlay_picture(
    examination: Examination,
    *,
    every_heatmap: bool = False,
    longest_side: int = LONGEST_SIDE,
    most_rows: int | None = None,
) -> Image.Image:
    """The overlay in RGB; the radiograph in it has at most `longest_side` pixels a side, and the words stand beside.

    The words are fewer where they would need more than `most_rows` pixels.
    """
    drawn = drawn_findings(examination, every_heatmap=every_heatmap)
    found = draw_examination(examination, drawn=drawn, longest_side=longest_side)
    radiograph = found.picture
    legend = draw_legend(
        examination.reading, scales=found.scales, drawn=drawn, height=radiograph.height, most=most_rows
    )
    canvas = Image.new("RGB", (radiograph.width + legend.width, max(radiograph.height, legend.height)), (16, 17, 20))
    canvas.paste(radiograph, (0, 0))
    canvas.paste(legend, (radiograph.width, 0))
    return canvas


@dataclass(frozen=True, slots=True, eq=False)
class DrawnExamination:
    """The radiograph in RGB with all that is drawn on it, and the scales of its heatmaps."""

    picture: Image.Image
    scales: tuple[ContributionScale, ...]


def draw_examination(
    examination: Examination, *, drawn: frozenset[tuple[str, str]] | None = None, longest_side: int = LONGEST_SIDE
) -> DrawnExamination:
    """The radiograph with heatmaps and named boxes of what is `drawn` (None: of positive findings), and the lungs."""
    wanted = drawn_findings(examination, every_heatmap=False) if drawn is None else drawn
    picture = fit(examination.radiograph.pixels, longest_side=longest_side)
    maps = [heatmap for heatmap in examination.heatmaps if (heatmap.model, heatmap.finding) in wanted]
    grey = to_grey8(picture.pixels)
    rows, columns = grey.shape
    shares = _shares(maps, geometry=picture.geometry, rows=rows, columns=columns)
    radiograph = Image.fromarray(grey).convert("RGB") if shares is None else paint(grey, share=shares)
    findings = examination.reading.findings
    names = finding_names(findings)
    named = [
        (names[key], picture.geometry.box(box))
        for finding in ordered(findings)
        if (key := (finding.model, finding.name)) in wanted
        for box in finding.boxes
    ]
    draw_lungs(radiograph, examination, geometry=picture.geometry)
    draw_boxes(radiograph, boxes=[box for _, box in named])
    draw_box_names(radiograph, named=named)
    return DrawnExamination(radiograph, tuple(dict.fromkeys(ContributionScale.of(heatmap) for heatmap in maps)))


def drawn_findings(examination: Examination, *, every_heatmap: bool) -> frozenset[tuple[str, str]]:
    """(model, finding) of what is drawn: the positive ones, or every one that has a heatmap."""
    mapped = {(heatmap.model, heatmap.finding) for heatmap in examination.heatmaps}
    return frozenset(
        key
        for finding in examination.reading.findings
        if (key := (finding.model, finding.name)) in mapped or finding.boxes
        if finding.positive or (every_heatmap and key in mapped)
    )


def _shares(maps: Sequence[Heatmap], *, geometry: Geometry, rows: int, columns: int) -> npt.NDArray[np.float32] | None:
    """The strongest share of the scale at each pixel of the picture, over all maps; None without a map."""
    strongest: npt.NDArray[np.float32] | None = None
    for heatmap in maps:
        placed = onto_pixels(heatmap.grid, geometry=geometry.after(heatmap.geometry), rows=rows, columns=columns)
        share = ContributionScale.of(heatmap).share(placed)
        strongest = share if strongest is None else np.maximum(strongest, share, out=strongest)
    return strongest


def draw_boxes(radiograph: Image.Image, *, boxes: Sequence[Box], colour: tuple[int, int, int] = BOX_COLOUR) -> None:
    """Outline each box, in the picture's pixels, in it; the outer edge of the line lies on the box."""
    width = max(2, round(max(radiograph.size) / 350))
    draw = ImageDraw.Draw(radiograph)
    for box in boxes:
        left, top = round(box.x), round(box.y)
        right, bottom = round(box.x + box.width) - 1, round(box.y + box.height) - 1
        if right <= left or bottom <= top:
            continue
        inner = min(width, (right - left) // 2, (bottom - top) // 2)
        draw.rectangle((left, top, right, bottom), outline=colour, width=max(1, inner))
        if right - left > 4 * width and bottom - top > 4 * width:
            edge = left + inner, top + inner, right - inner, bottom - inner
            draw.rectangle(edge, outline=BOX_EDGE, width=1)
