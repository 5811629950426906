"""From a trained fusion to its bundle: export, compress, fit each head's labels on validation, check, write."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH, Card, Compression
from hilum.bundle.fusion_spec import LUNG_GRAPH, FusionSpec
from hilum.bundle.label import Label
from hilum.bundle.load import Bundle, wrong_kind
from hilum.bundle.lung_spec import LungSpec
from hilum.bundle.save import file_hashes, write_bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import BundleError, DataError
from hilum.training.data.images import Preparation
from hilum.training.export.fusion_to_onnx import fusion_to_onnx
from hilum.training.export.label_fits import ReadValidation, fit_labels, fit_parts, mean_auroc, part_in_words
from hilum.training.export.read_fusion import ReadFusion, read_fusion
from hilum.training.export.read_validation import ReadPart
from hilum.training.export.smaller_graphs import (
    LARGEST_AUROC_LOSS,
    PROBABILITY_TOLERANCE,
    candidates,
    largest_difference,
)
from hilum.training.loop.fusion_networks import SdfnLogits, SdfnNetworks, fusion_start, predict_sdfn
from hilum.training.recipe.recipe import Recipe

BUNDLE, DRAFT = "bundle", "draft"
NO_FILES: Mapping[str, bytes] = {}
TRUSTED = "lungs trusted"

Logits = npt.NDArray[np.floating]
Parts = Mapping[str, tuple[Record, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Heads:
    """Validation of the three heads; the fusion's has the pictures with trusted lungs alone, which it reads."""

    fusion: ReadValidation
    whole: ReadValidation
    crop: ReadValidation


@dataclass(frozen=True, slots=True)
class _Labels:
    """What was fitted on `_Heads`."""

    fusion: tuple[Label, ...]
    whole: tuple[Label, ...]
    crop: tuple[Label, ...]


