"""Fit calibration and operating points of a bundle on somebody's own labelled images, into a new version of it.

The graph stays the same bytes. The new bundle is written whole or not at all; what was read before a stop is not read
again.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hilum.bundle.calibrated_on import CalibratedOn
from hilum.bundle.load import CARD_NAME, TRAINING_IMAGES, Bundle, load_bundle
from hilum.bundle.quantised import INT8_FILES
from hilum.bundle.save import check_replaceable, file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, joined, seen_images_bytes, seen_images_of
from hilum.bundle.shelf import find, local_models_folder, shipped_gate
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.errors import BundleError, DataError, UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.bundles.predict import Progress
from hilum.evaluation.calibrating.calibrated_card import calibrated_card, calibrated_name, calibrated_version
from hilum.evaluation.calibrating.fit_labels import FittedLabels, fit_labels
from hilum.evaluation.calibrating.own_images import OwnImages, own_part, read_own_images, refuse_what_was_seen, renamed
from hilum.evaluation.calibrating.rule import PointRule
from hilum.output.lock import held_folder
from hilum.reading.engines.engine import available_cores
from hilum.version import __version__

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSettings:
    """How a bundle is calibrated.

    `rule` chooses operating points. `labels` are those that are fitted, None for all that the images tell of. `columns`
    names the label of the data in which a label of the model stands, where it has another name. With `gate` the gate
    that ships looks at each image as it does before a reading, and the fit has only those that would be decided.
    `outside_scope` fits on images outside the model's scope too, and on those that the gate does not accept. `called`
    is what the card calls the images, `by` who did it, `command` how. `name` is the new bundle's, None for the old
    one's with `-calibrated`. `replace` puts it in the place of a bundle in its folder.
    """

    rule: PointRule = field(default_factory=PointRule)
    labels: Sequence[str] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    outside_scope: bool = False
    gate: bool = True
    called: str = "own images"
    by: str | None = None
    command: str = "hilum.calibrate"
    name: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The new bundle, which labels were fitted and why others were not, and on how many images and patients.

    `left_out` counts images that the fit had not, by reason. `cautions` must be known before anything is believed.
    """

    bundle: Bundle
    fitted: FittedLabels
    images: int
    patients: int
    left_out: Mapping[str, int]
    cautions: tuple[str, ...]


def _quiet(_done: int, _count: int) -> None:
    """Nobody is told."""


def calibrate(
    model: Bundle | str,
    *,
    records: Sequence[Record],
    folder: Path,
    settings: CalibrationSettings | None = None,
    lungs: Bundle | None = None,
    left_out: Sequence[LeftOut] = (),
    progress: Progress = _quiet,
) -> Calibrated:
    """Write `model`, with calibration and operating points fitted on `records`, into `folder`, and return it.

    `model` is a bundle, or the name of one on the shelf. A decision needs 20 patients with the finding and 20 without,
    a slope 30 of each. Figures on the card are of patients whom the fit did not know (cross-fitted), intervals by
    patient. A label with too few patients stays as it was; one whose scores do not rank these images better than chance
    is decided no more. While it reads, scores lie in a folder beside `folder`, from which the same call goes on after a
    stop. `lungs` draws the lungs for a model that reads crops, `left_out` is what mixing several releases left out.

    Raises `BundleError` for a gate or a lung bundle, for the wrong lungs, and where `folder` exists and is not to be
    replaced; `UsageError` for a label that the model has not; `DataError` where the model was made with any of the
    images, where all are held out, and where no label can be fitted: nothing is then written.
    """
    settings = settings or CalibrationSettings()
    bundle = model if isinstance(model, Bundle) else find(model, local=local_models_folder(os.environ))
    replaced = _check(bundle, folder=folder, settings=settings)
    chosen = _chosen(bundle, labels=settings.labels)
    drawn_by = needed_lungs(bundle, given=lungs)
    records = renamed(records, columns=settings.columns, labels=bundle.card.label_names)
    _check_asked(records, labels=chosen if settings.labels is not None else ())
    part, held_out = own_part(records, bundle=bundle, left_out=left_out)
    seen_is_known = refuse_what_was_seen(part, bundle=bundle)
    gate = shipped_gate() if settings.gate else None
    work = _reading_folder(folder, part=part, bundle=bundle, gate=gate)
    with held_folder(work):
        images = read_own_images(
            part,
            bundle=bundle,
            folder=work,
            outside_scope=settings.outside_scope,
            progress=progress,
            lungs=drawn_by,
            gate=gate,
        )
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        fitted = fit_labels(
            images, card=bundle.card, chosen=chosen, rule=settings.rule, name=settings.called, date=date
        )
        _refuse_nothing_fitted(fitted, chosen=chosen)
        without = {**held_out, **images.left_out}
        cautions = _cautions(bundle, images=images, seen_is_known=seen_is_known)
        files = _files(bundle, part=part, images=images)
        card = calibrated_card(
            bundle.card,
            fitted=fitted,
            on=_calibrated_on(bundle, images=images, without=without, fitted=fitted, settings=settings, date=date),
            name=settings.name or calibrated_name(bundle.card.name),
            version=calibrated_version(bundle.card.version, replaced=replaced),
            files=file_hashes(files),
            called=settings.called,
            cautions=cautions,
        )
        written = write_bundle(folder, card=card, files=files, replace=settings.replace)
    for done in folder.parent.glob(f".{folder.name}.calibrating.*"):
        shutil.rmtree(done, ignore_errors=True)
    return Calibrated(
        bundle=written,
        fitted=fitted,
        images=images.n,
        patients=images.patients,
        left_out=without,
        cautions=cautions,
    )


