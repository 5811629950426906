"""`hilum train` for the lungs."""

from __future__ import annotations

from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.data_folders import needed_study
from hilum.cli.starting import starting_weights
from hilum.cli.train_request import TrainRequest
from hilum.datasets.lung_sources import LICENCES, read_lung_sources
from hilum.errors import DataError, UsageError
from hilum.evaluation.ledger import commit_and_dirty
from hilum.evaluation.lung_study import read_lung_study
from hilum.recipes.lungs import lungs, smoke
from hilum.training.card_words import NOTHING_STATED
from hilum.training.lung_bundle import train_lungs
from hilum.training.provenance import Provenance
from hilum.training.trainer import Machine

LUNGS = "lungs"
_SMOKE_STRIDE = 40


def train_the_lungs(request: TrainRequest, *, study: Path | None, show: bool) -> Bundle:
    """Train the lung network and write its bundle. Raises `UsageError` for options that its training does not take."""
    asked = {
        "--set or --precision": bool(request.settings),
        "--show-settings": show,
        "--rsna-mapping": request.rsna is not None,
        "--title, --intended-use or --licence": request.stated != NOTHING_STATED,
        "--devices, --nodes or --strategy": request.machine != Machine(workers=request.machine.workers),
    }
    refused = [name for name, given in asked.items() if given]
    if refused:
        raise UsageError(f"the recipe {request.recipe} takes no {' and no '.join(refused)}; leave it out")
    folder = _folder(request.data)
    recipe = lungs(starting_weights(request.weights))
    records = read_lung_sources(folder)
    found = read_lung_study(needed_study(study))
    if found.smoke and not request.smoke:
        raise UsageError(f"expected a whole study in {study}, came a smoke run; run it whole")
    commit, dirty = commit_and_dirty(Path.cwd())
    sources = sorted({record.source for record in records})
    return train_lungs(
        smoke(recipe) if request.smoke else recipe,
        records=records[::_SMOKE_STRIDE] if request.smoke else records,
        study=found,
        provenance=Provenance(
            command=request.command("--study", str(study)),
            commit=commit,
            dirty=dirty,
            data=tuple(LICENCES[source] for source in sources),
        ),
        folder=request.out,
        workers=request.machine.workers,
    )


def _folder(pairs: tuple[str, ...]) -> Path:
    """The folder that holds `lungs/` and `lungs_tb/`, from the one pair `lungs=FOLDER`."""
    name, equals, folder = pairs[0].partition("=") if len(pairs) == 1 else ("", "", "")
    if not equals or name != LUNGS:
        raise UsageError(f"expected --data {LUNGS}=FOLDER and nothing else, came {', '.join(pairs) or 'none'}")
    if not Path(folder).is_dir():
        raise DataError(f"expected the folder of the lung releases at {folder}, came no such folder; give its path")
    return Path(folder)
