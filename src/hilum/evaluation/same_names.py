"""Whether two predictions files name the same patients or images, however they spell them."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import PurePosixPath

import numpy as np

from hilum.datasets.stems import PICTURES
from hilum.evaluation.prediction_set import Predictions

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
