"""The five networks of the lung study: each draws the lungs of a fold that it never saw, and what it drew is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.lung_spec import LUNG_SIDES
from hilum.datasets.splits.split import Split
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import normalise
from hilum.reading.lungs.passes import probabilities, quality_inputs
from hilum.systems.lungs.fit import LungNetwork, fit_lungs
from hilum.systems.lungs.pictures import LungPicture
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.study.predictions import (
    LungPredictions,
    joined,
    load_lung_predictions,
    save_lung_predictions,
)
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained

PREDICTIONS = "predictions"
"""What the study's one arm is called."""


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


def lung_arm(recipe: LungRecipe) -> Trained[LungFold, LungPredictions]:
    """The study's one arm: a network by the recipe, which draws the fold that it never saw."""
    return Trained(arms=(PREDICTIONS,), run=partial(_run, recipe), folder=".", settings=flat_values(recipe))


def _run(recipe: LungRecipe, fold: LungFold, place: RunPlace) -> Mapping[str, LungPredictions]:
    fitted = fit_lungs(recipe, pictures=fold.train, folder=place.folder, machine=place.machine)
    return {PREDICTIONS: predict_lungs(fitted.network, name=fold.name, pictures=fold.judge, recipe=recipe)}


def predict_lungs(
    network: LungNetwork, *, name: str, pictures: Sequence[LungPicture], recipe: LungRecipe
) -> LungPredictions:
    """The probabilities of every picture in the three passes that reading makes."""
    drawn = [_predict(network, picture=picture, recipe=recipe) for picture in pictures]
    records = [picture.record for picture in pictures]
    return LungPredictions(
        network=name,
        source=np.array([record.source for record in records]),
        image=np.array([record.image for record in records]),
        sha256=np.array([record.sha256 for record in records]),
        patient=np.array([record.patient for record in records]),
        passes=np.stack(drawn),
    )


def _predict(network: LungNetwork, *, picture: LungPicture, recipe: LungRecipe) -> npt.NDArray[np.uint8]:
    array = normalise(to_unit(picture.grey, bits=8), spec=recipe.preprocess)
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(quality_inputs(array))).numpy()
    return np.rint(probabilities(logits, structures=LUNG_SIDES["whole"]) * 255).astype(np.uint8)
