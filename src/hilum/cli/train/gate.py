"""`hilum train` for a gate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.options.data import needed_study, only_folder
from hilum.cli.options.weights import starting_weights
from hilum.cli.train.request import TrainRequest
from hilum.datasets.gate_releases import read_gate_data
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.gate.bundle import train_gate
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.shipped import smoke as smoke_gate
from hilum.systems.gate.study.study import STUDY_NAME, read_spec
from hilum.systems.table import GATES
from hilum.training.recipe.smoke import few_of_each
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.provenance import Provenance

SMOKE_EACH = 2
"""How many records of each source and type a smoke run takes."""


def gate_recipe_of(name: str, *, weights: StartingWeights, pairs: Sequence[str], smoke: bool) -> GateRecipe:
    """The recipe, made small where it is a smoke run, then with the `pairs` set."""
    made = GATES[name](weights)
    return with_settings(smoke_gate(made) if smoke else made, pairs=pairs)


def train_a_gate(request: TrainRequest, *, study: Path | None) -> Bundle:
    """Train the gate and write its bundle. Raises `UsageError` for options that a gate's training does not take."""
    request.refuse_words()
    folder = needed_study(study, study="gate")
    spec = read_spec(folder)
    found = read_gate_data(only_folder(request.data, name="gate", of="the gate's releases"))
    commit, dirty = commit_and_dirty(Path.cwd())
    return train_gate(
        gate_recipe_of(
            request.recipe, weights=starting_weights(request.weights), pairs=request.settings, smoke=request.smoke
        ),
        records=few_of_each(found.records, each=SMOKE_EACH) if request.smoke else found.records,
        spec=spec,
        provenance=Provenance(
            command=request.command("--study", str(study)), commit=commit, dirty=dirty, data=found.licences
        ),
        study_sha256=hashlib.sha256((folder / STUDY_NAME).read_bytes()).hexdigest(),
        place=request.place(),
        smoke=request.smoke,
    )
