"""The arms of the pneumonia study: how each network is made, and what is kept of it beside its predictions.

A network is trained on a fold as its recipe says; where an arm has groupings, the altered copies of the fold's own
training pictures are learnt from too, and no other part has any. Its probabilities are kept twice: as the network gives
them, by which the paper decides, and calibrated on the fold's validation patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.style import BLUE, VERMILION
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.study import Arm
from hilum.networks.starting_weights import RandomWeights, StartingWeights
from hilum.statistics.logistic import sigmoid
from hilum.systems.pneumonia.costs import costs_path, keep_costs
from hilum.systems.pneumonia.errors import keep_errors
from hilum.systems.pneumonia.groupings import FEW, GROUPINGS, Grouping, MakeCopies, with_copies
from hilum.systems.pneumonia.paper import IMAGENET, PAPER, RANDOM
from hilum.systems.pneumonia.paper_recipe import paper_recipe
from hilum.training.classifier_arm import calibrated_predictions, train_on_fold
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import Value, flat_values
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, fold_predictions


def uncalibrated_path(arm: str, *, folder: Path) -> Path:
    """In a fold's `folder`, where it is kept what the arm's network says, as it says it."""
    return folder / "uncalibrated" / f"{arm}{CLASSIFIER.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmWords:
    """What the page says of an arm, and beside which it is compared; the paper's two are with each other.

    `balance` says what is done against there being more ill than healthy children.
    """

    arm: Arm
    balance: str = "four groupings"
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PneumoniaArm:
    """One network of the study, trained by a recipe; `groupings` are those whose copies it learns from."""

    words: ArmWords
    recipe: Recipe
    groupings: tuple[Grouping, ...] = ()

    @property
    def name(self) -> str:
        """The arm's."""
        return self.words.arm.name

    @property
    def settings(self) -> Mapping[str, Value]:
        """All that decides its training, flat."""
        return {**flat_values(self.recipe), "groupings": [one.in_words() for one in self.groupings]}

    @property
    def small(self) -> PneumoniaArm:
        """As a smoke run has it."""
        return replace(self, recipe=smoke_recipe(self.recipe), groupings=FEW if self.groupings else ())


def paper_arms(start: StartingWeights) -> tuple[PneumoniaArm, ...]:
    """The paper's two networks; `start` is ImageNet's there."""
    return (
        PneumoniaArm(
            words=ArmWords(arm=Arm(name=RANDOM, title=PAPER.columns[RANDOM], colour=BLUE, pattern="--")),
            recipe=paper_recipe(RandomWeights()),
            groupings=GROUPINGS,
        ),
        PneumoniaArm(
            words=ArmWords(arm=Arm(name=IMAGENET, title=PAPER.columns[IMAGENET], colour=VERMILION, pattern="-")),
            recipe=paper_recipe(start),
            groupings=GROUPINGS,
        ),
    )


def trained_arm(one: PneumoniaArm, *, copies: MakeCopies) -> Trained[Fold, Predictions]:
    """The arm as a study trains it; `copies` makes those of every picture of the study, where the arm needs them."""
    return Trained(arms=(one.name,), run=partial(_run, one, copies=copies), settings=one.settings)


def _run(one: PneumoniaArm, fold: Fold, place: RunPlace, *, copies: MakeCopies) -> Mapping[str, Predictions]:
    own = replace(fold, split=with_copies(fold.split, copies=copies())) if one.groupings else fold
    return train_and_keep(one, fold=own, place=place)


def train_and_keep(one: PneumoniaArm, *, fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
    """Train the arm on the fold as it is, keep what is to be kept of it, and give its calibrated predictions."""
    name, recipe = one.name, one.recipe
    found = train_on_fold(recipe, fold=fold, place=place)
    says = fold_predictions(fold, scores={name: sigmoid(found.judged)}, labels=recipe.last.labels)[name]
    CLASSIFIER.save(says, path=uncalibrated_path(name, folder=place.folder.parent))
    spec = recipe.preprocess_of(recipe.last)
    keep_errors(found.network, predictions=says, fold=fold, spec=spec, folder=place.folder)
    keep_costs(found.network, spec=spec, path=costs_path(name, folder=place.folder.parent))
    return calibrated_predictions(name, recipe=recipe, fold=fold, found=found, folder=place.folder)
