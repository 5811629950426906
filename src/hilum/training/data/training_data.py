"""The data of a classifier's training: what its releases hold, less what may not be fitted on, and the splits of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.prepared.images import BadFiles
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import MixedReleases
from hilum.datasets.splits.split import TEST, Split
from hilum.progress import SILENT, Progress
from hilum.training.data.images import IN_MEMORY, Preparation
from hilum.training.data.lung_boxes import draw_lungs
from hilum.training.data.lung_masks import draw_masks
from hilum.training.data.make_split import make_splits, with_left_out
from hilum.training.data.without_held_out import without_held_out
from hilum.training.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """The records of a recipe's releases, and the split of every stage by its name.

    `left_out` counts the images that mixing the releases left out, by reason; the splits' protocols tell of them.
    `permuted_labels` is the seed by which labels were dealt at random, for a check.
    """

    records: tuple[Record, ...]
    splits: Mapping[str, Split]
    left_out: Mapping[str, int] = field(default_factory=dict)
    permuted_labels: int | None = None


def split_data(
    recipe: Recipe, *, records: Sequence[Record], smoke: bool = False, left_out: Mapping[str, int] | None = None
) -> TrainingData:
    """The records, parted for every stage of the recipe. Raises as `make_splits` does."""
    splits = make_splits(recipe, records=records, smoke=smoke)
    return _data(records, splits=splits, left_out={} if left_out is None else left_out)


def prepare_data(
    recipe: Recipe,
    *,
    mixed: MixedReleases,
    lungs: Bundle | None = None,
    preparation: Preparation = IN_MEMORY,
    memory: Path | None = None,
    bad_files: BadFiles = "stop",
    smoke: bool = False,
    progress: Progress = SILENT,
) -> TrainingData:
    """`mixed` without what shows a picture of the test, parted; what will be fitted on is prepared in the cache.

    `lungs` draws the lungs of images to be fitted on, boxes or masks as the recipe wants them, which are remembered in
    the folder `memory`. Those of the test stay without: nothing here looks at them.
    Under `skip` images that cannot be decoded are left out, and the rest is parted anew. Raises as `prepare_images`.
    """
    splits = make_splits(recipe, records=mixed.records, smoke=smoke)
    used = without_held_out(mixed, splits=splits.values(), jobs=preparation.jobs)
    if used.left_out:
        progress.say(f"{len(used.left_out)} images left out, for example {used.left_out[0].why}")
    if len(used.records) < len(mixed.records):
        splits = make_splits(recipe, records=used.records, smoke=smoke)
    reasons: Counter[str] = Counter(one.reason for one in used.left_out)
    data = _data(used.records, splits=splits, left_out=reasons)
    for name, split in data.splits.items():
        if not split.parts.get(TEST):
            progress.say(
                f"caution: nothing is held out in {name}, so this run has no test: hold patients out with a folder or "
                "a split named test, and train again"
            )
    fitted_on = _fitted_on(data)
    kept = dict(fitted_on)
    if lungs is not None:
        drawn = _with_lungs(list(kept.values()), recipe=recipe, lungs=lungs, memory=memory, progress=progress)
        kept = dict(zip(kept, drawn, strict=True))
    for spec in dict.fromkeys(map(recipe.preprocess_of, recipe.stages)):
        readable = prepare_images(
            list(kept.values()),
            spec=spec,
            cache=preparation.cache,
            jobs=preparation.jobs,
            bad_files=bad_files,
            progress=progress,
        )
        there = set(map(id, readable))
        kept = {key: record for key, record in kept.items() if id(record) in there}
    if len(kept) < len(fitted_on):
        left = [kept.get(id(r), r) for r in data.records if id(r) in kept or id(r) not in fitted_on]
        return split_data(recipe, records=left, smoke=smoke, left_out=reasons)
    return _with(kept, data=data)


def _with_lungs(
    records: Sequence[Record], *, recipe: Recipe, lungs: Bundle, memory: Path | None, progress: Progress
) -> tuple[Record, ...]:
    """The records with what the recipe wants of their lungs: masks to be learnt with, or boxes to be cut to."""
    if recipe.learns_lungs is not None:
        return draw_masks(records, lungs=lungs, spec=recipe.preprocess, memory=memory, progress=progress)
    return draw_lungs(records, lungs=lungs, memory=memory, progress=progress)


def _data(records: Sequence[Record], *, splits: Mapping[str, Split], left_out: Mapping[str, int]) -> TrainingData:
    told = {name: with_left_out(split, left_out=left_out) for name, split in splits.items()}
    return TrainingData(records=tuple(records), splits=told, left_out=dict(left_out))


def _fitted_on(data: TrainingData) -> dict[int, Record]:
    """Every record of a part other than the test, by its `id`: two releases may hold records that are equal."""
    return {
        id(record): record
        for split in data.splits.values()
        for part, records in split.parts.items()
        if part != TEST
        for record in records
    }


def _with(kept: Mapping[int, Record], *, data: TrainingData) -> TrainingData:
    """The data with each record in its prepared form."""

    def prepared(records: Sequence[Record]) -> tuple[Record, ...]:
        return tuple(kept.get(id(record), record) for record in records)

    splits = {
        name: replace(split, parts={part: prepared(records) for part, records in split.parts.items()})
        for name, split in data.splits.items()
    }
    return replace(data, records=prepared(data.records), splits=splits)
