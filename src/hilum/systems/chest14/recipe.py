"""Fourteen findings in frontal chests, on ChestX-ray14: module III of Urinbayev et al. 2020, and a small demonstration.

Command  `hilum train chest14 --data nih=DIR --out runs/chest14`
Hardware not run on the whole release here; the paper names none.
Score    the paper's mean AUROC is 0.84, on a split that it does not state (traps list, 8); ours is not measured.

What the paper leaves open and is chosen here: the official test list as test, a tenth of the other patients as
validation; 224x224, stretched; small changes of framing and grey scale, no flip; batch 32; the best validation loss is
kept; Reduce-on-plateau as its gate has it (factor 0.1, patience 3).

Command  `hilum train chest14-local --data nih=DIR --data nih=DIR_64 --weights mobilenet_v2_imagenet.safetensors
         --out runs/chest14-local`
Hardware two CPU cores, bfloat16 autocast and channels-last: 1,600 training images a little over 12 times.

It learns from some two thousand images, a third of them 64 pixels wide. It shows that a second specialist stands beside
the first, and that a label with eighteen positives cannot be learnt from them.
"""

from __future__ import annotations

from dataclasses import replace

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.chestxray14.shared import CARD, HALF_RANGE_SPEC, IMAGENET_SPEC, LOCAL_CARD, VALIDATION
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW, RAdam
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import OneCycle, Plateau


def chest14(starting_weights: StartingWeights) -> Recipe:
    """Module III of Urinbayev et al. 2020, who start from ImageNet's `starting_weights`."""
    return Recipe(
        name="chest14",
        backbone="densenet121",
        dropout=0.0,
        preprocess=IMAGENET_SPEC,
        stages=(
            Stage(
                name="train",
                start=starting_weights,
                releases=("nih",),
                labels=LABELS,
                split=SplitSpec(shares={"train": 0.9, VALIDATION: 0.1}),
                selection=Selection(part=VALIDATION, keep="best"),
                loss=BinaryCrossEntropy(),
                optimizer=RAdam(learning_rate=1e-4, weight_decay=3e-4),
                schedule=Plateau(monitor=f"{VALIDATION}/loss", factor=0.1, patience=3),
                sampler=Shuffled(),
                epochs=20,
                batch_size=32,
                augmentation=Augmentation(crop_area=(0.85, 1.0), aspect=0.05, rotation_deg=7.0, gain=0.1, offset=0.05),
            ),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=14,
        card=CARD,
    )


def chest14_local(starting_weights: StartingWeights) -> Recipe:
    """The demonstration: MobileNetV2, one cycle, averaged weights, the last epoch kept."""
    whole = chest14(starting_weights)
    return replace(
        whole,
        name="chest14-demonstration",
        backbone="mobilenet_v2",
        dropout=0.3,
        preprocess=HALF_RANGE_SPEC,
        stages=(
            replace(
                whole.last,
                split=SplitSpec(shares={"train": 0.8, VALIDATION: 0.2}),
                selection=Selection(part=VALIDATION),
                optimizer=AdamW(learning_rate=7e-4, weight_decay=0.05),
                schedule=OneCycle(warm_up=0.2),
                epochs=12,
                ema_decay=0.99,
                augmentation=Augmentation(
                    crop_area=(0.7, 1.0),
                    aspect=0.15,
                    rotation_deg=10.0,
                    blur_probability=0.4,
                    blur_sigma_px=(0.3, 2.0),
                    shrink_probability=0.5,
                    shrink=(0.25, 1.0),
                    gain=0.25,
                    offset=0.1,
                    log_gamma=0.3,
                    noise=0.02,
                ),
            ),
        ),
        card=LOCAL_CARD,
    )