def _reading_folder(folder: Path, *, part: AskedPart, bundle: Bundle, gate: Bundle | None) -> Path:
    """Where scores lie until the bundle in `folder` is written: a place for each model, set of images and gate."""
    decides = (bundle.sha256, part.split_sha256, *(() if gate is None else (gate.sha256,)))
    key = hashlib.sha256(" ".join(decides).encode()).hexdigest()
    return folder.parent / f".{folder.name}.calibrating.{key[:12]}"


def _check(bundle: Bundle, *, folder: Path, settings: CalibrationSettings) -> str | None:
    """The version of the bundle that is going to be replaced, or None; what cannot work is refused before reading."""
    card = bundle.card
    if card.role != "specialist":
        raise BundleError(
            f"{card.name} is of kind {card.kind}, and only models that read findings can be calibrated. Name another "
            "model"
        )
    if card.smoke:
        raise BundleError(
            f"{card.name} comes from a test run, whose numbers mean nothing. Calibrate a fully trained model"
        )
    if settings.name is not None and _NAME.fullmatch(settings.name) is None:
        raise UsageError(f"The name {settings.name!r} is not allowed: use lower-case letters, digits and dashes")
    if not folder.exists():
        return None
    check_replaceable(folder, replace=settings.replace)
    return load_bundle(folder).card.version if (folder / CARD_NAME).is_file() else None


def _chosen(bundle: Bundle, *, labels: Sequence[str] | None) -> tuple[str, ...]:
    there = bundle.card.label_names
    if labels is None:
        return there
    unknown = [label for label in labels if own_label(label) not in there]
    if unknown:
        raise UsageError(f"{bundle.card.name} has no label {unknown[0]!r}. Available: {', '.join(there)}")
    return tuple(map(own_label, labels))


def _check_asked(records: Sequence[Record], *, labels: Sequence[str]) -> None:
    there = {label for record in records for label in record.labels}
    lacking = [label for label in labels if label not in there]
    if lacking:
        raise DataError(
            f"The data have no label {lacking[0]!r}; labels found: {', '.join(sorted(there)) or 'none'}. If it has "
            f"another name there, add --as '{lacking[0]}=NAME'"
        )


def _refuse_nothing_fitted(fitted: FittedLabels, *, chosen: Sequence[str]) -> None:
    if fitted.fitted:
        return
    reasons: dict[str, list[str]] = {}
    for one in fitted.labels:
        if one.label.name in chosen and one.unfitted is not None:
            reasons.setdefault(one.unfitted, []).append(one.label.name)
    said = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
    raise DataError(f"No label can be calibrated on these images: {said}. Nothing was written")


def _files(bundle: Bundle, *, part: AskedPart, images: OwnImages) -> dict[str, bytes]:
    """The bundle's own files; its list of images names those that it was calibrated on, so that they are no test.

    A form in 8 bits was judged at the old operating points, and is left out.
    """
    files = {name: bundle.read(name) for name in bundle.card.files if name not in INT8_FILES}
    known = seen_images_of(bundle)
    if known is None:
        return files
    used = [record for record in part.records if record.sha256 in images.used]
    hashes = image_hashes(used, jobs=available_cores())
    seen = SeenImages(train=known.train, validation=joined(known.validation, hashes))
    return {**files, TRAINING_IMAGES: seen_images_bytes(seen)}


def _calibrated_on(
    bundle: Bundle,
    *,
    images: OwnImages,
    without: Mapping[str, int],
    fitted: FittedLabels,
    settings: CalibrationSettings,
    date: str,
) -> CalibratedOn:
    predictions = images.validation.predictions
    sources = sorted({source for source in predictions.source or () if source is not None})
    return CalibratedOn(
        date=date,
        command=settings.command,
        by=settings.by,
        hilum_version=__version__,
        commit=commit_and_dirty(Path.cwd())[0],
        data=(f"{settings.called}: {images.n:,} images of {images.patients:,} patients, read as {', '.join(sources)}",),
        data_sha256=images.sha256,
        images=images.n,
        patients=images.patients,
        left_out=tuple(f"{count:,} images: {reason}" for reason, count in without.items()),
        rule=settings.rule.in_words,
        labels=fitted.fitted,
        from_name=bundle.card.name,
        from_version=bundle.card.version,
        from_sha256=bundle.sha256,
    )


def _cautions(bundle: Bundle, *, images: OwnImages, seen_is_known: bool) -> tuple[str, ...]:
    said = []
    if not seen_is_known:
        said.append(
            f"{bundle.card.name} does not name its training images: if these are among them, nothing here holds. It "
            f"was trained on {'; '.join(bundle.card.training.data)}"
        )
    if not images.validation.predictions.patients_known:
        said.append("nothing tells patients apart, so that each image counted as one: intervals are too narrow")
    if images.scope_unknown:
        said.append(
            f"for {images.scope_unknown:,} images it is not known whether they are within the model's scope; they "
            "were taken as inside (the columns age_years and view would tell)"
        )
    return tuple(said)
