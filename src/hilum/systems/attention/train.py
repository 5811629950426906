"""`hilum train attention`: from where releases lie to a bundle of two looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.networks.starting_weights import starting_weights
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.attention.bundle import two_looks_draft, write_two_looks_bundle
from hilum.systems.attention.fit import check_start, fit_two_looks
from hilum.systems.attention.recipe import AttentionRecipe
from hilum.training.data.training_data import TrainingData
from hilum.training.recipe.processes import is_first_process
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import ClassifierOptions, train_prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionOptions(ClassifierOptions):
    """What the training of two looks takes beside what every training does."""

    crop_weights: Annotated[
        str | None,
        Option(
            metavar="WEIGHTS",
            help="Starting weights of the crop's network, by default those of --weights: needed where a file is of the "
            "other backbone.",
        ),
    ] = None


NO_OPTIONS = AttentionOptions()


def train_attention_on(
    recipe: AttentionRecipe, *, request: TrainRequest, own: AttentionOptions = NO_OPTIONS, progress: Progress = SILENT
) -> Bundle | None:
    """Run the recipe on the releases that `request` names; it goes on where it was stopped.

    The bundle comes back, or None in all but the first of several processes. Raises as `train_classifier` does.
    """
    if own.crop_weights is not None:
        recipe = replace(recipe, crop_start=starting_weights(own.crop_weights))

    def train(data: TrainingData, provenance: Provenance) -> Bundle | None:
        split = data.splits[recipe.last.name]
        fitted = fit_two_looks(recipe, split=split, place=request.place)
        if not is_first_process():
            return None
        draft = two_looks_draft(
            recipe,
            splits=data.splits,
            started_from=fitted.started_from,
            provenance=provenance,
            smoke=request.smoke,
        )
        return write_two_looks_bundle(fitted, recipe=recipe, split=split, draft=draft, place=request.place)

    check = partial(check_start, recipe, folder=request.out)
    return train_prepared(recipe, request=request, own=own, check=check, train=train, progress=progress)
