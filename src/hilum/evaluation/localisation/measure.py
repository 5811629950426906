"""What one map has of the boxes of one case: its own box beside theirs, where its maximum is, and where its mass is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hilum.evaluation.localisation.average_box import average_box, on_picture
from hilum.evaluation.localisation.cases import BoxedCase
from hilum.explain.boxes import box_from_map
from hilum.explain.fused_map import PlacedMap
from hilum.explain.in_boxes import boxes_mask, mass_in_boxes, maximum_in_boxes, points_nowhere
from hilum.explain.overlap import Overlap, overlap
from hilum.geometry import Box

AVERAGE, EVEN = "average box", "even map"
"""What knows no picture: the average box of other patients, and a map that is the same everywhere."""

SUBDIVISIONS, FINE = 9, 128
"""A cell is cut into so many for a box, as a reading does, or fewer where the map has so many cells a side by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one case and what was made `by` a method: whether the maximum lies in a box, and the share of mass there.

    Of an even map the first is a chance. `overlaps` is how the map's box meets the drawn ones, by the threshold that
    made it: a share of the map's positive maximum. `pointless` says of a map that no cell of it is positive, or that
    all are alike: it has no box, points nowhere, and counts as a miss.
    """

    case: BoxedCase
    by: str
    maximum: float
    mass: float
    overlaps: Mapping[float, Overlap] = field(default_factory=dict)
    pointless: bool = False


def map_box(placed: PlacedMap, *, threshold: float, rows: int, columns: int) -> Box | None:
    """The box of a map at a threshold, cut to the picture; None where the map points nowhere or the box lies outside.

    It encloses the largest connected part at or above that share of the map's positive maximum.
    """
    if points_nowhere(placed):
        return None
    subdivisions = min(SUBDIVISIONS, max(1, FINE // max(placed.grid.shape)))
    box = box_from_map(placed.grid, threshold=threshold, geometry=placed.geometry, subdivisions=subdivisions)
    if box is None:
        return None
    cut = box.clipped(width=columns, height=rows)
    return cut if cut.width > 0 and cut.height > 0 else None


def measure_map(
    case: BoxedCase, *, by: str, placed: PlacedMap, rows: int, columns: int, thresholds: Sequence[float] = ()
) -> Measured:
    """What a map in native pixels has of the case's boxes, whose picture has `rows` x `columns` pixels."""
    drawn = case.boxes(rows=rows, columns=columns)
    found = {
        threshold: overlap(map_box(placed, threshold=threshold, rows=rows, columns=columns), drawn=drawn)
        for threshold in thresholds
    }
    return Measured(
        case=case,
        by=by,
        maximum=float(maximum_in_boxes(placed, boxes=drawn)),
        mass=mass_in_boxes(placed, inside=boxes_mask(drawn, rows=rows, columns=columns)),
        overlaps=found,
        pointless=points_nowhere(placed),
    )


def measure_even(case: BoxedCase, *, rows: int, columns: int, thresholds: Sequence[float] = ()) -> Measured:
    """What a map has that is the same everywhere: the share of the picture that is boxed; its box is the picture."""
    drawn = case.boxes(rows=rows, columns=columns)
    covered = float(boxes_mask(drawn, rows=rows, columns=columns).mean())
    whole = overlap(Box(0.0, 0.0, float(columns), float(rows)), drawn=drawn)
    return Measured(case=case, by=EVEN, maximum=covered, mass=covered, overlaps=dict.fromkeys(thresholds, whole))


class AverageBoxes:
    """The average box of each label and fold of `cases`, made when it is first asked for."""

    def __init__(self, cases: Sequence[BoxedCase]) -> None:
        self._cases = cases
        self._made: dict[tuple[str, str], PlacedMap] = {}

    def of(self, case: BoxedCase, *, rows: int, columns: int) -> PlacedMap:
        """That of the case's label over the other folds, on its picture."""
        key = case.label, case.fold
        if key not in self._made:
            self._made[key] = average_box(self._cases, label=case.label, without=case.fold)
        return on_picture(self._made[key], rows=rows, columns=columns)


def measure_case(
    case: BoxedCase,
    *,
    maps: Mapping[str, PlacedMap],
    averages: AverageBoxes,
    rows: int,
    columns: int,
    thresholds: Sequence[float] = (),
) -> Iterator[Measured]:
    """What each of the `maps` has in the boxes of the case, and so has what knows no picture."""
    average = averages.of(case, rows=rows, columns=columns)
    for by, placed in {**maps, AVERAGE: average}.items():
        yield measure_map(case, by=by, placed=placed, rows=rows, columns=columns, thresholds=thresholds)
    yield measure_even(case, rows=rows, columns=columns, thresholds=thresholds)
