"""The five networks of the lung study: each draws the lungs of a fold that it never saw, and what it drew is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from hilum.datasets.splits.split import Split
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import ModelArray, PreprocessSpec, normalise
from hilum.systems.lungs.fit import LungNetwork, fit_lungs, lung_passes
from hilum.systems.lungs.more_pictures import MorePictures
from hilum.systems.lungs.pictures import LungPicture
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.study.predictions import (
    LungPredictions,
    joined,
    load_lung_predictions,
    save_lung_predictions,
)
from hilum.systems.lungs.study.worsen import AS_IT_IS, Way, worse_way, worsened
from hilum.training.recipe.settings import Value, flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained


@dataclass(frozen=True, slots=True, eq=False)
class LungFold:
    """One fold: its name, the pictures that its network learns from, and those that it draws."""

    name: str
    train: tuple[LungPicture, ...]
    judge: tuple[LungPicture, ...]


def lung_fold(name: str, *, split: Split, pictures: Sequence[LungPicture]) -> LungFold:
    """The part `name` of the split, to be drawn, and all others; `pictures` are those of the whole split."""
    held_out = {record.sha256 for record in split.parts[name]}
    train = tuple(picture for picture in pictures if picture.record.sha256 not in held_out)
    return LungFold(name, train, tuple(picture for picture in pictures if picture.record.sha256 in held_out))


class LungFormat:
    """A network's drawings in one `.npz` file."""

    suffix = ".npz"
    save = staticmethod(save_lung_predictions)
    load = staticmethod(load_lung_predictions)
    pooled = staticmethod(joined)


LUNG_FORMAT = LungFormat()


def lung_arm(name: str, *, recipe: LungRecipe, more: MorePictures | None = None) -> Trained[LungFold, LungPredictions]:
    """One arm of the study: a network by the recipe, which draws the fold that it never saw.

    With `more` it learns from those pictures too; the arm of their teacher must come before it in each fold.
    """
    settings: dict[str, Value] = {**flat_values(recipe), **({} if more is None else more.settings)}
    return Trained(arms=(name,), run=partial(_run, arm=name, recipe=recipe, more=more), settings=settings)


def _run(
    fold: LungFold, place: RunPlace, *, arm: str, recipe: LungRecipe, more: MorePictures | None
) -> Mapping[str, LungPredictions]:
    pictures = list(fold.train)
    if more is not None:
        beside = place.folder.parent / more.teacher.arm
        taught_by = fit_lungs(more.teacher, pictures=fold.train, folder=beside, machine=place.machine)
        pictures += more.outlined(taught_by.network)
    fitted = fit_lungs(recipe, pictures=pictures, folder=place.folder, machine=place.machine)
    return {arm: predict_lungs(fitted.network, name=fold.name, pictures=fold.judge, recipe=recipe)}


def predict_lungs(
    network: LungNetwork, *, name: str, pictures: Sequence[LungPicture], recipe: LungRecipe
) -> LungPredictions:
    """The probabilities of every picture, as it is and then made worse in one way."""
    asked = [(picture, way) for picture in pictures for way in (AS_IT_IS, worse_way(picture.record.sha256))]
    inputs = [_input(picture, way=way, spec=recipe.preprocess) for picture, way in asked]
    records = [picture.record for picture, _ in asked]
    return LungPredictions(
        network=name,
        structures=np.array(recipe.structures),
        source=np.array([record.source for record in records]),
        image=np.array([record.image for record in records]),
        sha256=np.array([record.sha256 for record in records]),
        patient=np.array([record.patient for record in records]),
        way=np.array([way for _, way in asked]),
        passes=np.stack([np.rint(lung_passes(network, each, recipe=recipe) * 255).astype(np.uint8) for each in inputs]),
    )


def _input(picture: LungPicture, *, way: Way, spec: PreprocessSpec) -> ModelArray:
    if way == AS_IT_IS:
        return normalise(to_unit(picture.grey, bits=8), spec=spec)
    return normalise(worsened(picture.grey, way=way, sha256=picture.record.sha256, spec=spec), spec=spec)
