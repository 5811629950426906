"""The recipes by the name that `hilum train` uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hilum.networks.starting_weights import StartingWeights
from hilum.systems.chest14.recipe import chest14, chest14_local
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.shipped import gate
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.training.recipe.recipe import Recipe

MakeRecipe = Callable[[StartingWeights], Recipe]

RECIPES: Mapping[str, MakeRecipe] = {
    "pneumonia": pneumonia,
    "chest14": chest14,
    "chest14-local": chest14_local,
    "sdfn": sdfn,
    "sdfn-local": sdfn_local,
}

GATES: Mapping[str, Callable[[StartingWeights], GateRecipe]] = {"gate": gate}
"""Recipes of gates; they learn from all releases in one folder."""
