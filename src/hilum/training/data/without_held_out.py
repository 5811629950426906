"""The records that a recipe is trained on, less those that show a held-out picture under another name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hilum.datasets.splits.held_out_pictures import shows_held_out
from hilum.datasets.splits.mixed import MixedReleases
from hilum.datasets.splits.split import TEST, Split


def without_held_out(mixed: MixedReleases, *, splits: Iterable[Split], jobs: int = 1) -> MixedReleases:
    """`mixed` less every image that its `splits` would fit on and that shows a picture of the test, saved anew.

    The other images of its patient are left out with it; `left_out` tells of both. Every picture of the splits is
    decoded once, `jobs` at the same time.
    """
    parts = [(name, record) for split in splits for name, part in split.parts.items() for record in part]
    held_out = list({id(record): record for name, record in parts if name == TEST}.values())
    others = list({id(record): record for name, record in parts if name != TEST}.values())
    left_out = shows_held_out(others, held_out=held_out, jobs=jobs)
    dropped = {id(one.record) for one in left_out}
    kept = tuple(record for record in mixed.records if id(record) not in dropped)
    return replace(mixed, records=kept, left_out=(*mixed.left_out, *left_out))
