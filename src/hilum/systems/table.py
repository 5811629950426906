"""What `hilum train` and `hilum study` know by name: a system adds a row here, and its own module.

A row says which options the name takes beside those that all take; a command line and Python use the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from hilum.bundle.load import Bundle
from hilum.errors import UsageError
from hilum.networks.starting_weights import StartingWeights
from hilum.option import NoOptions
from hilum.progress import SILENT, Progress
from hilum.systems.attention.recipe import AttentionRecipe, attention, attention_local
from hilum.systems.attention.recipe import smoke as small_attention
from hilum.systems.attention.run_study import LocalPairOptions, PairOptions, study_attention
from hilum.systems.attention.train import AttentionOptions, train_attention_on
from hilum.systems.capsules.cascade_recipe import CascadeRecipe, capsules_cascade
from hilum.systems.capsules.cascade_recipe import smoke as small_cascade
from hilum.systems.capsules.cascade_train import train_cascade_on
from hilum.systems.capsules.recipe import CapsuleRecipe, capsules, capsules_large
from hilum.systems.capsules.recipe import smoke as small_capsules
from hilum.systems.capsules.train import train_capsules_on
from hilum.systems.chest14.recipe import chest14, chest14_local
from hilum.systems.chest_adult.recipe import AdultRecipe, chest_adult
from hilum.systems.chest_adult.recipe import smoke as small_adult
from hilum.systems.chest_adult.run_study import AdultStudyOptions, study_adult
from hilum.systems.chest_adult.train import AdultOptions, train_adult_on
from hilum.systems.chest_adult.tries import TriesOptions, study_tries
from hilum.systems.former_studies import FORMER_STUDIES
from hilum.systems.gate.run_study import study_gate
from hilum.systems.gate.run_urinbayev2020 import study_urinbayev2020
from hilum.systems.gate.shipped import gate
from hilum.systems.gate.shipped import smoke as small_gate
from hilum.systems.gate.train import train_gate_on
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.run_study import study_lungs
from hilum.systems.lungs.shipped import ARMS as LUNG_ARMS
from hilum.systems.lungs.shipped import WORDS as LUNG_STUDIES
from hilum.systems.lungs.shipped import lungs_all, lungs_all_lite_fine, lungs_free, lungs_lite_fine
from hilum.systems.lungs.shipped import smoke as small_lungs
from hilum.systems.lungs.train import train_lungs_on
from hilum.systems.paediatric.ensemble import paediatric_ensemble
from hilum.systems.paediatric.local import LossesLocalOptions, study_losses_local
from hilum.systems.paediatric.methods import study_methods
from hilum.systems.paediatric.recipe import paediatric_db
from hilum.systems.paediatric.run_study import (
    FoldOptions,
    LossesOptions,
    NetworkOptions,
    study_ensemble,
    study_losses,
    study_starts,
)
from hilum.systems.paediatric.transfer import study_transfer
from hilum.systems.pneumonia.recipe import pneumonia, pneumonia_lungs
from hilum.systems.pneumonia.run_study import PneumoniaOptions, study_pneumonia
from hilum.systems.pneumonia.shift.run_study import ShiftOptions, study_shift
from hilum.systems.recipe_file import is_own_recipe, own_recipe
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.systems.sdfn.run_study import SdfnOptions, study_sdfn
from hilum.training.ensemble import train_ensemble
from hilum.training.own.recipe import classify
from hilum.training.own.train import ClassifyOptions, train_classify
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.smoke import smoke_ensemble, smoke_recipe
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.request import StudyRequest, TrainRequest
from hilum.training.records.study_folder import StudyFolder
from hilum.training.train_classifier import ClassifierOptions, train_classifier

RecipeT = TypeVar("RecipeT")


class RunTraining(Protocol):
    """Trains a recipe with the options of its row; the bundle, or None in all but the first of several processes."""

    def __call__(self, recipe: Any, /, *, request: TrainRequest, own: Any, progress: Progress) -> Bundle | None:
        """Train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training(Generic[RecipeT]):
    """What one name trains: the recipe, how a smoke run makes it small, what runs it, and the options of its own.

    `then` is what can be done with the bundle, after "wrote FOLDER".
    """

    help: str
    make: Callable[[StartingWeights], RecipeT]
    small: Callable[[RecipeT], RecipeT]
    run: RunTraining
    own: type
    then: str = ""

    def recipe(self, request: TrainRequest) -> RecipeT:
        """The recipe, made small where it is a smoke run, then with the settings of the request."""
        made = self.make(request.start)
        return with_settings(self.small(made) if request.smoke else made, pairs=request.settings)


