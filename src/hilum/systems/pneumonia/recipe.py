"""Pneumonia in children of one to five years: MobileNetV2 on Kermany et al. 2018 (the task of Barnett 2023), ours.

Command  `hilum train pneumonia --data kermany=DIR --weights mobilenet_v2_imagenet.safetensors --out runs/pneumonia`
Hardware two CPU cores, bfloat16 autocast and channels-last.

What differs from Barnett 2023: balanced draws in place of its four groupings; augmentation made to take away the
shortcut of sharpness; calibration and operating point from validation patients only.
"""

from __future__ import annotations

from dataclasses import replace

from hilum.bundle.calibrated_on import CHOSEN_ON, NOT_TRIED_ELSEWHERE
from hilum.bundle.card import Scope
from hilum.datasets.releases.kermany import AGE_YEARS, LABEL
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.output_stride import FINER
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import TRAIN, Assessment, CardText, Recipe, SoftestWithout, SplitSpec, Stage
from hilum.training.recipe.samplers import LabelBalanced, SharpnessBalanced
from hilum.training.recipe.schedules import OneCycle

SPEC = PreprocessSpec(
    steps=(Resize(height=224, width=224, rule="stretch", filter="bilinear"),),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)

AUGMENTATION = Augmentation(
    crop_area=(0.65, 1.0),
    aspect=0.2,
    rotation_deg=10.0,
    blur_probability=0.6,
    blur_sigma_px=(0.3, 2.0),
    shrink_probability=0.4,
    shrink=(0.35, 1.0),
    sharpen_probability=0.2,
    sharpen=1.5,
    equalise_probability=0.3,
    gain=0.3,
    offset=0.1,
    log_gamma=0.4,
    noise=0.02,
)


CARD = CardText(
    version="1.0.0",
    title="Pneumonia in children of 1 to 5 years",
    scope=Scope(xray_type="chest", age_years=AGE_YEARS, views=("AP",)),
    box_threshold=0.5,
    intended_use=(
        "Research and teaching: whether a frontal chest radiograph of a child of 1 to 5 years looks like the "
        "pneumonia cases of one hospital's collection."
    ),
    not_for=(
        "Diagnosis, triage or any decision about a patient: this is not a medical device.",
        "Adults, infants under one year, lateral views, and anything but a chest radiograph.",
        "Telling bacterial from viral pneumonia.",
    ),
    limits=(
        f"Trained on one hospital's images (Guangzhou); {NOT_TRIED_ELSEWHERE} hospital's.",
        "The release's images are stretched to a square; reading stretches too.",
        "Sharpness differs between the release's classes; augmentation weakens this shortcut and cannot remove it.",
        "A heatmap shows what moved the score; it is no outline of a disease.",
    ),
    weights_licence="CC BY 4.0",
    recipe="pneumonia-paediatric",
    releases=("kermany",),
    labels=(LABEL,),
)


DRAWS = 4160
"""Images an epoch."""

EMA_DECAY = 0.99
"""Of the averaged weights of `pneumonia_lungs`: over about an epoch of 130 updates."""


def pneumonia(starting_weights: StartingWeights) -> Recipe:
    """The recipe; `starting_weights` is what the card's command names."""
    return Recipe(
        name="pneumonia-paediatric",
        backbone="mobilenet_v2",
        dropout=0.2,
        preprocess=SPEC,
        stages=(
            Stage(
                name="train",
                start=starting_weights,
                releases=("kermany",),
                labels=(LABEL,),
                split=SplitSpec(
                    shares={"train": 0.8, "calibration": 0.1, "operating point": 0.1},
                    stratify="stratum",
                    fit_on=("train",),
                ),
                selection=Selection(part="calibration"),  # the last epoch: nothing is chosen by a score
                loss=BinaryCrossEntropy(label_smoothing=0.02),
                optimizer=AdamW(learning_rate=1e-3, weight_decay=0.02),
                schedule=OneCycle(warm_up=0.2),
                sampler=LabelBalanced(images_per_epoch=DRAWS),
                epochs=10,
                batch_size=32,
                augmentation=AUGMENTATION,
            ),
        ),
        assessment=Assessment(calibration_part="calibration", operating_point_part="operating point", softened=True),
        seed=20,
        card=CARD,
    )


LUNGS_CARD = replace(
    CARD,
    version="4.0.0",
    title="Pneumonia in children of 1 to 5 years, looked for in the lungs alone",
    limits=(
        *CARD.limits,
        f"{CHOSEN_ON}the healthy children whose pictures are least sharp: on sharper pictures its probabilities are "
        "too low.",
        "The network sees the lungs that a lung network draws, and nothing else; where that drawing is not trusted, it "
        "sees the whole picture, and the reading says so.",
        "The outline of the lungs is seen too; what the lung network leaves out of them is hidden.",
    ),
)


SOFT_RANKING = Selection(part="soft", keep="best", monitor="mean_auroc")
"""The epoch that ranks the least sharp pictures of healthy children best: later ones go more by sharpness."""


def pneumonia_lungs(starting_weights: StartingWeights) -> Recipe:
    """The recipe that ships: it sees the lungs alone, on a last map of 14 x 14 cells, and is fitted where it hurts.

    Draws are balanced by sharpness, and weights averaged over about an epoch, so that sharpness tells less and epochs
    differ less. Epoch, calibration and operating point are chosen on the least sharp pictures of healthy children, none
    of which is learnt from, beside ill ones: the longer the network learns, the more it goes by sharpness. All else is
    as in `pneumonia`, whose model it follows: they have one name, and this is its fourth version.

    Command  `hilum train pneumonia-lungs --data kermany=DIR --weights mobilenet_v2_imagenet.safetensors --out DIR`
    """
    plain = pneumonia(starting_weights)
    split = replace(
        plain.last.split, shares={TRAIN: 0.8, "plain": 0.1, "soft": 0.1}, soft=SoftestWithout(label=LABEL, part="soft")
    )
    return replace(
        plain,
        output_stride=FINER,
        lung_pooling=LungPooling(hide_outside=True),
        stages=(
            replace(
                plain.last,
                split=split,
                epochs=6,
                sampler=SharpnessBalanced(images_per_epoch=DRAWS),
                ema_decay=EMA_DECAY,
                selection=SOFT_RANKING,
            ),
        ),
        assessment=Assessment(calibration_part="soft", operating_point_part="soft", judged_part="plain"),
        card=LUNGS_CARD,
    )
