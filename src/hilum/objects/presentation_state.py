"""What a viewer draws over the image itself: a Grayscale Softcopy Presentation State with boxes and outlines."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from hilum.geometry import Geometry
from hilum.objects.body_part import tell_body_part
from hilum.objects.finish import equipment
from hilum.objects.kinds import KINDS
from hilum.objects.library import highdicom
from hilum.objects.places import Points, stored_aspect, stored_corners, stored_outline, stored_size
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids
from hilum.reading_result import Examination
from hilum.report.lung_outlines import heart_outlines, picture_outlines
from hilum.report.wording import RESEARCH_USE, number_name, plain_text, probability_text

pr = highdicom.pr

_PIXEL = pr.AnnotationUnitsValues.PIXEL
_DISPLAY = pr.AnnotationUnitsValues.DISPLAY
_STRIP = (0.01, 0.01, 0.99, 0.05)
"""Where the line about research use stands: left, top, right and bottom as shares of what is displayed."""


def presentation_state(
    examination: Examination, *, image: SourceImage, uids: Uids
) -> pr.GrayscaleSoftcopyPresentationState | None:
    """Boxes of positive findings with their names and numbers, outlines of trusted lungs and heart, and "RESEARCH USE".

    None for an image in colour, whose grey a presentation state cannot set.
    """
    header, reading = _with_first_window(image.header), examination.reading
    if not image.text("PhotometricInterpretation").upper().startswith("MONOCHROME"):
        return None
    layer = pr.GraphicLayer(layer_name="HILUM", order=1, description=f"{RESEARCH_USE}")
    words = pr.TextObject(
        text_value=f"RESEARCH USE, not a medical device: hilum {reading.hilum_version}",
        units=_DISPLAY,
        bounding_box=_STRIP,
        text_justification=pr.TextJustificationValues.LEFT,
    )
    annotation = pr.GraphicAnnotation(
        referenced_images=[header],
        graphic_layer=layer,
        graphic_objects=[_line(points) for points in _lines(examination)] or None,
        text_objects=[words, *_names(examination)],
    )
    row = KINDS["pr"]
    inverted = image.text("PhotometricInterpretation").upper() == "MONOCHROME1"
    made = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[header],
        series_instance_uid=uids.uid("pr", "series"),
        series_number=row.series_number,
        sop_instance_uid=uids.uid("pr", "instance"),
        instance_number=1,
        content_label="HILUM",
        content_description=RESEARCH_USE,
        graphic_annotations=[annotation],
        graphic_layers=[layer],
        presentation_lut_transformation=highdicom.PresentationLUTTransformation(
            presentation_lut_shape="INVERSE" if inverted else "IDENTITY"
        ),
        series_description="hilum presentation state (research use)",
        **equipment(reading),
    )
    for area in made.DisplayedAreaSelectionSequence:
        area.PresentationPixelAspectRatio = [*stored_aspect(reading.source)]  # highdicom takes all for square
    tell_body_part(made, image=image, reading=reading)
    return made


def _with_first_window(header: Dataset) -> Dataset:
    """The header with the one window or VOI LUT that hilum reads by, the first: a state holds no choice of them."""
    kept = copy.copy(header)
    centres, widths = (_numbers(header, keyword) for keyword in ("WindowCenter", "WindowWidth"))
    sound = [pair for pair in zip(centres, widths, strict=False) if pair[1] >= 1]
    for keyword in ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation"):
        if keyword in kept:
            delattr(kept, keyword)
    if sound:
        kept.WindowCenter, kept.WindowWidth = sound[0]
    tables = header.get("VOILUTSequence")
    if tables is not None:
        del kept.VOILUTSequence
        if not sound and tables:
            kept.VOILUTSequence = [tables[0]]
    return kept


def _numbers(header: Dataset, keyword: str) -> tuple[float, ...]:
    value = header.get(keyword)
    if value is None or value == "":
        return ()
    return tuple(float(one) for one in value) if isinstance(value, MultiValue) else (float(value),)


def _lines(examination: Examination) -> Iterable[Points]:
    """Boxes, then outlines, each a closed line in stored pixels."""
    reading = examination.reading
    for finding in reading.findings:
        if finding.positive:
            yield from (stored_corners(box, source=reading.source) for box in finding.boxes)
    if reading.lungs is None or not reading.lungs.trusted or examination.lungs is None:
        return
    for outlines in (picture_outlines, heart_outlines):
        for outline in outlines(examination.lungs, geometry=Geometry.identity()):
            yield stored_outline(outline, source=reading.source)


def _line(points: Points) -> pr.GraphicObject:
    return pr.GraphicObject(
        graphic_type=pr.GraphicTypeValues.POLYLINE, graphic_data=points.astype(np.float32), units=_PIXEL
    )


def _names(examination: Examination) -> Iterable[pr.TextObject]:
    """The name and number of each positive finding, at its box's upper left corner as the image is stored.

    Those of boxes that begin at one corner are one text, since viewers would write them over one another.
    """
    reading = examination.reading
    rows, columns = stored_size(reading.source)
    at: dict[tuple[float, float], list[str]] = {}
    for finding in reading.findings:
        if not finding.positive:
            continue
        words = plain_text(f"{finding.name}: {number_name(finding)} {probability_text(finding.probability)}")
        for box in finding.boxes:
            left, top = stored_corners(box, source=reading.source).min(axis=0).tolist()
            at.setdefault((min(left, columns - 1.0), min(top, rows - 1.0)), []).append(words)
    for corner, texts in at.items():
        yield pr.TextObject(
            text_value="; ".join(dict.fromkeys(texts)), units=_PIXEL, anchor_point=corner, anchor_point_visible=False
        )
