"""The further networks of the pneumonia study: other ways to balance, and the networks that Barnett 2023 names.

Its discussion names ResNet-18, MobileNetV1 and SqueezeNet for comparison; EfficientNet-Lite0 is added here. All follow
the paper's protocol. MobileNetV2 from the same weights is trained without balance, with weights in the loss, and with
balanced draws. Starting weights for the other networks are taken from files where there are some, else they are random.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hilum.evaluation.study.study import Arm
from hilum.networks.starting_weights import StartingWeights, WeightsFile, starts_of
from hilum.progress import Progress
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm
from hilum.systems.pneumonia.groupings import GROUPINGS
from hilum.systems.pneumonia.paper import IMAGENET
from hilum.systems.pneumonia.paper_recipe import IMAGENET_SPEC, paper_recipe
from hilum.systems.pneumonia.recipe import SPEC
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.samplers import LabelBalanced

PLAIN, WEIGHTS, SAMPLING = "plain", "weights", "sampling"
UNBALANCED = "none"

DRAWS = 4608
"""Images that balanced draws take an epoch: 36 batches of 128, about as many as a fold learns from with its copies."""

PAPERS = "mobilenet_v2"

NETWORKS = {
    "resnet18": ("ResNet-18", IMAGENET_SPEC),
    "mobilenet_v1": ("MobileNetV1", SPEC),
    "squeezenet1_1": ("SqueezeNet 1.1", IMAGENET_SPEC),
    "efficientnet_lite0": ("EfficientNet-Lite0", SPEC),
}
"""By backbone, what the network is called, and the greys that its ImageNet weights want."""


def network_arms(start: StartingWeights, *, starts: Path | None) -> tuple[PneumoniaArm, ...]:
    """All of them; `start` is MobileNetV2's, `starts` the folder of the others' files.

    Raises as `starts_of` does.
    """
    plain, own = paper_recipe(start), starts_of(tuple(NETWORKS), folder=starts)
    balances = (
        PneumoniaArm(words=_words(PLAIN, "MobileNetV2, as it comes", balance=UNBALANCED), recipe=plain),
        PneumoniaArm(
            words=_words(WEIGHTS, "MobileNetV2, weighted loss", balance="weights in the loss"),
            recipe=plain.with_last(replace(plain.last, loss=BinaryCrossEntropy(weighting="chexnet"))),
        ),
        PneumoniaArm(
            words=_words(SAMPLING, "MobileNetV2, balanced draws", balance="as many draws of either class"),
            recipe=plain.with_last(replace(plain.last, sampler=LabelBalanced(images_per_epoch=DRAWS))),
        ),
    )
    networks = tuple(
        PneumoniaArm(
            words=ArmWords(arm=Arm(name=backbone, title=title), beside=IMAGENET),
            recipe=paper_recipe(own[backbone], backbone=backbone, preprocess=spec),
            groupings=GROUPINGS,
        )
        for backbone, (title, spec) in NETWORKS.items()
    )
    return (*balances, *networks)


def say_starts(recipes: Iterable[Recipe], *, progress: Progress) -> None:
    """Say from what each network that is not the paper's starts, one line a backbone."""
    said = {recipe.backbone: recipe.stages[0].start for recipe in recipes if recipe.backbone != PAPERS}
    for backbone, start in said.items():
        title, _ = NETWORKS.get(backbone, (backbone, None))
        name = start.path.name if isinstance(start, WeightsFile) else "random weights"
        progress.say(f"{title} starts from {name}")


def _words(name: str, title: str, *, balance: str) -> ArmWords:
    return ArmWords(arm=Arm(name=name, title=title), balance=balance, beside=IMAGENET)
