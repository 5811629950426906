"""Fourteen findings in frontal chests of adults: the whole picture and its lungs, each read by one network.

Command  `hilum study chest-adult --data nih=DIR --data nih=DIR_64 --weights mobilenet_v2_imagenet.safetensors
         --out runs/chest-adult-study`
         `hilum train chest-adult --data nih=DIR --data nih=DIR_64 --weights mobilenet_v2_imagenet.safetensors
         --study runs/chest-adult-study --out runs/chest-adult`
Hardware one CPU core, bfloat16 autocast and channels-last.

The network of the whole picture is made by a recipe that is given, and is the study's baseline. The other one is made
by the same recipe on the picture cut to its lungs, where lungs are twice as large. It keeps the first blocks of its
starting weights, which halves the time of a step, and learns from softened labels, since a program read them out of
reports. What ships is the mean of both networks' calibrated logits, which is one linear layer over both pooled vectors,
and so a fusion whose class maps are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from hilum.bundle.calibrated_on import DECIDES_WHERE_EARNED, NOT_TRIED_ELSEWHERE
from hilum.bundle.card import Scope
from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError
from hilum.systems.chestxray14.shared import CARD
from hilum.training.recipe.freezing import FrozenFirst
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.recipe import CardText, Recipe
from hilum.training.recipe.settings import HIDDEN
from hilum.training.recipe.smoke import smoke_recipe

NAME = "chest-adult"
ADULT_YEARS = 16.0
"""From which age a patient is an adult here."""
OLDEST_YEARS = 120.0
VIEWS: tuple[Literal["PA", "AP"], ...] = ("PA", "AP")
"""The frontal views, which it is made for."""

FROZEN_BLOCKS = 4
"""MobileNetV2's stem and the three blocks after it, up to a quarter of the picture's side."""
LABEL_SMOOTHING = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultRecipe:
    """What decides the study and the bundle: two recipes of one stage each, for the whole picture and for its lungs.

    Of a fold's images that are not judged, the recipes' `split.shares` are dealt by patient. Raises `UsageError` where
    the two are not of the same labels and parts, or the wrong one cuts to the lungs.
    """

    name: str = field(metadata=HIDDEN)
    seed: int
    folds: int
    whole: Recipe
    crop: Recipe

    def __post_init__(self) -> None:
        whole, crop = self.whole, self.crop
        if len(whole.stages) != 1 or len(crop.stages) != 1:
            raise UsageError(
                f"Both recipes need exactly one stage; they have {len(whole.stages)} and {len(crop.stages)}"
            )
        if whole.needs_lungs or not crop.needs_lungs:
            raise UsageError(
                "The recipe of the crop needs crop_lungs, and the recipe of the whole image must not have it"
            )
        if whole.last.labels != crop.last.labels or whole.last.split != crop.last.split:
            raise UsageError("Both recipes need the same labels and the same split")


def chest_adult(whole: Recipe) -> AdultRecipe:
    """The recipe that ships; `whole` makes the network of the whole picture, from the weights that the crop's has too.

    It must be of one stage on ChestX-ray14's labels.
    """
    stage = replace(
        whole.last,
        crop_lungs=True,
        freezing=FrozenFirst(blocks=FROZEN_BLOCKS),
        loss=BinaryCrossEntropy(label_smoothing=LABEL_SMOOTHING),
        augmentation=replace(whole.last.augmentation, crop_area=(0.8, 1.0)),
    )
    crop = replace(whole, name=f"{NAME}-crop", seed=whole.seed + 1, stages=(stage,))
    return AdultRecipe(name=NAME, seed=whole.seed, folds=5, whole=whole, crop=crop)


def smoke(recipe: AdultRecipe) -> AdultRecipe:
    """The same for few images, small pictures and two folds: it proves that everything runs."""
    return replace(recipe, folds=2, whole=small(recipe.whole), crop=small(recipe.crop))


def small(recipe: Recipe) -> Recipe:
    """The smoke recipe with half of its few images for validation, so that some label has both outcomes there."""
    made = smoke_recipe(recipe)
    (validation,) = made.last.split.validation
    split = replace(made.last.split, shares={"train": 0.5, validation: 0.5})
    return made.with_last(replace(made.last, split=split))


WORDS = CardText(
    version="1.2.0",
    title="Findings in adult chests",
    scope=Scope(xray_type="chest", age_years=(ADULT_YEARS, OLDEST_YEARS), views=VIEWS),
    box_threshold=CARD.box_threshold,
    intended_use=(
        "Research and teaching: whether a frontal chest radiograph of an adult looks like those whose reports name one "
        "of the findings that this model decides."
    ),
    not_for=(
        "Diagnosis, triage or any decision about a patient: this is not a medical device.",
        "Children under 16 years, lateral views, and anything but a frontal chest radiograph.",
        "Calling a radiograph normal: most findings are not decided here, and those decided are often missed.",
    ),
    limits=(
        "Weak: learnt from about 1,450 images of one hospital (NIH Clinical Center), and 680 more of 64 pixels; "
        f"{NOT_TRIED_ELSEWHERE} hospital's.",
        "The labels were read from reports by a program (Wang et al. 2017); many are wrong.",
        DECIDES_WHERE_EARNED,
        "Most images with Pneumonia and most without any finding come from a public selection whose groups differ in "
        "view and age: the baselines of view and age stand in the study beside each label.",
        "The lungs are found by another network; where its drawing is not trusted, the whole picture alone is read.",
        "A heatmap shows what moved the score; it is no outline of a disease. It adds two maps of different cells.",
    ),
    weights_licence="no terms of their own",
    recipe=NAME,
    releases=("nih",),
    labels=LABELS,
)
