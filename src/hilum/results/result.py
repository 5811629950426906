"""What came of one radiograph, to be asked, drawn and saved in a script or a notebook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import Card
from hilum.errors import UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.output.render import RenderSettings
from hilum.reading_result import Examination, Finding, Findings, GateVerdict, Heatmap
from hilum.report.headline import headline
from hilum.report.legend_text import drawn_text
from hilum.report.overlay import draw_examination, drawn_findings
from hilum.report.reading_json import reading_to_json
from hilum.results.masks import LungMasks, lung_masks
from hilum.results.notebook import notebook_html
from hilum.results.optional import import_first
from hilum.results.save import name_in_folder, save_all
from hilum.results.table import TableLibrary, to_table

FindingName = str | tuple[str, str]
"""A finding's name, or the name of a model and of a finding of its, where several models look for one."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Result(Examination):
    """What came of one radiograph: an `Examination` that answers by name, and draws and saves itself.

    `reading` holds all that was found, without pixels; keep that, and drop the result, where there are many. In a
    notebook a result shows itself. `cards` are those of the models that read.
    """

    cards: tuple[Card, ...] = ()
    every_heatmap: bool = False

    @staticmethod
    def of(examination: Examination, *, cards: tuple[Card, ...], every_heatmap: bool) -> Result:
        """The result of an examination by models with these cards; `every_heatmap` draws negative findings' too."""
        return Result(
            examination.reading,
            examination.radiograph,
            examination.heatmaps,
            examination.lungs,
            cards=cards,
            every_heatmap=every_heatmap,
        )

    def __repr__(self) -> str:
        return f"Result({self.name!r}: {self.headline})"

    def _repr_html_(self) -> str:
        return notebook_html(self, every_heatmap=self.every_heatmap)

    @property
    def name(self) -> str:
        """What the source is called."""
        return self.reading.source.name

    @property
    def findings(self) -> Findings:
        """The findings, by place or by name: `result.findings["Pneumonia"].probability`."""
        return self.reading.findings

    @property
    def gate(self) -> GateVerdict:
        """Whether this is a radiograph that may be read, of what, and why."""
        return self.reading.gate

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be known before anything is believed, a sentence each."""
        return self.reading.warnings

    @property
    def headline(self) -> str:
        """What came of it in one sentence, without its full stop."""
        return headline(self.reading)

    def heatmap(self, finding: FindingName) -> npt.NDArray[np.float32]:
        """The heatmap of a finding at every native pixel: float32 (rows, columns), in logits a cell of its grid.

        Raises `UsageError` where there is no such finding, or no heatmap of it was made.
        """
        rows, columns = self.radiograph.pixels.shape
        found = self._heatmap(self.findings[finding])
        return onto_pixels(found.grid, geometry=found.geometry, rows=rows, columns=columns)

    def lung_masks(self) -> LungMasks | None:
        """Lungs and heart in native pixels; None where no lungs were looked for, as in any picture but a chest."""
        if self.lungs is None or self.reading.lungs is None:
            return None
        rows, columns = self.radiograph.pixels.shape
        return lung_masks(self.lungs, verdict=self.reading.lungs, rows=rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """The reading as a dictionary of JSON types: `hilum.reading/1`, as `hilum read --json` prints it."""
        return reading_to_json(self.reading)

    def to_json(self, *, indent: int | None = None) -> str:
        """The same as text, on one line or indented."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_df(self, *, library: TableLibrary | None = None) -> Any:
        """One row a finding, as a DataFrame of pandas or polars, whichever is installed; see `hilum.Results.to_df`."""
        return to_table([self.reading], library=library)

    def plot(self, finding: FindingName | None = None, *, ax: Any = None) -> Any:
        """Draw the radiograph with heatmaps, boxes and lungs on matplotlib's `ax`, or on a new one; it comes back.

        With a `finding` its heatmap alone is drawn, else those of positive findings. The axes count native pixels, the
        title is the headline, and below stands what is drawn. Raises `MissingPartError` without matplotlib, and
        `UsageError` as `heatmap`.
        """
        drawn = drawn_findings(self, every_heatmap=False)
        if finding is not None:
            one = self.findings[finding]
            self._heatmap(one)
            drawn = frozenset({(one.model, one.name)})
        pyplot = import_first("matplotlib.pyplot", purpose="a plot")
        axes = pyplot.figure(figsize=(6, 6), layout="constrained").add_subplot() if ax is None else ax
        rows, columns = self.radiograph.pixels.shape
        picture = np.asarray(draw_examination(self, drawn=drawn).picture)
        axes.imshow(picture, extent=(0, columns, rows, 0))
        axes.set_title(self.headline, wrap=True, fontsize="small")
        axes.text(0, -0.01, drawn_text(self, drawn=drawn), transform=axes.transAxes, va="top", fontsize="x-small")
        axes.set_axis_off()
        return axes

    def save(self, folder: str | Path, *, name: str | None = None) -> Path:
        """Write JSON, overlay and page into `folder`, as `hilum read --out` does, and return the page's path.

        The files are called as the source is, or by `name`. What the folder holds already stays, and its `index.html`
        lists all. Raises `OutputError` where the folder cannot be written, or holds what was read of another file that
        is called the same.
        """
        settings = RenderSettings(self.cards, every_heatmap=self.every_heatmap)
        (page,) = save_all([(name_in_folder(name or self.name), self, settings)], folder=Path(folder))
        return page

    def _heatmap(self, finding: Finding) -> Heatmap:
        for heatmap in self.heatmaps:
            if (heatmap.model, heatmap.finding) == (finding.model, finding.name):
                return heatmap
        raise UsageError(
            f"There is no heatmap of {finding.name}. Read with Reader(settings=ReaderSettings(heatmaps='all'))"
        )
