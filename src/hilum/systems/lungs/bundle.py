"""From the lung recipe, its study and records to the bundle that ships: fit on everything, export, compress, write.

The card's figures and its rule of trust are the study's, whose networks never saw what they drew; the network in the
bundle is trained by the same recipe on all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.card import GRAPH, Card, HeatmapSpec, Scope, Training
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.lung_spec import LungCompression, LungSpec
from hilum.bundle.save import file_hashes, write_bundle
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES
from hilum.errors import EngineError
from hilum.evaluation.predictions.design import SMOKE
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import normalise
from hilum.networks.lung_unet import ENCODER
from hilum.networks.starting_licence import starting_licences
from hilum.reading.engines.engine import INPUT, LOGITS, available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.systems.lungs.fit import FittedLungs, LungNetwork, fit_lungs
from hilum.systems.lungs.losses import UNION, UNKNOWN
from hilum.systems.lungs.pictures import LungPicture, load_lung_pictures
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.releases import LUNG_RELEASES
from hilum.systems.lungs.study.metrics import dice
from hilum.systems.lungs.study.study import LungStudy
from hilum.training.export.seen_images import seen_images
from hilum.training.export.smaller_graphs import smaller
from hilum.training.export.to_onnx import LOGIT_TOLERANCE, graph_of, run_graph
from hilum.training.recipe.settings import card_settings
from hilum.training.records.card_words import licence_of_many
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.provenance import Provenance, records_sha256
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, whole_record

LARGEST_DICE_LOSS = 0.002
BATCH = 8

INTENDED_USE = "Research and teaching: where the lungs are on a frontal chest radiograph, and the box that holds them."
NOT_FOR = (
    "Diagnosis or any measurement that a decision about a patient rests on: this is not a medical device.",
    "Lateral radiographs, and parts other than the chest: they are drawn all the same, and mean nothing.",
)
LIMITS = (
    "Adults only in training; a child's chest is drawn, and marked where the file gives the age.",
    "A lung that is opaque or absent may be guessed or missed; the box then rests on the mirrored other lung.",
    "Sides are those of the usual display: the patient's right stands on the left of the picture. In a mirrored "
    "picture whose file does not say so they are exchanged.",
    "Pictures of at most 512 pixels were trained on; outlines are made on a grid of 256 x 256.",
)
TERMS = "CC BY-NC-SA 4.0 (the strictest of the training data's terms), research use"


def train_lungs(
    recipe: LungRecipe,
    *,
    records: Sequence[Record],
    study: LungStudy,
    provenance: Provenance,
    study_sha256: str,
    place: RunPlace,
) -> Bundle:
    """Fit in `place.folder` (it goes on where it was stopped) and write the bundle to its folder `bundle`.

    The tables of `study` have the hash `study_sha256`. Raises `UsageError` where the folder holds another run, and
    `EngineError` where ONNX and torch disagree; nothing is then written.
    """
    record = whole_record(
        recipe,
        records=records,
        provenance=provenance,
        protocol=f"all {len(records):,} pictures",
        study_sha256=study_sha256,
        smoke=recipe.smoke,
    )
    with hold_run(place.folder):
        begin_run(place.folder, record=record)
        if (place.folder / BUNDLE).is_dir():
            return load_bundle(place.folder / BUNDLE)
        return _train(recipe, records=records, study=study, provenance=provenance, place=place)


def _train(
    recipe: LungRecipe, *, records: Sequence[Record], study: LungStudy, provenance: Provenance, place: RunPlace
) -> Bundle:
    pictures = load_lung_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
    fitted = fit_lungs(recipe, pictures=pictures, folder=place.folder, machine=place.machine)
    arrays = [normalise(to_unit(picture.grey, bits=8), spec=recipe.preprocess) for picture in pictures]
    full = lungs_to_onnx(fitted.network, example=np.stack(arrays[:2]))
    graph, compression = _compress(full, pictures=pictures, arrays=arrays)
    seen = seen_images(train=records, validation=(), starts=[recipe.starting_weights], jobs=available_cores())
    files = {GRAPH: graph, **seen}
    spec = LungSpec(quality=study.quality, compression=compression, figures=study.figures)
    card = _card(recipe, records=records, spec=spec, study=study, fitted=fitted, provenance=provenance)
    card = card.model_copy(update={"files": file_hashes(files)})
    return write_bundle(place.folder / BUNDLE, card=card, files=files)


def lungs_to_onnx(network: LungNetwork, *, example: npt.NDArray[np.float32]) -> bytes:
    """The graph of the network in evaluation mode: `input` (N, C, H, W) to `logits` (N, 2, H, W).

    `example` is float32 (2, C, H, W). Raises `EngineError` where ONNX Runtime and torch differ by more than 1e-4 of
    the largest logit.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # absent from torch's stubs
    graph = graph_of(network, examples={INPUT: torch.from_numpy(example)}, outputs=(LOGITS,))
    with torch.inference_mode():
        expected = network(torch.from_numpy(example)).numpy()
    difference = float(np.abs(run_graph(graph, images=example) - expected).max())
    if difference > LOGIT_TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise EngineError(f"expected ONNX and torch to draw alike, came a difference of {difference:.2e} in a logit")
    return graph


