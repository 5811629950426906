"""The networks of the gate's study: each is trained without what it is judged on, and its predictions are kept.

- `fold 0` to `fold 4` hold out a fifth of the groups of the mixed sources, jaws, lateral chests, photographs and other
  modalities, and whole sources of frontal chests and of bulk radiographs. Those that learn from the source which tells
  PA from AP are judged on other patients of it, too.
- `without …` (types) hold out, beside the fold, every picture of about three types.
- `without …` (sources) hold out a whole mixed source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from hilum.datasets.renderings.renderings import JUDGING_SEEDS, TRAINING_SEEDS
from hilum.systems.gate.data.releases import CHEST_SOURCES, VIEW_SOURCE
from hilum.systems.gate.fit import fit_gate
from hilum.systems.gate.groups import FOLDS, fold_of_groups, gate_folds
from hilum.systems.gate.pictures import GatePicture, render_pictures
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.study.predictions import (
    LEARNT,
    OTHER_PATIENTS,
    GatePredictions,
    joined,
    load_predictions,
    save_predictions,
)
from hilum.systems.gate.views import predict, predict_plain
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

    One of a fold is judged on the renderings of `judging_seeds` too, in every view, and on chests of `other_patients`
    as read; another one on pictures as read alone, beside those that it learnt from.
    """

    name: str
    train: tuple[GatePicture, ...]
    judge: tuple[GatePicture, ...]
    images_per_epoch: int
    judging_seeds: Sequence[int] = ()
    other_patients: tuple[GatePicture, ...] = ()

    @property
    def is_fold(self) -> bool:
        """Whether it is one of the folds."""
        return self.name.startswith("fold ")


def planned_networks(
    pictures: Sequence[GatePicture], *, other_patients: Sequence[GatePicture] = (), recipe: GateRecipe
) -> Iterator[PlannedNetwork]:
    """Every network of the study, folds first; those without types or sources train a third as long.

    `other_patients` are pictures of the source that tells PA from AP, of patients of whom none is among `pictures`.
    """
    folds = np.array(gate_folds(pictures, seed=recipe.seed))
    whole = recipe.sampler.images_per_epoch
    third = max(recipe.batch_size, whole // 3)
    share = JUDGED_RENDERINGS // FOLDS
    apart = _dealt(other_patients, seed=recipe.seed)
    for fold in range(FOLDS):
        held_out, seeds = folds == fold, JUDGING_SEEDS[fold * share : (fold + 1) * share]
        train, judge = _where(pictures, ~held_out), _where(pictures, held_out)
        yield PlannedNetwork(f"fold {fold}", train, judge, whole, seeds, _where(other_patients, apart == fold))
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
    show = partial(predict_plain, fitted.network, name=plan.name, recipe=recipe)
    if not plan.is_fold:
        learnt = [picture for picture in plan.train if picture.is_xray]
        return {PREDICTIONS: joined([show(pictures=plan.judge), show(pictures=learnt, view=LEARNT)])}
    judge = (*plan.judge, *render_pictures(plan.judging_seeds, spec=spec))
    aspects = [picture.aspect for picture in plan.judge if picture.is_xray]
    judged = [predict(fitted.network, name=plan.name, pictures=judge, recipe=recipe, aspects=aspects)]
    if plan.other_patients:
        judged.append(show(pictures=plan.other_patients, view=OTHER_PATIENTS))
    return {PREDICTIONS: joined(judged)}


def _dealt(other_patients: Sequence[GatePicture], *, seed: int) -> np.ndarray:
    """The fold that judges each picture, (n,): every one but that which holds the source out."""
    folds = [fold for fold in range(FOLDS) if fold != CHEST_SOURCES.index(VIEW_SOURCE) % FOLDS]
    groups = [picture.group for picture in other_patients]
    views = [str(picture.view) for picture in other_patients]
    dealt = fold_of_groups(groups, strata=views, folds=len(folds), seed=seed)
    return np.array([folds[dealt[group]] for group in groups], np.int64)


def _where(pictures: Sequence[GatePicture], rows: np.ndarray) -> tuple[GatePicture, ...]:
    return tuple(picture for picture, row in zip(pictures, rows, strict=True) if row)
