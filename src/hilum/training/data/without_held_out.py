"""The records that a recipe is trained on, less those that show a held-out picture under another name."""

from __future__ import annotations

from dataclasses import replace

from hilum.datasets.splits.held_out_pictures import shows_held_out
from hilum.datasets.splits.mixed import MixedReleases
from hilum.training.data.make_split import make_splits
from hilum.training.recipe.recipe import TEST, Recipe


def without_held_out(mixed: MixedReleases, *, recipe: Recipe, smoke: bool = False, jobs: int = 1) -> MixedReleases:
    """`mixed` less every image that would be fitted on and shows a picture of the test, saved anew or resized.

    The other images of its patient are left out with it; `left_out` tells of both. Every picture of the splits is
    decoded once, `jobs` at the same time. Raises as `make_splits` does.
    """
    splits = make_splits(recipe, records=mixed.records, smoke=smoke).values()
    parts = [(name, record) for split in splits for name, part in split.parts.items() for record in part]
    held_out = list({id(record): record for name, record in parts if name == TEST}.values())
    others = list({id(record): record for name, record in parts if name != TEST}.values())
    left_out = shows_held_out(others, held_out=held_out, jobs=jobs)
    dropped = {id(one.record) for one in left_out}
    kept = tuple(record for record in mixed.records if id(record) not in dropped)
    return replace(mixed, records=kept, left_out=(*mixed.left_out, *left_out))
