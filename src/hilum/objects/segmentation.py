"""The lungs and the heart as masks on the image's own pixels: a Segmentation of type BINARY."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from hilum.objects import codes
from hilum.objects.finish import equipment
from hilum.objects.kinds import KINDS
from hilum.objects.library import highdicom
from hilum.objects.lossy import tell_lossy
from hilum.objects.places import Mask, stored_aspect, stored_mask
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids
from hilum.reading_result import Examination, LungVerdict
from hilum.report.wording import RESEARCH_USE
from hilum.results.masks import lung_masks


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """`mask` is bool (rows, columns) of the upright picture."""

    label: str
    mask: Mask
    kind: Code
    side: Code | None = None


def segmentation(examination: Examination, *, image: SourceImage, uids: Uids) -> highdicom.seg.Segmentation | None:
    """Right and left lung, or both as one where sides cannot be named, and the heart; None unless hilum trusts them."""
    segments = _segments(examination)
    verdict = examination.reading.lungs
    if not segments or verdict is None:
        return None
    row, source = KINDS["seg"], examination.reading.source
    planes = np.stack([stored_mask(one.mask, source=source) for one in segments], axis=-1)
    made = highdicom.seg.Segmentation(
        source_images=[image.header],
        pixel_array=planes[np.newaxis].astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[
            _description(one, number=number, verdict=verdict) for number, one in enumerate(segments, start=1)
        ],
        series_instance_uid=uids.uid("seg", "series"),
        series_number=row.series_number,
        sop_instance_uid=uids.uid("seg", "instance"),
        instance_number=1,
        content_label="HILUM",
        content_description=RESEARCH_USE,
        omit_empty_frames=False,
        series_description="hilum lungs and heart (research use)",
        **equipment(examination.reading),
    )
    orientation = image.orientation()
    made.PatientOrientation = "" if orientation is None else list(orientation)
    aspect = stored_aspect(source)
    if aspect[0] != aspect[1] and "PixelMeasuresSequence" not in made.SharedFunctionalGroupsSequence[0]:
        made.PixelAspectRatio = [*aspect]
    tell_lossy(made, image=image, is_required=True)
    return made


def _segments(examination: Examination) -> list[_Segment]:
    verdict = examination.reading.lungs
    if verdict is None or not verdict.trusted or examination.lungs is None:
        return []
    rows, columns = examination.radiograph.pixels.shape
    masks = lung_masks(examination.lungs, verdict=verdict, rows=rows, columns=columns)
    if masks is None:
        return []
    if verdict.right_share is None:
        found = [_Segment("Lungs", masks.right | masks.left, codes.LUNG)]
    else:
        found = [
            _Segment("Right lung", masks.right, codes.LUNG, codes.RIGHT),
            _Segment("Left lung", masks.left, codes.LUNG, codes.LEFT),
        ]
    if masks.heart is not None and masks.heart.any():
        found.append(_Segment("Heart", masks.heart, codes.HEART))
    return found


def _description(segment: _Segment, *, number: int, verdict: LungVerdict) -> highdicom.seg.SegmentDescription:
    made = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=codes.ANATOMICAL_STRUCTURE,
        segmented_property_type=segment.kind,
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name=verdict.model.name, family=codes.ARTIFICIAL_INTELLIGENCE, version=verdict.model.version
        ),
    )
    if segment.side is not None:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator = segment.side.value, segment.side.scheme_designator
        item.CodeMeaning = segment.side.meaning
        made.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [item]
    return made
