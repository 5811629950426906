"""Where a run is kept, what it runs on, and where its prepared images lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hilum.training.data.images import IN_MEMORY, Preparation
from hilum.training.recipe.machine import THIS_MACHINE, Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """The run's `folder` (of a recipe with stages it holds one folder a stage), the machine and the preparation."""

    folder: Path
    machine: Machine = THIS_MACHINE
    preparation: Preparation = IN_MEMORY
