"""From two networks of all images and the study of the adult's chest to the bundle that ships.

The mean of two calibrated logits is one linear layer over both networks' pooled vectors, so the bundle is a fusion. Its
figures, calibrations and operating points are the study's, whose networks never saw what they judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.card import GRAPH
from hilum.bundle.fusion_spec import FusionSpec
from hilum.bundle.label import PlattCalibration
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.design import SMOKE
from hilum.networks.fusion import FusedClassifier, FusionHead
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.chest_adult.labels import AdultLabels
from hilum.systems.chest_adult.recipe import WORDS, AdultRecipe
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import Preparation, targets_of
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.classifier_bundle import changed_decisions, largest_difference
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.export.export_bundle import Allowed, Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import SMALLEST
from hilum.training.export.fusion_to_onnx import fusion_to_onnx
from hilum.training.export.lungs_of_bundle import lungs_of_bundle
from hilum.training.export.read_fusion import OWN_PIXELS, ReadFusion, read_fusion
from hilum.training.export.to_onnx import example_of
from hilum.training.loop.fit import Fitted
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.settings import card_settings
from hilum.training.records.provenance import Provenance

ALLOWED = Allowed(loss=0.005, difference=0.05, changed=0.02)
"""What a smaller graph may cost: of the mean AUROC of either head, in any calibrated probability, and of the decisions
of any finding by the mean or by the whole picture alone."""

Calibrations = Sequence[PlattCalibration]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdultNetworks:
    """The networks of all images, and for each the mean calibrations of the folds' networks, by label in order.

    The mean of the calibrated logits is divided by `scales`, by label.
    """

    whole: Fitted
    crop: Fitted
    whole_calibrations: Calibrations
    crop_calibrations: Calibrations
    scales: Sequence[float]

    def fused(self) -> FusedClassifier:
        """Both networks under the linear layer whose logit is the mean of their calibrated logits, scaled."""
        whole, crop = self.whole.network, self.crop.network
        features = whole.weight.shape[1] + crop.weight.shape[1]
        head = FusionHead(features=features, labels=len(self.whole_calibrations))
        halves = [_half(one, by=by) for one, by in ((whole, self.whole_calibrations), (crop, self.crop_calibrations))]
        scales = torch.tensor(self.scales, dtype=torch.float32)
        with torch.no_grad():
            head.head.weight.copy_(torch.cat([weight for weight, _ in halves], dim=1) / scales[:, None])
            head.head.bias.copy_(torch.stack([bias for _, bias in halves]).sum(dim=0) / scales)
        return FusedClassifier(whole=whole, crop=crop, head=head).eval()

    @property
    def started_from(self) -> str:
        """One line for the card."""
        return f"whole picture: {self.whole.started_from}; lungs: {self.crop.started_from}"


def _half(network: PooledClassifier, *, by: Calibrations) -> tuple[torch.Tensor, torch.Tensor]:
    """Half of the network's calibrated logits, as weight (L, K) and bias (L,)."""
    slope, intercept = (
        torch.tensor([getattr(one, name) for one in by], dtype=torch.float32) for name in ("slope", "intercept")
    )
    return slope[:, None] * network.weight / 2, (slope * network.bias + intercept) / 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdultJudge:
    """The heads' logits of `records`, through the engine, against the networks' own, `expected` by head, each (N, L).

    All images were trained on: this measures what the form of the graph costs, not the networks.
    """

    records: Sequence[Record]
    labels: AdultLabels
    spec: FusionSpec
    expected: Mapping[str, np.ndarray]

    def read(self, candidate: Candidate, /) -> ReadFusion:
        """All records, in order."""
        return read_fusion(self.records, bundle=candidate.bundle(Fits(labels=self.labels.mean, part=self.spec)))

    def scores(self, read: ReadFusion, /) -> tuple[float, ...]:
        """The mean AUROC of both heads that read: the mean, and the whole picture alone."""
        names = [label.name for label in self.labels.mean]
        targets = targets_of(self.records, labels=names)
        return tuple(_mean_auroc(targets, logits=logits) for logits in (read.fusion, read.whole))

    def judge(self, read: ReadFusion, /, *, whole: ReadFusion, cost: Cost) -> Judged:
        """The study's labels, the largest difference of a calibrated probability of any head, and changed decisions."""
        del whole
        heads = {"mean": read.fusion, "whole": read.whole, "crop": read.crop}
        found = [
            changed_decisions(heads[head], self.expected[head], labels=getattr(self.labels, head))
            for head in ("mean", "whole")
        ]
        changed = max((share for share in found if share is not None), default=None)
        return Judged(
            changed=changed,
            fits=Fits(
                labels=self.labels.mean,
                part=self.spec.changed({"crop_source": read.source}),
                compression=cost.of_auroc(changed=changed),
            ),
            difference=max(
                largest_difference(logits, self.expected[head], labels=getattr(self.labels, head))
                for head, logits in heads.items()
            ),
        )


