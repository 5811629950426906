"""Join bundles that exist into one of kind ensemble: a soft vote, with equal weights or weights fitted on validation.

No network is trained and no torch is needed: the graphs stand side by side in one, and a few nodes take their mean. A
member enters as it reads alone, by its own calibration, so that without a fit of its own the ensemble's probability is
the mean of what its members say.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from hilum.bundle.card import GRAPH
from hilum.bundle.label import Label
from hilum.bundle.load import TRAINING_IMAGES, Bundle
from hilum.bundle.save import check_replaceable, write_bundle
from hilum.bundle.shelf import shipped_gate
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.errors import UsageError
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.evaluation.bundles.predict import Progress
from hilum.evaluation.calibrating.calibrated_card import limit_of_fit, limits_after_fit
from hilum.evaluation.calibrating.fit_label import FittedLabel
from hilum.evaluation.calibrating.fit_labels import fit_labels
from hilum.evaluation.calibrating.own_images import OwnImages, read_own_images
from hilum.evaluation.calibrating.rule import PointRule
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.output.lock import held_folder
from hilum.reading.engines.engine import Batch
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.joining.card import JoinedWords, joined_draft, joined_spec, not_fitted
from hilum.training.joining.graphs import MemberGraph, join_graphs
from hilum.training.joining.images import FitPart, by_member, fit_part, joined_seen_images, weighed
from hilum.training.joining.match import Common, common_of
from hilum.training.joining.weights import FittedWeights, fit_weights

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
EQUAL = "all weights equal"
NO_IMAGES = "nothing was fitted, because there are no validation images; `hilum models calibrate` fits it"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSettings:
    """How bundles are joined.

    `common_labels` takes the labels that all have where they differ. `fit` fits the weights on the records that are
    given. With `gate` the gate that ships looks at each of them as it does before a reading, and the fit has only those
    that would be decided; `outside_scope` takes those outside the members' scope too, and those that the gate does not
    accept. `called` is what the card calls the records. `replace` puts the bundle in the place of one in its folder.
    """

    words: JoinedWords = field(default_factory=JoinedWords)
    common_labels: bool = False
    fit: bool = False
    gate: bool = True
    outside_scope: bool = False
    called: str = "validation images"
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedBundle:
    """The bundle, what its members have in common, the weights where they were fitted, and the labels.

    `images` and `patients` are those that labels were fitted on, 0 where nothing was; `left_out` counts what the fit
    had not, by reason. `cautions` must be known before anything is believed.
    """

    bundle: Bundle
    common: Common
    weights: FittedWeights | None
    labels: tuple[FittedLabel, ...]
    images: int = 0
    patients: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What was read of the validation images, and what was fitted on them."""

    part: FitPart
    images: OwnImages
    weights: FittedWeights | None
    labels: tuple[FittedLabel, ...]


def _quiet(_done: int, _count: int) -> None:
    """Nobody is told."""


