"""`hilum train capsules`: from where releases lie to a bundle of capsules."""

from __future__ import annotations

from functools import partial

from hilum.bundle.load import Bundle
from hilum.progress import SILENT, Progress
from hilum.systems.capsules.bundle import capsule_draft, write_capsule_bundle
from hilum.systems.capsules.fit import check_capsules, fit_capsules
from hilum.systems.capsules.recipe import NAME, CapsuleRecipe
from hilum.training.data.training_data import TrainingData
from hilum.training.recipe.processes import is_first_process
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import NO_OPTIONS, ClassifierOptions, train_prepared


def train_capsules_on(
    recipe: CapsuleRecipe, *, request: TrainRequest, own: ClassifierOptions = NO_OPTIONS, progress: Progress = SILENT
) -> Bundle | None:
    """Run the recipe on the releases that `request` names; it goes on where it was stopped.

    The bundle comes back, or None in all but the first of several processes. Raises as `train_classifier` does.
    """
    stage = recipe.last

    def train(data: TrainingData, provenance: Provenance) -> Bundle | None:
        fitted = fit_capsules(recipe, of=recipe, stage=stage, split=data.splits[stage.name], place=request.place)
        if not is_first_process():
            return None
        draft = capsule_draft(
            recipe,
            shape=recipe.shape,
            architecture=NAME,
            heatmap=recipe.heatmap,
            splits=data.splits,
            started_from=fitted.started_from,
            provenance=provenance,
            smoke=request.smoke,
        )
        return write_capsule_bundle(
            fitted.network.network, recipe=recipe, draft=draft, splits=data.splits, place=request.place
        )

    check = partial(check_capsules, recipe, stage=stage, folder=request.out)
    return train_prepared(recipe, request=request, own=own, check=check, train=train, progress=progress)
