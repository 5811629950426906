"""Tries that learn from more than the release's own labels: other findings, guessed labels, what two networks say.

Each is the recipe of the whole picture on a fold's images and more, or with other targets. What is judged stays: the
release's labels of the images that the fold holds out, which no teacher has learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases import kermany, montgomery_shenzhen
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.predictions import Predictions
from hilum.systems.chest_adult.arms import mean_arm
from hilum.systems.chest_adult.folds import with_learnt
from hilum.systems.chest_adult.recipe import ADULT_YEARS
from hilum.systems.chest_adult.study import LOCAL
from hilum.training.classifier_arm import calibrated_predictions, train_on_fold
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.samplers import SourceBalanced
from hilum.training.recipe.settings import Value, flat_values
from hilum.training.records.provenance import records_sha256
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold
from hilum.training.taught import said_by, taught

OTHERS = ("kermany", "montgomery_shenzhen", "wingspan")
"""What may be given beside the release that is judged."""

JOINT, SOURCES, GUESSED, DISTILLED = "joint", "sources", "guessed", "distilled"
SEED, TWO_SEEDS = "seed", "two-seeds"
CHILD = f"{kermany.LABEL} of a child"
BESIDE = (CHILD, montgomery_shenzhen.LABEL)
"""The labels that the network learns beside its own; each release speaks of one."""
MOST_CHILDREN = 700
"""As many as there are chests with and without tuberculosis, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreImages:
    """Images of other releases: `labelled` carry one of `BESIDE`, `unlabelled` chests of adults no label."""

    labelled: tuple[Record, ...] = ()
    unlabelled: tuple[Record, ...] = ()

    @property
    def every(self) -> tuple[Record, ...]:
        """All of them, each picture once."""
        return tuple({record.sha256: record for record in (*self.labelled, *self.unlabelled)}.values())


def more_images(records: Sequence[Record]) -> MoreImages:
    """What the tries learn from of `records`, which are of `OTHERS`.

    Of the children's release, the official train folder: `MOST_CHILDREN` of it, chosen by their hashes. Of the others,
    whoever is not known to be a child.
    """
    children = [one for one in records if one.source == kermany.SOURCE and one.official == "train"]
    chosen = sorted(children, key=lambda record: record.sha256)[:MOST_CHILDREN]
    others = [one for one in records if one.source != kermany.SOURCE]
    adults = [one for one in others if one.age_years is None or one.age_years >= ADULT_YEARS]
    return MoreImages(
        labelled=(
            *_with_label(chosen, label=kermany.LABEL, called=CHILD),
            *_with_label(adults, label=montgomery_shenzhen.LABEL, called=montgomery_shenzhen.LABEL),
        ),
        unlabelled=tuple(replace(one, labels={}) for one in adults),
    )


def _with_label(records: Sequence[Record], *, label: str, called: str) -> tuple[Record, ...]:
    """Those that speak of `label`, with that alone, by another name."""
    known = [one for one in records if not math.isnan(one.labels.get(label, math.nan))]
    return tuple(replace(one, labels={called: one.labels[label]}) for one in known)


def more_arms(recipes: Mapping[str, Recipe], *, more: MoreImages) -> tuple[Trained[Fold, Predictions], ...]:
    """The tries beside `recipes`, which are trained before them in each fold; one without its images is left out.

    `recipes` hold the recipe itself and the same with another seed.
    """
    whole = recipes[LOCAL]
    found = []
    if more.labelled:
        evenly = whole.with_last(replace(whole.last, sampler=SourceBalanced()))
        found += [
            _arm(name, run=partial(_joint, name), recipe=recipe, records=more.labelled)
            for name, recipe in ((JOINT, whole), (SOURCES, evenly))
        ]
    if more.unlabelled:
        found.append(_arm(GUESSED, run=_guessed, recipe=whole, records=more.unlabelled))
    teachers = {name: recipes[name] for name in (LOCAL, SEED)}
    distilled = Trained(arms=(DISTILLED,), run=partial(_distilled, whole, teachers), settings=flat_values(whole))
    return (mean_arm(TWO_SEEDS, of=tuple(teachers)), *found, distilled)


def _arm(
    name: str,
    *,
    run: Callable[[Recipe, tuple[Record, ...], Fold, RunPlace], Mapping[str, Predictions]],
    recipe: Recipe,
    records: tuple[Record, ...],
) -> Trained[Fold, Predictions]:
    settings: dict[str, Value] = {**flat_values(recipe), "more_images": records_sha256(records)}
    return Trained(arms=(name,), run=partial(run, recipe, records), settings=settings)


def _joint(
    name: str, recipe: Recipe, records: tuple[Record, ...], fold: Fold, place: RunPlace
) -> Mapping[str, Predictions]:
    """Two further outputs learn the other releases' labels; what they say is left out of what is judged."""
    labels = recipe.last.labels
    wide = recipe.with_last(replace(recipe.last, labels=(*labels, *BESIDE)))
    found = train_on_fold(wide, fold=_with(fold, records=records), place=place)
    own = replace(found, validation=found.validation[:, : len(labels)], judged=found.judged[:, : len(labels)])
    return calibrated_predictions(name, recipe=recipe, fold=fold, found=own, folder=place.folder)


def _guessed(recipe: Recipe, records: tuple[Record, ...], fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
    """Self-training: the fold's own network of the recipe guesses the labels of chests that have none."""
    said = said_by(recipe, folder=_beside(place, arm=LOCAL), records=records, preparation=place.preparation)
    guessed = taught(records, labels=recipe.last.labels, said=said)
    found = train_on_fold(recipe, fold=_with(fold, records=guessed), place=place)
    return calibrated_predictions(GUESSED, recipe=recipe, fold=fold, found=found, folder=place.folder)


def _distilled(
    recipe: Recipe, teachers: Mapping[str, Recipe], fold: Fold, place: RunPlace
) -> Mapping[str, Predictions]:
    """Half of what is learnt of the fold's images is the label, half what the teachers of the same fold say."""
    records, parts = fold.split.parts[TRAIN], fold.split.parts
    said = [
        said_by(teacher, folder=_beside(place, arm=name), records=records, preparation=place.preparation)
        for name, teacher in teachers.items()
    ]
    learnt = taught(records, labels=recipe.last.labels, said=np.mean(said, axis=0))
    split = Split({**parts, TRAIN: learnt}, f"{fold.split.protocol}; taught by {', '.join(teachers)}")
    found = train_on_fold(recipe, fold=replace(fold, split=split), place=place)
    return calibrated_predictions(DISTILLED, recipe=recipe, fold=fold, found=found, folder=place.folder)


def _with(fold: Fold, *, records: Sequence[Record]) -> Fold:
    """The fold, whose training part has these images too."""
    return replace(fold, split=with_learnt(fold.split, records=records, which="of other releases"))


def _beside(place: RunPlace, *, arm: str) -> Path:
    """Where another arm of the same fold was trained."""
    return place.folder.parent / arm
