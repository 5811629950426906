"""From the folder of the chests with lung masks and that of the lungs' study to the bundle."""

from __future__ import annotations

from hilum.bundle.load import Bundle
from hilum.datasets.releases.table import citation_of
from hilum.progress import SILENT, Progress
from hilum.systems.lungs.bundle import train_lungs
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.releases import read_lung_sources
from hilum.systems.lungs.study.study import read_lung_study
from hilum.training.loop.greys import unlike_greys
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.request import TrainRequest
from hilum.training.records.study_folder import NO_STUDY, StudyFolder, checked_study, study_sha256

SMOKE_EACH = 10
"""How many records of each release a smoke run takes."""


def train_lungs_on(
    recipe: LungRecipe, *, request: TrainRequest, own: StudyFolder = NO_STUDY, progress: Progress = SILENT
) -> Bundle:
    """Train the lung network on the releases in the one folder `lungs` of the request, and write its bundle.

    Releases that the recipe does not learn from are left out. Raises `UsageError` where that is not what the request
    has, where there is no study, for a smoke study beside a whole run, and where the study's arm had other settings;
    and as `train_lungs`.
    """
    folder = own.needed(of="lungs")
    checked_study(folder, recipe=recipe, smoke=request.smoke, arm=recipe.arm)
    study = read_lung_study(folder)
    learnt = recipe.sampler.shares
    every = [record for record in read_lung_sources(request.only_folder("lungs")) if record.source in learnt]
    records = few_of_each(every, each=SMOKE_EACH) if request.smoke else every
    progress.say(f"{len(records):,} pictures to learn from")
    caution = recipe.encoder and unlike_greys(recipe.encoder, weights=recipe.starting_weights, spec=recipe.preprocess)
    if caution:
        progress.say(caution)
    sources = sorted({record.source for record in every})
    return train_lungs(
        recipe,
        records=records,
        study=study.arm(recipe.arm),
        protocol=study.protocol,
        provenance=request.provenance(own, data=[citation_of(source) or source for source in sources]),
        study_sha256=study_sha256(folder),
        place=request.place,
    )