def classifier(
    make: Callable[[StartingWeights], Recipe | EnsembleRecipe], *, help: str
) -> Training[Recipe | EnsembleRecipe]:
    """A row of a recipe of a classifier, or of several as one mean."""
    return Training(
        help=help,
        make=make,
        small=_small_classifier,
        run=_train_classifier,
        own=ClassifierOptions,
        then="; read with it: hilum read --model {folder} FILE",
    )


def _small_classifier(recipe: Recipe | EnsembleRecipe) -> Recipe | EnsembleRecipe:
    if isinstance(recipe, AttentionRecipe):  # a file may return one
        return small_attention(recipe)
    return smoke_ensemble(recipe) if isinstance(recipe, EnsembleRecipe) else smoke_recipe(recipe)


def _train_classifier(
    recipe: Recipe | EnsembleRecipe, /, *, request: TrainRequest, own: ClassifierOptions, progress: Progress
) -> Bundle | None:
    if isinstance(recipe, EnsembleRecipe):
        return train_ensemble(recipe, request=request, own=own, progress=progress)
    if isinstance(recipe, AttentionRecipe):
        both = AttentionOptions(**{field.name: getattr(own, field.name) for field in fields(own)})
        return train_attention_on(recipe, request=request, own=both, progress=progress)
    return train_classifier(recipe, request=request, own=own, progress=progress)


def lung_training(make: Callable[[StartingWeights], LungRecipe], *, help: str) -> Training[LungRecipe]:
    """A row of a recipe that draws lungs."""
    return Training(
        help=help,
        make=make,
        small=small_lungs,
        run=train_lungs_on,
        own=StudyFolder,
        then="; draw with it: hilum segment --model {folder} FILE --out FOLDER",
    )


def two_looks(make: Callable[[StartingWeights], AttentionRecipe], *, help: str) -> Training[AttentionRecipe]:
    """A row of a recipe of two looks."""
    return Training(
        help=help,
        make=make,
        small=small_attention,
        run=train_attention_on,
        own=AttentionOptions,
        then="; read with it: hilum read --model {folder} FILE",
    )


def capsule_training(make: Callable[[StartingWeights], CapsuleRecipe], *, help: str) -> Training[CapsuleRecipe]:
    """A row of a recipe of capsules."""
    return Training(
        help=help,
        make=make,
        small=small_capsules,
        run=train_capsules_on,
        own=ClassifierOptions,
        then="; read with it: hilum read --model {folder} FILE",
    )


def cascade_training(make: Callable[[StartingWeights], CascadeRecipe], *, help: str) -> Training[CascadeRecipe]:
    """A row of a recipe of capsules on another network's mask."""
    return Training(
        help=help,
        make=make,
        small=small_cascade,
        run=train_cascade_on,
        own=ClassifierOptions,
        then="; read with it: hilum read --model {folder} FILE",
    )


def adult(start: StartingWeights) -> AdultRecipe:
    """The adult's chest, on the local recipe for fourteen findings, which is its baseline."""
    return chest_adult(chest14_local(start))


