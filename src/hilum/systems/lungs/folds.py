"""The five networks of the lung study: each draws the lungs of a fold that it never saw, and what it drew is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hilum.datasets.splits.split import Split
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import normalise
from hilum.reading.lungs.passes import probabilities, quality_inputs
from hilum.systems.lungs.fit import LungNetwork, fit_lungs
from hilum.systems.lungs.pictures import LungPicture
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.study.predictions import LungPredictions, save_lung_predictions
from hilum.training.records.run_place import RunPlace

PREDICTIONS = "predictions.npz"


def run_fold(name: str, *, recipe: LungRecipe, split: Split, pictures: Sequence[LungPicture], place: RunPlace) -> Path:
    """Train without the part `name` and draw it, unless that was done; the path of the predictions.

    A network that was stopped goes on. `pictures` are those of the whole split.
    """
    path = place.folder / name.replace(" ", "-") / PREDICTIONS
    if path.is_file():
        return path
    held_out = {record.sha256 for record in split.parts[name]}
    train = [picture for picture in pictures if picture.record.sha256 not in held_out]
    judge = [picture for picture in pictures if picture.record.sha256 in held_out]
    fitted = fit_lungs(recipe, pictures=train, folder=path.parent, machine=place.machine)
    save_lung_predictions(predict_lungs(fitted.network, name=name, pictures=judge, recipe=recipe), path=path)
    return path


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
    return np.rint(probabilities(logits) * 255).astype(np.uint8)
