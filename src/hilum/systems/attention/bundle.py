"""From two trained looks to their bundle: export, compress, fit each head's labels on validation, check, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hilum.bundle.card import GRAPH
from hilum.bundle.fusion_spec import CROP_LOGITS, CROP_MAPS, LOGITS, WHOLE_LOGITS, WHOLE_MAPS
from hilum.bundle.label import Label
from hilum.bundle.load import Bundle
from hilum.bundle.two_looks_spec import ABOUT, BOXES, TOLD, TwoLooksSpec
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.networks.starting_licence import starting_licences
from hilum.networks.two_looks import TwoLooks
from hilum.reading.engines.engine import INPUT, available_cores
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.systems.attention.fit import FittedTwoLooks, about_of
from hilum.systems.attention.recipe import AttentionRecipe
from hilum.training.data.images import PlainImages, Preparation, load_images
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.classifier_bundle import AS_READ, largest_difference, unfitted
from hilum.training.export.classifier_draft import classifier_draft, images_read, licences_of_starts
from hilum.training.export.export_bundle import Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import HALF
from hilum.training.export.label_fits import ReadValidation, fit_labels, fit_parts, mean_auroc, part_in_words
from hilum.training.export.read_validation import ReadPart
from hilum.training.export.seen_images import seen_images
from hilum.training.export.to_onnx import example_of, graph_of
from hilum.training.recipe.recipe import TRAIN
from hilum.training.records.card_words import card_words, licence_of_weights
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace

BATCH = 8
MOST_CHANGED = 0.1
"""The share of validation pictures whose crop a graph may change; with more it does not look where the network does."""

OUTPUTS = (LOGITS, WHOLE_LOGITS, CROP_LOGITS, WHOLE_MAPS, CROP_MAPS, BOXES, TOLD)
"""The graph's outputs in the order of `TwoLooksOutputs`."""

Floats = npt.NDArray[np.float64]
Parts = Mapping[str, tuple[Record, ...]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Looks:
    """What the three heads say of N pictures, each (N, L), and where each was cut, (N, B, 4).

    `sharpness` (N,) and how often each size (columns, rows) came are known where files were decoded.
    """

    whole: Floats
    crop: Floats
    fused: Floats
    boxes: Floats
    sharpness: Floats = field(default_factory=lambda: np.empty(0))
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)


def crop_shares(looks: Looks, *, side_px: tuple[int, int]) -> Floats:
    """What share of the area of a picture of `side_px` (rows, columns) its crops have on average, (N,)."""
    left, top, right, bottom = np.moveaxis(looks.boxes, -1, 0)
    shares: Floats = ((right - left) * (bottom - top)).mean(axis=1) / (side_px[0] * side_px[1])
    return shares


def read_looks(records: Sequence[Record], *, bundle: Bundle) -> Looks:
    """What the bundle's graph says of every record through the engine, as reading does; raises what decoding raises."""
    runner = GraphRunner(
        bundle.read(GRAPH), name=bundle.card.name, engine=OnnxRuntimeEngine(), threads=available_cores()
    )
    about = about_of(records).numpy()
    wanted = (WHOLE_LOGITS, CROP_LOGITS, LOGITS, BOXES)
    found: list[list[npt.NDArray[np.float32]]] = []
    sharpness: list[float] = []
    sizes: Counter[tuple[int, int]] = Counter()
    for first in range(0, len(records), BATCH):
        pictures = []
        for record in records[first : first + BATCH]:
            pixels = decode(read_file(record.path), name=record.image).pixels
            sharpness.append(mean_gradient(pixels))
            sizes[pixels.shape[1], pixels.shape[0]] += 1
            pictures.append(preprocess(pixels, spec=bundle.card.preprocess).array)
        one = runner.run({INPUT: np.stack(pictures), ABOUT: about[first : first + BATCH]}, outputs=wanted)
        found.append([one[name] for name in wanted])
    whole, crop, fused, boxes = (np.concatenate(column).astype(np.float64) for column in zip(*found, strict=True))
    return Looks(whole=whole, crop=crop, fused=fused, boxes=boxes, sharpness=np.array(sharpness), sizes=sizes)


