"""One arm of the study in a folder of its own: trained where that is not done, read once, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, UsageError
from hilum.progress import Progress
from hilum.systems.pneumonia.shift.arms import Learning, ShiftArm, arm_folder
from hilum.systems.pneumonia.shift.lungs import Lungs
from hilum.systems.pneumonia.shift.parts import OTHER
from hilum.systems.pneumonia.shift.readings import Readings, load_readings, read_pictures, save_readings
from hilum.systems.pneumonia.shift.sharpness import with_softened
from hilum.systems.pneumonia.shift.teachers import taught_by
from hilum.training.loop.fit import Fitted
from hilum.training.loop.stages import check_starts, run_stages
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.settings import HIDDEN, Value
from hilum.training.records.hold_run import hold_run
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, make_record
from hilum.whole_files import write_whole

READINGS, STARTED, SOFTENED = "readings.npz", "started-from.txt", "softened"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """All that decides an arm, as its record tells it."""

    name: str = field(metadata=HIDDEN)
    seed: int
    arm: Mapping[str, Value]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShiftData:
    """The parts, each image's sharpness, and validation's lungs, which weigh maps.

    The records carry the lung boxes and masks that the arms to be trained need.
    """

    split: Split
    sharpness: Mapping[str, float]
    lungs: Lungs
    lungs_sha256: str
    smoke: bool

    @property
    def judged(self) -> dict[str, tuple[Record, ...]]:
        """The two validation parts."""
        return {part: self.split.parts[part] for part in OTHER}


def is_read(arm: ShiftArm, *, folder: Path) -> bool:
    """Whether the arm is trained and read in the study's `folder`."""
    return (arm_folder(arm, folder=folder) / READINGS).is_file()


def readings_of(arm: ShiftArm, *, data: ShiftData, folder: Path) -> dict[str, Readings]:
    """By part, what was kept of the arm. Raises `DataError` where it is not there or of other pictures."""
    return load_readings(arm_folder(arm, folder=folder) / READINGS, parts=data.judged)


def started_from(arm: ShiftArm, *, folder: Path) -> str:
    """What the arm's training started from. Raises `DataError` where nothing says so."""
    path = arm_folder(arm, folder=folder) / STARTED
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DataError(
            f"{path}, which says what {arm.name} started from, is missing. Remove {path.parent} and run the study again"
        ) from error


def run_arm(
    arm: ShiftArm, *, data: ShiftData, provenance: Provenance, place: RunPlace, jobs: int, progress: Progress
) -> None:
    """Train and read the arm in its folder of `place.folder`, where that is not done.

    Raises `UsageError` where the folder holds another arm, or the same on other images; and as training does.
    """
    own = replace(place, folder=arm_folder(arm, folder=place.folder))
    recipe = arm.recipe
    with hold_run(own.folder):
        begin_run(
            own.folder,
            record=make_record(
                _Settings(name=arm.name, seed=recipe.seed, arm=arm.settings),
                records=[record for part in data.split.parts.values() for record in part],
                provenance=provenance,
                protocol=data.split.protocol,
                split_sha256=data.split.sha256,
                lungs_sha256=data.lungs_sha256,
                smoke=data.smoke,
            ),
            results=READINGS,
        )
        if (own.folder / READINGS).is_file():
            return
        check_starts(recipe, folder=own.folder)
        learning = Learning(sharpness=data.sharpness, folder=own.folder / SOFTENED, jobs=jobs)
        learnt = data.split.parts[TRAIN]
        learnt = learnt if arm.change is None else arm.change(learnt, learning)
        split = replace(data.split, parts={**data.split.parts, TRAIN: learnt})
        spec = recipe.preprocess_of(recipe.last)
        prepare_images(
            [record for part in split.parts.values() for record in part],
            spec=spec,
            cache=place.preparation.cache,
            jobs=jobs,
            progress=progress,
        )
        if arm.teachers:
            progress.say(f"{arm.name}: asking {', '.join(one.name for one in arm.teachers)}")
        learnt = taught_by(learnt, teachers=arm.teachers, folder=place.folder, preparation=place.preparation)
        split = replace(split, parts={**split.parts, TRAIN: learnt})
        progress.say(f"{arm.name}: {len(learnt):,} images to learn from")
        fitted = run_stages(recipe, splits={recipe.last.name: split}, place=own)
        if not isinstance(fitted, Fitted):
            raise UsageError(f"{recipe.name} ends in a fusion of two networks; give a recipe that ends in one network")
        write_whole(own.folder / STARTED, f"{fitted.started_from}\n".encode())
        equal = partial(with_softened, label=LABEL, sharpness=data.sharpness, folder=place.folder / SOFTENED, jobs=jobs)
        read = {
            part: read_pictures(
                fitted.network, records=records, matched=equal(records), recipe=recipe, lungs=data.lungs
            )
            for part, records in data.judged.items()
        }
        save_readings(read, path=own.folder / READINGS)
