"""Whether a subgroup is read worse: sensitivity, specificity and calibration at the one threshold, tested by gaps.

Each group of a column is set against the rest of that column. A group whose measure rests on too few patients, here or
in the rest, is shown and not tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from hilum.evaluation.predictions.patient_bootstrap import PatientRows, patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.subgroups import UNKNOWN, subgroups
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Contrast, Estimate
from hilum.statistics.few_patients import HOLDS_FROM
from hilum.statistics.holm import holm
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric, defined
from hilum.statistics.recalibration import Recalibration, recalibration
from hilum.statistics.share_gap import Counts, share_gap, symmetric_gap

MEASURES: tuple[str, ...] = ("sensitivity", "specificity", "in_the_large", "slope")
"""The two decisions need a threshold; the two of calibration do not."""

_DECISIONS = MEASURES[:2]

TITLES: dict[str, str] = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "in_the_large": "in the large (log odds)",
    "slope": "calibration slope",
}
"""How each measure is called before readers."""

CROSSED = " × "
"""Between the names of two columns whose groups are crossed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupTest:
    """One measure of one label in one group of a column, beside the rest of that column.

    `patients` and `rest_patients` carry the measure: those with a positive for sensitivity, with a negative for
    specificity, the fewer of the two for calibration. `gap` is group minus rest, with its interval; `p_holm` is
    corrected over the groups that were tested for this label and measure, single columns and crossed ones apart. Where
    `untested` says why, `gap` and the p-values are None.
    """

    column: str
    group: str
    label: str
    measure: str
    here: Estimate | None
    rest: Estimate | None
    patients: int
    rest_patients: int
    gap: Estimate | None = None
    p: float | None = None
    p_holm: float | None = None
    untested: str | None = None

    @property
    def is_crossed(self) -> bool:
        """Whether the group is one of two columns at once."""
        return CROSSED in self.column


def subgroup_tests(predictions: Predictions, *, thresholds: Mapping[str, float]) -> tuple[SubgroupTest, ...]:
    """Every group of every column against the rest, for each label and measure.

    `thresholds` holds the operating point of each label that has one. Rows whose group is not known take no part. Of a
    column of two groups the first is tested against the second, once. Groups of two columns at once are tested where
    the patients suffice, and are not listed elsewhere.
    """
    found: list[SubgroupTest] = []
    for crossed in (False, True):
        groups = list(_crossed_groups(predictions) if crossed else _single_groups(predictions))
        for column in range(len(predictions.labels)):
            threshold = thresholds.get(predictions.labels[column])
            data = _LabelData.of(predictions, column=column, threshold=threshold)
            tests = [test for group in groups for test in data.tests(group, listed_if_few=not crossed)]
            for measure in MEASURES:
                found += _corrected([test for test in tests if test.measure == measure])
    return tuple(found)


Group = tuple[str, str, BoolArray, BoolArray]
"""Column, name, the rows of the group, and the rows of the column that are known."""


def _single_groups(predictions: Predictions) -> Iterator[Group]:
    for column, groups in subgroups(predictions).items():
        known = {name: rows for name, rows in groups.items() if name != UNKNOWN}
        if len(known) < 2:
            continue
        everyone = np.any(list(known.values()), axis=0)
        for name, rows in list(known.items())[: 1 if len(known) == 2 else None]:
            yield column, name, rows, everyone


def _crossed_groups(predictions: Predictions) -> Iterator[Group]:
    columns = {
        column: {name: rows for name, rows in groups.items() if name != UNKNOWN}
        for column, groups in subgroups(predictions).items()
    }
    for one, other in combinations([column for column, groups in columns.items() if len(groups) > 1], 2):
        everyone = np.any(list(columns[one].values()), axis=0) & np.any(list(columns[other].values()), axis=0)
        for name, rows in columns[one].items():
            for second, more in columns[other].items():
                yield f"{one}{CROSSED}{other}", f"{name}, {second}", rows & more, everyone


