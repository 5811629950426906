"""From the folder of a gate's releases and that of its study to the bundle."""

from __future__ import annotations

from hilum.bundle.load import Bundle
from hilum.progress import SILENT, Progress
from hilum.systems.gate.bundle import train_gate
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.study.study import read_spec
from hilum.training.loop.greys import unlike_greys
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.request import TrainRequest
from hilum.training.records.study_folder import NO_STUDY, StudyFolder, checked_study, study_sha256

SMOKE_EACH = 2
"""How many records of each source and type a smoke run takes."""


def train_gate_on(
    recipe: GateRecipe, *, request: TrainRequest, own: StudyFolder = NO_STUDY, progress: Progress = SILENT
) -> Bundle:
    """Train the gate on the releases in the one folder `gate` of the request, and write its bundle.

    Raises `UsageError` where that is not what the request has, where there is no study, for a smoke study beside a
    whole run, and where the study had other settings; and as `train_gate`.
    """
    folder = own.needed(of="gate")
    checked_study(folder, recipe=recipe, smoke=request.smoke)
    spec = read_spec(folder)
    found = read_gate_data(request.only_folder("gate"))
    records = few_of_each(found.records, each=SMOKE_EACH) if request.smoke else found.records
    progress.say(f"{len(records):,} pictures to learn from")
    caution = unlike_greys(recipe.backbone, weights=recipe.starting_weights, spec=recipe.preprocess)
    if caution is not None:
        progress.say(caution)
    return train_gate(
        recipe,
        records=records,
        spec=spec,
        provenance=request.provenance(own, data=found.licences),
        study_sha256=study_sha256(folder),
        place=request.place,
        smoke=request.smoke,
    )
