"""The recipe of a lung network: everything that decides what its training does, frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hilum.bundle.lung_spec import Structure
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.lung_unet import Encoder
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.machine import Precision
from hilum.training.recipe.optimizers import OptimizerSpec
from hilum.training.recipe.plan import Plan, plain_plan
from hilum.training.recipe.samplers import GroupShares
from hilum.training.recipe.schedules import ScheduleSpec
from hilum.training.recipe.settings import HIDDEN

Network = Literal["mobile", "lite", "plain"]
"""The slim U-Net on MobileNetV2's first blocks or on EfficientNet-Lite0's, and the plain one."""

_ENCODERS: Mapping[Network, Encoder] = {"mobile": "mobilenet_v2", "lite": "efficientnet_lite0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LungFraming:
    """One affine a draw, for picture and masks alike; ranges to either side, drawn uniformly.

    `zoom` and `stretch` are natural logarithms, `shift` is a share of the side. With `flip_probability` the picture is
    mirrored and the two sides change places, so that a side stays a side of the picture. With `small_probability` it
    is reduced besides, by a factor drawn from `small`: in children's and bedside pictures the chest fills less.
    """

    rotation_deg: float
    zoom: float
    stretch: float
    shift: float
    flip_probability: float = 0.0
    small_probability: float = 0.0
    small: tuple[float, float] = (0.6, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class LungLoss:
    """Weights of pixel cross-entropy and soft Dice, and of what cannot be.

    `overlap` is of the mean product of both sides, `outside` of the mean share of a field outside its whole lung.
    """

    cross_entropy: float = 1.0
    dice: float = 1.0
    overlap: float = 0.5
    outside: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LungRecipe:
    """One network, trained in one stage; the last epoch's weights are kept: nothing is chosen by a score.

    `starting_weights` go into the encoder of a slim `network`; the plain one starts at random.
    `structures` are the planes that it draws, in order; `sampler.shares` are by release, and a release without a share
    is not learnt from. Nothing is drawn in a frame at most as bright as `frame_below`;
    see `reading.lungs.frame`. `arm` is what the study calls the networks by this recipe.
    """

    name: str = field(metadata=HIDDEN)
    arm: str = field(metadata=HIDDEN)
    version: str = field(metadata=HIDDEN)
    network: Network
    structures: tuple[Structure, ...]
    frame_below: float | None
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    framing: LungFraming
    grey: Augmentation
    loss: LungLoss
    optimizer: OptimizerSpec
    schedule: ScheduleSpec
    sampler: GroupShares
    epochs: int
    batch_size: int
    seed: int
    ema_decay: float | None = None
    precision: Precision = "bf16-mixed"
    smoke: bool = field(default=False, metadata=HIDDEN)

    def __post_init__(self) -> None:
        self.plan()  # which has checks of its own

    @property
    def encoder(self) -> Encoder | None:
        """The backbone whose first blocks the network has; None of the plain one."""
        return _ENCODERS.get(self.network)

    def plan(self) -> Plan:
        """The training loop's part of it."""
        return plain_plan(self, ema_decay=self.ema_decay)
