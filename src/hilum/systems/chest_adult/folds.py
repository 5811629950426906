"""Which adults' images are judged, which are only learnt from, and in which folds.

Pictures of at most 64 pixels show too little to be judged by; networks may learn from them. They are known by their
size and not by where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.picture_shape import shape_of
from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import label_folds
from hilum.datasets.splits.split import TEST, Split, without_copies_of
from hilum.systems.chest_adult.recipe import ADULT_YEARS, AdultRecipe
from hilum.training.recipe.recipe import TRAIN
from hilum.training.study_fold import Fold, split_without

COARSE_PX = 64
"""The longest side of a picture that is learnt from alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultImages:
    """Images of patients from 16 years, none of them held out: `judged` in folds, and `coarse`, only learnt from."""

    judged: tuple[Record, ...]
    coarse: tuple[Record, ...]

    @property
    def every(self) -> tuple[Record, ...]:
        """All of them."""
        return (*self.judged, *self.coarse)


def adult_images(records: Sequence[Record]) -> AdultImages:
    """The adults among the records; copies of held-out images are left out.

    A patient whose age is not known is none. Raises what decoding raises for a picture that is bad.
    """
    adults = [record for record in records if record.age_years is not None and record.age_years >= ADULT_YEARS]
    held_out = [record for record in records if is_held_out(record)]
    pool = without_copies_of([record for record in adults if not is_held_out(record)], held_out=held_out)
    coarse = {record.sha256 for record in pool if max(shape_of(record)) <= COARSE_PX}
    return AdultImages(
        judged=tuple(record for record in pool if record.sha256 not in coarse),
        coarse=tuple(record for record in pool if record.sha256 in coarse),
    )


def fold_parts(images: AdultImages, *, recipe: AdultRecipe) -> Split:
    """The judged images in folds by patient. Raises `DataError` where one would be empty."""
    return label_folds(images.judged, folds=recipe.folds, seed=recipe.seed)


def adult_folds(parts: Split, *, coarse: Sequence[Record], recipe: AdultRecipe, smoke: bool = False) -> dict[str, Fold]:
    """A fold for each part: the part is judged, the others are dealt to the recipe's parts by patient.

    `coarse` images join what is learnt from, but for those of a patient whom the fold judges or validates on. Raises
    `DataError` where a part would be empty.
    """
    return dict(_folds(parts, coarse=coarse, recipe=recipe, smoke=smoke))


def _folds(parts: Split, *, coarse: Sequence[Record], recipe: AdultRecipe, smoke: bool) -> Iterator[tuple[str, Fold]]:
    shares = recipe.whole.last.split.shares
    for name in parts.parts:
        split = split_without(name, parts=parts, shares=shares, seed=recipe.seed)
        more = _of_others(coarse, away=[split.parts[part] for part in (TEST, *recipe.whole.last.split.validation)])
        learnt = with_learnt(split, records=more, which=f"of at most {COARSE_PX} px")
        yield name, Fold(name=name, split=learnt, protocol=parts.protocol, smoke=smoke)


def with_learnt(split: Split, *, records: Sequence[Record], which: str) -> Split:
    """The split, whose training part has these records too; its protocol says how many and `which`."""
    learnt = {**split.parts, TRAIN: (*split.parts[TRAIN], *records)}
    return Split(learnt, f"{split.protocol}; {len(records)} images {which} learnt from")


def _of_others(coarse: Sequence[Record], *, away: Sequence[Sequence[Record]]) -> tuple[Record, ...]:
    """Those of no patient, and of no picture, among `away`."""
    patients = {record.patient.casefold() for part in away for record in part}
    pictures = {record.sha256 for part in away for record in part}
    return tuple(one for one in coarse if one.patient.casefold() not in patients and one.sha256 not in pictures)


def with_boxes_of(parts: Split, *, boxed: Mapping[str, Record]) -> Split:
    """The same split with the records of `boxed`, by their images' names, which carry lung boxes."""
    found = {name: tuple(boxed[record.image] for record in part) for name, part in parts.parts.items()}
    return replace(parts, parts=found)
