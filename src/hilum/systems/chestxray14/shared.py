"""What every system that is trained on ChestX-ray14 shares: how its images are prepared, and the words of its cards."""

from __future__ import annotations

from dataclasses import replace

from hilum.bundle.calibrated_on import NOT_TRIED_ELSEWHERE
from hilum.bundle.card import Scope
from hilum.datasets.releases.chestxray14 import LABELS
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.training.recipe.recipe import CardText

VALIDATION = "validation"

IMAGENET_SPEC = PreprocessSpec(
    steps=(Resize(height=224, width=224, rule="stretch", filter="bilinear"),),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
HALF_RANGE_SPEC = PreprocessSpec(steps=IMAGENET_SPEC.steps, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
"""What the file of MobileNetV2's weights that the commands name was trained with; timm's weights were not."""

_NOT_FOR = (
    "Diagnosis, triage or any decision about a patient: this is not a medical device.",
    "Children, lateral views, and anything but a frontal chest radiograph.",
    "Calling a radiograph normal: findings outside the fourteen, and many inside, are missed.",
)
_LABELS_LIMIT = "The labels were read from reports by a program (Wang et al. 2017); many are wrong."
_MAP_LIMIT = "A heatmap shows what moved the score; it is no outline of a disease."
_ADULTS = Scope(xray_type="chest", age_years=(18.0, 120.0), views=("PA", "AP"))

CARD = CardText(
    version="1.0.0",
    title="Fourteen findings in frontal chest radiographs (ChestX-ray14)",
    scope=_ADULTS,
    box_threshold=0.5,
    intended_use="Research and teaching: which of ChestX-ray14's fourteen findings a frontal chest radiograph shows.",
    not_for=_NOT_FOR,
    limits=(
        f"Trained on one hospital's images (NIH Clinical Center); {NOT_TRIED_ELSEWHERE}'s.",
        _LABELS_LIMIT,
        _MAP_LIMIT,
    ),
    weights_licence="no terms of their own",
    recipe="chest14",
    releases=("nih",),
    labels=LABELS,
)

LOCAL_CARD = replace(
    CARD,
    title="DEMONSTRATION: fourteen findings in chest radiographs, by a recipe for some two thousand images",
    intended_use=(
        "A demonstration that two chest specialists stand side by side and that the recipe runs and learns. Not for "
        "any use on a patient's image, not even in research on reading."
    ),
    limits=(
        "A demonstration: the recipe is made for about 1,600 images, a third of them 64 pixels wide, in which most "
        "labels have fewer than a hundred positives, Hernia about twenty.",
        "Of those images, most with Pneumonia and most without any finding come from a public selection whose groups "
        "differ in view and age; a network can learn the view.",
        *CARD.limits,
    ),
    recipe="chest14-demonstration",
)
