"""`hilum train` for the lungs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.options.data import needed_study, only_folder
from hilum.cli.options.weights import starting_weights
from hilum.cli.train.request import TrainRequest
from hilum.datasets.lung_sources import read_lung_sources
from hilum.datasets.releases.table import citation_of
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.lungs.bundle import train_lungs
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.shipped import lungs
from hilum.systems.lungs.shipped import smoke as smoke_lungs
from hilum.systems.lungs.study.study import STUDY_NAME, read_lung_study
from hilum.training.recipe.smoke import few_of_each
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.provenance import Provenance

LUNGS = "lungs"
SMOKE_EACH = 10
"""How many records of each release a smoke run takes."""


def lung_recipe_of(*, weights: StartingWeights, pairs: Sequence[str], smoke: bool) -> LungRecipe:
    """The recipe, made small where it is a smoke run, then with the `pairs` set."""
    made = lungs(weights)
    return with_settings(smoke_lungs(made) if smoke else made, pairs=pairs)


def train_the_lungs(request: TrainRequest, *, study: Path | None) -> Bundle:
    """Train the lung network and write its bundle. Raises `UsageError` for a smoke study beside a whole run."""
    request.refuse_words()
    folder = needed_study(study, study=LUNGS)
    found = read_lung_study(folder)
    if found.smoke and not request.smoke:
        raise UsageError(f"expected a whole study in {study}, came a smoke run; run it whole")
    records = read_lung_sources(only_folder(request.data, name=LUNGS, of="the lung releases"))
    sources = sorted({record.source for record in records})
    commit, dirty = commit_and_dirty(Path.cwd())
    return train_lungs(
        lung_recipe_of(weights=starting_weights(request.weights), pairs=request.settings, smoke=request.smoke),
        records=few_of_each(records, each=SMOKE_EACH) if request.smoke else records,
        study=found,
        provenance=Provenance(
            command=request.command("--study", str(study)),
            commit=commit,
            dirty=dirty,
            data=tuple(citation_of(source) or source for source in sources),
        ),
        study_sha256=hashlib.sha256((folder / STUDY_NAME).read_bytes()).hexdigest(),
        place=request.place(),
    )
