"""From a trained classifier to its bundle, whose labels are fitted on validation as the reader sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from hilum.bundle.ensemble_spec import EnsembleSpec
from hilum.bundle.label import RAW, Label
from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import PoolingSpec
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.data.images import PlainImages, load_images
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.export_bundle import Allowed, Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import HALF
from hilum.training.export.label_fits import ReadValidation, fit_labels, fit_parts, mean_auroc, read_validation
from hilum.training.export.to_onnx import classifier_to_onnx, example_of
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace

Logits = npt.NDArray[np.floating]

AS_READ = Allowed(loss=0.002, difference=1e-3)
"""What a smaller graph may cost: of the mean AUROC on validation, and in any calibrated probability there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    bundle: Bundle
    validation: ReadValidation


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClassifierJudge:
    """Validation through the `Reader`, against `expected`, the network's own logits (N, L) of the same pictures.

    `lungs` draws the lungs for a classifier of the crop; `part` is what the card of another kind holds.
    """

    recipe: Recipe
    split: Split
    lungs: Bundle | None
    expected: Logits
    part: EnsembleSpec | PoolingSpec | None = None

    def read(self, candidate: Candidate, /) -> _Read:
        """The validation parts, read once."""
        bundle = candidate.bundle(Fits(labels=unfitted(self.recipe.last.labels), part=self.part))
        return _Read(bundle, read_validation(bundle, split=self.split, recipe=self.recipe, lungs=self.lungs))

    def scores(self, read: _Read, /) -> tuple[float, ...]:
        """The mean AUROC."""
        return (mean_auroc(read.validation.parts, labels=self.recipe.last.labels),)

    def judge(self, read: _Read, /, *, whole: _Read, cost: Cost) -> Judged:
        """The labels, fitted, and the largest difference of a calibrated probability."""
        del whole
        parts = fit_parts(read.bundle, read=read.validation, recipe=self.recipe, lungs=self.lungs)
        labels = fit_labels(parts, recipe=self.recipe)
        found = np.concatenate([part.logits for part in read.validation.parts])
        return Judged(
            fits=Fits(labels=labels, part=self.part, compression=cost.of_auroc()),
            difference=largest_difference(found, self.expected, labels=labels),
        )


def write_classifier_bundle(
    network: PooledClassifier,
    *,
    recipe: Recipe,
    split: Split,
    draft: CardDraft,
    lungs: Bundle | None,
    place: RunPlace,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `place.folder/bundle`; `seen` is the file of the images that the network saw, by its name.

    Raises `BundleError`, writing none, where the bundle does not read as the network's validation probabilities say.
    """
    graph = classifier_to_onnx(network, example=example_of(recipe.preprocess))
    exported = Exported(network=network, graph=graph)
    return write_network_bundle(exported, recipe=recipe, split=split, draft=draft, lungs=lungs, place=place, seen=seen)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Exported:
    """A network from a picture (N, C, H, W) to logits (N, L), its graph, and what the card holds under its kind.

    A network that averages inside the lungs takes one plane more.
    """

    network: nn.Module
    graph: bytes
    part: EnsembleSpec | PoolingSpec | None = None


def write_network_bundle(
    exported: Exported,
    *,
    recipe: Recipe,
    split: Split,
    draft: CardDraft,
    lungs: Bundle | None,
    place: RunPlace,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `place.folder/bundle` of a graph whose logits are fitted as the recipe's last stage and assessment say.

    `seen` are further files of the bundle, by name. Raises as `write_classifier_bundle`.
    """
    records = [record for part in recipe.assessment.parts for record in split.parts[part]]
    expected = _network_logits(exported.network, records=records, recipe=recipe, place=place)
    return export_bundle(
        draft,
        graph=exported.graph,
        forms=HALF,
        judge=ClassifierJudge(recipe=recipe, split=split, lungs=lungs, expected=expected, part=exported.part),
        allowed=AS_READ,
        folder=place.folder,
        files=seen,
    )


def unfitted(names: Sequence[str]) -> tuple[Label, ...]:
    """Labels as they are read before anything is fitted: uncalibrated, and never decided."""
    return tuple(
        Label(
            name=name,
            calibration=RAW,
            operating_point=None,
            operating_point_rule="none: not fitted yet",
        )
        for name in names
    )


def largest_difference(read: Logits, expected: Logits, *, labels: Sequence[Label]) -> float:
    """The largest difference in a calibrated probability between logits (N, L) as read and as torch gives them."""
    stated = [one.calibration.probabilities for one in labels]
    return max(float(np.abs(p(read[:, i]) - p(expected[:, i])).max()) for i, p in enumerate(stated))


def changed_decisions(read: Logits, expected: Logits, *, labels: Sequence[Label]) -> float | None:
    """The share of the n images that logits (N, L) as read decide otherwise than those of torch.

    That of the label of which most are; None where no label has an operating point.
    """
    shares = []
    for i, one in enumerate(labels):
        if one.operating_point is not None:
            here, there = (
                one.calibration.probabilities(logits[:, i]) >= one.operating_point for logits in (read, expected)
            )
            shares.append(float(np.mean(here != there)))
    return max(shares, default=None)


def _network_logits(
    network: nn.Module, *, records: Sequence[Record], recipe: Recipe, place: RunPlace
) -> npt.NDArray[np.float32]:
    """The logits (N, L) of torch in float32."""
    spec = recipe.preprocess_of(recipe.last)
    loaded = load_images(records, spec=spec, labels=(), preparation=place.preparation, pooling=recipe.lung_pooling)
    images = PlainImages(loaded, spec=spec)
    with torch.inference_mode():
        return np.concatenate([network(images[index][0][None]).numpy() for index in range(len(records))])
