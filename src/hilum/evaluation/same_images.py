"""Two predictions files brought to one order of images, or refused with their first difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.prediction_set import Predictions
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CommonRows:
    """The labels that both files have, and by label the truth (n,) and both scores (n,), in the first file's order."""

    labels: tuple[str, ...]
    truth: dict[str, FloatArray]
    first: dict[str, FloatArray]
    second: dict[str, FloatArray]

    def aurocs(self, label: str) -> tuple[float, float]:
        """Both AUROCs of a label with positives and negatives; raises `DataError` for another."""
        areas = [auroc(self.truth[label], scores=scores[label]) for scores in (self.first, self.second)]
        if not (isinstance(areas[0], float) and isinstance(areas[1], float)):
            raise DataError(f"expected positives and negatives of {label}, came only one of them")
        return areas[0], areas[1]


def common_rows(
    first: Predictions, *, second: Predictions, common_labels: bool = False, any_protocol: bool = False
) -> CommonRows:
    """Bring `second` to the order of `first`.

    Raises `DataError` that names the first difference in images, patients, splits or truths; in labels, unless
    `common_labels` takes those of both; and in protocols, unless `any_protocol` allows it: two texts may mean one
    protocol, but only a reader can say so.
    """
    if first.protocol != second.protocol and not any_protocol:
        raise DataError(
            f"expected one protocol in both files, came {first.protocol!r} and {second.protocol!r}; "
            "where both mean the same, say --any-protocol"
        )
    for one, other, where in ((first, second, "second"), (second, first, "first")):
        missing = sorted(set(one.image) - set(other.image))
        if missing:
            raise DataError(
                f"expected the same images in both files, came {missing[0]!r} and {len(missing) - 1} more that the "
                f"{where} file lacks"
            )
    place = {image: row for row, image in enumerate(second.image)}
    second = second.take(np.array([place[image] for image in first.image]))
    for what, ours, theirs in (
        ("patient", first.patient, second.patient),
        ("split", first.split, second.split),
    ):
        for image, one_value, other_value in zip(first.image, ours, theirs, strict=True):
            if one_value != other_value:
                raise DataError(
                    f"expected one {what} of {image!r} in both files, came {one_value!r} and {other_value!r}"
                )
    labels = tuple(label for label in first.labels if label in second.labels)
    if not labels:
        raise DataError(
            f"expected a label that both files have, came {', '.join(first.labels)} and {', '.join(second.labels)}"
        )
    unshared = sorted(set(first.labels) ^ set(second.labels))
    if unshared and not common_labels:
        raise DataError(
            f"expected the same labels in both files, came {', '.join(unshared)} in one only; "
            "to compare the others, say --common-labels"
        )
    truth = {label: first.truth[:, first.labels.index(label)] for label in labels}
    for label in labels:
        _check_truth(first, label, ours=truth[label], theirs=second.truth[:, second.labels.index(label)])
    return CommonRows(
        labels,
        truth,
        {label: first.scores[:, first.labels.index(label)] for label in labels},
        {label: second.scores[:, second.labels.index(label)] for label in labels},
    )


def _check_truth(first: Predictions, label: str, *, ours: FloatArray, theirs: FloatArray) -> None:
    differ = np.flatnonzero(~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))
    if differ.size:
        row = differ[0]
        said = ["null" if np.isnan(value) else f"{value:g}" for value in (ours[row], theirs[row])]
        raise DataError(
            f"expected one truth:{label} in both files, came {said[0]} and {said[1]} for {first.image[row]!r} "
            f"(and {differ.size - 1} more)"
        )
