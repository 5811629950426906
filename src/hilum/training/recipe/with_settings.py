"""A recipe's settings under the keys that a user writes: a stage's own without `stages.NAME.` where there is one stage.

`optimizer.learning_rate` means every stage that has it, `adult.optimizer.learning_rate` the stage `adult` alone. In an
ensemble it means every member, and `MEMBER.optimizer.learning_rate` one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from hilum.errors import UsageError
from hilum.training.recipe.ensemble import EnsembleRecipe
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

_MEMBERS, _STAGES = "members.", "stages."


def shown_settings(recipe: object) -> dict[str, Value]:
    """Every setting by the shortest key that names it alone."""
    if isinstance(recipe, EnsembleRecipe):
        own = ((member.name, shown_settings(member)) for member in recipe.members)
        return {f"{name}.{key}": value for name, settings in own for key, value in settings.items()}
    return {_short(key, recipe=recipe): value for key, value in flat_values(recipe).items()}


def with_settings(recipe: R, *, pairs: Iterable[str]) -> R:
    """The recipe, of whatever kind, with every KEY=VALUE of `pairs`, in order.

    Raises `UsageError` for a key that is none, and for a value that does not fit.
    """
    for pair in pairs:
        key, text = split_pair(pair)
        if isinstance(recipe, EnsembleRecipe):
            recipe = cast(R, _with_members(recipe, key=key, text=text))
            continue
        whole = _whole_keys(key, recipe=recipe)
        if isinstance(recipe, Recipe) and len(whole) > 1:
            recipe = cast(R, _with_stages(recipe, key=key, text=text))
        else:
            recipe = with_setting(recipe, key=whole[0], text=text)
    return recipe


def _with_members(recipe: EnsembleRecipe, *, key: str, text: str) -> EnsembleRecipe:
    """A setting changed in the member that the key names, or at once in every member that has it."""
    name, dot, rest = key.removeprefix(_MEMBERS).partition(".")
    members = {member.name: member for member in recipe.members}
    if dot and name in members:
        changed = {name: with_settings(members[name], pairs=[f"{rest}={text}"])}
    else:
        having = [member for member in recipe.members if _keys_of(key, recipe=member)]
        if not having:
            common = dict.fromkeys(key for member in recipe.members for key in shown_settings(member))
            raise UsageError(unknown_key(key, known=[*common, *shown_settings(recipe)]))
        changed = {member.name: with_settings(member, pairs=[f"{key}={text}"]) for member in having}
    return replace(recipe, members=tuple(changed.get(member.name, member) for member in recipe.members))


def _with_stages(recipe: Recipe, *, key: str, text: str) -> Recipe:
    """A setting changed at once in every stage that has it: a recipe may want some to be the same in all of them."""
    name = full_name(key)
    changed = tuple(
        with_setting(stage, key=name, text=text) if name in settings_of(stage) else stage for stage in recipe.stages
    )
    return replace(recipe, stages=changed)


def _whole_keys(key: str, *, recipe: object) -> list[str]:
    found = _keys_of(key, recipe=recipe)
    if not found:
        raise UsageError(unknown_key(key, known=list(_shown_and_common(settings_of(recipe), recipe=recipe))))
    return found


def _keys_of(key: str, *, recipe: object) -> list[str]:
    """The whole keys that a user's key means; none where it is no setting of the recipe."""
    known = settings_of(recipe)
    name = full_name(key)
    if name in known:
        return [name]
    of_one = f"{_STAGES}{name}"
    if of_one in known:
        return [of_one]
    stages = recipe.stages if isinstance(recipe, Recipe) else ()
    of_every = [f"{_STAGES}{stage.name}.{name}" for stage in stages]
    return [whole for whole in of_every if whole in known]


def _shown_and_common(known: Mapping[str, object], *, recipe: object) -> dict[str, None]:
    return dict.fromkeys(_short(key, recipe=recipe) for key in known)


def _short(key: str, *, recipe: object) -> str:
    if not isinstance(recipe, Recipe) or not key.startswith(_STAGES):
        return key
    inner = key.removeprefix(_STAGES)
    return inner.removeprefix(f"{recipe.last.name}.") if len(recipe.stages) == 1 else inner
