"""How every study of this folder runs: its recipes as arms, trained on folds by patient, tabulated and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.label_folds import FOLDS
from hilum.datasets.splits.split import TEST, Split
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.decisions import decisions_section
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.write import publish_study
from hilum.progress import SILENT, Progress
from hilum.training.data.make_split import stage_split
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.smoke import smoke_recipe, smoke_records
from hilum.training.records.request import StudyRequest
from hilum.training.run_study import Trained
from hilum.training.study import SharedStages, classifier_arm, cross_validate, mean_arm
from hilum.training.study_fold import Fold

SHARED = "before"
"""The folder of the stages that are trained once for all folds."""

Maker = Trained[Fold, Predictions]
Means = Mapping[str, tuple[str, ...]]
"""Arms that are the mean of other arms' networks, each with these."""

NO_MEANS: Means = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecipe:
    """How one arm is made; earlier stages of arms with one `before` are the same, and trained once.

    Of its earlier stages those on the last one's releases are trained on every fold, as the last one is. `learns` may
    take a part of what a fold has to learn from.
    """

    recipe: Recipe
    before: str = ""
    learns: Callable[[Maker], Maker] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The images that are dealt to folds, and those that earlier stages may learn from."""

    records: tuple[Record, ...]
    others: tuple[Record, ...] = ()


def run_arms(
    study: Study,
    arms: Mapping[str, ArmRecipe],
    *,
    means: Means = NO_MEANS,
    images: Judged,
    request: StudyRequest,
    own: object,
    folder: Path | None = None,
    folds: int = FOLDS,
    seed: int | None = None,
    progress: Progress = SILENT,
) -> None:
    """Train every arm of `study` that is not trained yet, in `folder`, by default the request's.

    `means` are arms of networks of the others, each fold's after they are trained.
    `seed` deals the folds; by default it is the first recipe's. Raises `UsageError` where the folder holds another
    study, and what training raises.
    """
    out = request.out if folder is None else folder
    small = as_trained(arms, smoke=request.smoke)
    first = next(iter(small.values())).recipe
    pool = _pool(images.records, recipe=first, smoke=request.smoke)
    splits = {name: _before(arm.recipe, records=images.others, smoke=request.smoke) for name, arm in small.items()}
    if not request.tables_only:
        say_unlike_greys([arm.recipe for arm in small.values()], progress=progress)
        for name, arm in small.items():
            shared = dict.fromkeys(splits[name], _shared_folder(name, arm, folder=out))
            check_starts(arm.recipe, folder=out / "fold-0" / name, shared=shared)
        _prepare(small, pool=pool, splits=splits, request=request, progress=progress)
    (validation,) = first.last.split.validation
    cross_validate(
        study,
        [
            *(
                _maker(name, arm, splits=splits[name], folder=_shared_folder(name, arm, folder=out))
                for name, arm in small.items()
            ),
            *(mean_arm(name, of={one: small[one].recipe for one in of}) for name, of in means.items()),
        ],
        records=pool,
        folder=out,
        seed=first.seed if seed is None else seed,
        folds=folds,
        # of a smoke run's few images half, so that some label has both outcomes there
        shares={TRAIN: 0.5, validation: 0.5} if request.smoke else first.last.split.shares,
        smoke=request.smoke,
        also="; ".join(
            dict.fromkeys(f"{name}: {one.protocol}" for each in splits.values() for name, one in each.items())
        ),
        tables_only=request.tables_only,
        command=request.provenance(own).command,
        machine=request.machine,
        preparation=request.place.preparation,
    )


def as_trained(arms: Mapping[str, ArmRecipe], *, smoke: bool) -> dict[str, ArmRecipe]:
    """The arms, made small where it is a smoke run."""
    return {name: replace(arm, recipe=smoke_recipe(arm.recipe)) if smoke else arm for name, arm in arms.items()}


def tabulate(study: Study, *, request: StudyRequest, progress: Progress = SILENT) -> None:
    """Write tables, figures and page of what lies in the request's folder."""
    write(study, content=read_study(study, folder=request.out), request=request, progress=progress)


def write(study: Study, *, content: StudyContent, request: StudyRequest, progress: Progress = SILENT) -> None:
    """The same of numbers that were read before."""
    decisions = partial(decisions_section, study=study, folder=request.out)
    study = replace(study, sections=(*study.sections, decisions))
    publish_study(study, content=content, folder=request.out, progress=progress)


def _pool(records: Sequence[Record], *, recipe: Recipe, smoke: bool) -> tuple[Record, ...]:
    if not smoke:
        return tuple(records)
    return smoke_records([one for one in records if not is_held_out(one)], labels=recipe.last.labels)


def _before(recipe: Recipe, *, records: Sequence[Record], smoke: bool) -> dict[str, Split]:
    apart = [stage for stage in recipe.stages[:-1] if set(stage.releases) != set(recipe.last.releases)]
    return {stage.name: stage_split(recipe, stage=stage, records=records, smoke=smoke) for stage in apart}


def _prepare(
    arms: Mapping[str, ArmRecipe],
    *,
    pool: Sequence[Record],
    splits: Mapping[str, Mapping[str, Split]],
    request: StudyRequest,
    progress: Progress,
) -> None:
    """Decode once, into the cache, what several trainings are going to read."""
    cache = request.place.preparation.cache
    for spec in dict.fromkeys(arm.recipe.preprocess for arm in arms.values()):
        wanted = {(one.source, one.image): one for one in pool if not is_held_out(one)}
        for name, arm in arms.items():
            if arm.recipe.preprocess == spec:
                parts = (part for split in splits[name].values() for part in split.parts.items())
                wanted |= {(one.source, one.image): one for part, found in parts if part != TEST for one in found}
        prepare_images(list(wanted.values()), spec=spec, cache=cache, jobs=request.jobs, progress=progress)


def _shared_folder(name: str, arm: ArmRecipe, *, folder: Path) -> Path:
    return folder / SHARED / (arm.before or name)


def _maker(name: str, arm: ArmRecipe, *, splits: Mapping[str, Split], folder: Path) -> Maker:
    shared = SharedStages(splits=splits, folder=folder) if splits else None
    made = classifier_arm(name, recipe=arm.recipe, shared=shared)
    return made if arm.learns is None else arm.learns(made)
