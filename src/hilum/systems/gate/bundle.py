"""From a gate's recipe, its study and records to the bundle that ships: fit on everything, export.

The card's figures and thresholds are the study's, whose networks never saw what they were judged on; the network in
the bundle is trained by the same recipe on all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GateSpec, HeatmapSpec, Scope, Training
from hilum.bundle.gate_outputs import GATE_OUTPUTS, IS_XRAY, MIRROR_SWAPS, TYPES
from hilum.bundle.load import Bundle, load_bundle
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.renderings.renderings import JUDGING_SEEDS, TRAINING_SEEDS
from hilum.errors import DataError
from hilum.evaluation.predictions.design import SMOKE
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, normalise
from hilum.networks.mirrored import Mirrored
from hilum.networks.starting_licence import starting_licences
from hilum.reading.engines.engine import INPUT, LOGITS, available_cores
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.fit import fit_gate
from hilum.systems.gate.groups import capped
from hilum.systems.gate.pictures import GatePicture, load_pictures, render_pictures
from hilum.systems.gate.recipe import GateRecipe
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.engine_logits import engine_logits
from hilum.training.export.export_bundle import Allowed, Candidate, Cost, Judged, export_bundle
from hilum.training.export.forms import SMALLEST
from hilum.training.export.seen_images import seen_images
from hilum.training.export.to_onnx import example_of, to_onnx
from hilum.training.loop.fit import Fitted
from hilum.training.recipe.settings import card_settings
from hilum.training.records.card_words import licence_of_many
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.provenance import Provenance, records_sha256
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, make_record

UNSEEN_RENDERINGS = 200
"""How many renderings the graph is judged on that training never saw; fewer where it saw fewer, as in a smoke run."""
BATCH = 32

ALLOWED = Allowed(loss=0.002, difference=0.005)
"""What a smaller graph may cost: of the AUROC of radiograph or not, and how many radiographs may change their type."""

INTENDED_USE = (
    "Research and teaching: whether a picture is a plain radiograph, of which of fourteen types, and whether a chest "
    "is turned, inverted, strongly cropped or taken from the side, so that a model reads only what it was made for."
)
NOT_FOR = (
    "Diagnosis, triage or any decision about a patient: this is not a medical device.",
    "Sorting an archive without a person looking: types with few training pictures are often mixed up.",
)
LIMITS = (
    "Radiographs of parts outside the fourteen types (abdomen, skull, leg, femur) were few in training: some are "
    "accepted as a neighbouring type.",
    "Elbow, spine, humerus, knee, foot and hip have fewer than 20 independent groups in the sources that decide.",
    "Dental means panoramic jaws; single teeth were not in training.",
    "Lateral chests in training were 34 pictures of 29 adults, most with pneumonia; children's were none.",
    "PA and AP were learnt from adults of few hospitals: of others, and of children, they are often left open.",
    "CT, MR and ultrasound pictures were chest, brain and breast only.",
)
TERMS = "CC BY-NC-SA 4.0 (the strictest of the training data's terms), research use"
TERMS_ARE_OF = (
    "kermany", "nih", "general_blockchain", "montgomery_shenzhen", "hannover", "wingspan", "chest_lateral",
    "body_parts", "imagenet", "other_modality",
)  # fmt: skip
"""The releases of which these are the terms."""


def train_gate(
    recipe: GateRecipe,
    *,
    records: Sequence[Record],
    spec: GateSpec,
    provenance: Provenance,
    study_sha256: str,
    place: RunPlace,
    smoke: bool = False,
) -> Bundle:
    """Fit in `place.folder` (it goes on where it was stopped) and write the bundle to its folder `bundle`.

    `spec` holds the thresholds and figures of the study whose tables have the hash `study_sha256`. Raises `UsageError`
    where the folder holds another run, and `EngineError` where ONNX and torch disagree; nothing is then written.
    """
    chosen = capped(records, caps=recipe.caps, seed=recipe.seed)
    protocol = f"all {len(chosen):,} pictures and {recipe.renderings:,} renderings"
    record = make_record(
        recipe, records=chosen, provenance=provenance, protocol=protocol, study_sha256=study_sha256, smoke=smoke
    )
    with hold_run(place.folder):
        begin_run(place.folder, record=record)
        if (place.folder / BUNDLE).is_dir():
            return load_bundle(place.folder / BUNDLE)
        pictures = load_pictures(chosen, spec=recipe.preprocess, preparation=place.preparation)
        renderings = render_pictures(TRAINING_SEEDS[: recipe.renderings], spec=recipe.preprocess)
        fitted = fit_gate(recipe, pictures=(*pictures, *renderings), folder=place.folder, machine=place.machine)
        mirrored = Mirrored(fitted.network, swaps=MIRROR_SWAPS)
        unseen = render_pictures(JUDGING_SEEDS[: min(UNSEEN_RENDERINGS, recipe.renderings)], spec=recipe.preprocess)
        kept = {id(record) for record in chosen}
        others = [record for record in records if id(record) not in kept]
        return export_bundle(
            gate_draft(recipe, records=chosen, fitted=fitted, provenance=provenance, smoke=smoke),
            graph=to_onnx(mirrored, examples={INPUT: example_of(recipe.preprocess)}, outputs=(LOGITS,)),
            forms=SMALLEST,
            judge=GateJudge(pictures=(*pictures, *unseen), preprocess=recipe.preprocess, spec=spec),
            allowed=ALLOWED,
            folder=place.folder,
            files=seen_images(
                train=chosen, validation=others, starts=[recipe.starting_weights], jobs=available_cores()
            ),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GateJudge:
    """Logits (N, 24) of `pictures`, against those of the graph as it is.

    All but the renderings were trained on: this measures compression, not the gate. `spec` is the card's part.
    """

    pictures: Sequence[GatePicture]
    preprocess: PreprocessSpec
    spec: GateSpec

    def read(self, candidate: Candidate, /) -> npt.NDArray[np.float32]:
        """The logits as the engine gives them."""
        return np.stack(list(engine_logits(candidate.graph, inputs=self._inputs(), batch=BATCH)))

    def scores(self, read: npt.NDArray[np.float32], /) -> tuple[float, ...]:
        """The AUROC of radiograph or not. Raises `DataError` where there are none of either."""
        value = auroc(self._is_xray.astype(np.float64), scores=read[:, IS_XRAY])
        if isinstance(value, UndefinedMetric):
            raise DataError(f"Both radiographs and other images are needed: {value.reason}")
        return (value,)

    def judge(self, read: npt.NDArray[np.float32], /, *, whole: npt.NDArray[np.float32], cost: Cost) -> Judged:
        """The study's thresholds, and the share of radiographs whose most probable type is another one."""
        types = [logits[self._is_xray, TYPES].argmax(axis=1) for logits in (read, whole)]
        return Judged(
            fits=Fits(part=self.spec, compression=cost.of_auroc()), difference=float(np.mean(types[0] != types[1]))
        )

    @property
    def _is_xray(self) -> npt.NDArray[np.bool_]:
        return np.array([picture.is_xray for picture in self.pictures])

    def _inputs(self) -> Iterator[npt.NDArray[np.float32]]:
        for picture in self.pictures:
            yield normalise(to_unit(picture.plain, bits=8), spec=self.preprocess)


