"""Which images an ensemble may be fitted on, and what it says of them: validation or new ones, never a member's own.

Left out are images that are held out, those that any member was trained on, and every other image of the patients on
these. Images of a member's validation stay: its calibration has two numbers a label from them, and the ensemble gets as
many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hilum.bundle.load import Bundle
from hilum.bundle.seen_images import SeenImages, joined, no_hashes, seen_images_bytes, seen_images_of
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.errors import DataError
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.calibrating.own_images import OwnImages, fingerprint, own_part
from hilum.evaluation.predictions.overlap import TRAINED, seen_before
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.reading.engines.engine import available_cores
from hilum.statistics.calibration import calibrate
from hilum.training.joining.graphs import log_odds_of_mean

LEARNT_FROM = "a member learnt from them"
PATIENT_LEARNT_FROM = "of patients whose other images a member learnt from"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPart:
    """The images to fit on; `left_out` counts others by reason."""

    part: AskedPart
    left_out: Mapping[str, int]


def fit_part(
    records: Sequence[Record],
    *,
    ensemble: Bundle,
    members: Sequence[Bundle],
    left_out: Sequence[LeftOut] = (),
) -> FitPart:
    """The part of `records` that the weights, calibration and operating points of `ensemble` may be fitted on.

    Raises `DataError` where nothing is left, and as `own_part` does.
    """
    part, counts = own_part(records, bundle=ensemble, left_out=left_out)
    known = [found for bundle in members if (found := seen_images_of(bundle)) is not None]
    if not known:
        return FitPart(part=part, left_out=counts)
    trained = SeenImages(train=joined(*(one.train for one in known)), validation=no_hashes())
    seen = seen_before(image_hashes(part.records, jobs=available_cores()), training=trained)
    learnt = {
        record.image: record for record, where in zip(part.records, seen, strict=True) if where.startswith(TRAINED)
    }
    patients = {record.patient for record in learnt.values()}
    kept = tuple(record for record in part.records if record.patient not in patients)
    own = sum(where.startswith(TRAINED) for where in seen)
    reasons = {LEARNT_FROM: own, PATIENT_LEARNT_FROM: len(part.records) - len(kept) - own}
    counts = {**counts, **{reason: count for reason, count in reasons.items() if count}}
    if not kept:
        raise DataError(
            f"The models learnt from all {len(part.records):,} images or from their patients, so no weights can be "
            "fitted on them. Give images of other patients"
        )
    left = replace(part, records=kept, split_sha256=fingerprint(kept, labels=ensemble.card.label_names))
    return FitPart(part=left, left_out=counts)


def by_member(images: OwnImages, *, names: Sequence[str]) -> dict[str, ValidationPredictions]:
    """What each member says of the images, by its own calibration."""
    if images.members is None:
        raise DataError("The journal lacks the logits of the members of the ensemble. Delete it and start again")
    predictions = images.validation.predictions
    return {
        name: ValidationPredictions(
            replace(predictions, scores=calibrate(images.members[:, index], slope=1.0, intercept=0.0))
        )
        for index, name in enumerate(names)
    }


def weighed(images: OwnImages, *, weights: Sequence[float]) -> OwnImages:
    """The images with the logits of the ensemble by `weights`, from those of its members."""
    if images.members is None:
        raise DataError("The journal lacks the logits of the members of the ensemble. Delete it and start again")
    logits = log_odds_of_mean(images.members, weights=np.asarray(weights))
    scores = calibrate(logits, slope=1.0, intercept=0.0)
    validation = ValidationPredictions(replace(images.validation.predictions, scores=scores))
    return replace(images, logits=logits, validation=validation)


def joined_seen_images(members: Sequence[Bundle], *, fitted_on: Sequence[Record]) -> bytes | None:
    """The file of the images that any member was made with, or the ensemble fitted on; None where one names none."""
    known = [found for bundle in members if (found := seen_images_of(bundle)) is not None]
    if len(known) < len(members):
        return None
    hashes = image_hashes(fitted_on, jobs=available_cores())
    return seen_images_bytes(
        SeenImages(
            train=joined(*(one.train for one in known)),
            validation=joined(*(one.validation for one in known), hashes),
        )
    )
