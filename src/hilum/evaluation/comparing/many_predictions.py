"""What several models said of the same images: rows in one order, one truth, each model under its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.outcomes import BoolArray, FloatArray

Pair = tuple[str, str]
"""Two models' names: a difference is the first's figure minus the second's."""


@dataclass(frozen=True, slots=True, eq=False)
class ManyPredictions:
    """`predictions[i]` are those of `models[i]`; images, patients, splits, labels and truths are the same in all.

    Raises `DataError` where they differ, for other images in other rows would make a difference between models one
    between images; and where two models have one name. `not_compared` are labels that not every model had.
    `hilum.evaluation.comparing.many_predictions` brings files to this form.
    """

    models: tuple[str, ...]
    predictions: tuple[Predictions, ...]
    not_compared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.models or len(self.models) != len(self.predictions):
            raise DataError(f"{len(self.predictions)} predictions need as many model names; given: {len(self.models)}")
        if len(set(self.models)) < len(self.models):
            raise DataError(f"Each model needs a name of its own; given: {', '.join(self.models)}")
        for name, other in zip(self.models[1:], self.predictions[1:], strict=True):
            for what in ("image", "patient", "split", "labels"):
                if getattr(other, what) != getattr(self.first, what):
                    raise DataError(
                        f"The predictions of {self.models[0]} and {name} differ in {what}. Give predictions of the "
                        "same images"
                    )
            if not np.array_equal(other.truth, self.first.truth, equal_nan=True):
                raise DataError(
                    f"The predictions of {self.models[0]} and {name} differ in truth. Give predictions of the same "
                    "images"
                )

    @property
    def first(self) -> Predictions:
        """The first model's predictions: whatever is the same in all may be read from them."""
        return self.predictions[0]

    def of(self, model: str) -> Predictions:
        """One model's predictions."""
        return self.predictions[self.models.index(model)]

    def column(self, label: str) -> tuple[FloatArray, dict[str, FloatArray]]:
        """The truth (n,) of a label, and its scores (n,) by model."""
        place = self.first.labels.index(label)
        scores = {name: one.scores[:, place] for name, one in zip(self.models, self.predictions, strict=True)}
        return self.first.truth[:, place], scores

    def take(self, rows: npt.NDArray[np.intp] | BoolArray) -> ManyPredictions:
        """The rows that an index array or a mask (n,) names."""
        return ManyPredictions(self.models, tuple(one.take(rows) for one in self.predictions), self.not_compared)


def same_images(
    models: Mapping[str, Predictions],
    *,
    common_labels: bool = False,
    any_protocol: bool = False,
    files: Mapping[str, str] | None = None,
) -> ManyPredictions:
    """Bring every model to the images' order and the labels' order of the first.

    Raises `DataError` that names the first difference in images, patients, splits or truths; in labels, unless
    `common_labels` takes those of all; and in protocols, unless `any_protocol` allows it: two texts may mean one
    protocol, but only a reader can say so. `files` says by model which file to name in the error; without it, the
    models' names stand there. Every model keeps its own protocol.
    """
    if len(models) < 2:
        raise DataError(f"A comparison needs two models or more, and there is {len(models)}. Add another file")
    called = {name: (files or {}).get(name, name) for name in models}
    first_name, *others = models
    first = models[first_name]
    for name in others:
        both = f"{called[first_name]} and {called[name]}"
        if models[name].protocol != first.protocol and not any_protocol:
            raise DataError(
                f"{both} have two protocols, {first.protocol!r} and {models[name].protocol!r}; "
                "where both mean the same, say --any-protocol"
            )
        for has, lacks in ((first_name, name), (name, first_name)):
            missing = sorted(set(models[has].image) - set(models[lacks].image))
            if missing:
                more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
                raise DataError(
                    f"{called[lacks]} lacks {missing[0]!r}{more}, which {called[has]} holds; "
                    "predict the same images with every model"
                )
    labels = _labels(models, called=called, common_labels=common_labels)
    found = [_with_labels(first, labels)]
    for name in others:
        other = models[name]
        place = {image: row for row, image in enumerate(other.image)}
        other = _with_labels(other.take(np.array([place[image] for image in first.image])), labels)
        _check_rows(found[0], other, between=f"{called[first_name]} and {called[name]}")
        found.append(other)
    alone = sorted({label for one in models.values() for label in one.labels} - set(labels))
    return ManyPredictions(tuple(models), tuple(found), not_compared=tuple(alone))


def _labels(models: Mapping[str, Predictions], *, called: Mapping[str, str], common_labels: bool) -> tuple[str, ...]:
    first_name = next(iter(models))
    shared = tuple(
        label for label in models[first_name].labels if all(label in other.labels for other in models.values())
    )
    if not shared:
        said = "; ".join(f"{called[name]}: {', '.join(one.labels)}" for name, one in models.items())
        raise DataError(f"No label is in every file ({said}). Compare models of the same findings")
    for name, one in models.items():
        alone = [label for label in one.labels if label not in shared]
        if alone and not common_labels:
            raise DataError(
                f"{called[name]} has {', '.join(alone)}, which is not in every file; "
                "to compare the other labels, say --common-labels"
            )
    return shared


def _with_labels(one: Predictions, labels: tuple[str, ...]) -> Predictions:
    """The columns of `labels` in their order; the mean is over those of its labels that are left."""
    columns = [one.labels.index(label) for label in labels]
    mean = tuple(label for label in one.in_mean if label in labels)
    return replace(
        one, labels=labels, truth=one.truth[:, columns], scores=one.scores[:, columns], mean_labels=mean or None
    )


def _check_rows(first: Predictions, other: Predictions, *, between: str) -> None:
    for what, ours, theirs in (("patients", first.patient, other.patient), ("splits", first.split, other.split)):
        for image, one_value, other_value in zip(first.image, ours, theirs, strict=True):
            if one_value != other_value:
                raise DataError(f"{between} name two {what} of {image!r}, {one_value!r} and {other_value!r}")
    for column, label in enumerate(first.labels):
        _check_truth(first, label, ours=first.truth[:, column], theirs=other.truth[:, column], between=between)


def _check_truth(first: Predictions, label: str, *, ours: FloatArray, theirs: FloatArray, between: str) -> None:
    differ = np.flatnonzero(~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))
    if differ.size:
        row = differ[0]
        said = ["null" if np.isnan(value) else f"{value:g}" for value in (ours[row], theirs[row])]
        more = f" (and {differ.size - 1:,} more)" if differ.size > 1 else ""
        raise DataError(
            f"{between} hold two truths, truth:{label} is {said[0]} and {said[1]} for {first.image[row]!r}{more}; "
            "compare models on one truth"
        )
