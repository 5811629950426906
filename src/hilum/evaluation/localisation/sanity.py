"""Maps of two networks of the same pictures: whether they differ where the networks do (Adebayo et al. 2018).

A map that stays the same when the network's weights are random, or when it learnt labels dealt at random, says nothing
of what the network learnt. The rank correlation of the cells of both maps tells; so does whether a random network's map
finds the boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue
from scipy.stats import rankdata  # type: ignore[import-untyped]

from hilum.evaluation.localisation.cases import BoxedCase, ChosenCases, first_cases
from hilum.evaluation.localisation.localise import LocalisationSettings, measure_drawn
from hilum.evaluation.localisation.maps import DrawnMaps, MapSource
from hilum.evaluation.localisation.means import Values, means, share
from hilum.evaluation.localisation.measure import AVERAGE, EVEN, AverageBoxes, Measured
from hilum.evaluation.localisation.tables import titles_of
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.section import SectionContent
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry
from hilum.statistics.estimate import Estimate

_SIDE = 64
"""Maps of different grids are compared on the picture at so many pixels a side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMaps:
    """The maps of some cases by case and method, the pictures' sizes, and what was measured of them."""

    maps: Mapping[tuple[str, str], Mapping[str, PlacedMap]]
    shapes: Mapping[str, tuple[int, int]]
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Another network's maps beside the model's, by method.

    `correlation` is the mean rank correlation of their cells, None where none is defined; `undefined` counts cases in
    which one of both maps is the same everywhere. `pointing` and `iou` are the other network's own.
    """

    images: int
    correlation: Estimate | None
    undefined: int
    pointing: Estimate | None
    iou: Estimate


def keep_maps(chosen: ChosenCases, *, source: MapSource, most: int, settings: LocalisationSettings) -> KeptMaps:
    """The maps of at most `most` cases of each label, the first by a hash of their files."""
    averages = AverageBoxes(chosen.cases)
    cases = first_cases(chosen.cases, most=most)
    maps: dict[tuple[str, str], Mapping[str, PlacedMap]] = {}
    shapes: dict[str, tuple[int, int]] = {}
    measured: list[Measured] = []
    wanted = [(case.record, (chosen.named[case.label],)) for case in cases]
    for case, drawn in zip(cases, source.draw(wanted), strict=True):
        if isinstance(drawn, DrawnMaps):
            label = chosen.named[case.label]
            maps[_key(case)] = drawn.maps[label]
            shapes[case.record.image] = (drawn.pixels.shape[0], drawn.pixels.shape[1])
            measured += measure_drawn(
                case, drawn=drawn, label=label, averages=averages, thresholds=settings.thresholds[:1]
            )
    return KeptMaps(maps=maps, shapes=shapes, measured=tuple(measured))


def rank_correlation(first: PlacedMap, second: PlacedMap, *, shape: tuple[int, int]) -> float | None:
    """Spearman's correlation of the cells of two maps of one picture (rows, columns); None where one is constant.

    Maps of different grids are brought to the picture at 64 pixels a side.
    """
    one, other = first.grid, second.grid
    if one.shape != other.shape or first.geometry != second.geometry:
        one, other = (_small(each, shape=shape) for each in (first, second))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    ranks = [rankdata(each.ravel()) for each in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def compare_maps(own: KeptMaps, other: KeptMaps, *, settings: LocalisationSettings) -> dict[str, Compared]:
    """The other network's maps beside the model's on the cases that both drew, by method."""
    at = settings.thresholds[0]
    by: dict[str, list[Measured]] = {}
    for one in other.measured:
        if one.by not in (AVERAGE, EVEN):
            by.setdefault(one.by, []).append(one)
    found = {}
    for method, each in by.items():
        both = [one for one in each if method in own.maps.get(_key(one.case), {})]
        correlations = [
            rank_correlation(
                own.maps[_key(one.case)][method],
                other.maps[_key(one.case)][method],
                shape=own.shapes[one.case.record.image],
            )
            for one in both
        ]
        defined = [
            (value, one.case.record.patient) for value, one in zip(correlations, both, strict=True) if value is not None
        ]
        patients = [one.case.record.patient for one in both]
        ious = Values(values=np.array([one.overlaps[at].iou for one in both], np.float64), patients=tuple(patients))
        (iou,) = means([ious], replicates=settings.replicates, seed=settings.seed)
        found[method] = Compared(
            images=len(both),
            correlation=_mean(defined, settings=settings),
            undefined=len(both) - len(defined),
            pointing=share([one.maximum for one in both], patients=patients),
            iou=iou,
        )
    return found


def sanity_section(
    compared: Mapping[str, Mapping[str, Compared]],
    *,
    key: str,
    title: str,
    source: MapSource,
    note: str,
    threshold: float,
) -> SectionContent:
    """A section of other networks, by what they are called, whose maps were compared with the model's."""
    titles = titles_of(source.methods)
    rows: list[tuple[Cell, ...]] = [
        (name, titles[method], one.images, one.correlation, one.undefined, one.pointing, one.iou)
        for name, found in compared.items()
        for method, one in found.items()
    ]
    numbers: dict[str, JsonValue] = {
        name: {
            method: {
                "images": one.images,
                "undefined": one.undefined,
                **estimate_json("rank_correlation", one.correlation),
                **estimate_json("pointing", one.pointing),
                **estimate_json("iou", one.iou),
            }
            for method, one in found.items()
        }
        for name, found in compared.items()
    }
    table = ReportTable(
        key=key,
        title="Rank correlation with the model's own maps",
        columns=(
            "network",
            "map",
            "images",
            "rank correlation",
            "not defined",
            "maximum in a box",
            f"IoU at {threshold:g}",
        ),
        rows=tuple(rows),
        note="A map that depends on what was learnt has a rank correlation near 0, and finds no more boxes than what "
        "knows no picture. Not defined: one of both maps is the same everywhere. The same images as for faithfulness. "
        "Intervals: percentiles of a bootstrap by patient; Wilson's for the maximum.",
    )
    return SectionContent(key=key, title=title, note=note, tables=(table,), numbers=numbers)


def _mean(defined: Sequence[tuple[float, str]], *, settings: LocalisationSettings) -> Estimate | None:
    if not defined:
        return None
    values, patients = zip(*defined, strict=True)
    (mean,) = means(
        [Values(values=np.array(values, np.float64), patients=patients)],
        replicates=settings.replicates,
        seed=settings.seed,
    )
    return mean


def _small(placed: PlacedMap, *, shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    from_native = Geometry(_SIDE / shape[1], _SIDE / shape[0], 0.0, 0.0)
    return onto_pixels(placed.grid, geometry=from_native.after(placed.geometry), rows=_SIDE, columns=_SIDE)


def _key(case: BoxedCase) -> tuple[str, str]:
    return case.record.image, case.label