def _compress(
    full: bytes, *, pictures: Sequence[LungPicture], arrays: Sequence[npt.NDArray[np.float32]]
) -> tuple[bytes, LungCompression]:
    """The smallest graph that costs less than 0.002 of the mean Dice of the union on the network's grid.

    All pictures were trained on: this measures compression, not the network.
    """
    before = _mean_dice(full, pictures=pictures, arrays=arrays)
    for method, graph in smaller(full):
        after = _mean_dice(graph, pictures=pictures, arrays=arrays)
        if before - after < LARGEST_DICE_LOSS:
            return graph, LungCompression(method=method, dice_before=before, dice_after=after)
    return full, LungCompression(method="none", dice_before=before, dice_after=before)


def _mean_dice(graph: bytes, *, pictures: Sequence[LungPicture], arrays: Sequence[npt.NDArray[np.float32]]) -> float:
    compiled = OnnxRuntimeEngine().compile(graph, threads=available_cores(), callers=1)
    found = []
    for start in range(0, len(pictures), BATCH):
        drawn = compiled.run(np.stack(arrays[start : start + BATCH]))[LOGITS].max(axis=1) >= 0
        truth = [picture.target[UNION] for picture in pictures[start : start + BATCH]]
        found += [
            dice(mask, truth=plane == 1)
            for mask, plane in zip(drawn, truth, strict=True)
            if not (plane == UNKNOWN).any()
        ]
    return float(np.mean(found))


def _card(
    recipe: LungRecipe,
    *,
    records: Sequence[Record],
    spec: LungSpec,
    study: LungStudy,
    fitted: FittedLungs,
    provenance: Provenance,
) -> Card:
    mark = f"{SMOKE}, the numbers mean nothing: " if recipe.smoke else ""
    return Card(
        name=recipe.name,
        version=recipe.version,
        title="Where are the lungs?",
        kind="lungs",
        architecture="mobilenet_v2 U-Net" if recipe.network == "mobile" else "plain U-Net",
        architecture_arguments={},
        labels=(),
        lungs=spec,
        preprocess=recipe.preprocess,
        scope=Scope(xray_type="chest", age_years=None, views=None),
        heatmap=HeatmapSpec(method="none"),
        protocol=(
            f"{mark}figures: {study.protocol}; the network that ships is trained by the same recipe on all "
            f"{len(records):,} pictures"
        ),
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=provenance.data,
            split_sha256=records_sha256(records),
            seed=recipe.seed,
            starting_weights=fitted.started_from,
            smoke=recipe.smoke,
            recipe=card_settings(recipe),
        ),
        compression=None,
        intended_use=INTENDED_USE,
        not_for=NOT_FOR,
        limits=LIMITS,
        weights_licence=licence_of_many(
            TERMS,
            written_for=[RELEASES[name].licence or name for name in LUNG_RELEASES],
            data=provenance.data,
            started_from=starting_licences([recipe.starting_weights], backbone=ENCODER, loaded=fitted.started_from),
        ),
        files={GRAPH: "0" * 64},
    )
