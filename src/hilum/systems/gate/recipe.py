"""A gate's recipe: everything that decides what its training does, frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hilum.errors import require
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.gate.losses import GateLoss
from hilum.systems.gate.pictures import GateChanges
from hilum.training.recipe.machine import Precision
from hilum.training.recipe.optimizers import OptimizerSpec
from hilum.training.recipe.plan import Plan, plain_plan
from hilum.training.recipe.samplers import GroupShares
from hilum.training.recipe.schedules import ScheduleSpec
from hilum.training.recipe.settings import HIDDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecipe:
    """One network with one linear layer for all of `GATE_OUTPUTS`.

    `sampler.shares` are by the kinds of groups of `groups.py`. `caps` is how many pictures of a source are used at
    most, by source. `renderings` is how many seeded renderings are trained on. The last epoch's weights are kept:
    nothing is chosen by a score.
    """

    name: str = field(metadata=HIDDEN)
    version: str = field(metadata=HIDDEN)
    backbone: str
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    changes: GateChanges
    loss: GateLoss
    optimizer: OptimizerSpec
    schedule: ScheduleSpec
    sampler: GroupShares
    epochs: int
    batch_size: int
    caps: Mapping[str, int]
    renderings: int
    dropout: float
    seed: int
    ema_decay: float | None = None
    precision: Precision = "bf16-mixed"

    def __post_init__(self) -> None:
        self.plan()  # which has checks of its own
        require("The recipe", 0.0 <= self.dropout <= 1.0, "a dropout in [0, 1]", self.dropout)
        require("The recipe", self.renderings >= 1, "at least one rendering", self.renderings)

    def plan(self) -> Plan:
        """The training loop's part of it."""
        return plain_plan(self, ema_decay=self.ema_decay)