TRAININGS: Mapping[str, Training[Any]] = {
    "classify": Training(
        help="Your own images: labels from your table, or from folders that are called as classes.",
        make=classify,
        small=smoke_recipe,
        run=train_classify,
        own=ClassifyOptions,
        then="; read with it: hilum read --model {folder} FILE",
    ),
    "pneumonia": classifier(pneumonia, help="Pneumonia in children's chests."),
    "pneumonia-lungs": classifier(
        pneumonia_lungs, help="The same, from features averaged inside the lungs alone: the specialist that ships."
    ),
    "chest14": classifier(chest14, help="Fourteen findings in chests (Urinbayev et al. 2020)."),
    "chest14-local": classifier(chest14_local, help="The same, small enough for two CPU cores."),
    "sdfn": classifier(sdfn, help="Fourteen findings from whole image and lung crop (SDFN, Liu et al. 2019)."),
    "sdfn-local": classifier(sdfn_local, help="The same, small enough for two CPU cores."),
    "attention": two_looks(
        attention, help="Fourteen findings from the picture and where it draws attention (Pun et al. 2021)."
    ),
    "attention-local": two_looks(attention_local, help="The same, small enough for two CPU cores."),
    "capsules": capsule_training(
        capsules, help="Fourteen findings by capsules at 28 pixels (Sabour et al. 2017, as Pun et al. 2021 use it)."
    ),
    "capsules-large": capsule_training(
        capsules_large, help="The same at 224 pixels, by locally constrained routing (LaLonde and Bagci 2018)."
    ),
    "capsules-cascade": cascade_training(
        capsules_cascade, help="Another network, and capsules on its mask of 28 pixels (Pun et al. 2021)."
    ),
    "paediatric-db": classifier(
        paediatric_db, help="Ten labels in children's chests, learnt on adults first (Tran et al. 2021)."
    ),
    "paediatric-ensemble": classifier(
        paediatric_ensemble, help="The same by three networks, as the mean of their probabilities."
    ),
    "chest-adult": Training(
        help="Findings in adult chests: the specialist that ships.",
        make=adult,
        small=small_adult,
        run=train_adult_on,
        own=AdultOptions,
        then="; read with it: hilum read --model {folder} FILE",
    ),
    "gate": Training(
        help="Is it an X-ray, of what, and in what state.",
        make=gate,
        small=small_gate,
        run=train_gate_on,
        own=StudyFolder,
    ),
    "lungs": lung_training(lungs_free, help="Lung fields, whole lungs and heart, from masks of free terms."),
    "lungs-all": lung_training(lungs_all, help="The same, from all masks: their terms rule out commercial use."),
    "lungs-lite-fine": lung_training(
        lungs_lite_fine,
        help="Lungs and heart by EfficientNet-Lite0 on 256 x 256 pixels, from masks of free terms: better and slower.",
    ),
    "lungs-all-lite-fine": lung_training(
        lungs_all_lite_fine, help="The same, from all masks: their terms rule out commercial use."
    ),
}

OWN_RECIPE = "FILE.py"
"""What stands for a file of one's own where names are listed."""


def training_of(name: str) -> Training[Any]:
    """The row of a name, or that of a Python file of one's own. Raises `UsageError` where it is neither."""
    if is_own_recipe(name):
        return classifier(
            lambda weights: own_recipe(Path(name), starting_weights=weights),
            help="A Python file of your own, which defines the function recipe.",
        )
    if name not in TRAININGS:
        raise UsageError(
            f"Unknown recipe {name!r}. Available: {', '.join(TRAININGS)}, or a file of your own that ends in .py"
        )
    return TRAININGS[name]


def train(request: TrainRequest, *, own: object = None, progress: Progress = SILENT) -> Bundle | None:
    """Train what the request names to a bundle in `request.out / "bundle"`; after a stop the same call goes on.

    `own` holds the options of that system (`TRAININGS[NAME].own`), None their defaults. The result is None in all but
    the first of several processes. Raises `UsageError` for a name, data or settings that cannot be.
    """
    training = training_of(request.name)
    chosen = training.own() if own is None else own
    return training.run(training.recipe(request), request=request, own=chosen, progress=progress)


