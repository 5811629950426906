"""What the SDFN study adds to its page: heatmaps side by side, and flagged lung drawings; they stay on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import fold_folder
from hilum.evaluation.study.section import Gallery, Picture, Section, SectionContent
from hilum.imaging.decode import decode, read_file
from hilum.report.wording import probability_text
from hilum.systems.sdfn.heatmaps import DrawnPair, TwoMaps, draw_pair
from hilum.systems.sdfn.lung_cases import LungCase, LungSurvey, draw_cases
from hilum.systems.sdfn.maps import load_maps
from hilum.systems.sdfn.shown import best_of_folds

MAPS, BOXED_MAPS = "maps.npz", "boxed-maps.npz"

_HEATMAPS_NOTE = (
    "These are patients' pictures: a page that holds them stays on this machine. Left: the whole-image network; right: "
    "SDFN, with the edge of its crop dashed. Both by networks that never saw the patient, both on the package's fixed "
    "scale of logit contribution. A heatmap outlines no disease."
)


def heatmaps_of(folder: Path, *, records: Sequence[Record]) -> Section:
    """The maps that the folds of the study in `folder` kept, drawn with the release's boxes.

    An image that is not among `records` any more is left out.
    """
    by_name = {record.image: record for record in records}

    def section(content: StudyContent) -> SectionContent:
        folds = [fold_folder(name, folder=folder) for name in dict.fromkeys(content.predictions.first.split)]
        best = best_of_folds([one for fold in folds for one in load_maps(fold / MAPS)])
        boxed = [fold / BOXED_MAPS for fold in folds if (fold / BOXED_MAPS).is_file()]
        maps = {
            "The most probable true positive of each class": best,
            "Images with radiologists' boxes": [one for path in boxed for one in load_maps(path)],
        }
        galleries = (
            Gallery(title=title, pictures=tuple(map(heatmap_picture, _pairs(shown, by_name=by_name))))
            for title, shown in maps.items()
        )
        return SectionContent(key="heatmaps", title="Heatmaps", note=_HEATMAPS_NOTE, galleries=tuple(galleries))

    return section


def lungs_of(survey: LungSurvey, *, records: Sequence[Record], bundle: Bundle) -> Section:
    """How many crops were whole images because the lungs were not trusted, and the flagged drawings."""

    def section(_: StudyContent) -> SectionContent:
        return lungs_section(survey, cases=draw_cases(survey, records=records, bundle=bundle))

    return section


def heatmap_picture(pair: DrawnPair) -> Picture:
    """Both heatmaps of one image, side by side."""
    stem = f"_{pair.label.replace(' ', '_')}"
    boxes = () if not pair.boxes else (f"{pair.boxes} {'box' if pair.boxes == 1 else 'boxes'}",)
    whole, sdfn = probability_text(pair.whole_probability), probability_text(pair.sdfn_probability)
    return Picture(
        images=(
            (f"{stem}_whole", pair.whole, f"whole-image heatmap of {pair.label}"),
            (f"{stem}_sdfn", pair.sdfn, f"SDFN heatmap of {pair.label}"),
        ),
        title=pair.label,
        lines=(*boxes, f"whole image {whole}, SDFN {sdfn}", pair.image),
    )


def lungs_section(survey: LungSurvey, *, cases: Sequence[LungCase]) -> SectionContent:
    """What came of the lungs of every image, with the drawn `cases` of those that were flagged."""
    counted: list[tuple[str, int]] = [("lungs not trusted: the whole image is the crop", survey.untrusted)]
    counted += [(f"flag: {flag}", count) for flag, count in survey.flags.items()]
    rows: list[tuple[Cell, ...]] = [("images", survey.images, None)]
    rows += [(what, count, f"{count / survey.images:.1%}" if survey.images else None) for what, count in counted]
    table = ReportTable(
        key="lungs",
        title="The lung crops",
        columns=("what", "images", "share"),
        rows=tuple(rows),
        note=f"Drawn by {survey.bundle}. The paper found 4.16% of ChestX-ray14 with false or missing regions.",
    )
    shown = f"Shown: {len(cases)} of {len(survey.flagged)}; those that are not trusted come first."
    flagged = Gallery(
        title="Flagged cases",
        note=f"Image, mask, box and crop. Patients' pictures. {shown}",
        pictures=tuple(map(_case_picture, cases)),
        wide=True,
    )
    return SectionContent(
        key="lungs",
        title="Lungs",
        tables=(table,),
        galleries=(flagged,),
        folder="flagged",
        numbers={
            "images": survey.images,
            "untrusted": survey.untrusted,
            "flags": dict(survey.flags),
            "bundle": survey.bundle,
        },
    )


def _case_picture(case: LungCase) -> Picture:
    trust = "trusted" if case.trusted else "not trusted: the whole image is the crop"
    said = f"{trust}; {', '.join(case.flags) or 'no flag'}"
    return Picture(images=(("", case.png, "image, mask, box and crop"),), lines=(said, case.image))


def _pairs(maps: Sequence[TwoMaps], *, by_name: Mapping[str, Record]) -> Iterator[DrawnPair]:
    for one in maps:
        record = by_name.get(one.image)
        if record is not None:
            pixels = decode(read_file(record.path), name=record.image).pixels
            rows, columns = pixels.shape
            boxes = [box.in_image(width=columns, height=rows) for box in record.boxes if box.label == one.label]
            yield draw_pair(one, pixels=pixels, boxes=boxes)
