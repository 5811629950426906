"""What the page's templates and its viewer show, arranged from a reading; nothing is computed about the findings."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hilum.explain.contours import Outline
from hilum.geometry import Box
from hilum.reading_result import Examination, Finding, GateVerdict, Heatmap, Reading
from hilum.report.colour import COLOURS, OPACITY, ContributionScale
from hilum.report.lung_outlines import HEART_COLOUR, LUNG_COLOUR, heart_outlines, picture_outlines, width_lines
from hilum.report.windowing import GreyPlanes, Picture
from hilum.report.wording import RULER_WORDS, Decision, decision, decision_label, number_name, ordered

_MOST_STEPS = 32_767
"""Of the largest value of a heatmap."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One row of the table of findings; `number` is what its number is called."""

    finding: Finding
    decision: Decision
    number: str


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One X-ray type of the gate and its probability."""

    name: str
    probability: float


def finding_rows(reading: Reading) -> tuple[FindingRow, ...]:
    """Rows in the order of every report: positive findings first, then by falling probability."""
    return tuple(FindingRow(finding, decision(finding), number_name(finding)) for finding in ordered(reading.findings))


def type_rows(gate: GateVerdict) -> tuple[TypeRow, ...]:
    """The gate's X-ray types, the most probable first."""
    if gate.type is None:
        return ()
    return tuple(TypeRow(name, value) for name, value in sorted(gate.type.all.items(), key=lambda item: -item[1]))


def layer_indices(examination: Examination) -> dict[tuple[str, str], int]:
    """The viewer's layers: (model, finding) of each finding with a heatmap or boxes, and its place among them."""
    mapped = {(heatmap.model, heatmap.finding) for heatmap in examination.heatmaps}
    keys = [
        (finding.model, finding.name)
        for finding in ordered(examination.reading.findings)
        if finding.boxes or (finding.model, finding.name) in mapped
    ]
    return {key: index for index, key in enumerate(keys)}


def viewer_data(examination: Examination, *, picture: Picture, planes: GreyPlanes) -> dict[str, Any]:
    """What the viewer's script needs besides the pixels, as JSON types; all coordinates are pixels of the picture.

    `initial` is the layer of the first flagged finding, or null. `native` and `spacing` are how many pixels of the file
    and how many mm a pixel of the picture measures, across and down; `spacing` is null where the file does not tell.
    """
    rows, columns = picture.pixels.shape
    heatmaps = {(heatmap.model, heatmap.finding): heatmap for heatmap in examination.heatmaps}
    findings = {(finding.model, finding.name): finding for finding in examination.reading.findings}
    layers = [(findings[key], heatmaps.get(key)) for key in layer_indices(examination)]
    return {
        "rows": rows,
        "columns": columns,
        "planes": planes.planes,
        "plane_rows": planes.plane_rows,
        "step": planes.step,
        "zero": planes.zero,
        **_measures(examination.reading, picture=picture),
        "opacity": OPACITY,
        "colours": COLOURS.tobytes().hex(),
        "layers": [_layer(finding, heatmap, picture) for finding, heatmap in layers],
        "initial": next((index for index, (finding, _) in enumerate(layers) if finding.positive), None),
        "lungs": _lungs(examination, picture),
        "heart": _heart(examination, picture),
        "widths": [_points(line) for line in width_lines(examination.reading, geometry=picture.geometry)],
        "crops": [_rounded(picture.geometry.box(crop.box)) for crop in examination.reading.crops],
        "lung_colour": "rgb({} {} {})".format(*LUNG_COLOUR),
        "heart_colour": "rgb({} {} {})".format(*HEART_COLOUR),
    }


def _measures(reading: Reading, *, picture: Picture) -> dict[str, Any]:
    """What the ruler needs; a source's spacing is that between rows, then between columns."""
    native = (1 / picture.geometry.scale_x, 1 / picture.geometry.scale_y)
    spacing = reading.source.spacing_mm
    return {
        "native": native,
        "spacing": None if spacing is None else (native[0] * spacing[1], native[1] * spacing[0]),
        "said": RULER_WORDS,
    }


def _lungs(examination: Examination, picture: Picture) -> dict[str, Any] | None:
    verdict, lungs = examination.reading.lungs, examination.lungs
    if verdict is None or lungs is None:
        return None
    return _outlined(picture_outlines(lungs, geometry=picture.geometry), trusted=verdict.trusted)


def _heart(examination: Examination, picture: Picture) -> dict[str, Any] | None:
    verdict, lungs = examination.reading.lungs, examination.lungs
    if verdict is None or lungs is None:
        return None
    return _outlined(heart_outlines(lungs, geometry=picture.geometry), trusted=verdict.trusted)


def _outlined(found: Sequence[Outline], *, trusted: bool) -> dict[str, Any] | None:
    return {"trusted": trusted, "outlines": [_points(outline) for outline in found]} if found else None


def _points(line: npt.NDArray[np.floating]) -> list[list[float]]:
    points: list[list[float]] = np.round(line.astype(np.float64), 1).tolist()
    return points


def _rounded(box: Box) -> list[float]:
    return [round(edge, 2) for edge in box.as_list()]


def _layer(finding: Finding, heatmap: Heatmap | None, picture: Picture) -> dict[str, Any]:
    said = decision(finding)
    return {
        "name": finding.name,
        "model": finding.model,
        "label": f"{finding.name} ({decision_label(said)})",
        "flagged": finding.positive is True,
        "boxes": [_rounded(picture.geometry.box(box)) for box in finding.boxes],
        "heatmap": None if heatmap is None else _heatmap(heatmap, picture),
    }


def _cells(grid: npt.NDArray[np.float32]) -> dict[str, Any]:
    """A grid as multiples of `step`: 16-bit, little-endian, row by row, in base64: a quarter of its numbers."""
    step = float(np.abs(grid).max()) / _MOST_STEPS or 1.0
    data = np.rint(grid / np.float32(step)).astype("<i2").tobytes()
    return {"cells": list(grid.shape), "step": step, "grid": base64.b64encode(data).decode("ascii")}


def _heatmap(heatmap: Heatmap, picture: Picture) -> dict[str, Any]:
    geometry = picture.geometry.after(heatmap.geometry)
    scale = ContributionScale.of(heatmap)
    return {
        **_cells(heatmap.grid),
        "geometry": [geometry.scale_x, geometry.scale_y, geometry.offset_x, geometry.offset_y],
        "top": scale.top,
        "ticks": [label.replace(">=", "≥") for _, label in scale.ticks],
        "unit": scale.unit.replace(" x ", " × "),
        "note": scale.note,
    }
