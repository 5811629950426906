"""One self-contained HTML page of a reading: it works offline, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from hilum.bundle.card import Card
from hilum.reading_result import Examination, Reading
from hilum.report import wording
from hilum.report.headline import headline, no_heatmap, percent_texts, warnings_beside
from hilum.report.model_sections import model_sections
from hilum.report.page_data import finding_rows, layer_indices, type_rows, viewer_data
from hilum.report.templating import asset, content_security_policy, data_uri, environment
from hilum.report.windowing import fit, grey_planes
from hilum.stated import NOTHING_STATED


@dataclass(frozen=True, slots=True)
class PageWays:
    """Where a page leads: addresses, relative to it, of the index and of the pages before and after it, if any."""

    index: str
    previous: str | None = None
    next: str | None = None


def render_page(examination: Examination, *, cards: Sequence[Card], ways: PageWays | None = None) -> str:
    """The page as HTML text (UTF-8 when written); the same examination, cards and ways give the same text.

    `cards` are those of the reading's models; a model without one is shown by name, version and hash only. `ways` are
    the links to other pages; None shows none, as for a reading alone. Pixels go in
    as `windowing.grey_planes` has them (at most 2048 on the longer side), heatmaps as their small grids, drawn by the
    page itself.
    """
    reading = examination.reading
    picture = fit(examination.radiograph.pixels)
    planes = grey_planes(picture.pixels)
    shape = Markup("\n.pixels, #view {{ aspect-ratio: {} / {}; }}\n").format(planes.columns, planes.rows)
    style = asset("base.css") + shape + asset("page.css")
    script = asset("picture.js", "marks.js", "pointing.js", "viewer.js")
    said, viewer = headline(reading), viewer_data(examination, picture=picture, planes=planes)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            csp=content_security_policy(style=style, script=script),
            style=style,
            script=script,
            reading=reading,
            name=wording.last_part(reading.source.name),
            several=len({one.model for one in reading.findings}) > 1,
            words=wording,
            facts=_facts(reading),
            headline=said,
            warnings=warnings_beside(reading, said=said),
            percents=percent_texts,
            ways=ways,
            gate_first=reading.gate.status != "accepted",
            same_note=said.startswith("Not decided"),
            marks=_marks(viewer),
            no_heatmap=no_heatmap(reading),
            heart_line=wording.ratio_line(reading),
            shows_field=examination.lungs is not None and examination.lungs.field is not None,
            findings=finding_rows(reading),
            types=type_rows(reading.gate),
            models=model_sections(reading, cards=cards),
            viewer=viewer,
            layers=layer_indices(examination),
            image=data_uri(planes.data, mime=planes.mime),
            image_size=(planes.columns, planes.plane_rows * planes.planes),
            shrunk=picture.pixels.shape != examination.radiograph.pixels.shape,
            kept=wording.picture_kept(8 if planes.planes == 1 else 12, lossless=planes.mime == "image/png"),
        )
    )


def _marks(viewer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The buttons of what can be drawn on the picture: the viewer's name of each, and its label."""
    marks = [("boxes", "Boxes")] if any(layer["boxes"] for layer in viewer["layers"]) else []
    for name, label in (("lungs", "Lungs"), ("heart", "Heart")):
        if viewer[name]:
            marks.append((name, label if viewer[name]["trusted"] else f"{label} (not trusted)"))
    marks += [
        (name, label) for name, label, key in (("widths", "Widths", "widths"), ("crop", "Crop", "crops")) if viewer[key]
    ]
    return tuple(marks)


def _facts(reading: Reading) -> tuple[tuple[str, str], ...]:
    """What is known of the file and how it was read, as name and value."""
    source = reading.source
    facts: list[tuple[str, str | None]] = [
        ("File", source.name),
        ("Format", source.format),
        ("Frame", None if source.frame is None else str(source.frame)),
        ("Size", wording.size_text(reading)),
        ("Patient, by the file", wording.patient_text(replace(reading, stated=NOTHING_STATED))),
        ("View, by the file", wording.VIEW_NAMES[reading.view]),
        ("Stated by the user", reading.stated.in_words() or None),
        ("Side", wording.SIDE_NAMES[reading.laterality]),
        ("SHA-256 of the file", source.sha256),
        ("Study", source.study_uid),
        ("Instance", source.instance_uid),
        ("hilum", reading.hilum_version),
        ("SHA-256 of the settings", reading.settings_sha256),
    ]
    facts += [(f"Time: {stage}", f"{milliseconds:.1f} ms") for stage, milliseconds in reading.timings_ms.items()]
    return tuple((name, value) for name, value in facts if value is not None)