def torch_looks(
    network: TwoLooks, *, records: Sequence[Record], recipe: AttentionRecipe, preparation: Preparation
) -> Looks:
    """What the network itself says of every record, in float32 and evaluation mode."""
    spec = recipe.preprocess_of(recipe.last)
    images = PlainImages(load_images(records, spec=spec, labels=(), preparation=preparation), spec=spec)
    about = about_of(records)
    found = []
    with torch.inference_mode():
        for first in range(0, len(records), BATCH):
            last = min(first + BATCH, len(records))
            pictures = torch.stack([images[index][0] for index in range(first, last)])
            one = network.outputs(pictures, about[first:last])
            found.append((one.whole_logits, one.crop_logits, one.logits, one.boxes))
    whole, crop, fused, boxes = (torch.cat(column).double().numpy() for column in zip(*found, strict=True))
    return Looks(whole=whole, crop=crop, fused=fused, boxes=boxes)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    bundle: Bundle
    found: Looks
    fused: ReadValidation
    whole: ReadValidation
    crop: ReadValidation


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TwoLooksJudge:
    """Validation through the engine against `expected`, the network's own; `spec` is the card's part before fitting.

    A crop that jumps changes what is seen, so the crop's and the fused probabilities are compared where both look at
    the same place, and how often they do not is counted.
    """

    recipe: AttentionRecipe
    parts: Parts
    spec: TwoLooksSpec
    expected: Looks

    def read(self, candidate: Candidate, /) -> _Read:
        """All pictures of all parts, in order."""
        bundle = candidate.bundle(Fits(labels=self.spec.whole_labels, part=self.spec))
        found = read_looks([record for part in self.parts.values() for record in part], bundle=bundle)
        fused, whole, crop = (self._validation(logits, found) for logits in (found.fused, found.whole, found.crop))
        return _Read(bundle, found, fused=fused, whole=whole, crop=crop)

    def scores(self, read: _Read, /) -> tuple[float, ...]:
        """The mean AUROC of both looks together, and of the whole picture alone."""
        labels = self.recipe.last.labels
        return tuple(mean_auroc(head.parts, labels=labels) for head in (read.fused, read.whole))

    def judge(self, read: _Read, /, *, whole: _Read, cost: Cost) -> Judged:
        """The labels of each head, fitted; how often the crop changed, and how far probabilities are elsewhere."""
        del whole
        found, expected = read.found, self.expected
        fused, alone, crop = (
            fit_labels(fit_parts(read.bundle, read=head, recipe=self.recipe), recipe=self.recipe)
            for head in (read.fused, read.whole, read.crop)
        )
        same = (found.boxes == expected.boxes).all(axis=(1, 2))
        changed = int((~same).sum())
        side_px = self.recipe.preprocess.output_size or (0, 0)
        part = self.spec.changed(
            {
                "crop_source": _source(found, side_px=side_px),
                "whole_labels": alone,
                "crop_labels": crop,
                "crops_compared": len(same),
                "crops_changed": changed,
                "crops_whole": int((crop_shares(found, side_px=side_px) == 1.0).sum()),
            }
        )
        differences = [largest_difference(found.whole, expected.whole, labels=alone)]
        if same.any():
            differences.append(largest_difference(found.crop[same], expected.crop[same], labels=crop))
            differences.append(largest_difference(found.fused[same], expected.fused[same], labels=fused))
        if changed > MOST_CHANGED * len(same):
            differences.append(1.0)
        return Judged(fits=Fits(labels=fused, part=part, compression=cost.of_auroc()), difference=max(differences))

    def _validation(self, logits: Floats, found: Looks) -> ReadValidation:
        made: dict[str, ReadPart] = {}
        first = 0
        for name, records in self.parts.items():
            rows = slice(first, first + len(records))
            made[name] = ReadPart(part_in_words(name), records, logits[rows], found.sharpness[rows])
            first += len(records)
        return ReadValidation.of(made, assessment=self.recipe.assessment)


