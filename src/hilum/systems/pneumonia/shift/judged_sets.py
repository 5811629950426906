"""The sets of validation children that arms are judged on, and on which others calibration and point are fitted.

`shifted` and `plain` are the two parts, each judged by what the other gave. `soft` is what another hospital's soft
pictures may be: the soft healthy children of the shifted part beside the ill ones of the plain part, judged by what
plain children gave. Since those are in both, plain patients are dealt to two halves, and each half is judged by what
the other gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split, split_by_patient
from hilum.systems.pneumonia.shift.parts import OTHER, PLAIN, SHIFTED

Named = Literal["shifted", "soft", "plain"]
SETS: tuple[Named, ...] = ("shifted", "soft", "plain")

Rows = npt.NDArray[np.intp]
Chosen = tuple[tuple[str, Rows], ...]
"""Rows of validation parts."""

SEED = 1
"""Of the halves."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JudgedFold:
    """Calibration and operating point are `fitted` on some children, and others `judged` by them."""

    fitted: Chosen
    judged: Chosen

    def records(self, split: Split) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        """Those that are fitted on, and those that are judged."""
        fitted, judged = (
            tuple(split.parts[part][row] for part, rows in chosen for row in rows.tolist())
            for chosen in (self.fitted, self.judged)
        )
        return fitted, judged


def judged_folds(name: Named, *, split: Split) -> tuple[JudgedFold, ...]:
    """The folds of a set; every child of it is judged once."""
    if name != "soft":
        other = OTHER[name]
        return (JudgedFold(fitted=((other, _all(split, other)),), judged=((name, _all(split, name)),)),)
    plain, healthy = _halves(split.parts[PLAIN]), _halves(split.parts[SHIFTED])
    return tuple(
        JudgedFold(
            fitted=((PLAIN, plain[1 - half]),),
            judged=(
                (PLAIN, _of_class(split.parts[PLAIN], rows=plain[half], ill=True)),
                (SHIFTED, _of_class(split.parts[SHIFTED], rows=healthy[half], ill=False)),
            ),
        )
        for half in (0, 1)
    )


def _all(split: Split, part: str) -> Rows:
    return np.arange(len(split.parts[part]))


def _halves(records: Sequence[Record]) -> tuple[Rows, Rows]:
    dealt = split_by_patient(records, shares={"first": 0.5, "second": 0.5}, seed=SEED)
    first = {record.image for record in dealt["first"]}
    inside = np.array([record.image in first for record in records])
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def _of_class(records: Sequence[Record], *, rows: Rows, ill: bool) -> Rows:
    return np.array([row for row in rows.tolist() if records[row].labels[LABEL] == float(ill)], np.intp)
