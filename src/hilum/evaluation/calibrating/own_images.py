"""Which of somebody's images a fit may have, and what the model says of them.

Nothing is fitted on images that are held out, on those that the model was made with, or, unless that is asked for, on
those that its card says it is not made for, or that the gate, which would stand before it, does not let through.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.part import AskedPart, check_labels, known_truth
from hilum.evaluation.bundles.predict import PredictedPart, Progress, image_names, predict_part
from hilum.evaluation.bundles.seen_part import seen_records
from hilum.evaluation.calibrating.label_images import LabelImages
from hilum.evaluation.predictions.overlap import in_words, overlap_of
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.subject import by_reason, of_mixing
from hilum.statistics.outcomes import BoolArray, FloatArray

PART = "own images to calibrate on"
HELD_OUT = "held out, on which nothing is ever fitted"
OUTSIDE = "outside the model's scope"
OUTSIDE_BY_GATE = f"{OUTSIDE}, or by the X-ray check no upright, whole radiograph that it reads"
"""Why images are left out where a gate looked at them too."""
_NAMED = 20
"""How many images an error names."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnImages:
    """What the model said of the images that the fit may have, in the order of the card's labels.

    `logits` (n, L) as they leave the network, `sharpness` (n,), `cropped` bool (n,): whether the model read the crop to
    the lungs. `members` (n, M, L) are the logits of an ensemble's members, None of any other model. `left_out` counts
    images that the fit has not, by reason in words; `scope_unknown` those it has although nobody said whether they lie
    in the model's scope. `used` are the hashes of the images' files, `sha256` is over images, patients and truths.
    """

    validation: ValidationPredictions
    logits: FloatArray
    sharpness: FloatArray
    cropped: BoolArray
    left_out: Mapping[str, int]
    scope_unknown: int
    used: frozenset[str]
    sha256: str
    members: FloatArray | None = None

    @property
    def n(self) -> int:
        """How many images there are."""
        return self.validation.predictions.n

    @property
    def patients(self) -> int:
        """How many patients they are of."""
        return len(set(self.validation.predictions.patient))

    def of_label(self, column: int, *, among: BoolArray) -> LabelImages:
        """The images with a known truth of the label in this column, of those that `among` (n,) names."""
        predictions = self.validation.predictions
        truth = predictions.truth[:, column]
        rows = among & ~np.isnan(truth)
        return LabelImages(
            truth[rows] == 1.0,
            self.logits[rows, column],
            self.sharpness[rows],
            np.asarray(predictions.patient, np.str_)[rows],
        )


def renamed(records: Sequence[Record], *, columns: Mapping[str, str], labels: Sequence[str]) -> tuple[Record, ...]:
    """The records with the truth of each label of the model taken from the column that `columns` names for it.

    Raises `UsageError` for a label that the model has not, and `DataError` for a column that no image has.
    """
    if not columns:
        return tuple(records)
    for label in columns:
        if own_label(label) not in labels:
            raise UsageError(f"The model has no label {label!r}. Available: {', '.join(labels)}")
    there = sorted({label for record in records for label in record.labels})
    lacking = [column for column in columns.values() if own_label(column) not in there]
    if lacking:
        raise DataError(f"The data have no label {lacking[0]!r}; labels found: {', '.join(there) or 'none'}")
    names = {own_label(label): own_label(column) for label, column in columns.items()}
    return tuple(replace(record, labels=_renamed(record.labels, names=names)) for record in records)


def own_part(
    records: Sequence[Record], *, bundle: Bundle, left_out: Sequence[LeftOut] = ()
) -> tuple[AskedPart, dict[str, int]]:
    """The images that may be read, in the order of their names, and how many are held out, by reason.

    The order is fixed so that the same images in any order give the same numbers to the last digit. `left_out` is what
    mixing several releases left out. Raises `DataError` where every image is held out, and where no label of the model
    is known of any.
    """
    ordered = sorted(records, key=lambda record: (record.source, record.image))
    chosen = tuple(record for record in ordered if not is_held_out(record))
    if not chosen:
        raise DataError(
            f"All {len(records):,} images are held out for testing, and nothing is ever fitted on those. Give other "
            "images"
        )
    part = AskedPart(
        name=PART,
        records=chosen,
        protocol=f"images of {', '.join(sorted({record.source for record in chosen}))}, to fit operating points on",
        split_sha256=fingerprint(chosen, labels=bundle.card.label_names),
        is_test=False,
        validation={},
        left_out=of_mixing(left_out),
        patients_known=all(record.patient_is_known for record in chosen),
    )
    check_labels(part, labels=bundle.card.label_names)
    held = len(records) - len(chosen)
    return part, {HELD_OUT: held} if held else {}


