"""The mean of other arms' networks as an arm of a study: the model that a bundle of them would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch

from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.networks.ensemble import log_odds_of_mean
from hilum.training.classifier_arm import FoldLogits, calibrated_predictions, train_on_fold
from hilum.training.loop.stages import has_ended
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, Logits


def mean_arm(arm: str, *, of: Mapping[str, Recipe]) -> Trained[Fold, Predictions]:
    """The arm of this name: the mean of the probabilities of the arms `of`, by name with recipes of the same labels.

    The mean is of what the networks say, as in `EnsembleClassifier`, and is calibrated on the first recipe's
    calibration part as any arm is. Nothing is trained: its run, which must come after theirs, reads the weights that
    lie beside its own folder, and raises `DataError` where some are not there.
    """
    return Trained(arms=(arm,), run=partial(_run, arm, of))


def _run(arm: str, of: Mapping[str, Recipe], fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
    members = {name: _member(name, recipe, fold=fold, place=place) for name, recipe in of.items()}
    found = FoldLogits(
        started_from="; ".join(f"{name}: {one.started_from}" for name, one in members.items()),
        validation=_mean([one.validation for one in members.values()]),
        judged=_mean([one.judged for one in members.values()]),
    )
    first = next(iter(of.values()))
    return calibrated_predictions(arm, recipe=first, fold=fold, found=found, folder=place.folder)


def _member(name: str, recipe: Recipe, *, fold: Fold, place: RunPlace) -> FoldLogits:
    folder = place.folder.parent / name
    if not has_ended(recipe.last, folder=folder):
        raise DataError(
            f"{folder} holds no trained network, of which {place.folder.name} is a mean. Remove the predictions of "
            f"{name} beside it and run the study again"
        )
    return train_on_fold(recipe, fold=fold, place=replace(place, folder=folder))


def _mean(logits: list[Logits]) -> Logits:
    """The log odds (n, L) of the mean probability of each (n, L)."""
    mean: Logits = log_odds_of_mean(torch.stack([torch.from_numpy(one) for one in logits], dim=1)).numpy()
    return mean