def write_adult_bundle(
    recipe: AdultRecipe,
    *,
    networks: AdultNetworks,
    labels: AdultLabels,
    draft: CardDraft,
    records: Sequence[Record],
    lungs: Bundle,
    preparation: Preparation,
    folder: Path,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `folder/bundle`; `records`, on which the graph's forms are compared, carry the boxes that `lungs` drew.

    `seen` is the file of the images that the networks saw, by its name. Raises `BundleError`, writing none, where the
    bundle read through the engine is not what the networks say.
    """
    fused, spec = networks.fused(), _spec(recipe, labels=labels, lungs=lungs)
    own = {
        head: logits_of(fitted.network, records=records, recipe=one, preparation=preparation)
        for head, fitted, one in (("whole", networks.whole, recipe.whole), ("crop", networks.crop, recipe.crop))
    }
    calibrated = [
        _calibrated(own[head], by=by)
        for head, by in (("whole", networks.whole_calibrations), ("crop", networks.crop_calibrations))
    ]
    return export_bundle(
        draft,
        graph=fusion_to_onnx(
            fused,
            whole=example_of(recipe.whole.preprocess_of(recipe.whole.last)),
            crop=example_of(spec.crop_preprocess),
        ),
        forms=SMALLEST,
        judge=AdultJudge(
            records=records,
            labels=labels,
            spec=spec,
            expected={**own, "mean": np.mean(calibrated, axis=0) / np.array(networks.scales)},
        ),
        allowed=ALLOWED,
        folder=folder,
        files={LUNG_GRAPH: lungs.read(GRAPH), **seen},
    )


def adult_draft(
    recipe: AdultRecipe,
    *,
    networks: AdultNetworks,
    records: Sequence[Record],
    study_protocol: str,
    provenance: Provenance,
    lungs: Bundle,
    limits: Sequence[str],
    smoke: bool,
) -> CardDraft:
    """The card before the graph is measured; the networks were trained on `records`, `limits` are the study's."""
    mark = f"{SMOKE}, the numbers mean nothing: " if smoke else ""
    everything = Split(
        {TRAIN: tuple(records)},
        f"{mark}figures: {study_protocol}; the networks that ship are trained by the same recipes on all "
        f"{len(records):,} images",
    )
    own = replace(recipe.whole, name=recipe.name, card=WORDS)
    draft = classifier_draft(
        own,
        splits={own.last.name: everything},
        started_from=networks.started_from,
        provenance=provenance,
        smoke=smoke,
        lungs=lungs,
    )
    return replace(
        draft,
        kind="fusion",
        architecture=f"mean of two {draft.architecture}",
        limits=(*draft.limits, *limits),
        training=draft.training.changed({"recipe": card_settings(recipe)}),
        weights_licence=f"{draft.weights_licence} {LUNG_GRAPH}: {lungs.card.weights_licence}",
    )


def _spec(recipe: AdultRecipe, *, labels: AdultLabels, lungs: Bundle) -> FusionSpec:
    return FusionSpec(
        crop_preprocess=recipe.crop.preprocess_of(recipe.crop.last),
        crop_source=OWN_PIXELS,
        whole_labels=labels.whole,
        crop_labels=labels.crop,
        **lungs_of_bundle(lungs),
    )


def _calibrated(logits: np.ndarray, *, by: Calibrations) -> np.ndarray:
    """Logits (N, L), each label's by its own calibration."""
    return np.stack([one.slope * logits[:, i] + one.intercept for i, one in enumerate(by)], axis=1)


def _mean_auroc(targets: np.ndarray, *, logits: np.ndarray) -> float:
    """Over the labels that have both outcomes; 0.5 where none has."""
    values = [auroc(targets[:, column], scores=logits[:, column]) for column in range(targets.shape[1])]
    return float(np.mean([value for value in values if not isinstance(value, UndefinedMetric)] or [0.5]))