def two_looks_draft(
    recipe: AttentionRecipe, *, splits: Mapping[str, Split], started_from: str, provenance: Provenance, smoke: bool
) -> CardDraft:
    """The card before anything is fitted; arguments as `classifier_draft`."""
    draft = classifier_draft(recipe, splits=splits, started_from=started_from, provenance=provenance, smoke=smoke)
    of_crop = starting_licences([recipe.crop_start], backbone=recipe.crop_backbone, loaded=started_from)
    terms = (*licences_of_starts(recipe, started_from=started_from), *of_crop)
    words = card_words(recipe, stated=provenance.stated, trained_on=())
    return replace(
        draft,
        kind="two-looks",
        architecture=f"{recipe.backbone} on the picture, {recipe.crop_backbone} on the crop that it attends to",
        weights_licence=licence_of_weights(
            words.licence, trained_on=images_read(splits), started_from=tuple(dict.fromkeys(terms))
        ),
    )


def write_two_looks_bundle(
    fitted: FittedTwoLooks, *, recipe: AttentionRecipe, split: Split, draft: CardDraft, place: RunPlace
) -> Bundle:
    """Write `place.folder/bundle`.

    Raises `BundleError`, writing none, where the bundle does not read as the network's validation probabilities say, or
    looks elsewhere than the network in more than a tenth of the pictures.
    """
    parts = {name: tuple(split.parts[name]) for name in recipe.assessment.parts}
    records = [record for part in parts.values() for record in part]
    rows = [(part, record) for part, records in split.parts.items() for record in records]
    return export_bundle(
        draft,
        graph=two_looks_to_onnx(fitted.network, recipe=recipe),
        forms=HALF,
        judge=TwoLooksJudge(
            recipe=recipe,
            parts=parts,
            spec=_spec(recipe),
            expected=torch_looks(fitted.network, records=records, recipe=recipe, preparation=place.preparation),
        ),
        allowed=AS_READ,
        folder=place.folder,
        files=seen_images(
            train=[record for part, record in rows if part == TRAIN],
            validation=[record for part, record in rows if part not in (TRAIN, TEST)],
            starts=[recipe.last.start, recipe.crop_start],
            jobs=place.preparation.jobs,
        ),
    )


class _AllOutputs(nn.Module):
    def __init__(self, network: TwoLooks) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, about: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.outputs(picture, about))


def two_looks_to_onnx(network: TwoLooks, *, recipe: AttentionRecipe) -> bytes:
    """The one graph of both looks; `bundle/two_looks_spec.py` says what it takes and gives.

    It is not compared with torch on noise, where nothing draws attention and a last bit may move the crop: validation
    pictures are what it is compared on.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # absent from torch's stubs
    picture = example_of(recipe.preprocess) / 2 + 0.5
    about = torch.zeros(len(picture), network.weights[2].shape[1])
    return graph_of(_AllOutputs(network), examples={INPUT: picture, ABOUT: about}, outputs=OUTPUTS)


def _spec(recipe: AttentionRecipe) -> TwoLooksSpec:
    """The card's part before anything is fitted."""
    labels: tuple[Label, ...] = unfitted(recipe.last.labels)
    return TwoLooksSpec(
        crop_architecture=recipe.crop_backbone,
        attention=recipe.attention.map,
        threshold=recipe.attention.threshold,
        subdivisions=recipe.attention.subdivisions,
        look=(recipe.look_px, recipe.look_px),
        crop_source="pictures as they are prepared",
        whole_labels=labels,
        crop_labels=labels,
    )


def _source(found: Looks, *, side_px: tuple[int, int]) -> str:
    """From pictures of which size the crops are cut, for the card."""
    (columns, rows), count = found.sizes.most_common(1)[0]
    high, wide = side_px
    return (
        f"the picture at {wide} x {high} pixels; {count} of {found.sizes.total()} validation pictures have {columns} x "
        f"{rows} of their own"
    )
