"""How every figure of a report looks, and how it is written: PNG and SVG, the same bytes for the same data.

Colours are Okabe and Ito's set, which all common kinds of colour blindness tell apart; what colour says, a shape or a
word says too. Figures have a white ground, so that they look the same on a dark page and on paper.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from hilum.statistics.estimate import Estimate

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
INK, QUIET, GRID = "#15181c", "#525c67", "#d5dbe1"
BAND_OPACITY = 0.22
_COLUMNS = 4
PNG_DPI = 160


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside this; matplotlib's settings are as before afterwards."""
    with mpl.rc_context(
        {
            "font.family": "DejaVu Sans",  # it comes with matplotlib, so that every machine draws the same
            "font.size": 8.5,
            "axes.titlesize": 9.5,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelcolor": INK,
            "axes.edgecolor": QUIET,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.6,
            "text.color": INK,
            "xtick.color": QUIET,
            "ytick.color": QUIET,
            "lines.linewidth": 1.6,
            "legend.frameon": False,
            "legend.fontsize": 8,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.w_pad": 0.08,
            "figure.constrained_layout.h_pad": 0.09,
            "svg.fonttype": "path",
            "svg.hashsalt": "hilum",
        }
    ):
        yield


def grid_of_axes(count: int, *, side_inches: float = 2.7) -> tuple[Figure, list[Axes]]:
    """A figure with `count` square panels in at most four columns; call it inside `styled`.

    A single panel is larger, since nothing stands beside it.
    """
    if count == 1:
        side_inches = 4.2
    wide = min(count, _COLUMNS)
    high = -(-count // wide)
    figure = Figure(figsize=(side_inches * wide, side_inches * high))
    return figure, [figure.add_subplot(high, wide, index + 1) for index in range(count)]


def set_title(axes: Axes, text: str, *, letters: int = 26) -> None:
    """Write `text` above a panel in at most two lines of so many letters."""
    axes.set_title("\n".join(textwrap.wrap(text, letters, max_lines=2, placeholder="…")))


def draw_estimate(
    axes: Axes, estimate: Estimate, *, at: float, colour: str, marker: str = "s", size: float = 5, hollow: bool = False
) -> None:
    """A value with its interval as one line of a forest, `at` this height."""
    if estimate.interval is not None:
        axes.hlines(at, *estimate.interval, color=colour, linewidth=1.4)
    face = "white" if hollow else colour
    axes.plot(estimate.value, at, marker=marker, markersize=size, color=colour, markerfacecolor=face)


def png_and_svg(figure: Figure) -> tuple[bytes, bytes]:
    """The figure as PNG and as SVG, letters as shapes, without a time or a program in them; call it inside `styled`.

    It is laid out for the PNG alone, which takes longer than to draw it: the SVG has everything in the same places.
    """
    png, svg = BytesIO(), BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    figure.set_layout_engine("none")
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return png.getvalue(), svg.getvalue()
