"""`hilum train` for a gate."""

from __future__ import annotations

from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.data_folders import gate_folder, needed_study
from hilum.cli.starting import starting_weights
from hilum.cli.train_request import TrainRequest
from hilum.datasets.gate_releases import read_gate_data
from hilum.errors import UsageError
from hilum.evaluation.gate_study import read_spec
from hilum.evaluation.ledger import commit_and_dirty
from hilum.recipes.table import GATES
from hilum.training.card_words import NOTHING_STATED
from hilum.training.gate_bundle import train_gate
from hilum.training.provenance import Provenance
from hilum.training.trainer import Machine


def train_a_gate(request: TrainRequest, *, study: Path | None, show: bool) -> Bundle:
    """Train the gate and write its bundle. Raises `UsageError` for options that a gate's training does not take."""
    asked = {
        "--set or --precision": bool(request.settings),
        "--smoke": request.smoke,
        "--show-settings": show,
        "--rsna-mapping": request.rsna is not None,
        "--title, --intended-use or --licence": request.stated != NOTHING_STATED,
        "--devices, --nodes or --strategy": request.machine != Machine(workers=request.machine.workers),
    }
    refused = [name for name, given in asked.items() if given]
    if refused:
        raise UsageError(f"the recipe {request.recipe} of a gate takes no {' and no '.join(refused)}; leave it out")
    found = read_gate_data(gate_folder(request.data))
    spec = read_spec(needed_study(study))
    commit, dirty = commit_and_dirty(Path.cwd())
    return train_gate(
        GATES[request.recipe](starting_weights(request.weights)),
        records=found.records,
        spec=spec,
        provenance=Provenance(
            command=request.command("--study", str(study)), commit=commit, dirty=dirty, data=found.licences
        ),
        folder=request.out,
        workers=request.machine.workers,
    )
