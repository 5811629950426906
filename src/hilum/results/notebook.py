"""How a result shows itself in a notebook: the picture, the findings in words, the warnings."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hilum.reading_result import Examination
from hilum.report import wording
from hilum.report.headline import headline
from hilum.report.legend_text import drawn_text
from hilum.report.overlay import draw_examination, drawn_findings
from hilum.report.templating import data_uri, environment
from hilum.report.windowing import encode_png

SIDE_PX = 420
"""The longest side at which the picture is shown; a smaller one is enlarged by the browser."""


def notebook_html(examination: Examination, *, every_heatmap: bool = False) -> str:
    """A piece of HTML with everything inside; nothing is loaded from anywhere."""
    reading = examination.reading
    drawn = drawn_findings(examination, every_heatmap=every_heatmap)
    picture = draw_examination(examination, drawn=drawn).picture
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    enlarged = SIDE_PX / max(picture.size)
    template = environment("hilum.results").get_template("result.html.j2")
    return template.render(
        reading=reading,
        headline=headline(reading),
        findings=wording.ordered(reading.findings),
        words=wording,
        image=data_uri(encode_png(np.asarray(picture))),
        width=round(picture.width * enlarged),
        legend=drawn_text(examination, drawn=drawn),
    )