def write_fusion_bundle(
    networks: SdfnNetworks,
    *,
    split: Split,
    draft: Card,
    lungs: Bundle,
    folder: Path,
    preparation: Preparation,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `folder/bundle`; `draft` is the card of `draft_card`, `lungs` the bundle that drew the records' boxes.

    `seen` is the file of the images that the networks saw, by its name.

    Raises `DataError` where no validation picture has trusted lungs, and `BundleError`, writing none, where the bundle
    read through the engine does not give the networks' validation probabilities to 1e-3.
    """
    recipe = networks.recipe
    spec = _lung_spec(lungs)
    parts = _validation_parts(recipe, split=split)
    records = [record for part in parts.values() for record in part]
    expected = predict_sdfn(networks, records=records, preparation=preparation)
    full = _graph(networks)
    card = _fusion_card(recipe, draft=draft, lungs=lungs, spec=spec)
    bundle = _write(card, graph=full, lungs=lungs, folder=folder / DRAFT)
    full_read = read_fusion(records, bundle=bundle)
    before = _aurocs(_heads(full_read, parts=parts, recipe=recipe), names=recipe.last.labels)
    differences = []
    for method, graph in candidates(full):
        bundle = _write(card, graph=graph, lungs=lungs, folder=folder / DRAFT)
        read = full_read if method == "none" else read_fusion(records, bundle=bundle)
        heads = _heads(read, parts=parts, recipe=recipe)
        after = _aurocs(heads, names=recipe.last.labels)
        labels = _Labels(
            *(
                fit_labels(fit_parts(bundle, read=one, recipe=recipe), recipe=recipe)
                for one in (heads.fusion, heads.whole, heads.crop)
            )
        )
        differences.append(_largest_difference(read, expected=expected, labels=labels))
        lost = max(one - other for one, other in zip(before, after, strict=True))
        if differences[-1] <= PROBABILITY_TOLERANCE and lost < LARGEST_AUROC_LOSS:
            compression = Compression(method=method, auroc_before=before[0], auroc_after=after[0])
            fitted = _with_fits(card, labels=labels, source=read.source, compression=compression)
            written = _write(fitted, graph=graph, lungs=lungs, folder=folder / BUNDLE, more=seen)
            shutil.rmtree(folder / DRAFT, ignore_errors=True)
            return written
    raise BundleError(
        f"expected engine and torch to agree to {PROBABILITY_TOLERANCE} in every validation probability, came "
        f"{min(differences):.1e} at best; no bundle was written"
    )


def _lung_spec(lungs: Bundle) -> LungSpec:
    if lungs.card.lungs is None:
        raise wrong_kind(lungs.card, expected="lungs")
    return lungs.card.lungs


def _validation_parts(recipe: Recipe, *, split: Split) -> Parts:
    wanted = recipe.assessment
    names = dict.fromkeys((wanted.calibration_part, wanted.operating_point_part))
    parts = {name: tuple(split.parts[name]) for name in names}
    if all(record.lung_box is None for part in parts.values() for record in part):
        raise DataError(
            f"expected validation pictures whose lungs are trusted, came none in {', '.join(parts)}; draw them with "
            "`hilum segment`, and give other data or another --lungs"
        )
    return parts


def _graph(networks: SdfnNetworks) -> bytes:
    recipe, start = networks.recipe, fusion_start(networks.recipe)
    sizes = [recipe.preprocess_of(recipe.stage(name)).output_size for name in (start.whole, start.crop)]
    if sizes[0] is None or sizes[1] is None:
        raise DataError("expected a preprocessing specification with a resize step, came one without")
    return fusion_to_onnx(networks.fused, whole_size=sizes[0], crop_size=sizes[1], channels=recipe.preprocess.channels)


def _heads(read: ReadFusion, *, parts: Parts, recipe: Recipe) -> _Heads:
    trusted = np.array([record.lung_box is not None for part in parts.values() for record in part])
    everything = np.ones(len(trusted), np.bool_)
    return _Heads(
        fusion=_validation(read.fusion, read=read, parts=parts, recipe=recipe, kept=trusted, more=f", {TRUSTED}"),
        whole=_validation(read.whole, read=read, parts=parts, recipe=recipe, kept=everything),
        crop=_validation(read.crop, read=read, parts=parts, recipe=recipe, kept=everything),
    )


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
    wanted = recipe.assessment
    return ReadValidation(calibration=made[wanted.calibration_part], point=made[wanted.operating_point_part])


def _aurocs(heads: _Heads, *, names: Sequence[str]) -> tuple[float, float]:
    """The mean AUROC of both heads that read: the fusion, and the whole picture alone."""
    return mean_auroc(heads.fusion.parts, labels=names), mean_auroc(heads.whole.parts, labels=names)


def _largest_difference(read: ReadFusion, *, expected: SdfnLogits, labels: _Labels) -> float:
    return max(
        largest_difference(read.fusion, expected.fusion, labels=labels.fusion),
        largest_difference(read.whole, expected.whole, labels=labels.whole),
        largest_difference(read.crop, expected.crop, labels=labels.crop),
    )


def _fusion_card(recipe: Recipe, *, draft: Card, lungs: Bundle, spec: LungSpec) -> Card:
    """The draft as a fusion's card, before anything is fitted."""
    start = fusion_start(recipe)
    fusion = FusionSpec(
        crop_preprocess=recipe.preprocess_of(recipe.stage(start.crop)),
        crop_source="not counted yet",
        whole_labels=draft.labels,
        crop_labels=draft.labels,
        lungs=spec,
        lungs_preprocess=lungs.card.preprocess,
        lungs_name=lungs.card.name,
        lungs_version=lungs.card.version,
        lungs_sha256=lungs.sha256,
    )
    return draft.model_copy(
        update={
            "kind": "fusion",
            "architecture": f"fusion of two {draft.architecture}",
            "fusion": fusion,
            "weights_licence": f"{draft.weights_licence} {LUNG_GRAPH}: {lungs.card.weights_licence}",
        }
    )


def _with_fits(card: Card, *, labels: _Labels, source: str, compression: Compression) -> Card:
    if card.fusion is None:
        raise BundleError(f"expected the card of a fusion, came kind {card.kind}")
    fusion = card.fusion.model_copy(
        update={"crop_source": source, "whole_labels": labels.whole, "crop_labels": labels.crop}
    )
    return card.model_copy(update={"labels": labels.fusion, "fusion": fusion, "compression": compression})


def _write(card: Card, *, graph: bytes, lungs: Bundle, folder: Path, more: Mapping[str, bytes] = NO_FILES) -> Bundle:
    files = {GRAPH: graph, LUNG_GRAPH: lungs.read(GRAPH), **more}
    return write_bundle(folder, card=card.model_copy(update={"files": file_hashes(files)}), files=files, replace=True)
