"""The section of a study's page that sets heatmaps beside the radiologists' boxes, in a table and in pictures.

Pictures are of patients: they lie in the study's folder and on its page, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from PIL import Image
from pydantic import JsonValue

from hilum.datasets.records.record import Record
from hilum.evaluation.localisation.means import Values, means, share
from hilum.evaluation.localisation.measure import AVERAGE, EVEN, AverageBoxes, Measured, measure_case
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Gallery, Picture, SectionContent
from hilum.evaluation.study.study import Study
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels
from hilum.report.colour import ContributionScale, paint
from hilum.report.overlay import draw_boxes
from hilum.report.windowing import encode_png, fit, to_grey8
from hilum.report.wording import probability_text
from hilum.statistics.estimate import Estimate
from hilum.systems.paediatric.boxes import Case, Networks, chosen_cases, networks_of_fold

DRAWN = 3
"""Children of each label that are drawn."""
SIDE_PX = 300


def boxes_section(
    content: StudyContent, *, study: Study, networks: Networks, records: Sequence[Record]
) -> SectionContent:
    """The section of a study with these `networks`; empty where no judged image has a box, or no weights lie there."""
    cases = chosen_cases(content, records=records)
    averages = AverageBoxes(cases)
    counted: list[Measured] = []
    drawn: dict[tuple[str, int], Picture] = {}
    for fold in dict.fromkeys(case.fold for case in cases):
        found = networks_of_fold(fold, networks=networks)
        for case in (one for one in cases if one.fold == fold and found):
            pixels = decode(read_file(case.record.path), name=case.record.image).pixels
            column = content.predictions.first.labels.index(case.label)
            maps = {arm: network.map_of(pixels, column=column) for arm, network in found.items()}
            rows, columns = pixels.shape
            counted += measure_case(case, maps=maps, averages=averages, rows=rows, columns=columns)
            if case in _first(cases, label=case.label):
                shown = _shown(networks.means, arms=tuple(maps))
                drawn[case.label, case.row] = _picture(
                    case, pixels=pixels, maps={arm: maps[arm] for arm in shown}, study=study, content=content
                )
    order = [(case.label, case.row) for case in cases if (case.label, case.row) in drawn]
    return _section(counted, titles=study.titles, pictures=[drawn[one] for one in order], content=content)


def _first(cases: Sequence[Case], *, label: str) -> list[Case]:
    return [case for case in cases if case.label == label][:DRAWN]


def _shown(means: Collection[str], *, arms: tuple[str, ...]) -> tuple[str, ...]:
    """The first of the means that has a map; else every arm that has one."""
    return tuple(mean for mean in means if mean in arms)[:1] or arms


def _picture(
    case: Case, *, pixels: Pixels, maps: Mapping[str, PlacedMap], study: Study, content: StudyContent
) -> Picture:
    """The picture with the boxes, and the heatmap of each map with them."""
    rows, columns = pixels.shape
    picture = fit(pixels, longest_side=SIDE_PX)
    grey = to_grey8(picture.pixels)
    high, wide = grey.shape
    boxes = [picture.geometry.box(box) for box in case.boxes(rows=rows, columns=columns)]
    painted = {"": Image.fromarray(grey).convert("RGB")}
    for arm, placed in maps.items():
        way = picture.geometry.after(placed.geometry)
        on = onto_pixels(placed.grid, geometry=way, rows=high, columns=wide)
        painted[arm] = paint(grey, share=ContributionScale(*placed.grid.shape).share(on))
    images, said = [], []
    for arm, drawn in painted.items():
        draw_boxes(drawn, boxes=boxes)
        words = f"heatmap of {study.titles[arm]}" if arm else "the picture"
        images.append((f"_{arm or 'picture'}", encode_png(np.asarray(drawn)), f"{words} with {case.label}'s boxes"))
        if arm:
            score = float(
                content.predictions.of(arm).scores[case.row, content.predictions.first.labels.index(case.label)]
            )
            said.append(f"{study.titles[arm]}: {probability_text(score)}")
    return Picture(images=tuple(images), title=case.label, lines=(", ".join(said), case.record.image))


def _section(
    counted: Sequence[Measured], *, titles: Mapping[str, str], pictures: Sequence[Picture], content: StudyContent
) -> SectionContent:
    names = {**titles, AVERAGE: "the average box of other children", EVEN: "an even map"}
    rows: list[tuple[Cell, ...]] = []
    numbers: dict[str, JsonValue] = {}
    for label in dict.fromkeys(one.case.label for one in counted):
        of_label = [one for one in counted if one.case.label == label]
        shares: dict[str, JsonValue] = {}
        for by in dict.fromkeys(one.by for one in of_label):
            maximum, mass, images = _shares([one for one in of_label if one.by == by], content=content)
            rows.append((label, names[by], images, maximum, mass))
            shares[by] = {
                "images": images,
                "maximum": estimate_json("value", maximum),
                "mass": estimate_json("value", mass),
            }
        numbers[label] = shares
    table = ReportTable(
        key="boxes",
        title="What lies in the boxes",
        columns=("label", "map of", "children", "maximum in a box", "mass in the boxes"),
        rows=tuple(rows),
        note="Children by a fixed seed, each by networks that never saw them. Mass: the share of what speaks for the "
        "label. A map that speaks for it nowhere has nothing in the boxes. An even map has as much in them as they "
        "cover of the picture. Intervals: Wilson's for the maximum, bootstrap by patient for the mass.",
    )
    gallery = Gallery(
        title="The first children of each label",
        pictures=tuple(pictures),
        note="Patients' pictures: a page that holds them stays on this machine. The first by the seed, whatever the "
        "networks say. Boxes are the radiologists', of this label alone; colours are the package's fixed scale of "
        "logit contribution. A heatmap outlines no disease.",
        wide=True,
    )
    tables = (table,) if rows else ()
    return SectionContent(
        key="boxes",
        title="Heatmaps beside radiologists' boxes",
        tables=tables,
        galleries=(gallery,),
        numbers=numbers,
    )


def _shares(found: Sequence[Measured], *, content: StudyContent) -> tuple[Estimate, Estimate, int]:
    """The share of maxima in a box and the mean mass in the boxes, each with its interval, and how many images."""
    patients = tuple(one.case.record.patient for one in found)
    columns = [
        Values(values=np.array(each, np.float64), patients=patients)
        for each in ([one.maximum for one in found], [one.mass for one in found])
    ]
    maximum, mass = means(columns, replicates=content.replicates, seed=content.seed)
    # of an even map it is a chance
    counted = None if found[0].by == EVEN else share([one.maximum for one in found], patients=patients)
    return counted or maximum, mass, len(found)
