"""Whether two predictions files are of the same patients or images, by their names and by their truths and scores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from hilum.datasets.records.files import PICTURES
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.outcomes import FloatArray

_PAIRS = 10
_HALF = 0.5
_DEVIATIONS = 4.0


def spelled_alike(name: str) -> str:
    """The name in one case, with one kind of slash, and without a picture's suffix: `A\\P0.PNG` is `a/p0`.

    A dot in a DICOM UID begins no suffix.
    """
    plain = name.strip().replace("\\", "/").casefold()
    path = PurePosixPath(plain)
    return str(path.with_suffix("")) if path.suffix in PICTURES else plain


def shared_names(first: tuple[str, ...], second: tuple[str, ...]) -> set[str]:
    """The names of `first` that stand in `second` too, as `spelled_alike` has them."""
    there = set(map(spelled_alike, second))
    return {name for name in first if spelled_alike(name) in there}


def same_in_other_folders(first: Predictions, second: Predictions) -> int:
    """How many images are the same but for their folder or release: their own names, truths and scores are.

    0 where that may be chance. Releases number their files (`test/0001.png`, `val/0001.png`) and name them alike
    (`patient1/study1/view1_frontal.jpg`), so that the own name says nothing alone: of at least ten that stand once on
    each side more than half have to agree in truth and score, and more, by four standard deviations, than rows of other
    names do.
    """
    labels = [label for label in first.labels if label in second.labels]
    here, there = (_by_own_name(side, labels=labels) for side in (first, second))
    both = sorted(here.keys() & there.keys())
    if len(both) < _PAIRS:
        return 0
    agree = sum(here[name] == there[name] for name in both)
    counts = [Counter(side[name] for name in both) for side in (here, there)]
    chance = sum(times * counts[1][row] for row, times in counts[0].items()) / len(both) ** 2
    spread = math.sqrt(chance * (1 - chance) / len(both))
    return agree if agree / len(both) > max(_HALF, chance + _DEVIATIONS * spread) else 0


def _by_own_name(predictions: Predictions, *, labels: list[str]) -> dict[str, tuple[str, ...]]:
    """The truths and scores of the image by its name without folder and release, of names that stand once."""
    own = [spelled_alike(name).rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in predictions.image]
    columns = [predictions.labels.index(label) for label in labels]
    values = np.concatenate([predictions.truth[:, columns], predictions.scores[:, columns]], axis=1)
    once = Counter(own)
    return {
        name: tuple(f"{value:.6g}" for value in row) for name, row in zip(own, values, strict=True) if once[name] == 1
    }


_DISTINCT = 5
"""Fewer different values than these may come out alike twice by chance."""
_ROWS = 10
_SHARE = 0.2
_DECIMALS = 6
_MANTISSA = float(1 << 20)
"""Scores are compared to six digits, so that a copy in single precision is a copy."""

Row = Hashable


@dataclass(frozen=True, slots=True)
class SameRows:
    """`count` rows of the smaller file stand in the other too, as `what` tells: a label, or all labels together."""

    count: int
    what: str


def same_rows(first: Predictions, second: Predictions) -> SameRows | None:
    """How many rows of two files are the same by truth and score; None where that may be chance.

    The same they are where a label has the same values on both sides, each as often, and at least five of them; or
    where of the values that stand once on each side at least ten stand on both, and their share of the smaller side is
    above 0.2 plus the share of rows, in the file with more of them, whose value another row of that file has. Rounded
    or saturated scores meet by chance, and meet within a file too: for scores that fall on a grid of equal chances with
    a mean of m a cell, exp(-m) of the rows stand alone, so that at most m exp(-m) of the lone values of one file meet
    a lone one of the other, which is never above the 1 - exp(-m) that do not stand alone.
    """
    labels = [label for label in first.labels if label in second.labels]
    for what, here, there in _rows_of(first, second, labels=labels):
        count = _shared(Counter(here), Counter(there))
        if count:
            return SameRows(count, what)
    return None


def _shared(here: Counter[Row], there: Counter[Row]) -> int:
    """How many rows are the same beyond chance; 0 where they may differ."""
    if here == there and len(here) >= _DISTINCT:
        return here.total()
    alone, others = ({row for row, times in side.items() if times == 1} for side in (here, there))
    both, smaller = len(alone & others), min(len(alone), len(others))
    if both < _ROWS:
        return 0
    repeated = max(1 - len(alone) / here.total(), 1 - len(others) / there.total())
    return both if both / smaller > _SHARE + repeated else 0


def _rows_of(
    first: Predictions, second: Predictions, *, labels: Sequence[str]
) -> Iterator[tuple[str, Sequence[Row], Sequence[Row]]]:
    """The rows with a known truth of each label, then all rows over all labels, which chance makes alike less often."""
    columns = [
        [_values(side.truth[:, place], scores) for side, scores, place in _sides(first, second, label=label)]
        for label in labels
    ]
    for label, (here, there) in zip(labels, columns, strict=True):
        yield label, [row for row in here if row is not None], [row for row in there if row is not None]
    if len(labels) > 1:
        whole = [list(zip(*(column[side] for column in columns), strict=True)) for side in (0, 1)]
        yield "all labels together", whole[0], whole[1]


def _sides(first: Predictions, second: Predictions, *, label: str) -> Iterator[tuple[Predictions, FloatArray, int]]:
    places = [side.labels.index(label) for side in (first, second)]
    scores = [side.scores[:, place] for side, place in zip((first, second), places, strict=True)]
    decimals = min(map(_decimals, scores))
    for side, values, place in zip((first, second), scores, places, strict=True):
        yield side, _comparable(values, decimals=decimals), place


def _values(truth: FloatArray, scores: FloatArray) -> list[Row | None]:
    return [
        None if np.isnan(known) else (float(known), float(score)) for known, score in zip(truth, scores, strict=True)
    ]


def _decimals(scores: FloatArray) -> int:
    """To how many decimals the scores were rounded; six and more are one."""
    known = scores[~np.isnan(scores)]
    for decimals in range(1, _DECIMALS):
        if np.allclose(known, np.round(known, decimals), rtol=0, atol=1e-9):
            return decimals
    return _DECIMALS


def _comparable(scores: FloatArray, *, decimals: int) -> FloatArray:
    """The scores at the precision that both sides have."""
    if decimals < _DECIMALS:
        return np.round(scores, decimals)
    mantissa, exponent = np.frexp(scores)
    return np.ldexp(np.round(mantissa * _MANTISSA), exponent)
