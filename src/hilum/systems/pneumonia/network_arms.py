"""The further networks of the pneumonia study: other ways to balance, and the networks that Barnett 2023 names.

Its discussion names ResNet-18, MobileNetV1 and SqueezeNet for comparison; EfficientNet-Lite0 is added here. All follow
the paper's protocol. MobileNetV2 from the same weights is trained without balance, with weights in the loss, and with
balanced draws. Starting weights for the other networks are taken from files where there are some, else they are random.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hilum.errors import DataError
from hilum.evaluation.study.study import Arm
from hilum.networks.starting_weights import RandomWeights, StartingWeights, WeightsFile
from hilum.networks.weight_files import TORCH_ENDINGS
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm
from hilum.systems.pneumonia.groupings import GROUPINGS
from hilum.systems.pneumonia.paper import IMAGENET
from hilum.systems.pneumonia.paper_recipe import IMAGENET_SPEC, paper_recipe
from hilum.systems.pneumonia.recipe import SPEC
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.samplers import LabelBalanced

PLAIN, WEIGHTS, SAMPLING = "plain", "weights", "sampling"
UNBALANCED = "none"

DRAWS = 4608
"""Images that balanced draws take an epoch: 36 batches of 128, about as many as a fold learns from with its copies."""

NETWORKS = {
    "resnet18": ("ResNet-18", IMAGENET_SPEC),
    "mobilenet_v1": ("MobileNetV1", SPEC),
    "squeezenet1_1": ("SqueezeNet 1.1", IMAGENET_SPEC),
    "efficientnet_lite0": ("EfficientNet-Lite0", SPEC),
}
"""By backbone, what the network is called, and the greys that its ImageNet weights want."""

_ENDINGS = (".safetensors", *TORCH_ENDINGS)


def network_arms(start: StartingWeights, *, starts: Path | None) -> tuple[PneumoniaArm, ...]:
    """All of them; `start` is MobileNetV2's, `starts` the folder of the others' files.

    Raises `DataError` where `starts` is no folder.
    """
    plain = paper_recipe(start)
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
            recipe=paper_recipe(start_of(backbone, folder=starts), backbone=backbone, preprocess=spec),
            groupings=GROUPINGS,
        )
        for backbone, (title, spec) in NETWORKS.items()
    )
    return (*balances, *networks)


def start_of(backbone: str, *, folder: Path | None) -> StartingWeights:
    """The file of the folder whose name begins with the backbone's, the first by name; random weights without one.

    Raises `DataError` where there is no such folder.
    """
    if folder is None:
        return RandomWeights()
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Give the folder of the starting weights")
    files = sorted(path for path in folder.glob(f"{backbone}[._-]*") if path.suffix in _ENDINGS)
    return WeightsFile(files[0]) if files else RandomWeights()


def _words(name: str, title: str, *, balance: str) -> ArmWords:
    return ArmWords(arm=Arm(name=name, title=title), balance=balance, beside=IMAGENET)
