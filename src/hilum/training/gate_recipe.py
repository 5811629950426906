"""A gate's recipe: everything that decides what its training does, frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.training.gate_images import GateChanges
from hilum.training.gate_losses import GateLoss


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSchedule:
    """AdamW on one cycle; `images` are drawn in all, in `epochs` equal parts (a stop loses one part at most).

    The weights that are kept are exponential moving averages over the steps with the factor `ema_decay`.
    """

    images: int
    epochs: int
    batch_size: int
    peak_learning_rate: float
    weight_decay: float
    ema_decay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecipe:
    """One network with one linear layer for all of `GATE_OUTPUTS`.

    `shares` are the shares of the groups of `gate_groups.py` among the drawn images. `caps` is how many pictures of a
    source are used at most, by source. `renderings` is how many seeded renderings are trained on.
    """

    name: str
    version: str
    backbone: str
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    changes: GateChanges
    loss: GateLoss
    schedule: GateSchedule
    shares: Mapping[str, float]
    caps: Mapping[str, int]
    renderings: int
    dropout: float
    seed: int
