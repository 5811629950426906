"""The pictures of the SDFN study's page, drawn from the release's own images; they stay on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.imaging.decode import decode, read_file
from hilum.systems.sdfn.folder import StudyFolder
from hilum.systems.sdfn.heatmaps import DrawnPair, TwoMaps, draw_pair
from hilum.systems.sdfn.lung_cases import LungSurvey, draw_cases
from hilum.systems.sdfn.page import StudyPictures
from hilum.systems.sdfn.study import LungCounts


def draw_pictures(
    content: StudyFolder, *, records: Sequence[Record], lungs: Bundle, survey: LungSurvey
) -> StudyPictures:
    """Draw the heatmaps that the folds kept, with the release's boxes, and the flagged lung drawings.

    An image that is not among `records` any more is left out.
    """
    by_name = {record.image: record for record in records}
    return StudyPictures(
        heatmaps=tuple(_pairs(content.maps, by_name=by_name)),
        boxed=tuple(_pairs(content.boxed, by_name=by_name)),
        cases=draw_cases(survey, records=records, bundle=lungs),
        flagged=len(survey.flagged),
    )


def lung_counts(survey: LungSurvey) -> LungCounts:
    """What the study's table says of the lungs."""
    return LungCounts(images=survey.images, untrusted=survey.untrusted, flags=survey.flags, bundle=survey.bundle)


def _pairs(maps: Sequence[TwoMaps], *, by_name: Mapping[str, Record]) -> Iterator[DrawnPair]:
    for one in maps:
        record = by_name.get(one.image)
        if record is not None:
            pixels = decode(read_file(record.path), name=record.image).pixels
            rows, columns = pixels.shape
            boxes = [box.in_image(width=columns, height=rows) for box in record.boxes if box.label == one.label]
            yield draw_pair(one, pixels=pixels, boxes=boxes)
