"""Whether a subgroup is read worse: sensitivity, specificity and calibration at the one threshold, tested by gaps.

Each group of a column is set against the rest of that column. A group whose measure rests on too few patients, here or
in the rest, is shown and not tested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from hilum.evaluation.patient_bootstrap import PatientRows, patient_rows
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.subgroups import UNKNOWN, subgroups
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.few_patients import HOLDS_FROM
from hilum.statistics.holm import holm
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric
from hilum.statistics.recalibration import Recalibration, recalibration
from hilum.statistics.share_gap import Counts, Gap, share_gap, symmetric_gap

MEASURES: tuple[str, ...] = ("sensitivity", "specificity", "in_the_large", "slope")
"""The two decisions need a threshold; the two of calibration do not."""

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
        for column, label in enumerate(predictions.labels):
            data = _LabelData.of(predictions, column=column, threshold=thresholds.get(label))
            for measure in MEASURES:
                tests = [
                    data.test(name, group, inside, known, measure=measure) for name, group, inside, known in groups
                ]
                found += _corrected([one for one in tests if one is not None and not (crossed and one.untested)])
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

    def test(
        self, column: str, group: str, inside: BoolArray, known: BoolArray, *, measure: str
    ) -> SubgroupTest | None:
        """The test of one group, without Holm; None where the measure needs a threshold and there is none."""
        if measure in ("sensitivity", "specificity") and self.threshold is None:
            return None
        rest = known & ~inside
        few, few_there = self._patients(inside, measure), self._patients(rest, measure)
        start = SubgroupTest(
            column=column, group=group, label=self.label, measure=measure, here=self._value(inside, measure),
            rest=self._value(rest, measure), patients=few, rest_patients=few_there,
        )  # fmt: skip
        if min(few, few_there) < HOLDS_FROM:
            where = "here" if few < HOLDS_FROM else "in the rest"
            return replace(start, untested=f"{min(few, few_there)} patients {where}, a test needs {HOLDS_FROM}")
        gap = self._gap(inside, rest, measure=measure, test=start)
        if isinstance(gap, UndefinedMetric):
            return replace(start, untested=gap.reason)
        return replace(start, gap=Estimate(gap.value, gap.interval, method="MOVER"), p=gap.p)

    def _gap(self, inside: BoolArray, rest: BoolArray, *, measure: str, test: SubgroupTest) -> Gap | UndefinedMetric:
        if measure in ("sensitivity", "specificity"):
            return share_gap(self._counts(inside, measure), self._counts(rest, measure))
        if test.here is None or test.rest is None:
            return UndefinedMetric("there is no value here or in the rest", 0, 0)
        return symmetric_gap(test.here, test.rest)

    def _value(self, rows: BoolArray, measure: str) -> Estimate | None:
        if measure in ("sensitivity", "specificity"):
            counts = self._counts(rows, measure)
            share = clustered_share(counts.successes, trials=counts.trials)
            return None if isinstance(share, UndefinedMetric) else share
        fit = self._fit(rows)
        number = fit.slope if measure == "slope" else fit.in_the_large
        return None if isinstance(number, UndefinedMetric) else number

    def _fit(self, rows: BoolArray) -> Recalibration:
        return recalibration(self.truth[rows], probabilities=self.scores[rows], patients=self.patients.index[rows])

    def _counts(self, rows: BoolArray, measure: str) -> Counts:
        wanted = rows & (self.truth == (1.0 if measure == "sensitivity" else 0.0))
        called = self.scores >= (self.threshold if self.threshold is not None else np.inf)
        right = wanted & (called if measure == "sensitivity" else ~called)
        return Counts(
            *(np.bincount(self.patients.index[kind], minlength=self.patients.count) for kind in (right, wanted))
        )

    def _patients(self, rows: BoolArray, measure: str) -> int:
        ill, well = (np.unique(self.patients.index[rows & (self.truth == value)]).size for value in (1.0, 0.0))
        return int(ill if measure == "sensitivity" else well if measure == "specificity" else min(ill, well))


def _corrected(tests: Sequence[SubgroupTest]) -> list[SubgroupTest]:
    """Holm over all groups of one label and measure."""
    adjusted = holm([one.p for one in tests])
    return [replace(one, p_holm=p) for one, p in zip(tests, adjusted, strict=True)]