class RunSystemStudy(Protocol):
    """Runs a study with the options of its row."""

    def __call__(self, *, request: StudyRequest, own: Any, progress: Progress) -> None:
        """Train what is not trained yet, and write tables and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStudy:
    """What one name studies: what runs it, and the options of its own."""

    help: str
    run: RunSystemStudy
    own: type = NoOptions


STUDIES: Mapping[str, SystemStudy] = {
    "gate": SystemStudy(help="The gate: by folds, and without types and sources.", run=study_gate),
    "gate-urinbayev": SystemStudy(
        help="X-ray or not, and of what, by the protocol of Urinbayev et al. 2020.", run=study_urinbayev2020
    ),
    **{name: SystemStudy(help=LUNG_STUDIES[name], run=partial(study_lungs, arms)) for name, arms in LUNG_ARMS.items()},
    "chest-adult": SystemStudy(
        help="Adult chests: whole picture, lungs and the mean of both, and which findings may be decided.",
        run=partial(study_adult, adult),
        own=AdultStudyOptions,
    ),
    "chest-adult-tries": SystemStudy(
        help="Adult chests: other losses, draws, sizes, networks and images for the whole picture, in the same folds.",
        run=partial(study_tries, adult),
        own=TriesOptions,
    ),
    "pneumonia": SystemStudy(
        help="Barnett 2023's protocol for pneumonia in children, and what its networks get wrong.",
        run=study_pneumonia,
        own=PneumoniaOptions,
    ),
    "pneumonia-shift": SystemStudy(
        help="Pneumonia in children: what helps on validation children whose images differ in sharpness.",
        run=study_shift,
        own=ShiftOptions,
    ),
    "paediatric-losses": SystemStudy(
        help="Children's chests: five losses beside the table of Tran et al. 2021.",
        run=study_losses,
        own=LossesOptions,
    ),
    "paediatric-starts": SystemStudy(
        help="Children's chests: from random weights, ImageNet's and adults'.", run=study_starts, own=NetworkOptions
    ),
    "paediatric-ensemble": SystemStudy(
        help="Children's chests: three networks and their mean.", run=study_ensemble, own=FoldOptions
    ),
    "paediatric-methods": SystemStudy(
        help="Children's chests: the method of Tran et al. 2021 and the three of their table 4.",
        run=study_methods,
        own=FoldOptions,
    ),
    "paediatric-losses-local": SystemStudy(
        help="The same five losses on ChestX-ray14's findings, small enough for two CPU cores.",
        run=partial(study_losses_local, chest14_local),
        own=LossesLocalOptions,
    ),
    "paediatric-transfer-local": SystemStudy(
        help="From adults to children with pneumonia, small enough for two CPU cores.",
        run=partial(study_transfer, chest14_local, pneumonia),
        own=FoldOptions,
    ),
    "sdfn": SystemStudy(
        help="Whole image, lung crop and their fusion beside the table of Liu et al. 2019.",
        run=study_sdfn,
        own=SdfnOptions,
    ),
    "attention": SystemStudy(
        help="Whole picture, what it attends to and both, by pairs of networks beside the tables of Pun et al. 2021.",
        run=partial(study_attention, attention),
        own=PairOptions,
    ),
    "attention-local": SystemStudy(
        help="The same of a MobileNetV2 pair, small enough for two CPU cores.",
        run=partial(study_attention, attention_local),
        own=LocalPairOptions,
    ),
}


def refuse_former_study(name: str) -> None:
    """Raise `UsageError`, with the name of today, where `name` is a former one."""
    if name in FORMER_STUDIES:
        raise UsageError(f"The study {name} is now called {FORMER_STUDIES[name]}")


def study(request: StudyRequest, *, own: object = None, progress: Progress = SILENT) -> None:
    """Train every network of the study that is not trained yet, and write its tables into `request.out`.

    `own` holds the options of that study (`STUDIES[NAME].own`), None their defaults. Raises `UsageError` for a name or
    data that cannot be, and where the folder holds another study.
    """
    refuse_former_study(request.name)
    if request.name not in STUDIES:
        raise UsageError(f"Unknown study {request.name!r}. Available: {', '.join(STUDIES)}")
    row = STUDIES[request.name]
    row.run(request=request, own=row.own() if own is None else own, progress=progress)
