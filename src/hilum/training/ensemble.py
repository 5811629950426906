"""From where releases lie to the bundle of an ensemble: each member is trained in its own folder, then all export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.shelf import named_bundle
from hilum.datasets.splits.mixed import MixedReleases
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.run_folder import SPLIT_NAME
from hilum.progress import SILENT, Progress
from hilum.training.data.training_data import TrainingData, prepare_data
from hilum.training.export.ensemble_bundle import ensemble_draft, write_ensemble_bundle
from hilum.training.export.seen_images import seen_images
from hilum.training.loop.fit import Fitted
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.loop.stages import check_starts, run_stages
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.machine import check_machine
from hilum.training.recipe.processes import is_first_process
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.records.card_words import StatedWords
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import TrainRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, make_record
from hilum.training.train_classifier import (
    NO_OPTIONS,
    ClassifierOptions,
    check_bundle,
    read_named,
    refuse_permuted_labels,
    with_named_data,
)

MEMBERS = "members"
"""The folder of a run that holds a folder for each member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """The data of every member by its name; `split` is the one that all their last stages have."""

    members: Mapping[str, TrainingData]
    split: Split

    @property
    def splits(self) -> dict[str, Mapping[str, Split]]:
        """The split of every stage, by member and stage."""
        return {name: data.splits for name, data in self.members.items()}


def train_ensemble(
    recipe: EnsembleRecipe, *, request: TrainRequest, own: ClassifierOptions = NO_OPTIONS, progress: Progress = SILENT
) -> Bundle | None:
    """Train each member in OUT/members/NAME, and write the bundle to OUT/bundle; it goes on where it was stopped.

    A member that has ended is not trained again. The bundle comes back, or None in all but the first of several
    processes. Raises `UsageError` where the folder holds another run, `DataError` where the members' data differ, and
    as `train_classifier` does.
    """
    for member in recipe.members:
        check_bundle(member)
    averaged = any(stage.ema_decay is not None for member in recipe.members for stage in member.stages)
    check_machine(request.machine, ema=averaged)
    refuse_permuted_labels(own, name=recipe.name)
    lungs = named_bundle(own.lungs, local=request.models) if recipe.needs_lungs else None
    request = with_named_data(request, recipe=recipe)
    mixed = read_named(recipe, request=request, own=own, progress=progress)
    say_unlike_greys(recipe.members, progress=progress)
    for member in recipe.members:
        check_starts(member, folder=_folder(request.out, member=member))
    data = _prepared(recipe, mixed=mixed, lungs=lungs, request=request, own=own, progress=progress)
    stated = StatedWords(title=own.title, intended_use=own.intended_use, licence=own.licence)
    provenance = replace(request.provenance(own), stated=stated, folders=request.folders)
    with hold_run(request.out):
        if is_first_process():
            _begin(recipe, data=data, provenance=provenance, lungs=lungs, request=request)
            if (request.out / BUNDLE).is_dir():
                return load_bundle(request.out / BUNDLE)
        trained = {}
        for member in recipe.members:
            progress.say(f"{member.name}: {member.backbone}")
            trained[member.name] = _train(member, data=data.members[member.name], place=request.place)
        if not is_first_process():
            return None
        return _export(recipe, trained=trained, data=data, provenance=provenance, lungs=lungs, request=request)


def _folder(out: Path, *, member: Recipe) -> Path:
    return out / MEMBERS / member.name


def _prepared(
    recipe: EnsembleRecipe,
    *,
    mixed: MixedReleases,
    lungs: Bundle | None,
    request: TrainRequest,
    own: ClassifierOptions,
    progress: Progress,
) -> _Data:
    """The data of each member, all parted by the ensemble's seed; members that want the same share them."""
    done: list[tuple[object, TrainingData]] = []
    members = {}
    for member in recipe.members:
        wanted = [(one.name, one.releases, one.labels, one.split, member.preprocess_of(one)) for one in member.stages]
        data = next((there for before, there in done if before == wanted), None)
        if data is None:
            data = prepare_data(
                replace(member, seed=recipe.seed),
                mixed=mixed,
                lungs=lungs if member.needs_lungs else None,
                preparation=request.place.preparation,
                memory=request.cache,
                bad_files=own.bad_files,
                smoke=request.smoke,
                progress=progress,
            )
            done.append((wanted, data))
        members[member.name] = data
    lasts = {member.name: members[member.name].splits[member.last.name] for member in recipe.members}
    _check_one_split(lasts)
    return _Data(members=members, split=lasts[recipe.members[0].name])


def _check_one_split(lasts: Mapping[str, Split]) -> None:
    """Their earlier stages may have left out images of the last one's, each its own."""
    (first, split), *others = lasts.items()
    for name, other in others:
        if other.sha256 != split.sha256:
            raise DataError(
                f"{first} and {name} would be trained and validated on different images, because an earlier stage of "
                "one leaves out images of the other's last stage. Give both the same data sets"
            )


def _begin(
    recipe: EnsembleRecipe, *, data: _Data, provenance: Provenance, lungs: Bundle | None, request: TrainRequest
) -> None:
    """The run's record and splits; another run in the folder is refused."""
    first = data.members[recipe.members[0].name]
    stages = {f"{name}.{stage}": one.sha256 for name, own in data.splits.items() for stage, one in own.items()}
    every = {(record.source, record.image): record for one in data.members.values() for record in one.records}
    record = make_record(
        recipe,
        records=list(every.values()),
        releases=recipe.releases,
        provenance=provenance,
        protocol=data.split.protocol,
        split_sha256=data.split.sha256,
        stage_splits=stages,
        lungs_sha256=None if lungs is None else lungs.sha256,
        smoke=request.smoke,
        left_out=first.left_out,
    )
    begin_run(request.out, record=record)
    places = {request.out / SPLIT_NAME: data.split}
    for member in recipe.members:
        for stage in member.stages[:-1]:
            folder = _folder(request.out, member=member) / stage.name
            places[folder / SPLIT_NAME] = data.members[member.name].splits[stage.name]
    for path, split in places.items():
        if not path.is_file():
            save_split(split, path=path)


def _train(member: Recipe, *, data: TrainingData, place: RunPlace) -> Fitted:
    fitted = run_stages(member, splits=data.splits, place=replace(place, folder=_folder(place.folder, member=member)))
    if not isinstance(fitted, Fitted):
        raise UsageError(
            f"{member.name} ends in a fusion of two networks; a member of an ensemble must end in one network"
        )
    return fitted


def _export(
    recipe: EnsembleRecipe,
    *,
    trained: Mapping[str, Fitted],
    data: _Data,
    provenance: Provenance,
    lungs: Bundle | None,
    request: TrainRequest,
) -> Bundle:
    draft = ensemble_draft(
        recipe,
        splits=data.splits,
        started_from={name: fitted.started_from for name, fitted in trained.items()},
        provenance=provenance,
        smoke=request.smoke,
        lungs=lungs,
    )
    parts = [
        (part, rows) for own in data.splits.values() for split in own.values() for part, rows in split.parts.items()
    ]
    seen = seen_images(
        train=[record for part, rows in parts if part == TRAIN for record in rows],
        validation=[record for part, rows in parts if part not in (TRAIN, TEST) for record in rows],
        starts=[stage.start for member in recipe.members for stage in member.stages],
        jobs=request.jobs,
    )
    return write_ensemble_bundle(
        recipe,
        members=trained,
        split=data.split,
        draft=draft,
        lungs=lungs,
        place=request.place,
        seen=seen,
    )
