"""From what was measured of every case to figures by label and method, and their means over labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.localisation.cross_fit import CrossFitted, cross_fit
from hilum.evaluation.localisation.means import Values, means, means_of_means, share
from hilum.evaluation.localisation.measure import AVERAGE, EVEN, Measured
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray

HITS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
"""A case is hit where the IoU is at least so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtThreshold:
    """How the boxes of maps at one threshold meet the drawn ones: means, and shares of cases that are hit, by IoU.

    `gain` is the mean IoU less that of the average box on the same cases, None of what knows no picture.
    """

    iou: Estimate
    iobb: Estimate
    hits: Mapping[float, Estimate]
    gain: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFigures:
    """Of one label by one method: `pointless` counts maps without a box; `at` is by threshold.

    `pointing` is the share of maxima in a box (of an even map a mean chance), `mass` the mean share of positive mass
    there, `mass_gain` that less the average box's.
    """

    images: int
    patients: int
    pointless: int
    pointing: Estimate
    mass: Estimate
    mass_gain: Estimate | None
    at: Mapping[float, AtThreshold]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanFigures:
    """Unweighted means over labels, by one method; `iou`, `iobb` and `gain` are by threshold."""

    labels: int
    pointing: Estimate
    mass: Estimate
    iou: Mapping[float, Estimate]
    iobb: Mapping[float, Estimate]
    gain: Mapping[float, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Localisation:
    """All figures: `labels` by label and method, `mean` by method, and thresholds chosen on these images, cross-fitted.

    `thresholds` were fixed before; `methods` end with what knows no picture.
    """

    thresholds: tuple[float, ...]
    methods: tuple[str, ...]
    labels: Mapping[str, Mapping[str, MethodFigures]]
    mean: Mapping[str, MeanFigures]
    cross_fitted: Mapping[str, Mapping[str, CrossFitted]]


def judge_localisation(
    measured: Sequence[Measured], *, thresholds: Sequence[float], grid: Sequence[float], replicates: int, seed: int
) -> Localisation:
    """The figures of all cases; the overlaps of `measured` are at `thresholds` and on the `grid` for cross-fitting.

    Raises `DataError` where nothing was measured.
    """
    if not measured:
        raise DataError("None of the cases could be read, so nothing was judged")
    by: dict[str, dict[str, list[Measured]]] = {}
    for one in measured:
        by.setdefault(one.case.label, {}).setdefault(one.by, []).append(one)
    by = {label: by[label] for label in sorted(by)}
    methods = tuple(dict.fromkeys(method for found in by.values() for method in found))
    tables = _Tables(by=by, methods=methods, thresholds=tuple(thresholds), replicates=replicates, seed=seed)
    return Localisation(
        thresholds=tuple(thresholds),
        methods=methods,
        labels=tables.labels(),
        mean={method: tables.mean(method) for method in methods},
        cross_fitted={
            label: {
                method: cross_fit(found[method], averages=found[AVERAGE], grid=grid, replicates=replicates, seed=seed)
                for method in methods
                if method != EVEN
            }
            for label, found in by.items()
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """What was measured, by label and method, all in one order of cases."""

    by: Mapping[str, Mapping[str, Sequence[Measured]]]
    methods: tuple[str, ...]
    thresholds: tuple[float, ...]
    replicates: int
    seed: int

    def labels(self) -> dict[str, dict[str, MethodFigures]]:
        return {label: self._label(label) for label in self.by}

    def mean(self, method: str) -> MeanFigures:
        """Over labels, in one bootstrap."""
        columns = [self._columns(label, method=method) for label in self.by]
        names = list(columns[0])
        found = means_of_means(
            [[one[name] for one in columns] for name in names], replicates=self.replicates, seed=self.seed
        )
        made = dict(zip(names, found, strict=True))
        knows = method not in (AVERAGE, EVEN)
        return MeanFigures(
            labels=len(self.by),
            pointing=made["pointing"],
            mass=made["mass"],
            iou={at: made[f"iou {at}"] for at in self.thresholds},
            iobb={at: made[f"iobb {at}"] for at in self.thresholds},
            gain={at: made[f"gain {at}"] for at in self.thresholds} if knows else {},
        )

    def _label(self, label: str) -> dict[str, MethodFigures]:
        """All methods of a label in one bootstrap."""
        columns = {method: self._columns(label, method=method) for method in self.methods}
        names = [(method, name) for method in self.methods for name in columns[method]]
        found = means([columns[method][name] for method, name in names], replicates=self.replicates, seed=self.seed)
        made = dict(zip(names, found, strict=True))
        return {
            method: self._figures(label, method=method, made={name: made[method, name] for name in columns[method]})
            for method in self.methods
        }

    def _figures(self, label: str, *, method: str, made: Mapping[str, Estimate]) -> MethodFigures:
        found = self.by[label][method]
        patients = [one.case.record.patient for one in found]
        knows = method not in (AVERAGE, EVEN)
        pointing = made["pointing"] if method == EVEN else share([one.maximum for one in found], patients=patients)
        return MethodFigures(
            images=len(found),
            patients=len(set(patients)),
            pointless=sum(one.pointless for one in found),
            pointing=pointing or made["pointing"],
            mass=made["mass"],
            mass_gain=made["mass gain"] if knows else None,
            at={
                at: AtThreshold(
                    iou=made[f"iou {at}"],
                    iobb=made[f"iobb {at}"],
                    hits=_hits(found, at=at, patients=patients),
                    gain=made[f"gain {at}"] if knows else None,
                )
                for at in self.thresholds
            },
        )

    def _columns(self, label: str, *, method: str) -> dict[str, Values]:
        """Every number of every case of a label and method that is averaged, by what it is."""
        found, blind = self.by[label][method], self.by[label][AVERAGE]
        patients = tuple(one.case.record.patient for one in found)

        def values(numbers: Sequence[float] | FloatArray) -> Values:
            return Values(values=np.asarray(numbers, np.float64), patients=patients)

        mass = np.array([one.mass for one in found])
        columns = {"pointing": values([one.maximum for one in found]), "mass": values(mass)}
        columns["mass gain"] = values(mass - np.array([one.mass for one in blind]))
        for at in self.thresholds:
            iou = np.array([one.overlaps[at].iou for one in found])
            columns[f"iou {at}"] = values(iou)
            columns[f"iobb {at}"] = values([one.overlaps[at].iobb for one in found])
            columns[f"gain {at}"] = values(iou - np.array([one.overlaps[at].iou for one in blind]))
        return columns


def _hits(found: Sequence[Measured], *, at: float, patients: Sequence[str]) -> dict[float, Estimate]:
    hits = {}
    for least in HITS:
        shown = share([float(one.overlaps[at].iou >= least) for one in found], patients=patients)
        if shown is not None:
            hits[least] = shown
    return hits
