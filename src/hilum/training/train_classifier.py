"""From where releases lie to a bundle: a classifier's data are read and prepared, and its recipe is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import SHIPPED_LUNGS, named_bundle
from hilum.datasets.prepared.images import BadFiles
from hilum.datasets.read_releases import PATIENT_PATTERN, RSNA, read_releases, with_names
from hilum.datasets.splits.mixed import MixedReleases
from hilum.errors import UsageError
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.training.data.permuted_labels import with_permuted_labels
from hilum.training.data.training_data import TrainingData, prepare_data
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.machine import check_machine
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.card_words import StatedWords
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import TrainRequest
from hilum.training.train import run_recorded, train_specialist


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierOptions:
    """What the training of a classifier takes beside what every training does."""

    bad_files: Annotated[
        BadFiles,
        Option(help="What becomes of files that cannot be decoded: end here, or leave them out.", decides=False),
    ] = "stop"
    lungs: Annotated[
        str,
        Option(
            metavar="MODEL",
            help="What draws the lungs for a recipe that cuts pictures to them: the name of an installed model, or a "
            "folder.",
        ),
    ] = SHIPPED_LUNGS
    patient_pattern: Annotated[str | None, PATIENT_PATTERN] = None
    rsna: Annotated[Path | None, RSNA] = None
    permuted_labels: Annotated[
        int | None,
        Option(
            metavar="SEED",
            least=0,
            help="Deal the labels at random among the images of each part: no model, but what `hilum localise "
            "--random-labels` asks for.",
        ),
    ] = None
    title: Annotated[
        str | None, Option(metavar="TEXT", help="The model's title on its card and pages, else the recipe's.")
    ] = None
    intended_use: Annotated[
        str | None, Option(metavar="TEXT", help="What the model is for, else the recipe's words.")
    ] = None
    licence: Annotated[str | None, Option(metavar="TEXT", help="The terms of the weights, such as 'CC BY 4.0'.")] = None


NO_OPTIONS = ClassifierOptions()


def train_classifier(
    recipe: Recipe,
    *,
    request: TrainRequest,
    own: ClassifierOptions = NO_OPTIONS,
    progress: Progress = SILENT,
    mixed: MixedReleases | None = None,
) -> Bundle | None:
    """Run the recipe on the releases that `request` names; it goes on where it was stopped.

    `mixed` are the records of these releases, where they have been read. The bundle comes back, or None in all but the
    first of several processes. Raises `UsageError` for data that are not the recipe's, for a machine that cannot be,
    and where the folder holds another run; and as `read_releases`, `prepare_images` and `train_specialist` do.
    """
    check_bundle(recipe)
    check_machine(request.machine, ema=any(stage.ema_decay is not None for stage in recipe.stages))
    lungs = named_bundle(own.lungs, local=request.models) if recipe.needs_lungs else None
    request = with_named_data(request, recipe=recipe)
    if mixed is None:
        mixed = read_named(recipe, request=request, own=own, progress=progress)
    say_unlike_greys([recipe], progress=progress)
    check_starts(recipe, folder=request.out)
    data = prepare_data(
        recipe,
        mixed=mixed,
        lungs=lungs,
        preparation=request.place.preparation,
        memory=request.cache,
        bad_files=own.bad_files,
        smoke=request.smoke,
        progress=progress,
    )
    permuted = own.permuted_labels is not None
    if own.permuted_labels is not None:
        data = with_permuted_labels(data, seed=own.permuted_labels)
    return train_specialist(
        recipe,
        data=data,
        provenance=_provenance(request, own=own),
        place=request.place,
        smoke=request.smoke or permuted,
        lungs=lungs,
    )


def train_prepared(
    recipe: Recipe,
    *,
    request: TrainRequest,
    own: ClassifierOptions,
    check: Callable[[], object],
    train: Callable[[TrainingData, Provenance], Bundle | None],
    progress: Progress = SILENT,
) -> Bundle | None:
    """What `train` makes of a recipe's data, read and prepared, in the run's folder, which it has for itself.

    For recipes of whole pictures that `train_classifier` cannot run. `check` is called before anything is decoded, to
    find starting weights that are missing. A bundle that is there is taken as it is. Raises as `train_classifier` does.
    """
    refuse_permuted_labels(own, name=recipe.name)
    check_bundle(recipe)
    check_machine(request.machine, ema=any(stage.ema_decay is not None for stage in recipe.stages))
    request = with_named_data(request, recipe=recipe)
    mixed = read_named(recipe, request=request, own=own, progress=progress)
    check()
    data = prepare_data(
        recipe,
        mixed=mixed,
        preparation=request.place.preparation,
        memory=request.cache,
        bad_files=own.bad_files,
        smoke=request.smoke,
        progress=progress,
    )
    provenance = _provenance(request, own=own)
    return run_recorded(
        recipe,
        data=data,
        provenance=provenance,
        folder=request.out,
        smoke=request.smoke,
        train=partial(train, data, provenance),
    )


def _provenance(request: TrainRequest, *, own: ClassifierOptions) -> Provenance:
    stated = StatedWords(title=own.title, intended_use=own.intended_use, licence=own.licence)
    return replace(request.provenance(own), stated=stated, folders=request.folders)


def refuse_permuted_labels(own: ClassifierOptions, *, name: str) -> None:
    """Raise `UsageError` where labels are to be dealt at random for what is no recipe of one classifier."""
    if own.permuted_labels is not None:
        raise UsageError(f"--permuted-labels needs a recipe of one plain network, and {name} is none. Leave it out")


def check_bundle(recipe: Recipe) -> None:
    """Raise `UsageError` where what the network says is not its outputs, which are all that a bundle gives."""
    if isinstance(recipe.last.loss, Hierarchical):
        raise UsageError(
            f"{recipe.name} orders its labels in a tree, and a bundle holds a network's outputs only. Compare it in a "
            "study, or set another loss"
        )


def with_named_data(request: TrainRequest, *, recipe: Recipe | EnsembleRecipe) -> TrainRequest:
    """The request, with a name for each path of data that was given without one, as far as it shows what it is."""
    return replace(request, data=with_names(request.data, allowed=recipe.releases))


def read_named(
    recipe: Recipe | EnsembleRecipe, *, request: TrainRequest, own: ClassifierOptions, progress: Progress
) -> MixedReleases:
    """The records of the releases that the request names, which must be the recipe's.

    Raises `UsageError` where one is missing, and as `read_releases` does.
    """
    named = {name for name, _ in request.data}
    missing = [name for name in recipe.releases if name not in named]
    if missing and named <= set(recipe.releases):  # of other names reading says what may be
        given = ", ".join(f"{name}={folder}" for name, folder in request.data) or "none"
        raise UsageError(f"Missing option: --data NAME=FOLDER for {', '.join(missing)}; given: {given}")
    return read_releases(
        request.data,
        allowed=recipe.releases,
        memory=request.cache,
        chexpert=recipe.chexpert,
        patient_pattern=own.patient_pattern,
        rsna=own.rsna,
        jobs=request.jobs,
        progress=progress,
    )
