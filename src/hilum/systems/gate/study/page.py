"""The page of the gate's study: tables, confusion, the curve of left-out types, and pictures that were got wrong.

It holds patients' pictures, so it is written beside the study's own output and never anywhere else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.datasets.renderings.renderings import FAMILIES, render
from hilum.evaluation.report.templating import render_page
from hilum.findings import XRAY_TYPES
from hilum.imaging.decode import decode, read_file
from hilum.report.templating import data_uri
from hilum.statistics.outcomes import UndefinedMetric, defined
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.study.scores import Curve
from hilum.systems.gate.study.study import GateStudy, Mistake
from hilum.whole_files import write_whole

PAGE_NAME = "study.html"
DRAWN = 150
SIDE_PX = 112
_PLOT = (50.0, 290.0, 350.0, 280.0)
"""Left, bottom, width and height of the curve's plot, in units of its viewBox."""


@dataclass(frozen=True, slots=True)
class DrawnMistake:
    """One picture on the page, as the address of a PNG, with what it is and what it was called."""

    uri: str
    true: str
    called: str
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """One curve on the page."""

    name: str
    auroc: float
    points: str


def write_gate_page(study: GateStudy, *, folder: Path, data: Path) -> Path:
    """Write `study.html` into `folder`; the pictures come from the releases in `data`."""
    path = folder / PAGE_NAME
    pictures = draw_mistakes(defined(study.mistakes) or (), data=data)
    write_whole(path, render_gate_page(study, pictures=pictures).encode())
    return path


def render_gate_page(study: GateStudy, *, pictures: tuple[DrawnMistake, ...]) -> str:
    """The page as HTML text, one file that works offline."""
    return render_page(
        "gate_study.html.j2",
        styles=("report.css", "gate_study.css"),
        content={
            "study": study,
            "no_thresholds": study.spec.reason if isinstance(study.spec, UndefinedMetric) else "",
            "no_mistakes": study.mistakes.reason if isinstance(study.mistakes, UndefinedMetric) else "",
            "tables": {table.key: table.as_report() for table in study.tables},
            "types": XRAY_TYPES,
            "pictures": pictures,
            "lines": tuple(map(_line, study.curves)),
        },
    )


def draw_mistakes(mistakes: tuple[Mistake, ...], *, data: Path) -> tuple[DrawnMistake, ...]:
    """The first mistakes with their pictures, small; renderings are drawn again from their seeds."""
    paths = {(record.source, record.image): record.path for record in read_gate_data(data).records}
    drawn = []
    for mistake in mistakes[:DRAWN]:
        if mistake.source.startswith("rendering: "):
            family, _, seed = mistake.name.partition("/")
            grey = render(family, seed=int(seed)) if family in FAMILIES else None
        else:
            path = paths.get((mistake.source, mistake.name))
            grey = None if path is None else np.rint(decode(read_file(path), name=mistake.name).pixels * 255)
        if grey is not None:
            drawn.append(DrawnMistake(_thumbnail(grey), mistake.true, mistake.called, mistake.source))
    return tuple(drawn)


def _thumbnail(grey: np.ndarray) -> str:
    image = Image.fromarray(grey.astype(np.uint8))
    image.thumbnail((SIDE_PX, SIDE_PX))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return data_uri(buffer.getvalue())


def _line(curve: Curve) -> Line:
    left, bottom, width, height = _PLOT
    shares = np.linspace(0.0, 1.0, 101)
    thresholds = np.quantile(curve.known, shares)
    refused = [float(np.mean(curve.left_out < threshold)) for threshold in thresholds]
    points = (f"{left + x * width:.1f},{bottom - y * height:.1f}" for x, y in zip(shares, refused, strict=True))
    return Line(curve.score, curve.auroc, " ".join(points))
