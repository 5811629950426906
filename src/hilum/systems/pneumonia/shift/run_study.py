"""The study of the shift from Python: its parts, its arms one after the other, and their table.

The official test folder is never looked at: its images give their hashes alone, so that a copy of one is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import SHIPPED_LUNGS, named_bundle
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL, SOURCE
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import SPLIT_NAME
from hilum.evaluation.judging.sharpness import sharpness_of
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.systems.pneumonia.groupings import OFFICIAL
from hilum.systems.pneumonia.network_arms import say_starts
from hilum.systems.pneumonia.shift.arms import ShiftArm, chosen_shift_arms, shift_arms
from hilum.systems.pneumonia.shift.lungs import drawn_lungs
from hilum.systems.pneumonia.shift.parts import OTHER, shift_parts
from hilum.systems.pneumonia.shift.run_arm import ShiftData, is_read, run_arm
from hilum.systems.pneumonia.shift.teachers import check_teachers
from hilum.systems.pneumonia.shift.write import NAME, write_shift_study
from hilum.training.data.lung_boxes import draw_lungs
from hilum.training.data.lung_masks import draw_masks
from hilum.training.loop.greys import say_unlike_greys
from hilum.training.recipe.settings import HIDDEN
from hilum.training.recipe.smoke import smoke_records
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import begin_run, make_record

SEED = 20
"""Of the parts; it is that of the recipe too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOptions:
    """What the study of the shift takes beside what every study does."""

    arms: Annotated[
        str,
        Option(
            metavar="NAME,NAME",
            help="The arms to train; the table holds every arm that lies in OUT.",
            decides=False,
        ),
    ] = "all"
    starts: Annotated[
        Path | None,
        Option(
            metavar="FOLDER",
            help="Starting weights of networks other than MobileNetV2, each file's name beginning with its backbone, "
            "such as efficientnet-lite0-57934424.pth; random without a folder.",
        ),
    ] = None
    lungs: Annotated[
        str, Option(metavar="MODEL", help="What draws the lungs: the name of an installed model, or a folder.")
    ] = SHIPPED_LUNGS


DEFAULTS = ShiftOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """What a folder of the study is of beside its data and lungs; its arms have records of their own."""

    name: str = field(metadata=HIDDEN)
    seed: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Parts:
    """The parts, without lungs, and each image's sharpness."""

    split: Split
    sharpness: Mapping[str, float]


def study_shift(*, request: StudyRequest, own: ShiftOptions = DEFAULTS, progress: Progress = SILENT) -> None:
    """Train and read every chosen arm that is not done yet, and write the table of all that lie in the folder.

    Raises `UsageError` where the folder, or an arm's in it, holds another run, and without arms where there is nothing
    to tabulate.
    """
    arms = shift_arms(request.start, starts=own.starts)
    if request.smoke:
        arms = {name: arm.small() for name, arm in arms.items()}
    chosen = chosen_shift_arms(own.arms, arms=arms)
    if request.tables_only and not _done(arms.values(), folder=request.out):
        raise UsageError(f"Run the study without --tables-only first: there is no arm in {request.out}")
    lungs = named_bundle(own.lungs, local=request.models)
    to_run = () if request.tables_only else chosen
    check_teachers(to_run, folder=request.out)
    parts = _parts(request, progress=progress)
    provenance = replace(request.provenance(own), folders=request.folders)
    _begin(request, split=parts.split, lungs=lungs, provenance=provenance)
    to_read = tuple(arm for arm in to_run if not is_read(arm, folder=request.out))
    say_starts([arm.recipe for arm in to_read], progress=progress)
    say_unlike_greys([arm.recipe for arm in to_read], progress=progress)
    data = _data(request, parts=parts, arms=to_read, lungs=lungs, progress=progress)
    for arm in to_run:
        run_arm(arm, data=data, provenance=provenance, place=request.place, jobs=request.jobs, progress=progress)
    done = _done(arms.values(), folder=request.out)
    write_shift_study(done, data=data, folder=request.out, provenance=provenance, progress=progress)


def _done(arms: Iterable[ShiftArm], *, folder: Path) -> tuple[ShiftArm, ...]:
    return tuple(arm for arm in arms if is_read(arm, folder=folder))


def _parts(request: StudyRequest, *, progress: Progress) -> _Parts:
    records = read_releases(
        request.data, allowed=(SOURCE,), memory=request.cache, jobs=request.jobs, progress=progress
    ).records
    pool: Sequence[Record] = [record for record in records if record.official == OFFICIAL]
    if request.smoke:
        pool = smoke_records(pool, labels=(LABEL,))
    sharpness = sharpness_of(pool, jobs=request.jobs)
    held_out = [record for record in records if is_held_out(record)]
    split = shift_parts(pool, sharpness=sharpness, held_out=held_out, seed=SEED)
    if request.smoke:
        split = replace(split, protocol=f"{SMOKE} {split.protocol}")
    return _Parts(split=split, sharpness=sharpness)


def _begin(request: StudyRequest, *, split: Split, lungs: Bundle, provenance: Provenance) -> None:
    """Take the folder for this study, whatever its arms, or find that it has it: nothing else is written before.

    Raises `UsageError` for a folder of another one.
    """
    begin_run(
        request.out,
        record=make_record(
            _Settings(name=NAME, seed=SEED),
            records=[record for part in split.parts.values() for record in part],
            provenance=provenance,
            protocol=split.protocol,
            split_sha256=split.sha256,
            lungs_sha256=lungs.sha256,
            smoke=request.smoke,
        ),
        results=STUDY_NAME,
    )
    kept = request.out / SPLIT_NAME
    if not kept.is_file():
        save_split(split, path=kept)


def _data(
    request: StudyRequest, *, parts: _Parts, arms: Sequence[ShiftArm], lungs: Bundle, progress: Progress
) -> ShiftData:
    split = _with_lungs(parts.split, arms=arms, lungs=lungs, memory=request.cache, progress=progress)
    judged = [record for part in OTHER for record in split.parts[part]]
    counts = ", ".join(f"{len(part):,} {name}" for name, part in split.parts.items())
    progress.say(f"images: {counts}")
    return ShiftData(
        split=split,
        sharpness=parts.sharpness,
        lungs=drawn_lungs(judged, bundle=lungs, memory=request.cache, progress=progress) if arms else {},
        lungs_sha256=lungs.sha256,
        smoke=request.smoke,
    )


def _with_lungs(
    split: Split, *, arms: Sequence[ShiftArm], lungs: Bundle, memory: Path | None, progress: Progress
) -> Split:
    """The split whose records carry the lung boxes and masks that any of the arms needs."""
    kept = [(name, record) for name, part in split.parts.items() for record in part]
    every: Sequence[Record] = [record for _, record in kept]
    recipes = [one.recipe for arm in arms for one in (arm, *arm.teachers)]
    if any(recipe.crops_lungs for recipe in recipes):
        every = draw_lungs(every, lungs=lungs, memory=memory, progress=progress)
    pooled = next((recipe for recipe in recipes if recipe.learns_lungs is not None), None)
    if pooled is not None:
        every = draw_masks(every, lungs=lungs, spec=pooled.preprocess, memory=memory, progress=progress)
    parts = {
        name: tuple(record for (of, _), record in zip(kept, every, strict=True) if of == name) for name in split.parts
    }
    return replace(split, parts=parts)