def gate_draft(
    recipe: GateRecipe, *, records: Sequence[Record], fitted: Fitted, provenance: Provenance, smoke: bool
) -> CardDraft:
    """The card before the graph is measured; the network was trained on `records`."""
    mark = f"{SMOKE}, the numbers mean nothing: " if smoke else ""
    return CardDraft(
        name=recipe.name,
        version=recipe.version,
        title="Is it an X-ray, and of what?",
        kind="gate",
        architecture=recipe.backbone,
        architecture_arguments={"labels": len(GATE_OUTPUTS), "dropout": recipe.dropout, "mirrored": True},
        preprocess=recipe.preprocess,
        scope=Scope(xray_type="any", age_years=None, views=None),
        heatmap=HeatmapSpec(method="none"),
        protocol=(
            f"{mark}figures and thresholds from cross-validation, each with its own protocol; the network that ships "
            f"is trained by the same recipe on all {len(records):,} pictures and {recipe.renderings:,} renderings"
        ),
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=provenance.data,
            split_sha256=records_sha256(records),
            seed=recipe.seed,
            starting_weights=fitted.started_from,
            recipe=card_settings(recipe),
            smoke=smoke,
        ),
        intended_use=INTENDED_USE,
        not_for=NOT_FOR,
        limits=LIMITS,
        weights_licence=licence_of_many(
            TERMS,
            written_for=[RELEASES[name].licence or name for name in TERMS_ARE_OF],
            data=provenance.data,
            started_from=starting_licences(
                [recipe.starting_weights], backbone=recipe.backbone, loaded=fitted.started_from
            ),
        ),
    )