def refuse_what_was_seen(part: AskedPart, *, bundle: Bundle) -> bool:
    """Whether the bundle names its training images; raises `DataError` where any of the part's is among them."""
    seen = seen_records(part.records, bundle=bundle)
    if seen is None:
        return False
    overlap = overlap_of(seen)
    if overlap is not None and overlap.found:
        names = [record.image for record, where in zip(part.records, seen, strict=True) if where != "no"]
        raise DataError(
            f"{bundle.card.name} {bundle.card.version} was {in_words(overlap)}: its scores on them flatter it, and an "
            f"operating point chosen there would not hold. Take them out: {_listed(names)}; nothing was written"
        )
    return True


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def read_own_images(
    part: AskedPart,
    *,
    bundle: Bundle,
    folder: Path,
    outside_scope: bool,
    progress: Progress,
    lungs: Bundle | None = None,
    gate: Bundle | None = None,
) -> OwnImages:
    """Read `part` with `bundle`; what was read stays in `folder`, whose lock is the caller's, and is not read again.

    `lungs` draws for a model that reads crops. `gate` looks at each image, as `predict_part` says; None where nothing
    looks. With `outside_scope` the fit has images outside the model's scope too, and those that the gate does not
    accept. Raises `DataError` where no image is left.
    """
    predicted = predict_part(
        part, bundle=bundle, folder=folder, progress=progress, lungs=lungs, as_the_table_says=True, gate=gate
    )
    counts = by_reason(predicted.exclusions)
    inside = np.array([one is not False or outside_scope for one in predicted.in_scope])
    if not inside.all():
        counts[OUTSIDE if gate is None else OUTSIDE_BY_GATE] = int(np.count_nonzero(~inside))
    if not inside.any():
        raise _none_inside(inside.size, card=bundle.card, by_gate=gate is not None)
    logits, sharpness = _known(predicted, folder=folder)
    return OwnImages(
        validation=ValidationPredictions(predicted.predictions.take(inside)),
        logits=logits[inside],
        sharpness=sharpness[inside],
        cropped=np.array([one is True for one in predicted.cropped])[inside],
        left_out=counts,
        scope_unknown=sum(one is None for one in predicted.in_scope),
        used=_used(part, predicted=predicted, inside=inside),
        sha256=part.split_sha256,
        members=None if predicted.members is None else predicted.members[inside],
    )


def _none_inside(count: int, *, card: Card, by_gate: bool) -> DataError:
    said = f"All {count:,} images are outside the scope of {card.name}, which is made for {card.scope.in_words()}"
    if not by_gate:
        return DataError(f"{said}. Use another model, or add --outside-scope to fit on them anyway")
    return DataError(
        f"{said}, or are by the X-ray check no upright, whole radiograph that it reads. Use another model, add "
        "--no-gate to fit on what that check does not accept, or --outside-scope to fit on all of them"
    )


def fingerprint(records: Sequence[Record], *, labels: Sequence[str]) -> str:
    """A SHA-256 over each image's own, its patient, what is known of both, and its truths; in any order."""
    listing = sorted(
        json.dumps(
            [record.source, record.image, record.sha256, record.patient, record.age_years, record.sex, record.view]
            + [known_truth(record, label=label) for label in labels]
        )
        for record in records
    )
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()


def _used(part: AskedPart, *, predicted: PredictedPart, inside: BoolArray) -> frozenset[str]:
    taken = {name for name, kept in zip(predicted.predictions.image, inside, strict=True) if kept}
    named = zip(image_names(part.records), part.records, strict=True)
    return frozenset(record.sha256 for name, record in named if name in taken)


def _known(predicted: PredictedPart, *, folder: Path) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    if predicted.logits is None or predicted.sharpness is None:
        raise DataError(f"The journal in {folder} lacks the logits of the images. Delete the folder and start again")
    return predicted.logits, predicted.sharpness


def _renamed(labels: Mapping[str, float], *, names: Mapping[str, str]) -> dict[str, float]:
    taken = {label: labels[column] for label, column in names.items() if column in labels}
    return {**{label: value for label, value in labels.items() if label not in names}, **taken}