@dataclass(frozen=True, slots=True, eq=False)
class _LabelData:
    """One label: `truth` and `scores` (n,), and its threshold, if any."""

    label: str
    truth: FloatArray
    scores: FloatArray
    patients: PatientRows
    threshold: float | None

    @staticmethod
    def of(p: Predictions, *, column: int, threshold: float | None) -> _LabelData:
        return _LabelData(p.labels[column], p.truth[:, column], p.scores[:, column], patient_rows(p.patient), threshold)

    def tests(self, group: Group, *, listed_if_few: bool) -> list[SubgroupTest]:
        """The tests of one group, without Holm; those of few patients only where they are listed."""
        column, name, inside, known = group
        here, rest = _Side(self, inside), _Side(self, known & ~inside)
        found = []
        for measure in MEASURES:
            if measure in _DECISIONS and self.threshold is None:
                continue
            few = min(here.patients(measure), rest.patients(measure)) < HOLDS_FROM
            if not few or listed_if_few:
                found.append(_test(here, rest, column=column, group=name, measure=measure))
        return found


@dataclass(eq=False)
class _Side:
    """The rows of one label in a group, or in the rest; its calibration is fitted once for both measures of it."""

    data: _LabelData
    rows: BoolArray

    def patients(self, measure: str) -> int:
        """How many carry the measure."""
        ill, well = self._of_kind[1.0], self._of_kind[0.0]
        return ill if measure == "sensitivity" else well if measure == "specificity" else min(ill, well)

    def value(self, measure: str) -> Estimate | None:
        """The measure on these rows."""
        if measure in _DECISIONS:
            counts = self.counts(measure)
            return defined(clustered_share(counts.successes, trials=counts.trials))
        return defined(self._fit.slope if measure == "slope" else self._fit.in_the_large)

    def counts(self, measure: str) -> Counts:
        """Right calls of the images that the measure is about, patient by patient."""
        data, patients = self.data, self.data.patients
        wanted = self.rows & (data.truth == (1.0 if measure == "sensitivity" else 0.0))
        called = data.scores >= (math.inf if data.threshold is None else data.threshold)
        right = wanted & (called if measure == "sensitivity" else ~called)
        return Counts(*(np.bincount(patients.index[kind], minlength=patients.count) for kind in (right, wanted)))

    @cached_property
    def _of_kind(self) -> dict[float, int]:
        """Patients with a negative (0.0) and with a positive (1.0) image."""
        index = self.data.patients.index
        return {kind: int(np.unique(index[self.rows & (self.data.truth == kind)]).size) for kind in (0.0, 1.0)}

    @cached_property
    def _fit(self) -> Recalibration:
        data = self.data
        return recalibration(
            data.truth[self.rows], probabilities=data.scores[self.rows], patients=data.patients.index[self.rows]
        )


def _test(here: _Side, rest: _Side, *, column: str, group: str, measure: str) -> SubgroupTest:
    few, few_there = here.patients(measure), rest.patients(measure)
    start = SubgroupTest(
        column=column,
        group=group,
        label=here.data.label,
        measure=measure,
        here=here.value(measure),
        rest=rest.value(measure),
        patients=few,
        rest_patients=few_there,
    )
    if min(few, few_there) < HOLDS_FROM:
        where = "here" if few < HOLDS_FROM else "in the rest"
        return replace(start, untested=f"{min(few, few_there)} patients {where}, a test needs {HOLDS_FROM}")
    gap = _gap(here, rest, start=start)
    if isinstance(gap, UndefinedMetric):
        return replace(start, untested=gap.reason)
    return replace(start, gap=gap.estimate, p=gap.p)


def _gap(here: _Side, rest: _Side, *, start: SubgroupTest) -> Contrast | UndefinedMetric:
    if start.measure in _DECISIONS:
        return share_gap(here.counts(start.measure), rest.counts(start.measure))
    if start.here is None or start.rest is None:
        return UndefinedMetric("there is no value here or in the rest", 0, 0)
    return symmetric_gap(start.here, start.rest)


def _corrected(tests: Sequence[SubgroupTest]) -> list[SubgroupTest]:
    """Holm over all groups of one label and measure."""
    adjusted = holm([one.p for one in tests])
    return [replace(one, p_holm=p) for one, p in zip(tests, adjusted, strict=True)]
