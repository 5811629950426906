"""The recipes by the name that `hilum train` uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hilum.datasets.kermany import LICENCE
from hilum.networks.starting_weights import StartingWeights
from hilum.recipes.gate import gate
from hilum.recipes.pneumonia import pneumonia
from hilum.training.gate_recipe import GateRecipe
from hilum.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """A recipe, the release it is trained on, and how that release wants to be cited."""

    make: Callable[[StartingWeights], Recipe]
    release: str
    citation: tuple[str, ...]


RECIPES: Mapping[str, RecipeEntry] = {"pneumonia": RecipeEntry(pneumonia, "kermany", (LICENCE,))}

GATES: Mapping[str, Callable[[StartingWeights], GateRecipe]] = {"gate": gate}
"""Recipes of gates; they learn from all releases in one folder."""
