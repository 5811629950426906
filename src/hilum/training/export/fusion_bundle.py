"""From a trained fusion to its bundle: export, compress, fit each head's labels on validation, check, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.card import GRAPH
from hilum.bundle.fusion_spec import FusionSpec
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import DataError
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.classifier_bundle import AS_READ, largest_difference, unfitted
from hilum.training.export.export_bundle import Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import HALF
from hilum.training.export.fusion_to_onnx import fusion_to_onnx
from hilum.training.export.label_fits import ReadValidation, fit_labels, fit_parts, mean_auroc, part_in_words
from hilum.training.export.lungs_of_bundle import lungs_of_bundle
from hilum.training.export.read_fusion import OWN_PIXELS, ReadFusion, read_fusion
from hilum.training.export.read_validation import ReadPart
from hilum.training.export.to_onnx import example_of
from hilum.training.loop.fusion_networks import FusionLogits, FusionNetworks, fusion_start, predict_fusion
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace

TRUSTED = "lungs trusted"

Parts = Mapping[str, tuple[Record, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """All logits, and validation of each head; the fusion's has the pictures with trusted lungs alone."""

    bundle: Bundle
    found: ReadFusion
    fusion: ReadValidation
    whole: ReadValidation
    crop: ReadValidation


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FusionJudge:
    """Validation through the engine, with the lung boxes of the records, against `expected`, the networks' logits.

    `spec` is the card's part of a fusion of which nothing is fitted yet.
    """

    recipe: Recipe
    parts: Parts
    spec: FusionSpec
    expected: FusionLogits

    def read(self, candidate: Candidate, /) -> _Read:
        """All pictures of all parts, in order."""
        bundle = candidate.bundle(Fits(labels=self.spec.whole_labels, part=self.spec))
        found = read_fusion([record for part in self.parts.values() for record in part], bundle=bundle)
        trusted = np.array([record.lung_box is not None for part in self.parts.values() for record in part])
        everything = np.ones(len(trusted), np.bool_)
        head = partial(_validation, read=found, parts=self.parts, recipe=self.recipe)
        return _Read(
            bundle,
            found,
            fusion=head(found.fusion, kept=trusted, more=f", {TRUSTED}"),
            whole=head(found.whole, kept=everything),
            crop=head(found.crop, kept=everything),
        )

    def scores(self, read: _Read, /) -> tuple[float, ...]:
        """The mean AUROC of both heads that read: the fusion, and the whole picture alone."""
        labels = self.recipe.last.labels
        return tuple(mean_auroc(head.parts, labels=labels) for head in (read.fusion, read.whole))

    def judge(self, read: _Read, /, *, whole: _Read, cost: Cost) -> Judged:
        """The labels of each head, fitted, and the largest difference of a calibrated probability of any."""
        del whole
        found = read.found
        fused, alone, crop = (
            fit_labels(fit_parts(read.bundle, read=head, recipe=self.recipe), recipe=self.recipe)
            for head in (read.fusion, read.whole, read.crop)
        )
        part = self.spec.changed({"crop_source": found.source, "whole_labels": alone, "crop_labels": crop})
        return Judged(
            fits=Fits(labels=fused, part=part, compression=cost.of_auroc()),
            difference=max(
                largest_difference(found.fusion, self.expected.fusion, labels=fused),
                largest_difference(found.whole, self.expected.whole, labels=alone),
                largest_difference(found.crop, self.expected.crop, labels=crop),
            ),
        )


def write_fusion_bundle(
    networks: FusionNetworks,
    *,
    split: Split,
    draft: CardDraft,
    lungs: Bundle,
    place: RunPlace,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `place.folder/bundle`; `draft` is the whole branch's, `lungs` the bundle that drew the records' boxes.

    `seen` is the file of the images that the networks saw, by its name.

    Raises `DataError` where no validation picture has trusted lungs, and `BundleError`, writing none, where the bundle
    read through the engine does not give the networks' validation probabilities.
    """
    recipe = networks.recipe
    spec = _spec(recipe, lungs=lungs)
    parts = _validation_parts(recipe, split=split)
    records = [record for part in parts.values() for record in part]
    return export_bundle(
        replace(
            draft,
            kind="fusion",
            architecture=f"fusion of two {draft.architecture}",
            weights_licence=f"{draft.weights_licence} {LUNG_GRAPH}: {lungs.card.weights_licence}",
        ),
        graph=fusion_to_onnx(
            networks.fused, whole=example_of(recipe.preprocess), crop=example_of(spec.crop_preprocess)
        ),
        forms=HALF,
        judge=FusionJudge(
            recipe=recipe,
            parts=parts,
            spec=spec,
            expected=predict_fusion(networks, records=records, preparation=place.preparation),
        ),
        allowed=AS_READ,
        folder=place.folder,
        files={LUNG_GRAPH: lungs.read(GRAPH), **seen},
    )


def _spec(recipe: Recipe, *, lungs: Bundle) -> FusionSpec:
    """The card's part before anything is fitted."""
    labels = unfitted(recipe.last.labels)
    return FusionSpec(
        crop_preprocess=recipe.preprocess_of(recipe.stage(fusion_start(recipe).crop)),
        crop_source=OWN_PIXELS,
        whole_labels=labels,
        crop_labels=labels,
        **lungs_of_bundle(lungs),
    )


def _validation_parts(recipe: Recipe, *, split: Split) -> Parts:
    parts = {name: tuple(split.parts[name]) for name in recipe.assessment.parts}
    if all(record.lung_box is None for part in parts.values() for record in part):
        raise DataError(
            f"No validation image in {', '.join(parts)} has reliable lungs. Draw them with `hilum segment`, or give "
            "other data or another --lungs"
        )
    return parts


def _validation(
    logits: npt.NDArray[np.float64],
    *,
    read: ReadFusion,
    parts: Parts,
    recipe: Recipe,
    kept: npt.NDArray[np.bool_],
    more: str = "",
) -> ReadValidation:
    """One head on the pictures that are `kept` (N,), part by part; `more` is added to the parts' names."""
    made: dict[str, ReadPart] = {}
    first = 0
    for name, records in parts.items():
        rows = slice(first, first + len(records))
        chosen = tuple(record for record, there in zip(records, kept[rows], strict=True) if there)
        made[name] = ReadPart(
            f"{part_in_words(name)}{more}", chosen, logits[rows][kept[rows]], read.sharpness[rows][kept[rows]]
        )
        first += len(records)
    return ReadValidation.of(made, assessment=recipe.assessment)
