"""The recipe of a lung network: everything that decides what its training does, frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.training.augment import Augmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class LungFraming:
    """One affine a draw, for picture and masks alike; ranges to either side, drawn uniformly.

    `zoom` and `stretch` are natural logarithms, `shift` is a share of the side. With `flip_probability` the picture is
    mirrored and the two sides change places, so that a side stays a side of the picture.
    """

    rotation_deg: float
    zoom: float
    stretch: float
    shift: float
    flip_probability: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LungSchedule:
    """`images` are drawn in all, in `epochs` equal parts, a share of each source as `shares` says.

    `one_cycle` takes AdamW over one cycle to `peak_learning_rate`, without it Adam keeps that rate. `ema_decay` is that
    of the averaged weights which are kept, or None: then the last ones are.
    """

    images: int
    epochs: int
    batch_size: int
    peak_learning_rate: float
    weight_decay: float
    one_cycle: bool
    ema_decay: float | None
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LungLoss:
    """Weights of pixel cross-entropy and soft Dice, and of the mean product of both sides, which do not overlap."""

    cross_entropy: float = 1.0
    dice: float = 1.0
    overlap: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LungRecipe:
    """One network, trained in one stage.

    `starting_weights` go into the encoder of the network on MobileNetV2; the plain one starts at random.
    """

    name: str
    version: str
    network: Literal["mobile", "plain"]
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    framing: LungFraming
    grey: Augmentation
    loss: LungLoss
    schedule: LungSchedule
    seed: int
    smoke: bool = False
