"""The arms of the study: the two networks of a fold, and the mean of what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.statistics.calibration import log_odds
from hilum.statistics.logistic import sigmoid
from hilum.statistics.outcomes import FloatArray
from hilum.systems.chest_adult.recipe import AdultRecipe
from hilum.systems.chest_adult.study import CROP, LOCAL, MEAN
from hilum.training.classifier_arm import classifier_arm
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold


def adult_arms(recipe: AdultRecipe) -> tuple[Trained[Fold, Predictions], ...]:
    """The trainings of each fold, in the order in which they run; the mean trains nothing."""
    return (
        classifier_arm(LOCAL, recipe=recipe.whole),
        classifier_arm(CROP, recipe=recipe.crop),
        mean_arm(MEAN, of=(LOCAL, CROP)),
    )


def mean_arm(name: str, *, of: Sequence[str]) -> Trained[Fold, Predictions]:
    """The mean of the logits of other arms, which come before it in each fold; nothing is trained."""
    return Trained(arms=(name,), run=partial(_mean, name=name, of=tuple(of)))


def mean_of_logits(probabilities: Sequence[FloatArray]) -> FloatArray:
    """The probabilities (n, L) whose log odds are the mean of those of several arms, each (n, L)."""
    return sigmoid(np.mean([log_odds(one) for one in probabilities], axis=0))


def _mean(fold: Fold, place: RunPlace, *, name: str, of: Sequence[str]) -> Mapping[str, Predictions]:
    """From the files that the other arms left in the fold's folder."""
    del fold
    folder = place.folder.parent
    found = [CLASSIFIER.load(folder / f"{arm}{CLASSIFIER.suffix}") for arm in of]
    return {name: replace(found[0], scores=mean_of_logits([one.scores for one in found]))}
