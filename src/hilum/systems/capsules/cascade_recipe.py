"""Another network, and capsules on its mask of 28 pixels: the cascade of Pun et al. 2021, section VI B.

Command  `hilum train capsules-cascade --data nih=DIR --out runs/capsules-cascade`
Hardware not run on the whole release here; the paper names none.
Score    the paper's mean AUROC on the official test list: 0.694 with DenseNet-121, 0.684 with ResNet-50, no better than
         either alone; ours is not measured.

Three stages. `base` trains DenseNet-121 as the paper's global branch; `capsules` trains the network of `capsules` on
pictures of 28 pixels, with painting; `cascade` joins both and goes on as the paper does: cross-entropy, nothing is
painted, four epochs of the base's linear layer and the capsules alone, from the fifth on a fifth of the rate and one
more block of the base an epoch, last first. Any base: `--set backbone=resnet50`.

What the paper leaves open or is chosen here: its mask is the output of a linear layer of random weights between both
networks, ours the base's own map in closed form (`cascade.py`), the largest of the labels in each cell;
`--set "mask=each label"` gives each label a plane of its own. Rates and ends of training are those of its three-branch
network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from hilum.errors import UsageError, require
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.capsules.network import CapsuleShape, Painting
from hilum.networks.pooled_classifier import backbone_named
from hilum.networks.starting_weights import RandomWeights, StartingWeights
from hilum.systems.capsules.cascade import Mask
from hilum.systems.capsules.recipe import CAPSULE_LIMIT, CapsuleHeatmap, capsules, check_painting, picture_spec
from hilum.systems.capsules.recipe import smoke_shape as small_shape
from hilum.systems.chestxray14.shared import CARD, IMAGENET_SPEC, VALIDATION
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.recipe import Assessment, FromStage, FusedFrom, Recipe, Stage
from hilum.training.recipe.smoke import smoke_recipe

_check = partial(require, "The recipe")

NAME = "capsules-cascade"
BASE, CAPSULES, CASCADE = "base", "capsules", "cascade"
STAGES = (BASE, CAPSULES, CASCADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRecipe(Recipe):
    """Three stages: the base alone, the capsules alone on small pictures, and both as one.

    `backbone` and `preprocess` are the base's; capsules of `shape` read its `mask`, and before that pictures of
    `shape.side` pixels, whose weights serve every plane of the mask alike. `heatmap` is how heatmaps of readings are
    made.
    """

    shape: CapsuleShape
    painting: Painting | None
    mask: Mask = "largest"
    heatmap: CapsuleHeatmap = "occlusion"

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)
        backbone_named(self.backbone)
        named = tuple(stage.name for stage in self.stages)
        _check(named == STAGES, f"the stages {', '.join(STAGES)}", ", ".join(named))
        base, small, whole = self.stages
        _check(base.labels == small.labels == whole.labels, "one list of labels in all stages", self.name)
        starts = not isinstance(base.start, FromStage | FusedFrom) and isinstance(small.start, RandomWeights)
        _check(starts and whole.start == FromStage(stage=BASE), f"a cascade that starts from {BASE}", self.name)
        _check(not self.needs_lungs, "stages of whole pictures", self.name)
        _check(small.freezing is None, "no frozen backbone for capsules", self.name)
        check_painting(self.painting, shape=self.shape)

    def preprocess_of(self, stage: Stage) -> PreprocessSpec:
        """The capsules' own stage reads small grey pictures, the others what the base reads."""
        return picture_spec(self.shape.side) if stage.name == CAPSULES else Recipe.preprocess_of(self, stage)


def capsules_cascade(starting_weights: StartingWeights) -> CascadeRecipe:
    """The paper's, with DenseNet-121, whose `starting_weights` are ImageNet's there."""
    alone = capsules(RandomWeights())
    base = replace(
        alone.last,
        name=BASE,
        start=starting_weights,
        loss=BinaryCrossEntropy(weighting="inverse prevalence"),
        optimizer=AdamW(learning_rate=1e-4, betas=(0.9, 0.999), weight_decay=0.01),
        augmentation=Augmentation(rotation_deg=15.0),
        flip_probability=0.5,
        freezing=StagedRelease(head_epochs=4, learning_rate_factor=0.2),
    )
    return CascadeRecipe(
        name=NAME,
        backbone="densenet121",
        dropout=0.0,
        preprocess=IMAGENET_SPEC,
        shape=alone.shape,
        painting=alone.painting,
        stages=(base, replace(alone.last, name=CAPSULES), replace(base, name=CASCADE, start=FromStage(stage=BASE))),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=2,
        card=replace(
            CARD,
            title="Fourteen findings in frontal chests by capsules on another network's mask (ChestX-ray14)",
            limits=(*CARD.limits, CAPSULE_LIMIT),
            recipe=NAME,
        ),
        precision="32-true",
    )


def smoke(recipe: CascadeRecipe) -> CascadeRecipe:
    """The recipe made small as every one is, with small capsules."""
    made = smoke_recipe(replace(recipe, shape=small_shape(recipe.shape)))
    if not isinstance(made, CascadeRecipe):
        raise UsageError(f"{made.name} is not a recipe of a cascade")
    return made
