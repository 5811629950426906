"""A recipe's settings under the keys that a user writes: a stage's own without `stages.NAME.` where there is one stage.

`optimizer.learning_rate` means every stage that has it, `adult.optimizer.learning_rate` the stage `adult` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from hilum.errors import UsageError
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import (
    Value,
    flat_values,
    full_name,
    settings_of,
    split_pair,
    unknown_key,
    with_setting,
)

R = TypeVar("R")

_STAGES = "stages."


def shown_settings(recipe: object) -> dict[str, Value]:
    """Every setting by the shortest key that names it alone."""
    return {_short(key, recipe=recipe): value for key, value in flat_values(recipe).items()}


def with_settings(recipe: R, *, pairs: Iterable[str]) -> R:
    """The recipe, of whatever kind, with every KEY=VALUE of `pairs`, in order.

    Raises `UsageError` for a key that is none, and for a value that does not fit.
    """
    for pair in pairs:
        key, text = split_pair(pair)
        whole = _whole_keys(key, recipe=recipe)
        if isinstance(recipe, Recipe) and len(whole) > 1:
            recipe = cast(R, _with_stages(recipe, key=key, text=text))
        else:
            recipe = with_setting(recipe, key=whole[0], text=text)
    return recipe


def _with_stages(recipe: Recipe, *, key: str, text: str) -> Recipe:
    """A setting changed at once in every stage that has it: a recipe may want some to be the same in all of them."""
    name = full_name(key)
    changed = tuple(
        with_setting(stage, key=name, text=text) if name in settings_of(stage) else stage for stage in recipe.stages
    )
    return replace(recipe, stages=changed)


def _whole_keys(key: str, *, recipe: object) -> list[str]:
    known = settings_of(recipe)
    name = full_name(key)
    if name in known:
        return [name]
    of_one = f"{_STAGES}{name}"
    if of_one in known:
        return [of_one]
    stages = recipe.stages if isinstance(recipe, Recipe) else ()
    of_every = [f"{_STAGES}{stage.name}.{name}" for stage in stages]
    found = [whole for whole in of_every if whole in known]
    if not found:
        raise UsageError(unknown_key(key, known=list(_shown_and_common(known, recipe=recipe))))
    return found


def _shown_and_common(known: Mapping[str, object], *, recipe: object) -> dict[str, None]:
    return dict.fromkeys(_short(key, recipe=recipe) for key in known)


def _short(key: str, *, recipe: object) -> str:
    if not isinstance(recipe, Recipe) or not key.startswith(_STAGES):
        return key
    inner = key.removeprefix(_STAGES)
    return inner.removeprefix(f"{recipe.last.name}.") if len(recipe.stages) == 1 else inner
