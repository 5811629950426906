"""Judge the maps of a model beside drawn boxes: choose the cases, draw and measure each, and make the figures.

Everything that decides is fixed before the first picture is read: the thresholds, the cases by a seed, the folds of the
average box. Pictures are read once and let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.evaluation.localisation.cases import SEED, BoxedCase, ChosenCases, first_cases
from hilum.evaluation.localisation.cross_fit import GRID
from hilum.evaluation.localisation.judge import Localisation, judge_localisation
from hilum.evaluation.localisation.maps import DrawnMaps, MapSource, Unread, in_frame
from hilum.evaluation.localisation.measure import AverageBoxes, Measured, measure_case
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES

THRESHOLDS = (0.7,)
"""Share of a map's positive maximum that its box encloses: what Pun et al. 2021 took, and so no choice made here."""
LONGEST_PX = 512
"""Maps are measured on the picture at most so large: boxes lie between its pixels, and shares of mass are as before."""

Progress = Callable[[int, int], None]
"""Called with how many images are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisationSettings:
    """How maps are judged: `thresholds` are fixed beforehand, each a share in (0, 1] of a map's positive maximum.

    `drawn` cases of each label are kept for pictures, the first by a fixed seed. Raises `UsageError` for a threshold
    out of range or one that comes twice.
    """

    thresholds: tuple[float, ...] = THRESHOLDS
    replicates: int = REPLICATES
    seed: int = SEED
    drawn: int = 2

    def __post_init__(self) -> None:
        if not self.thresholds or not all(0.0 < at <= 1.0 for at in self.thresholds):
            raise UsageError(
                f"Thresholds must be above 0 and at most 1; given: {', '.join(map(str, self.thresholds)) or 'none'}"
            )
        if len(set(self.thresholds)) != len(self.thresholds):
            raise UsageError(f"Give each threshold once; given: {', '.join(map(str, self.thresholds))}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptCase:
    """A case of which a picture is drawn, and what the model drew of it; `maps` are by method."""

    case: BoxedCase
    drawn: DrawnMaps
    label: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Localised:
    """The figures, every case by every method, what could not be read (by image), and what is kept for pictures."""

    figures: Localisation
    measured: tuple[Measured, ...]
    unread: Mapping[str, Unread]
    kept: tuple[KeptCase, ...]


def localise(
    chosen: ChosenCases, *, source: MapSource, settings: LocalisationSettings, progress: Progress
) -> Localised:
    """Draw and measure every case, and judge all.

    Raises `DataError` where no picture of a case could be read.
    """
    thresholds = tuple(dict.fromkeys((*settings.thresholds, *GRID)))
    averages = AverageBoxes(chosen.cases)
    first = [(case.label, case.record.image) for case in first_cases(chosen.cases, most=settings.drawn)]
    measured: list[Measured] = []
    unread: dict[str, Unread] = {}
    kept: list[KeptCase] = []
    for record, cases, drawn in _drawn(chosen, source=source, progress=progress):
        if isinstance(drawn, Unread):
            unread[record.image] = drawn
            continue
        for case in cases:
            label = chosen.named[case.label]
            measured += measure_drawn(case, drawn=drawn, label=label, averages=averages, thresholds=thresholds)
            if (case.label, record.image) in first:
                kept.append(KeptCase(case=case, drawn=drawn, label=label))
    figures = judge_localisation(
        measured, thresholds=settings.thresholds, grid=GRID, replicates=settings.replicates, seed=settings.seed
    )
    return Localised(
        figures=figures,
        measured=tuple(measured),
        unread=unread,
        kept=tuple(sorted(kept, key=lambda one: first.index((one.case.label, one.case.record.image)))),
    )


def measure_drawn(
    case: BoxedCase, *, drawn: DrawnMaps, label: str, averages: AverageBoxes, thresholds: Sequence[float]
) -> list[Measured]:
    """What the maps of one picture have of a case, whose label the model calls `label`."""
    shape = (drawn.pixels.shape[0], drawn.pixels.shape[1])
    ratio = min(1.0, LONGEST_PX / max(shape))
    rows, columns = (max(1, round(side * ratio)) for side in shape)
    maps = {by: in_frame(one, shape=shape, frame=(rows, columns)) for by, one in drawn.maps[label].items()}
    return list(measure_case(case, maps=maps, averages=averages, rows=rows, columns=columns, thresholds=thresholds))


def _drawn(
    chosen: ChosenCases, *, source: MapSource, progress: Progress
) -> Iterator[tuple[Record, tuple[BoxedCase, ...], DrawnMaps | Unread]]:
    """Of each image its cases and its maps."""
    cases: dict[str, list[BoxedCase]] = {}
    for case in chosen.cases:
        cases.setdefault(f"{case.record.source}:{case.record.image}", []).append(case)
    together = [tuple(found) for found in cases.values()]
    wanted = [(found[0].record, tuple(dict.fromkeys(chosen.named[case.label] for case in found))) for found in together]
    progress(0, len(wanted))
    for done, (found, drawn) in enumerate(zip(together, source.draw(wanted), strict=True), start=1):
        yield found[0].record, found, drawn
        progress(done, len(wanted))
