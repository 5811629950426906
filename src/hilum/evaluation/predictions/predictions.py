"""What one model said about one set of images, beside the truth: the only thing that evaluation reads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.datasets.releases.chestxray14 import NO_FINDING
from hilum.errors import DataError
from hilum.evaluation.predictions.design import DESIGNS, Design
from hilum.evaluation.predictions.overlap import SEEN
from hilum.findings import finding
from hilum.radiograph import OLDEST_YEARS
from hilum.statistics.outcomes import BoolArray, FloatArray

Texts = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One row an image: `truth` float64 (n, L) is 0, 1 or NaN (not known), `scores` float64 (n, L) probabilities.

    Row i is about `image[i]` of `patient[i]` in part `split[i]`; column j about `labels[j]`, a canonical name where
    hilum knows the finding. A score may be NaN only where the truth is. `age_years` (n,) holds NaN, and `sex`, `view`
    and `source` hold None, where nothing is known; a whole column is None where the file has none. `mean_labels` are
    the labels of the protocol's own mean, where it names them. `design` says whether one model was held out from these
    images, or the folds of several were pooled; a `smoke` run proves a path through the code, and is no result. `seen`
    says of each image where the model's training saw it (`overlap.SEEN`), None where nobody counted. Where
    `patients_known` is False, nothing told patients apart and each image counts as one. Raises `DataError` for anything
    malformed.
    """

    image: tuple[str, ...]
    patient: tuple[str, ...]
    split: tuple[str, ...]
    labels: tuple[str, ...]
    truth: FloatArray
    scores: FloatArray
    protocol: str
    age_years: FloatArray | None = None
    sex: Texts | None = None
    view: Texts | None = None
    source: Texts | None = None
    mean_labels: tuple[str, ...] | None = None
    design: Design = "held out"
    smoke: bool = False
    seen: Texts | None = None
    patients_known: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", canonical_labels(self.labels))
        if self.mean_labels is not None:
            object.__setattr__(self, "mean_labels", canonical_labels(self.mean_labels))
        for name in ("truth", "scores"):
            values = np.array(getattr(self, name), np.float64)  # a copy: the caller's array stays writeable
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        _check(self)

    @property
    def n(self) -> int:
        """How many images there are."""
        return len(self.image)

    @property
    def cross_validated(self) -> bool:
        """Whether these are pooled out-of-fold predictions, of as many models as there are folds."""
        return self.design == "cross-validated"

    @property
    def split_sha256(self) -> str:
        """The hash of which image of which patient is in which part; the order of rows does not change it."""
        listing = sorted(zip(self.split, self.patient, self.image, strict=True))
        return hashlib.sha256(json.dumps(listing).encode()).hexdigest()

    @property
    def content_sha256(self) -> str:
        """The hash of what was said of which image: names, parts, truths and scores, in whatever order they stand."""
        order, columns = np.argsort(np.array(self.image)), np.argsort(np.array(self.labels))
        names = [(self.image[i], self.patient[i], self.split[i]) for i in order]
        content = hashlib.sha256(json.dumps([[self.labels[j] for j in columns], names]).encode())
        for values in (self.truth, self.scores):
            content.update(np.where(np.isnan(values), np.nan, values)[order][:, columns].astype("<f8").tobytes())
        return content.hexdigest()

    @property
    def in_mean(self) -> tuple[str, ...]:
        """The labels over which a mean is taken.

        The protocol's own where it names them; ChestX-ray14's fourteen where all of them are here; else every label
        but "No Finding", which is not a disease.
        """
        if self.mean_labels is not None:
            return self.mean_labels
        if set(CHESTXRAY14) <= set(self.labels):
            return CHESTXRAY14
        diseases = tuple(label for label in self.labels if label != NO_FINDING)
        return diseases or self.labels

    def take(self, rows: npt.NDArray[np.intp] | BoolArray) -> Predictions:
        """The rows that an index array or a boolean mask (n,) names, in that order."""
        places = np.arange(self.n)[rows]

        def some(values: Texts | None) -> Texts | None:
            return None if values is None else tuple(values[i] for i in places)

        return replace(
            self,
            image=tuple(self.image[i] for i in places),
            patient=tuple(self.patient[i] for i in places),
            split=tuple(self.split[i] for i in places),
            truth=self.truth[places],
            scores=self.scores[places],
            age_years=None if self.age_years is None else self.age_years[places],
            sex=some(self.sex),
            view=some(self.view),
            source=some(self.source),
            seen=some(self.seen),
        )

    def one_split(self, name: str | None) -> Predictions:
        """The part called `name`; without a name the whole, which must be one part unless it is cross-validated.

        Raises `DataError` where the part does not exist or would have to be guessed.
        """
        there = sorted(set(self.split))
        if name is not None:
            if name not in there:
                raise DataError(f"The predictions have no split {name!r}. Available: {', '.join(there)}")
            return self.take(np.array([part == name for part in self.split]))
        if len(there) > 1 and not self.cross_validated:
            raise DataError(f"The predictions hold several splits: {', '.join(there)}. Name one of them")
        return self


