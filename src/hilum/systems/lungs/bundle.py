"""From the lung recipe, its study and records to the bundle that ships: fit on everything, export.

The card's figures and its rule of trust are the study's, whose networks never saw what they drew; the network in the
bundle is trained by the same recipe on all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.card import HeatmapSpec, Scope, Training
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.lung_spec import LUNG_SIDES, LungCompression, LungSpec, Structure
from hilum.datasets.prepared.images import fixed_size
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import citation_of
from hilum.evaluation.predictions.design import SMOKE
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import normalise
from hilum.networks.starting_licence import starting_licences
from hilum.reading.engines.engine import INPUT, LOGITS, available_cores
from hilum.systems.lungs.fit import FittedLungs, fit_lungs
from hilum.systems.lungs.pictures import LungPicture, load_lung_pictures
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.study.metrics import dice
from hilum.systems.lungs.study.study import LungArm
from hilum.systems.lungs.study.truth import TRUTHS, UNIONS, UNKNOWN, Union
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.engine_logits import engine_logits
from hilum.training.export.export_bundle import Allowed, Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import SMALLEST
from hilum.training.export.seen_images import seen_images
from hilum.training.export.to_onnx import to_onnx
from hilum.training.recipe.settings import card_settings
from hilum.training.records.card_words import licence_of_many
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.provenance import Provenance, records_sha256
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, make_record

ALLOWED = Allowed(loss=0.002)
"""What a smaller graph may cost of the mean Dice."""
BATCH = 8

INTENDED_USE = (
    "Research and teaching: where lung fields, whole lungs and heart are on a frontal chest radiograph, and the box "
    "that holds the lungs."
)
NOT_FOR = (
    "Diagnosis or any measurement that a decision about a patient rests on: this is not a medical device.",
    "Lateral radiographs, and parts other than the chest: they are drawn all the same, and mean nothing.",
)
LIMITS = (
    "Adults only in training; a child's chest is drawn, and marked where the file gives the age.",
    "A lung that is opaque or absent may be guessed or missed; the box then rests on the mirrored other lung.",
    "Sides are those of the usual display: the patient's right stands on the left of the picture. In a mirrored "
    "picture whose file does not say so they are exchanged.",
)
FREE, RESEARCH = frozenset({"lungs", "wingspan"}), frozenset({"lungs", "lungs_tb", "wingspan"})
TERMS: Mapping[frozenset[str], str] = {
    FREE: "CC BY 4.0 (the training data's terms are CC BY 4.0 and MIT): commercial use is possible, naming the sources",
    RESEARCH: "CC BY-NC-SA 4.0 (the strictest of the training data's terms), research use",
}
"""By the sources that were learnt from."""
LEARNT_FROM: Mapping[frozenset[str], str] = {
    FREE: "Hearts were learnt from upright PA chests alone, whole lungs from the hundred chests of one release.",
    RESEARCH: (
        "Hearts were learnt from upright PA chests alone, whole lungs from the hundred chests of one release and the "
        "one in twelve of another whose masks show them."
    ),
}
"""A limit, by the same."""


def train_lungs(
    recipe: LungRecipe,
    *,
    records: Sequence[Record],
    study: LungArm,
    protocol: str,
    provenance: Provenance,
    study_sha256: str,
    place: RunPlace,
) -> Bundle:
    """Fit in `place.folder` (it goes on where it was stopped) and write the bundle to its folder `bundle`.

    `study` is the recipe's arm of the tables with the hash `study_sha256`, whose `protocol` says how they came. Raises
    `UsageError` where the folder holds another run, and `EngineError` where ONNX and torch disagree; nothing is then
    written.
    """
    record = make_record(
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
        pictures = load_lung_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
        fitted = fit_lungs(recipe, pictures=pictures, folder=place.folder, machine=place.machine)
        arrays = [normalise(to_unit(picture.grey, bits=8), spec=recipe.preprocess) for picture in pictures]
        return export_bundle(
            lungs_draft(recipe, records=records, protocol=protocol, fitted=fitted, provenance=provenance),
            graph=to_onnx(fitted.network, examples={INPUT: torch.from_numpy(np.stack(arrays[:2]))}, outputs=(LOGITS,)),
            forms=SMALLEST,
            judge=LungJudge(pictures=pictures, arrays=arrays, recipe=recipe, study=study),
            allowed=ALLOWED,
            folder=place.folder,
            files=seen_images(train=records, validation=(), starts=[recipe.starting_weights], jobs=available_cores()),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LungJudge:
    """Drawings of `pictures`, whose prepared `arrays` are float32 (C, H, W), on the network's grid.

    All pictures were trained on: this measures compression, not the network.
    """

    pictures: Sequence[LungPicture]
    arrays: Sequence[npt.NDArray[np.float32]]
    recipe: LungRecipe
    study: LungArm

    def read(self, candidate: Candidate, /) -> tuple[float, ...]:
        """The Dice of both sides together and of the heart, for every picture of which all of it is known."""
        drawn = engine_logits(candidate.graph, inputs=self.arrays, batch=BATCH)
        groups = self._groups()
        return tuple(
            dice(logits[planes].max(axis=0) >= 0, truth=picture.target[wanted] == 1)
            for logits, picture in zip(drawn, self.pictures, strict=True)
            for wanted, planes in groups
            if not (picture.target[wanted] == UNKNOWN).any()
        )

    def _groups(self) -> list[tuple[int, list[int]]]:
        """Planes of a target, and the planes of the network that draw them together."""
        drawn = self.recipe.structures
        together: dict[Structure | Union, tuple[Structure, ...]] = {"heart": ("heart",)}
        together.update((UNIONS[name], pair) for name, pair in LUNG_SIDES.items())
        return [
            (TRUTHS.index(name), [drawn.index(one) for one in members])
            for name, members in together.items()
            if set(members) <= set(drawn)
        ]

    def scores(self, read: tuple[float, ...], /) -> tuple[float, ...]:
        """The mean Dice."""
        return (float(np.mean(read)),)

    def judge(self, read: tuple[float, ...], /, *, whole: tuple[float, ...], cost: Cost) -> Judged:
        """The study's figures and rule of trust; the Dice tells all that a smaller graph costs."""
        del read, whole
        compression = LungCompression(method=cost.method, dice_before=cost.before[0], dice_after=cost.after[0])
        part = LungSpec(
            structures=self.recipe.structures,
            frame_below=self.recipe.frame_below,
            quality=self.study.quality,
            ratio_error=self.study.ratio_error,
            compression=compression,
            figures=self.study.figures,
        )
        return Judged(fits=Fits(part=part))


