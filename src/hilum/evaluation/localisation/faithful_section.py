"""Faithfulness of a model's maps on some of the cases, as a section of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import JsonValue

from hilum.bundle.load import Bundle
from hilum.errors import DataError
from hilum.evaluation.localisation.ask_again import AskedBundle
from hilum.evaluation.localisation.cases import BoxedCase, ChosenCases, first_cases
from hilum.evaluation.localisation.faithfulness import Faithful, faithfulness, importance, random_map
from hilum.evaluation.localisation.localise import LocalisationSettings, Progress
from hilum.evaluation.localisation.maps import DrawnMaps, MapSource
from hilum.evaluation.localisation.means import Values, means
from hilum.evaluation.localisation.measure import AVERAGE, AverageBoxes
from hilum.evaluation.localisation.tables import titles_of
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.section import SectionContent

RANDOM = "random map"
_CELLS = 7
"""Cells a side of the random map."""
_MEASURES = ("deletion", "insertion", "road")

Found = Mapping[str, Sequence[tuple[BoxedCase, Faithful]]]
"""By method, what was measured of each case."""


def faithful_section(
    bundle: Bundle,
    *,
    chosen: ChosenCases,
    source: MapSource,
    most: int,
    settings: LocalisationSettings,
    progress: Progress,
) -> SectionContent:
    """What `source` draws of at most `most` cases of each label, asked of the bundle's graph.

    Raises `BundleError` as `AskedBundle` does, and `DataError` where no picture can be read.
    """
    cases = first_cases(chosen.cases, most=most)
    found = measured_cases(bundle, cases=cases, chosen=chosen, source=source, seed=settings.seed, progress=progress)
    return _section(found, titles={**titles_of(source.methods), RANDOM: "a random map"}, settings=settings)


def measured_cases(
    bundle: Bundle,
    *,
    cases: Sequence[BoxedCase],
    chosen: ChosenCases,
    source: MapSource,
    seed: int,
    progress: Progress,
) -> Found:
    """By method, and of what knows no network, how faithful the maps of the cases are; unreadable ones are left out."""
    asked, averages = AskedBundle(bundle), AverageBoxes(chosen.cases)
    found: dict[str, list[tuple[BoxedCase, Faithful]]] = {}
    wanted = [(case.record, (chosen.named[case.label],)) for case in cases]
    progress(0, len(cases))
    for place, (case, drawn) in enumerate(zip(cases, source.draw(wanted), strict=True)):
        progress(place + 1, len(cases))
        if not isinstance(drawn, DrawnMaps):
            continue
        model_input, label = asked.prepared(case.record), chosen.named[case.label]
        size = (model_input.array.shape[1], model_input.array.shape[2])
        rows, columns = drawn.pixels.shape
        maps = {**drawn.maps[label], AVERAGE: averages.of(case, rows=rows, columns=columns)}
        marks = {by: importance(one, geometry=model_input.geometry, size=size) for by, one in maps.items()}
        marks[RANDOM] = random_map(size=size, cells=_CELLS, seed=seed + place)
        ask = asked.probability_of(label)
        for by, mark in marks.items():
            one = faithfulness(model_input.array, marks=mark, ask=ask, seed=seed + place)
            found.setdefault(by, []).append((case, one))
    if not found:
        raise DataError(
            "None of the pictures could be read again, so it could not be measured whether the heatmaps show what the "
            "score depends on"
        )
    return found


def _section(found: Found, *, titles: Mapping[str, str], settings: LocalisationSettings) -> SectionContent:
    """Means over cases of all labels, and of each method less the random map on the same cases."""
    rows: list[tuple[Cell, ...]] = []
    numbers: dict[str, JsonValue] = {}
    for by, each in found.items():
        patients = tuple(case.record.patient for case, _ in each)
        own = {name: np.array([getattr(one, name) for _, one in each], np.float64) for name in _MEASURES}
        blind = {name: np.array([getattr(one, name) for _, one in found[RANDOM]], np.float64) for name in _MEASURES}
        wanted = [own[name] for name in _MEASURES] + [own[name] - blind[name] for name in _MEASURES]
        columns = [Values(values=values, patients=patients) for values in wanted]
        made = means(columns, replicates=settings.replicates, seed=settings.seed)
        less = made[len(_MEASURES) :] if by != RANDOM else [None] * len(_MEASURES)
        rows.append((titles[by], len(each), *(cell for pair in zip(made, less, strict=False) for cell in pair)))
        numbers[by] = {
            "images": len(each),
            **{
                key: value
                for name, one in zip(_MEASURES, made, strict=False)
                for key, value in estimate_json(name, one).items()
            },
            **{
                key: value
                for name, one in zip(_MEASURES, less, strict=True)
                if one is not None
                for key, value in estimate_json(f"{name}_less_random", one).items()
            },
        }
    table = ReportTable(
        key="faithfulness",
        title="Asked again without what the map marks",
        columns=(
            "map",
            "images",
            "deletion",
            "deletion less random",
            "insertion",
            "insertion less random",
            "ROAD",
            "ROAD less random",
        ),
        rows=tuple(rows),
        note="Deletion: area under the probability while pixels become the picture's mean, the most marked first: low "
        "is faithful. Insertion: while they come back into a blurred picture: high is faithful. ROAD: probability "
        "without the least marked pixels less that without the most marked ones, imputed from their neighbours, mean "
        "over 20, 40, 60 and 80%: high is faithful. Images of all labels, the same number of each at most, by a hash "
        "of their files. Intervals: percentiles of a bootstrap by patient.",
    )
    return SectionContent(
        key="faithfulness",
        title="Does the heatmap show what the score depends on?",
        note="A map may overlap a box and explain nothing. Here the network itself is asked; no box is used.",
        tables=(table,),
        numbers=numbers,
    )
