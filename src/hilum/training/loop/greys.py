"""A caution where a network starts from ImageNet weights that were learnt on other greys than the recipe gives it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isclose

from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import TimmImageNet, published_greys
from hilum.progress import Progress
from hilum.training.recipe.recipe import Recipe

_ALIKE = 0.01
"""127/255 and 128/255 are as good as 0.5."""


def unlike_greys(backbone: str, *, weights: object, spec: PreprocessSpec) -> str | None:
    """A line where `weights` are those of `TimmImageNet`, learnt with another mean or deviation than `spec` has.

    None of other weights: on which greys a file was learnt is not known here.
    """
    published = published_greys(backbone) if isinstance(weights, TimmImageNet) else None
    if published is None or _are_alike((*published.mean, *published.std), (*spec.mean, *spec.std)):
        return None
    return (
        f"caution: --weights imagenet of {backbone} were learnt on pictures with mean {_said(published.mean)} and "
        f"deviation {_said(published.std)}; this recipe has {_said(spec.mean)} and {_said(spec.std)}, so it starts "
        "from features that are off. Give --weights a file that was learnt with the recipe's, or set preprocess.mean "
        "and preprocess.std to theirs"
    )


def say_unlike_greys(recipes: Iterable[Recipe], *, progress: Progress) -> None:
    """Say it once of every stage of the recipes of which that is so."""
    lines = [
        unlike_greys(recipe.backbone, weights=stage.start, spec=recipe.preprocess_of(stage))
        for recipe in recipes
        for stage in recipe.stages
    ]
    for line in dict.fromkeys(lines):
        if line is not None:
            progress.say(line)


def _are_alike(some: Sequence[float], others: Sequence[float]) -> bool:
    return len(some) == len(others) and all(isclose(a, b, abs_tol=_ALIKE) for a, b in zip(some, others, strict=True))


def _said(values: Sequence[float]) -> str:
    """`0.485, 0.456, 0.406`, and one number where all are the same."""
    return ", ".join(f"{value:g}" for value in dict.fromkeys(values))
