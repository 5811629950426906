"""What a search may choose: settings of a recipe by the keys of `--set`, each with its range or its options.

`KEY=LOW..HIGH` is a range, `KEY=LOW..HIGH:log` one whose logarithm is drawn evenly, `KEY=A|B|C` are options. Whether a
range is of whole numbers follows from the setting's type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hilum.errors import UsageError
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.setting_values import UnfitValueError, parse_value
from hilum.training.recipe.settings import full_name
from hilum.training.recipe.with_settings import with_settings

Spelled = Mapping[str, str]
"""Each key of a space with the text of the value that a trial has, as after `--set KEY=`."""


@dataclass(frozen=True, slots=True)
class Options:
    """One of several texts."""

    key: str
    options: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.options)) < 2 or len(set(self.options)) < len(self.options):
            raise UsageError(f"{self.key} needs two options or more, each once; given: {'|'.join(self.options)}")

    @property
    def ends(self) -> tuple[str, ...]:
        """Texts which the recipe must take."""
        return self.options

    @property
    def in_words(self) -> str:
        """For pages and records."""
        return " or ".join(self.options)


@dataclass(frozen=True, slots=True)
class Floats:
    """A number from `low` to `high`; `log` draws its logarithm evenly."""

    key: str
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.key, low=self.low, high=self.high, log=self.log)

    @property
    def ends(self) -> tuple[str, ...]:
        """Texts which the recipe must take."""
        return repr(self.low), repr(self.high)

    @property
    def in_words(self) -> str:
        """For pages and records."""
        return f"{self.low:g} to {self.high:g}{', by its logarithm' if self.log else ''}"


@dataclass(frozen=True, slots=True)
class Ints:
    """A whole number from `low` to `high`, both included; `log` draws its logarithm evenly."""

    key: str
    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.key, low=self.low, high=self.high, log=self.log)

    @property
    def ends(self) -> tuple[str, ...]:
        """Texts which the recipe must take."""
        return str(self.low), str(self.high)

    @property
    def in_words(self) -> str:
        """For pages and records."""
        return f"{self.low:,} to {self.high:,}, whole{', by its logarithm' if self.log else ''}"


Field = Options | Floats | Ints


def space_of(declared: Sequence[str], *, recipe: Recipe, monitor: str = "mean_auroc") -> tuple[Field, ...]:
    """The fields that `declared`, a text KEY=… each, means for `recipe`, whose trials go by `monitor`.

    Raises `UsageError` for no field, a key that is no setting or stands twice, a range or options that the setting does
    not take, and a setting that decides on which images, of which epoch or, where it is monitored, by which loss trials
    are judged: their values could not be compared.
    """
    if not declared:
        raise UsageError("Name a setting to search over, for example --vary optimizer.lr=1e-5..1e-3:log")
    fields = tuple(_field(one, recipe=recipe) for one in declared)
    keys = [full_name(field.key) for field in fields]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} is named twice. Give all its options in one --vary")
    for field in fields:
        for text in field.ends:
            _check_takes(recipe, key=field.key, text=text, monitor=monitor)
    return fields


def pairs_of(spelled: Spelled) -> tuple[str, ...]:
    """KEY=VALUE of each, as `--set` takes them."""
    return tuple(f"{key}={text}" for key, text in spelled.items())


def _field(declared: str, *, recipe: Recipe) -> Field:
    key, sign, text = (part.strip() for part in declared.partition("="))
    if not (sign and key and text):
        raise UsageError(f"--vary takes KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=A|B; given: {declared!r}")
    if ".." not in text:
        return Options(key, tuple(option.strip() for option in text.split("|")))
    bounds, _, scale = text.partition(":")
    if scale not in ("", "log"):
        raise UsageError(f"{key} takes LOW..HIGH or LOW..HIGH:log; given: {text!r}")
    low, _, high = bounds.partition("..")
    whole = _parsed(low, high, kind=int)
    if whole is not None and _is_whole(recipe, key=key, low=int(whole[0])):
        return Ints(key, int(whole[0]), int(whole[1]), scale == "log")
    ends = _parsed(low, high, kind=float)
    if ends is None:
        raise UsageError(f"{key} needs two numbers with .. between them; given: {text!r}")
    return Floats(key, float(ends[0]), float(ends[1]), scale == "log")


def _parsed(low: str, high: str, *, kind: type) -> tuple[float, float] | None:
    try:
        return parse_value(low.strip(), annotation=kind), parse_value(high.strip(), annotation=kind)
    except UnfitValueError:
        return None


def _is_whole(recipe: Recipe, *, key: str, low: int) -> bool:
    """Whether the setting takes whole numbers alone: one half more than `low`, within the range, is refused."""
    with_settings(recipe, pairs=[f"{key}={low}"])  # an unknown key is the error that it is
    try:
        with_settings(recipe, pairs=[f"{key}={low + 0.5}"])
    except UsageError:
        return True
    return False


def _check_takes(recipe: Recipe, *, key: str, text: str, monitor: str) -> None:
    changed = with_settings(recipe, pairs=[f"{key}={text}"])
    if _judged_on(changed, monitor=monitor) != _judged_on(recipe, monitor=monitor):
        raise UsageError(
            f"{key} cannot be searched over: it changes what trials are judged by, on which images or of which epoch, "
            "so that they could not be compared. Set it with --set"
        )


def _judged_on(recipe: Recipe, *, monitor: str) -> tuple[object, ...]:
    last = recipe.last
    kept = replace(last.selection, patience=None)
    loss = last.loss if monitor == "loss" else None
    return recipe.seed, last.labels, last.releases, last.split, kept, recipe.chexpert, loss


def _check_range(key: str, *, low: float, high: float, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(f"The range of {key} must go from a lower to a higher number; given: {low:g}..{high:g}")
    if log and low <= 0:
        raise UsageError(
            f"The range of {key} must lie above 0, because its logarithm is drawn; given: {low:g}..{high:g}"
        )
