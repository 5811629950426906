"""The networks of the gate's study: each is trained without what it is judged on, and its predictions are kept.

- `fold 0` to `fold 4` hold out a fifth of the groups of the mixed sources, jaws, photographs and other modalities, and
  whole sources of chests and of bulk radiographs.
- `without …` (types) hold out, beside the fold, every picture of about three types.
- `without …` (sources) hold out a whole mixed source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from hilum.datasets.renderings.renderings import JUDGING_SEEDS, TRAINING_SEEDS
from hilum.systems.gate.fit import fit_gate
from hilum.systems.gate.groups import FOLDS, gate_folds
from hilum.systems.gate.pictures import GatePicture, render_pictures
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.study.predictions import GatePredictions, joined, load_predictions, save_predictions
from hilum.systems.gate.views import predict, predict_learnt
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained

LEFT_OUT_TYPES: tuple[tuple[str, ...], ...] = (
    ("ankle", "hand", "spine"),
    ("elbow", "foot", "shoulder"),
    ("dental", "finger", "hip"),
    ("forearm", "knee", "humerus"),
    ("wrist", "chest"),
)
"""About three at a time; chest goes with one other, since without it nothing can be called chest."""

LEFT_OUT_SOURCES: tuple[tuple[str, ...], ...] = (("frac", "dental"), ("ewen",))
JUDGED_RENDERINGS = 1000
PREDICTIONS = "predictions"
"""What the study's one arm is called."""


@dataclass(frozen=True, slots=True)
class PlannedNetwork:
    """One network: its name, the pictures it learns from and those it is judged on, and the length of an epoch.

    It is judged on the renderings of `judging_seeds` too.
    """

    name: str
    train: tuple[GatePicture, ...]
    judge: tuple[GatePicture, ...]
    images_per_epoch: int
    judging_seeds: Sequence[int] = ()


def planned_networks(pictures: Sequence[GatePicture], *, recipe: GateRecipe) -> Iterator[PlannedNetwork]:
    """Every network of the study, folds first; those without types or sources train a third as long."""
    folds = np.array(gate_folds(pictures, seed=recipe.seed))
    whole = recipe.sampler.images_per_epoch
    third = max(recipe.batch_size, whole // 3)
    share = JUDGED_RENDERINGS // FOLDS
    for fold in range(FOLDS):
        held_out, seeds = folds == fold, JUDGING_SEEDS[fold * share : (fold + 1) * share]
        yield PlannedNetwork(f"fold {fold}", _where(pictures, ~held_out), _where(pictures, held_out), whole, seeds)
    for fold, types in enumerate(LEFT_OUT_TYPES):
        typed = np.array([picture.xray_type in types for picture in pictures])
        mixed = np.array([picture.is_xray for picture in pictures])
        judged = typed | ((folds == fold) & mixed)
        name = f"without {', '.join(types)}"
        yield PlannedNetwork(name, _where(pictures, ~typed & (folds != fold)), _where(pictures, judged), third)
    for sources in LEFT_OUT_SOURCES:
        out = np.array([picture.source in sources for picture in pictures])
        name = f"without {', '.join(sources)}"
        yield PlannedNetwork(name, _where(pictures, ~out), _where(pictures, out), third)


class GateFormat:
    """A network's predictions in one `.npz` file."""

    suffix = ".npz"
    save = staticmethod(save_predictions)
    load = staticmethod(load_predictions)
    pooled = staticmethod(joined)


GATE_FORMAT = GateFormat()


def gate_arm(recipe: GateRecipe) -> Trained[PlannedNetwork, GatePredictions]:
    """The study's one arm: a network by the recipe on what each plan lets it see."""
    return Trained(arms=(PREDICTIONS,), run=partial(_run, recipe), folder=".", settings=flat_values(recipe))


def _run(recipe: GateRecipe, plan: PlannedNetwork, place: RunPlace) -> Mapping[str, GatePredictions]:
    recipe = replace(recipe, sampler=replace(recipe.sampler, images_per_epoch=plan.images_per_epoch))
    spec = recipe.preprocess
    train = (*plan.train, *render_pictures(TRAINING_SEEDS[: recipe.renderings], spec=spec))
    fitted = fit_gate(recipe, pictures=train, folder=place.folder, machine=place.machine)
    judge = (*plan.judge, *render_pictures(plan.judging_seeds, spec=spec))
    aspects = [picture.aspect for picture in plan.judge if picture.is_xray]
    judged = predict(fitted.network, name=plan.name, pictures=judge, recipe=recipe, aspects=aspects)
    learnt = predict_learnt(fitted.network, name=plan.name, pictures=plan.train, recipe=recipe)
    return {PREDICTIONS: joined([judged, learnt])}


def _where(pictures: Sequence[GatePicture], rows: np.ndarray) -> tuple[GatePicture, ...]:
    return tuple(picture for picture, row in zip(pictures, rows, strict=True) if row)
