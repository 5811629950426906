"""A few pictures with their maps and boxes. They are of patients: they lie beside the report and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.evaluation.localisation.localise import KeptCase
from hilum.evaluation.localisation.maps import in_frame
from hilum.evaluation.localisation.measure import map_box
from hilum.evaluation.study.section import Gallery, Picture
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.report.colour import paint
from hilum.report.overlay import draw_boxes
from hilum.report.windowing import encode_png, fit, to_grey8
from hilum.report.wording import probability_text

SIDE_PX = 260
MAP_COLOUR = (230, 159, 0)
"""Orange of Okabe and Ito's set: the box of a map, beside the sky blue of drawn ones."""

Grey = npt.NDArray[np.uint8]


def gallery(kept: Sequence[KeptCase], *, titles: Mapping[str, str], threshold: float) -> Gallery:
    """Each kept case with its drawn boxes, and beside it every map with its own box at the threshold."""
    return Gallery(
        title="The first images of each label",
        pictures=tuple(_picture(one, titles=titles, threshold=threshold) for one in kept),
        note="Patients' pictures: a page that holds them stays on this machine. The first by a hash of their files, "
        f"whatever the model says. Blue: drawn boxes; orange: the map's box at {threshold:g}. Each map is stretched to "
        "its own maximum, as its box is, so colours of two maps cannot be compared and say nothing of how much a model "
        "is sure. A heatmap outlines no disease.",
        wide=True,
    )


def stretched(placed: PlacedMap, *, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """The positive part of a map at every pixel (rows, columns) as a share of its highest cell."""
    highest = max(float(placed.grid.max()), float(np.finfo(np.float32).tiny))
    share = onto_pixels(placed.grid, geometry=placed.geometry, rows=rows, columns=columns) / np.float32(highest)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


def _picture(kept: KeptCase, *, titles: Mapping[str, str], threshold: float) -> Picture:
    shape = (kept.drawn.pixels.shape[0], kept.drawn.pixels.shape[1])
    grey = to_grey8(fit(kept.drawn.pixels, longest_side=SIDE_PX).pixels)
    rows, columns = grey.shape
    boxes = kept.case.boxes(rows=rows, columns=columns)
    plain = Image.fromarray(grey).convert("RGB")
    draw_boxes(plain, boxes=boxes)
    images = [("_picture", encode_png(np.asarray(plain)), f"the picture with boxes of {kept.case.label}")]
    for method, native in kept.drawn.maps[kept.label].items():
        placed = in_frame(native, shape=shape, frame=(rows, columns))
        painted = paint(grey, share=stretched(placed, rows=rows, columns=columns))
        own = map_box(placed, threshold=threshold, rows=rows, columns=columns)
        draw_boxes(painted, boxes=boxes)
        draw_boxes(painted, boxes=() if own is None else (own,), colour=MAP_COLOUR)
        images.append((f"_{method}", encode_png(np.asarray(painted)), f"{titles[method]} with boxes"))
    said = probability_text(kept.drawn.probabilities[kept.label])
    shown = ", ".join(("the picture", *(titles[method] for method in kept.drawn.maps[kept.label])))
    return Picture(images=tuple(images), title=kept.case.label, lines=(shown, f"{kept.label}: {said}"))