def join(
    bundles: Sequence[Bundle],
    *,
    folder: Path,
    settings: JoinSettings | None = None,
    predictions: Sequence[ValidationPredictions] = (),
    records: Sequence[Record] = (),
    lungs: Bundle | None = None,
    left_out: Sequence[LeftOut] = (),
    progress: Progress = _quiet,
) -> JoinedBundle:
    """Write the ensemble of `bundles` into `folder`, and return it.

    Weights are equal, or fitted: on `predictions`, what each member in order said of the same validation images, or
    with `settings.fit` on `records`. Calibration and operating points are fitted on `records` where there are any, as
    `hilum.evaluation.calibrating` fits them; without, nothing is decided. Images that a member learnt from, those of
    their patients, and held-out ones are left out of what is fitted on `records`. While it reads, scores lie in a
    folder beside `folder`, from which the same call goes on after a stop. `lungs` draws the lungs for members that read
    crops, `left_out` is what mixing several releases left out.

    Raises `UsageError` and `BundleError` as `common_of` and `join_graphs` do, where `folder` exists and is not to be
    replaced, and for the wrong lungs; `DataError` where nothing can be fitted on what is given: nothing is then
    written.
    """
    settings = settings or JoinSettings()
    common = common_of(bundles, common_labels=settings.common_labels)
    _check(bundles, folder=folder, settings=settings, predictions=predictions, records=records)
    told = None
    if predictions:
        told = fit_weights(dict(zip(common.names, predictions, strict=True)), labels=common.labels)
    if not records:
        labels = tuple(FittedLabel(label=one, unfitted=NO_IMAGES) for one in not_fitted(common.labels, why=NO_IMAGES))
        written = _write(bundles, common=common, weights=told, labels=labels, folder=folder, settings=settings)
        return JoinedBundle(bundle=written, common=common, weights=told, labels=labels, cautions=_unnamed(written))
    gate = shipped_gate() if settings.gate else None
    readers = bundles if gate is None else (*bundles, gate)
    work = folder.parent / f".{folder.name}.joining.{_key(readers, labels=common.labels)}"
    try:
        fitted = _fit(
            bundles,
            common=common,
            told=told,
            work=work,
            settings=settings,
            records=records,
            lungs=lungs,
            gate=gate,
            left_out=left_out,
            progress=progress,
        )
    finally:
        shutil.rmtree(work / "bundle", ignore_errors=True)
    written = _write(
        bundles,
        common=common,
        weights=fitted.weights,
        labels=fitted.labels,
        folder=folder,
        settings=settings,
        fitted=fitted,
    )
    shutil.rmtree(work, ignore_errors=True)
    return JoinedBundle(
        bundle=written,
        common=common,
        weights=fitted.weights,
        labels=fitted.labels,
        images=fitted.images.n,
        patients=fitted.images.patients,
        left_out={**fitted.part.left_out, **fitted.images.left_out},
        cautions=(*_unnamed(written), *_scope_unknown(fitted.images)),
    )


def _check(
    bundles: Sequence[Bundle],
    *,
    folder: Path,
    settings: JoinSettings,
    predictions: Sequence[ValidationPredictions],
    records: Sequence[Record],
) -> None:
    """What cannot work is refused before anything is computed."""
    name = settings.words.name
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"The name {name!r} is not allowed: use lower-case letters, digits and dashes")
    if predictions and len(predictions) != len(bundles):
        raise UsageError(
            f"Give the predictions of every model, in the order of the models: {len(predictions)} were given for "
            f"{len(bundles)} models"
        )
    if settings.fit and predictions:
        raise UsageError("Weights can come from predictions or from images, and both were given. Leave one out")
    if settings.fit and not records:
        raise UsageError("Weights are fitted on validation images, and none were given. Add --data or --weights-from")
    if folder.exists():
        check_replaceable(folder, replace=settings.replace)


def _key(bundles: Sequence[Bundle], *, labels: Sequence[str]) -> str:
    said = "\n".join((*(bundle.sha256 for bundle in bundles), *labels))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _fit(
    bundles: Sequence[Bundle],
    *,
    common: Common,
    told: FittedWeights | None,
    work: Path,
    settings: JoinSettings,
    records: Sequence[Record],
    lungs: Bundle | None,
    gate: Bundle | None,
    left_out: Sequence[LeftOut],
    progress: Progress,
) -> _Fitted:
    """Read the images once, with equal weights; what other weights give follows from the members' logits."""
    work.mkdir(parents=True, exist_ok=True)
    with held_folder(work):
        ensemble = _write(
            bundles,
            common=common,
            weights=None,
            labels=[FittedLabel(label=one) for one in not_fitted(common.labels, why="not fitted yet")],
            folder=work / "bundle",
            settings=JoinSettings(replace=True),
        )
        drawn_by = needed_lungs(ensemble, given=lungs)
        part = fit_part(records, ensemble=ensemble, members=bundles, left_out=left_out)
        scores = work / part.part.split_sha256[:12]
        scores.mkdir(exist_ok=True)
        images = read_own_images(
            part.part,
            bundle=ensemble,
            folder=scores,
            outside_scope=settings.outside_scope,
            progress=progress,
            lungs=drawn_by,
            gate=gate,
        )
    weights = told
    if settings.fit:
        weights = fit_weights(by_member(images, names=common.names), labels=common.labels)
    if weights is not None:
        images = weighed(images, weights=weights.weights)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = fit_labels(
        images, card=ensemble.card, chosen=common.labels, rule=PointRule(), name=settings.called, date=date
    )
    return _Fitted(part=part, images=images, weights=weights, labels=tuple(map(_with_reason, found.labels)))


