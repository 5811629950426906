"""The attention-guided network of three branches (Pun et al. 2021, after Guan et al. 2018), and a small one.

Command  `hilum train attention --data nih=DIR --out runs/attention`
Hardware not run on the whole release here; the paper names none. A thousand prepared images of 1,024 pixels take 4 GB.
Score    the paper's mean AUROC on the official test list, ResNet-50 twice: global 0.797, local 0.745, fusion 0.799;
         ours is not measured.

One training of three heads: the global branch reads the picture at 224x224, the local one the part that the global
branch attends to, cut out of the picture at 1,024, and the fusion both pooled vectors with age, sex and view. Each
head's loss is cross-entropy weighted by inverse prevalence; their sum is learnt, the fusion's gradient reaching its own
layer alone. AdamW 1e-4, weight decay 0.01; a tenth of the rate after more than 3 epochs without a better loss of the
fusion on validation; four epochs of heads alone, from the fifth on a fifth of the rate and one more block of both
networks an epoch, last first; at most 100 epochs, an end after more than 10 without a better loss, the best one kept.
Mirrored by half, turned by up to 15 degrees. Any pair: `--set backbone=densenet121 --set crop_backbone=mobilenet_v1`.

What the paper leaves open or is chosen here: what a negative weighs (1); one rate and one plateau for all branches,
that of the fusion's loss; 224x224 stretched; the map is scaled to [0, 1] and interpolated before the threshold, the box
is at least a cell; age, sex and view are forgotten by chance in training, each in a tenth of the patients, so that
"unknown" is learnt too; 3,788 of 86,524 patients' images (4.4%) as validation.

Command  `hilum train attention-local --data nih=DIR --weights mobilenet_v2_imagenet.safetensors
         --out runs/attention-local`
Hardware two CPU cores, bfloat16 autocast: about a thousand images, each looked at twice, 10 times.

MobileNetV2 twice, the crop cut out of 448 pixels. Its last map ends at 6 (ReLU6), and of 1,280 channels some reach that
in every cell: the channels' maximum is the same everywhere and the crop the whole picture. So the class map of the most
probable label says where to look. It shows that the path runs and what the crop adds on few images; it
is no measure of the paper's method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.errors import UsageError, require
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.attention import Attention
from hilum.networks.pooled_classifier import backbone_named
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.chestxray14.shared import CARD, HALF_RANGE_SPEC, IMAGENET_SPEC, LOCAL_CARD, VALIDATION
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, FromStage, FusedFrom, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import OneCycle, Plateau
from hilum.training.recipe.smoke import SIDE_PX, smoke_recipe

_check = partial(require, "The recipe")

NAME = "attention"
PAPER_SOURCE_PX, LOCAL_SOURCE_PX = 1024, 448


def source_spec(side_px: int) -> PreprocessSpec:
    """The one picture of both looks: grey in [0, 1], square, as each network's colours are made within the network."""
    steps = (Resize(height=side_px, width=side_px, rule="stretch", filter="bilinear"),)
    return PreprocessSpec(steps=steps, mean=(0.0,), std=(1.0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRecipe(Recipe):
    """One stage that trains both networks and their fusion together.

    `backbone` is the whole picture's, `crop_backbone` the crop's. `preprocess` makes the picture that both looks are
    cut out of, so that its size is the resolution of the crop; either look is `look_px` a side and normalised by `mean`
    and `std`. `unknown_probability` is the share of training patients of whom each of age, sex and view is forgotten:
    1 trains without any. The crop's network starts from `crop_start`.
    """

    crop_backbone: str
    crop_start: StartingWeights
    look_px: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    attention: Attention
    unknown_probability: float = 0.1

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)
        for backbone in (self.backbone, self.crop_backbone):
            _check_side(self.look_px, backbone=backbone)
        plain = len(self.stages) == 1 and not isinstance(self.last.start, FromStage | FusedFrom)
        _check(plain and not self.needs_lungs, "one stage of whole pictures from starting weights", self.name)
        source = self.preprocess
        grey = source.mean == (0.0,) and source.std == (1.0,)
        _check(grey, "a picture of one channel, mean 0 and deviation 1", f"{source.mean} and {source.std}")
        smallest = min(source.output_size or (0, 0))
        _check(1 <= self.look_px <= smallest, f"a look of at most the {smallest} pixels of the picture", self.look_px)
        _check(len(self.mean) == len(self.std) == 3, "a mean and a deviation for each of 3 channels", self.mean)
        _check(0.0 <= self.unknown_probability <= 1.0, "an unknown_probability in [0, 1]", self.unknown_probability)
        _check(not self.assessment.softened, "an assessment that is not softened", self.name)


_LIMITS = (
    "Where the crop lies follows from the first network; it does not outline a disease, and a finding may lie "
    "outside it.",
    "Age, sex and view change the score, as far as they went with findings in the images that were learnt from.",
)

ATTENTION_CARD = replace(
    CARD,
    title="Fourteen findings in frontal chests, from the picture and where it draws attention (ChestX-ray14)",
    limits=(*CARD.limits, *_LIMITS),
    recipe=NAME,
)

ATTENTION_LOCAL_CARD = replace(
    LOCAL_CARD,
    title="DEMONSTRATION: fourteen findings from the picture and where it draws attention, by a recipe for few images",
    intended_use=(
        "A demonstration that the recipe runs and learns. Not for any use on a patient's image, not even in research "
        "on reading."
    ),
    limits=(
        "A demonstration: the recipe is made for about 1,100 images, in which most labels have fewer than a hundred "
        "positives, Hernia under twenty.",
        *LOCAL_CARD.limits[1:],
        *_LIMITS,
    ),
    recipe=f"{NAME}-demonstration",
)


def attention(starting_weights: StartingWeights) -> AttentionRecipe:
    """The paper's, ResNet-50 twice; `starting_weights` is ImageNet's there, for both branches."""
    return AttentionRecipe(
        name=NAME,
        backbone="resnet50",
        crop_backbone="resnet50",
        crop_start=starting_weights,
        dropout=0.0,
        preprocess=source_spec(PAPER_SOURCE_PX),
        look_px=224,
        mean=IMAGENET_SPEC.mean,
        std=IMAGENET_SPEC.std,
        attention=Attention(),
        stages=(
            Stage(
                name="train",
                start=starting_weights,
                releases=("nih",),
                labels=LABELS,
                split=SplitSpec(shares={"train": 0.956, VALIDATION: 0.044}),
                # more than 10 epochs without a better value end it
                selection=Selection(part=VALIDATION, keep="best", monitor="loss", patience=11),
                loss=BinaryCrossEntropy(weighting="inverse prevalence"),
                optimizer=AdamW(learning_rate=1e-4, betas=(0.9, 0.999), weight_decay=0.01),
                schedule=Plateau(monitor=f"{VALIDATION}/loss", factor=0.1, patience=3),
                sampler=Shuffled(),
                epochs=100,
                batch_size=32,
                augmentation=Augmentation(rotation_deg=15.0),
                flip_probability=0.5,
                freezing=StagedRelease(head_epochs=4, learning_rate_factor=0.2),
            ),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=2,
        card=ATTENTION_CARD,
    )


def attention_local(starting_weights: StartingWeights) -> AttentionRecipe:
    """MobileNetV2 twice: one cycle over ten epochs with averaged weights, the last kept, nothing frozen or mirrored."""
    paper = attention(starting_weights)
    return replace(
        paper,
        name=f"{NAME}-demonstration",
        backbone="mobilenet_v2",
        crop_backbone="mobilenet_v2",
        dropout=0.3,
        preprocess=source_spec(LOCAL_SOURCE_PX),
        mean=HALF_RANGE_SPEC.mean,
        std=HALF_RANGE_SPEC.std,
        attention=Attention(map="most probable label"),
        stages=(
            replace(
                paper.last,
                split=SplitSpec(shares={"train": 0.8, VALIDATION: 0.2}),
                selection=Selection(part=VALIDATION),
                optimizer=AdamW(learning_rate=7e-4, weight_decay=0.05),
                schedule=OneCycle(warm_up=0.2),
                epochs=10,
                ema_decay=0.99,
                augmentation=Augmentation(crop_area=(0.8, 1.0), aspect=0.1, rotation_deg=7.0, gain=0.2, offset=0.1),
                flip_probability=0.0,
                freezing=None,
            ),
        ),
        card=ATTENTION_LOCAL_CARD,
    )


def smoke(recipe: AttentionRecipe) -> AttentionRecipe:
    """The recipe made small as every one is, with looks no larger than its picture."""
    looks = [_smallest(backbone) for backbone in (recipe.backbone, recipe.crop_backbone)]
    look = min(recipe.look_px, max(SIDE_PX, *looks))
    made = smoke_recipe(replace(recipe, look_px=look), least_px=look)
    if not isinstance(made, AttentionRecipe):
        raise UsageError(f"{made.name} is not a recipe of a whole-image network with an attended crop")
    return made


def _smallest(backbone: str) -> int:
    """The side of the smallest picture that the backbone takes."""
    known = backbone_named(backbone)
    return known.side or known.least


def _check_side(look_px: int, *, backbone: str) -> None:
    """Raises `UsageError` for a backbone that is none, or that takes no picture of `look_px` a side."""
    side, smallest = backbone_named(backbone).side, _smallest(backbone)
    fits = look_px == side if side else look_px >= smallest
    _check(fits, f"a look of {'' if side else 'at least '}{smallest} pixels for {backbone}", look_px)
