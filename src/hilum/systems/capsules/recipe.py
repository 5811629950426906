"""Capsules on whole chests: the network of Pun et al. 2021 at 28 pixels, and one for larger pictures.

Command  `hilum train capsules --data nih=DIR --out runs/capsules`
Hardware not run on the whole release here; the paper names none.
Score    the paper's mean AUROC at 28 pixels is 0.591 in its text and 0.662 in its table I; ours is not measured.

The network of Sabour et al. 2017 learns by margin loss, and paints the picture of its capsules at 0.0005 of the sum of
squared differences, as there. `--set shape.side=56` is the size at which the paper gave up.

Command  `hilum train capsules-large --data nih=DIR --out runs/capsules-large`
Hardware not run on the whole release here.

At 224 pixels, or 112 by `--set shape.side=112`: a quarter of the channels, half of the kinds, a first stride of 2, and
locally constrained routing (LaLonde and Bagci 2018) down to 7 places a side. The painted picture stays 28 pixels wide.

What the paper leaves open or is chosen here: optimiser, schedule and end of training are those of its three-branch
network, at ten times the learning rate, as all weights are random; the picture is painted from all capsules, as half of
the chests have none of the fourteen findings; no flip; 3,788 of 86,524 patients' images (4.4%) as validation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError, require
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.capsules.network import LARGE, CapsuleShape, Painting
from hilum.networks.starting_weights import RandomWeights, StartingWeights, TimmImageNet, WeightsFile
from hilum.systems.chestxray14.shared import CARD, VALIDATION
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.margin_loss import MarginLoss
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import Plateau
from hilum.training.recipe.settings import HIDDEN
from hilum.training.recipe.smoke import SIDE_PX, smoke_stage

_check = partial(require, "The recipe")

NAME = "capsules"
CapsuleHeatmap = Literal["occlusion", "none"]


def picture_spec(side_px: int) -> PreprocessSpec:
    """The picture as capsules take it and paint it: grey in [0, 1], square, stretched."""
    steps = (Resize(height=side_px, width=side_px, rule="stretch", filter="bilinear"),)
    return PreprocessSpec(steps=steps, mean=(0.0,), std=(1.0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleRecipe(Recipe):
    """One stage that trains capsules of `shape` on pictures of its side.

    With `painting` they learn to paint the picture too. `heatmap` is how heatmaps of readings are made: by occlusion,
    which asks the network many times a picture, or not at all.
    """

    backbone: str = field(init=False, default=NAME, metadata=HIDDEN)
    dropout: float = field(init=False, default=0.0, metadata=HIDDEN)
    preprocess: PreprocessSpec = field(init=False, metadata=HIDDEN)
    shape: CapsuleShape
    painting: Painting | None
    heatmap: CapsuleHeatmap = "occlusion"

    def __post_init__(self) -> None:
        object.__setattr__(self, "preprocess", picture_spec(self.shape.side))
        Recipe.__post_init__(self)
        plain = len(self.stages) == 1 and isinstance(self.last.start, RandomWeights | WeightsFile)
        _check(plain and not self.needs_lungs, "one stage of whole pictures from random weights or a file", self.name)
        _check(self.last.freezing is None and self.output_stride is None, "no frozen backbone for capsules", self.name)
        check_painting(self.painting, shape=self.shape)


def check_painting(painting: Painting | None, *, shape: CapsuleShape) -> None:
    """Raise `UsageError` where a painted picture is larger than the given one."""
    fits = painting is None or painting.side <= shape.side
    _check(fits, f"a painted side of at most the picture's {shape.side} pixels", painting)


CAPSULE_LIMIT = (
    "Heatmaps are made by occlusion, by many passes of the network: capsules have no exact map, since routing weighs "
    "every place by all others."
)

CAPSULE_CARD = replace(
    CARD,
    title="Fourteen findings in frontal chests by a capsule network (ChestX-ray14)",
    limits=(*CARD.limits, "Fine findings cannot be seen at the few pixels that it reads.", CAPSULE_LIMIT),
    recipe=NAME,
)


def capsules(starting_weights: StartingWeights) -> CapsuleRecipe:
    """The paper's network at 28 pixels; weights are random, or a capsule run's file, as nobody publishes any."""
    return CapsuleRecipe(
        name=NAME,
        shape=CapsuleShape(),
        painting=Painting(),
        stages=(
            Stage(
                name="train",
                start=start_of_capsules(starting_weights),
                releases=("nih",),
                labels=LABELS,
                split=SplitSpec(shares={"train": 0.956, VALIDATION: 0.044}),
                # more than 10 epochs without a better value end it
                selection=Selection(part=VALIDATION, keep="best", monitor="loss", patience=11),
                loss=MarginLoss(),
                optimizer=AdamW(learning_rate=1e-3, betas=(0.9, 0.999), weight_decay=0.01),
                schedule=Plateau(monitor=f"{VALIDATION}/loss", factor=0.1, patience=3),
                sampler=Shuffled(),
                epochs=100,
                batch_size=32,
                augmentation=Augmentation(rotation_deg=15.0),
            ),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=2,
        card=CAPSULE_CARD,
        precision="32-true",
    )


def capsules_large(starting_weights: StartingWeights) -> CapsuleRecipe:
    """Locally constrained routing at 224 pixels, in batches of 8."""
    paper = capsules(starting_weights)
    title = "Fourteen findings in frontal chests by capsules with locally constrained routing (ChestX-ray14)"
    return replace(
        paper,
        name=f"{NAME}-large",
        shape=LARGE,
        stages=(replace(paper.last, batch_size=8),),
        card=replace(CAPSULE_CARD, title=title, limits=(*CARD.limits, CAPSULE_LIMIT), recipe=f"{NAME}-large"),
    )


def start_of_capsules(weights: StartingWeights) -> StartingWeights:
    """What capsules start from where a command names `weights`: ImageNet's are none of theirs, so they are random.

    Raises `UsageError` for a bundle and for torchxrayvision's weights, which hold no capsules.
    """
    match weights:
        case RandomWeights() | WeightsFile():
            return weights
        case TimmImageNet():
            return RandomWeights()
        case _:
            raise UsageError(
                f"Capsules cannot start from {type(weights).__name__}. Use --weights random, or the "
                "weights.safetensors of a run with capsules"
            )


def smoke(recipe: CapsuleRecipe) -> CapsuleRecipe:
    """The recipe made small: fewer channels and kinds, pictures of at most 64 pixels, and a stage as every one is."""
    return replace(recipe, shape=smoke_shape(recipe.shape), stages=tuple(map(smoke_stage, recipe.stages)))


def smoke_shape(shape: CapsuleShape) -> CapsuleShape:
    """At most 16 channels, 4 kinds of capsules and 64 pixels a side."""
    return replace(shape, side=min(SIDE_PX, shape.side), channels=min(16, shape.channels), kinds=min(4, shape.kinds))