def _with_reason(one: FittedLabel) -> FittedLabel:
    """A label without an operating point for want of patients says so on the card."""
    if one.unfitted is None or one.label.not_reliable is not None:
        return one
    return FittedLabel(label=not_fitted([one.label.name], why=one.unfitted)[0], unfitted=one.unfitted)


def _write(
    bundles: Sequence[Bundle],
    *,
    common: Common,
    weights: FittedWeights | None,
    labels: Sequence[FittedLabel],
    folder: Path,
    settings: JoinSettings,
    fitted: _Fitted | None = None,
) -> Bundle:
    draft = joined_draft(bundles, common=common, words=settings.words, weighed=_weighed(weights))
    shares = None if weights is None else weights.weights
    files = {GRAPH: _graph(bundles, common=common, weights=shares)}
    used = () if fitted is None else _used(fitted)
    seen = joined_seen_images(bundles, fitted_on=used)
    if seen is not None:
        files[TRAINING_IMAGES] = seen
    if fitted is not None:
        draft = _with_limits(draft, fitted=fitted, called=settings.called)
    fits = Fits(labels=tuple(one.label for one in labels), part=joined_spec(bundles, common=common, weights=shares))
    return write_bundle(
        folder,
        card=draft.finish(fits, files=files),
        files=files,
        replace=settings.replace,
    )


def _weighed(weights: FittedWeights | None) -> str:
    if weights is None:
        return EQUAL
    return (
        f"weights of at least 0 and 1 in all that make the cross-entropy least on {weights.images:,} validation images "
        f"of {weights.patients:,} patients ({weights.loss:.4f} on patients whom the weights did not know, "
        f"{weights.equal_loss:.4f} with equal ones)"
    )


def _graph(bundles: Sequence[Bundle], *, common: Common, weights: Sequence[float] | None) -> bytes:
    shares = [1 / len(bundles)] * len(bundles) if weights is None else weights
    members = [
        _member_graph(bundle, name=name, common=common, weight=share)
        for bundle, name, share in zip(bundles, common.names, shares, strict=True)
    ]
    return join_graphs(members, example=_example(common), maps=common.maps)


def _member_graph(bundle: Bundle, *, name: str, common: Common, weight: float) -> MemberGraph:
    places = [bundle.card.label_names.index(label) for label in common.labels]
    labels: list[Label] = [bundle.card.labels[place] for place in places]
    return MemberGraph(
        name=name,
        graph=bundle.read(GRAPH),
        columns=tuple(places),
        slope=np.array([label.calibration.slope for label in labels]),
        intercept=np.array([label.calibration.intercept for label in labels]),
        weight=weight,
    )


def _example(common: Common) -> Batch:
    """Two inputs of noise, as large as the members take them."""
    size = common.preprocess.output_size
    if size is None:
        raise UsageError("Some of the models take images of any size. Join models that resize their images to one size")
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (2, common.preprocess.channels, *size))
    return noise.astype(np.float32)


def _used(fitted: _Fitted) -> list[Record]:
    return [record for record in fitted.part.part.records if record.sha256 in fitted.images.used]


def _with_limits(draft: CardDraft, *, fitted: _Fitted, called: str) -> CardDraft:
    labels = [one.label for one in fitted.labels]
    done = [one.label.name for one in fitted.labels if one.unfitted is None]
    limits = limits_after_fit(draft.limits, labels=labels)
    own = [limit_of_fit(done, called=called)] if done else []
    protocol = (
        f"{draft.protocol}; calibration and operating points fitted on {fitted.images.n:,} images of "
        f"{fitted.images.patients:,} patients of {called} (SHA-256 {fitted.images.sha256[:12]}…)"
    )
    return replace(draft, limits=(*limits, *own), protocol=protocol)


def _unnamed(written: Bundle) -> tuple[str, ...]:
    if TRAINING_IMAGES in written.card.files:
        return ()
    return ("not every model names its training images: if any of the images given here are among them, no fit holds",)


def _scope_unknown(images: OwnImages) -> tuple[str, ...]:
    if not images.scope_unknown:
        return ()
    return (
        f"for {images.scope_unknown:,} images it is not known whether they are within the ensemble's scope; they "
        "were taken as inside (the columns age_years and view would tell)",
    )