def lungs_draft(
    recipe: LungRecipe,
    *,
    records: Sequence[Record],
    protocol: str,
    fitted: FittedLungs,
    provenance: Provenance,
) -> CardDraft:
    """The card before the graph is measured; the network was trained on `records`."""
    sources = RESEARCH if "lungs_tb" in recipe.sampler.shares else FREE
    mark = f"{SMOKE}, the numbers mean nothing: " if recipe.smoke else ""
    return CardDraft(
        name=recipe.name,
        version=recipe.version,
        title="Where are the lungs and the heart?",
        kind="lungs",
        architecture=f"{recipe.encoder or 'plain'} U-Net",
        architecture_arguments={},
        preprocess=recipe.preprocess,
        scope=Scope(xray_type="chest", age_years=None, views=None),
        heatmap=HeatmapSpec(method="none"),
        protocol=(
            f"{mark}figures: {protocol}; the network that ships is trained by the same recipe on all "
            f"{len(records):,} pictures"
        ),
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=provenance.data,
            split_sha256=records_sha256(records),
            seed=recipe.seed,
            starting_weights=fitted.started_from,
            recipe=card_settings(recipe),
            smoke=recipe.smoke,
        ),
        intended_use=INTENDED_USE,
        not_for=NOT_FOR,
        limits=(*LIMITS, LEARNT_FROM[sources], _of_grid(recipe)),
        weights_licence=licence_of_many(
            TERMS[sources],
            written_for=[citation_of(source) or source for source in sorted(sources)],
            data=provenance.data,
            started_from=_licences_of_start(recipe, loaded=fitted.started_from),
        ),
    )


def _of_grid(recipe: LungRecipe) -> str:
    rows, columns = fixed_size(recipe.preprocess)
    return f"Pictures of at most 512 pixels were trained on; outlines are made on a grid of {rows} x {columns}."


def _licences_of_start(recipe: LungRecipe, *, loaded: str) -> tuple[str, ...]:
    if recipe.encoder is None:
        return ()
    return starting_licences([recipe.starting_weights], backbone=recipe.encoder, loaded=loaded)