def canonical_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Each label under hilum's name for it; a label in no vocabulary keeps its own.

    Raises `DataError` where two labels are one concept: which of them is meant would have to be guessed.
    """
    found: dict[str, str] = {}
    names = []
    for label in labels:
        name = _canonical(label)
        if _key(name) in found:
            earlier = found[_key(name)]
            raise DataError(f"Two labels mean the same: {earlier!r} and {label!r} are both {name!r}. Keep one of them")
        found[_key(name)] = label
        names.append(name)
    return tuple(names)


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def _canonical(label: str) -> str:
    try:
        return finding(label).name
    except DataError:  # a label of the user's own
        return label


def _check(p: Predictions) -> None:
    n, shape = len(p.image), (len(p.image), len(p.labels))
    if n == 0 or not p.labels:
        raise DataError(
            f"The predictions are empty: {n} images and {len(p.labels)} labels. At least one of each is needed"
        )
    if not p.protocol.strip():
        raise DataError("The protocol is missing: a sentence that says how the split and the labels were made")
    if p.design not in DESIGNS:
        raise DataError(f"The design must be {' or '.join(map(repr, DESIGNS))}, not {p.design!r}")
    columns = (p.patient, p.split, p.sex, p.view, p.source, p.age_years, p.seen)
    if any(column is not None and len(column) != n for column in columns):
        raise DataError(f"Every column needs {n} rows, one an image; one of them has another number")
    if p.truth.shape != shape or p.scores.shape != shape:
        raise DataError(
            f"truth and scores need shape {shape}, one row an image and one column a label; their shapes: "
            f"{p.truth.shape} and {p.scores.shape}"
        )
    twice, count = Counter(p.image).most_common(1)[0]
    if count > 1:
        raise DataError(f"The image {twice!r} stands there {count} times. Remove the duplicates")
    unknown = {one for one in p.seen or () if one is not None} - set(SEEN)
    if unknown:
        raise DataError(f"seen must be one of {', '.join(map(repr, SEEN))}, not {min(unknown)!r}")
    _check_ages(p)
    for column, label in enumerate(p.labels):
        _check_label(label, truth=p.truth[:, column], scores=p.scores[:, column])
    unknown = set(p.in_mean) - set(p.labels)
    if unknown:
        raise DataError(f"The mean is asked over {', '.join(sorted(unknown))}, which the file does not have")


def _check_ages(p: Predictions) -> None:
    if p.age_years is None:
        return
    wrong = np.flatnonzero((p.age_years < 0) | (p.age_years > OLDEST_YEARS))
    if wrong.size:
        raise DataError(
            f"age_years is {p.age_years[wrong[0]]:g} for {p.image[wrong[0]]!r}; ages lie between 0 and "
            f"{OLDEST_YEARS:g}. Leave an age that cannot be true empty"
        )


def _check_label(label: str, *, truth: FloatArray, scores: FloatArray) -> None:
    known = ~np.isnan(truth)
    other = truth[known & ~np.isin(truth, (0.0, 1.0))]
    if other.size:
        raise DataError(
            f"truth:{label} holds {other[0]:g}; it must be 0, 1 or null. Map uncertain labels by a stated policy"
        )
    absent = int(np.count_nonzero(known & np.isnan(scores)))
    if absent:
        raise DataError(
            f"score:{label} is missing in {absent} rows in which truth:{label} is known. Give a score for each"
        )
    scored = scores[~np.isnan(scores)]
    if scored.size and not (scored.min() >= 0.0 and scored.max() <= 1.0):
        raise DataError(
            f"score:{label} must hold probabilities from 0 to 1; its values go from {scored.min():g} to "
            f"{scored.max():g}. If these are logits, apply the sigmoid once"
        )
