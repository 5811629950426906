"""The segmentation-based deep fusion network (Liu et al. 2019), and a small local version of it.

Command  `hilum train sdfn --data nih=DIR --out runs/sdfn`
Hardware not run on the whole release here; the paper names none.
Score    the paper's mean AUROC on the official test list: whole 0.802, lung crop 0.804, SDFN 0.815; ours not measured.

Stages: `whole` and `crop`, a DenseNet-121 each from ImageNet's weights at 224x224; `fusion`, one linear layer over both
pooled vectors (1024 + 1024), both networks frozen and in evaluation mode. All three: mirrored by half, Adam 1e-4,
Keras's decay lr / (1 + 1e-5 t) over updates t, a tenth of the rate after 5 epochs without a better validation loss,
batches of 16, at most 100 epochs, the best mean validation AUROC kept. Whole picture and crop are mirrored together.

What the paper leaves open and is chosen here: a tenth of the other patients as validation; stretched, bilinear; stop
after 15 epochs without a better AUROC; Keras's epsilon 1e-7. The lung boxes are drawn by the bundle of `--lungs`, by
the paper's rules; a picture whose lungs are not trusted is not cropped.

Command  `hilum train sdfn-local --data nih=DIR --weights mobilenet_v2_imagenet.safetensors --out runs/sdfn-local`
Hardware two CPU cores, bfloat16 autocast and channels-last: 1,100 training images 10 times for each branch.

It learns from about a thousand images with MobileNetV2 (1280 + 1280). It shows that the path runs and what the crop and
the fusion change on few images; it is no measure of the paper's method.
"""

from __future__ import annotations

from dataclasses import replace

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.chestxray14.shared import CARD, HALF_RANGE_SPEC, IMAGENET_SPEC, LOCAL_CARD, VALIDATION
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import Adam, AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, FusedFrom, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import KerasDecay, OneCycle, Plateau

WHOLE, CROP, FUSION = "whole", "crop", "fusion"

_CROP_LIMITS = (
    "The lungs are found by another network; where its drawing is not trusted, the whole picture alone is read.",
    "The fusion's heatmap adds two maps of different cells; how the crop's box came about is no part of it.",
)

SDFN_CARD = replace(
    CARD,
    title="Fourteen findings in frontal chest radiographs, from the picture and its lungs (SDFN, ChestX-ray14)",
    limits=(*CARD.limits, *_CROP_LIMITS),
    recipe="sdfn",
)

SDFN_LOCAL_CARD = replace(
    LOCAL_CARD,
    title="DEMONSTRATION: fourteen findings from the picture and its lungs (SDFN), by a recipe for few images",
    intended_use=(
        "A demonstration that the recipe runs and learns. Not for any use on a patient's image, not even in research "
        "on reading."
    ),
    limits=(
        "A demonstration: the recipe is made for about 1,100 images, in which most labels have fewer than a hundred "
        "positives, Hernia under twenty.",
        *LOCAL_CARD.limits[1:],
        *_CROP_LIMITS,
    ),
    recipe="sdfn-demonstration",
)


def sdfn(starting_weights: StartingWeights) -> Recipe:
    """The paper's; `starting_weights` is ImageNet's there, for both branches."""
    whole = Stage(
        name=WHOLE,
        start=starting_weights,
        releases=("nih",),
        labels=LABELS,
        split=SplitSpec(shares={"train": 0.9, VALIDATION: 0.1}),
        selection=Selection(part=VALIDATION, keep="best", monitor="mean_auroc", patience=15),
        loss=BinaryCrossEntropy(),
        optimizer=Adam(learning_rate=1e-4, epsilon=1e-7),
        schedule=KerasDecay(decay=1e-5, plateau=Plateau(monitor=f"{VALIDATION}/loss", factor=0.1, patience=4)),
        sampler=Shuffled(),
        epochs=100,
        batch_size=16,
        flip_probability=0.5,
    )
    return Recipe(
        name="sdfn",
        backbone="densenet121",
        dropout=0.0,
        preprocess=IMAGENET_SPEC,
        stages=(
            whole,
            replace(whole, name=CROP, crop_lungs=True),
            replace(whole, name=FUSION, start=FusedFrom(whole=WHOLE, crop=CROP)),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=3,
        card=SDFN_CARD,
    )


def sdfn_local(starting_weights: StartingWeights) -> Recipe:
    """MobileNetV2: each branch one cycle over ten epochs with averaged weights, the last kept; the fusion the paper's.

    The fusion's learning rate is ten times the paper's: a thousand images give few updates.
    """
    paper = sdfn(starting_weights)
    whole, crop, fusion = paper.stages
    split = SplitSpec(shares={"train": 0.8, VALIDATION: 0.2})
    branch = replace(
        whole,
        split=split,
        selection=Selection(part=VALIDATION),
        optimizer=AdamW(learning_rate=7e-4, weight_decay=0.05),
        schedule=OneCycle(warm_up=0.2),
        epochs=10,
        batch_size=32,
        ema_decay=0.99,
        augmentation=Augmentation(crop_area=(0.8, 1.0), aspect=0.1, rotation_deg=7.0, gain=0.2, offset=0.1),
    )
    return replace(
        paper,
        name="sdfn-demonstration",
        backbone="mobilenet_v2",
        dropout=0.3,
        preprocess=HALF_RANGE_SPEC,
        stages=(
            branch,
            replace(branch, name=crop.name, crop_lungs=True),
            replace(fusion, split=split, optimizer=Adam(learning_rate=1e-3, epsilon=1e-7), epochs=50, batch_size=32),
        ),
        card=SDFN_LOCAL_CARD,
    )
