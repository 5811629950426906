"""`hilum train capsules-cascade`: the base, the capsules, both as one, and their bundle."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

from hilum.bundle.load import Bundle
from hilum.datasets.splits.split import Split
from hilum.networks.capsules.network import CapsuleNetwork
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.progress import SILENT, Progress
from hilum.systems.capsules.bundle import capsule_draft, write_capsule_bundle
from hilum.systems.capsules.cascade import CapsuleCascade, planes_of
from hilum.systems.capsules.cascade_recipe import BASE, CAPSULES, CascadeRecipe
from hilum.systems.capsules.fit import fit_capsules
from hilum.training.data.stage_data import image_data
from hilum.training.data.training_data import TrainingData
from hilum.training.loop.checkpoints import WEIGHTS, load_weights
from hilum.training.loop.stages import check_starts, fit_and_keep, has_ended, run_stage
from hilum.training.recipe.processes import is_first_process
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import TrainRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.train_classifier import NO_OPTIONS, ClassifierOptions, train_prepared


@dataclass(frozen=True, slots=True)
class FittedCascade:
    """The trained cascade in evaluation mode, and one line on the weights that both networks started from."""

    network: CapsuleCascade
    started_from: str


def train_cascade_on(
    recipe: CascadeRecipe, *, request: TrainRequest, own: ClassifierOptions = NO_OPTIONS, progress: Progress = SILENT
) -> Bundle | None:
    """Run the recipe on the releases that `request` names; it goes on where it was stopped.

    The bundle comes back, or None in all but the first of several processes. Raises as `train_classifier` does.
    """

    def train(data: TrainingData, provenance: Provenance) -> Bundle | None:
        fitted = fit_cascade(recipe, splits=data.splits, place=request.place)
        if not is_first_process():
            return None
        draft = capsule_draft(
            recipe,
            shape=recipe.shape,
            architecture=f"{recipe.backbone}, and capsules on its mask",
            heatmap=recipe.heatmap,
            splits=data.splits,
            started_from=fitted.started_from,
            provenance=provenance,
            smoke=request.smoke,
        )
        return write_capsule_bundle(fitted.network, recipe=recipe, draft=draft, splits=data.splits, place=request.place)

    check = partial(check_starts, recipe, folder=request.out)
    return train_prepared(recipe, request=request, own=own, check=check, train=train, progress=progress)


def fit_cascade(recipe: CascadeRecipe, *, splits: Mapping[str, Split], place: RunPlace) -> FittedCascade:
    """Train every stage that has not ended, `splits` by stage, and return both networks as one; raises as `fit`."""
    first, second, last = recipe.stages
    base = run_stage(recipe, stage=first, split=splits[BASE], place=place)
    alone = fit_capsules(recipe, of=recipe, stage=second, split=splits[CAPSULES], place=place)
    if not has_ended(last, folder=place.folder):
        said = (
            f"the stages {BASE} and {CAPSULES}; {BASE} started from {base.started_from}, {CAPSULES} from "
            f"{alone.started_from}"
        )
        split = splits[last.name]
        fit_and_keep(
            recipe,
            stage=last,
            network=joined(recipe, base=base.network, capsules=alone.network.network),
            split=split,
            place=place,
            data=partial(image_data, recipe, stage=last, split=split, preparation=place.preparation),
            started_from=said,
        )
    state, about = load_weights(place.folder / last.name / WEIGHTS)
    network = joined(recipe, base=base.network, capsules=alone.network.network)  # anew: training changes how one runs
    network.load_state_dict(state)
    network.eval()
    return FittedCascade(network, about["started_from"])


def joined(recipe: CascadeRecipe, *, base: PooledClassifier, capsules: CapsuleNetwork) -> CapsuleCascade:
    """Copies of both networks as one; capsules of one plane read each of several planes by an equal share of it."""
    planes = planes_of(recipe.mask, labels=capsules.labels)
    return CapsuleCascade(deepcopy(base), capsules.reading(planes), mask=recipe.mask)
