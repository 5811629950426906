"""Run a study: every fold of every training, each once, in a folder that belongs to this study alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import SPLIT_NAME
from hilum.evaluation.study.folder import FoldFiles, PredictionsFormat, fold_folder
from hilum.training.loop.checkpoints import drop_checkpoints
from hilum.training.recipe.settings import HIDDEN, Value
from hilum.training.records.hold_run import hold_run
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import RunRecord, begin_run
from hilum.training.records.timed import timed

F = TypeVar("F")
P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained(Generic[F, P]):
    """Arms that one training gives together: a plain network one, a fusion of two networks three.

    `run` trains on a fold, in a folder of its own within the fold's, and gives by arm what it says of the images that
    the fold holds out. It is called again after a stop, and goes on. The folder is called as the first arm, or
    `folder`; "." is the fold's own, for a study of one training. `settings` are all that decides the training, flat:
    a study of other settings is refused where this one lies.
    """

    arms: tuple[str, ...]
    run: Callable[[F, RunPlace], Mapping[str, P]]
    folder: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The folder within the fold's."""
        return self.folder or self.arms[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSettings:
    """All that decides a study of several trainings on folds, as its record tells it; `arms` by folder."""

    name: str = field(metadata=HIDDEN)
    seed: int
    folds: int
    arms: Mapping[str, Mapping[str, Value]]


def settings_of(makers: Sequence[Trained[F, P]]) -> dict[str, Mapping[str, Value]]:
    """What decides each training, by its folder."""
    return {maker.place: maker.settings for maker in makers}


def run_study(
    makers: Sequence[Trained[F, P]],
    *,
    folds: Mapping[str, F],
    kept: PredictionsFormat[P],
    record: RunRecord,
    place: RunPlace,
    split: Split | None = None,
    begin: Callable[[str, F], None] | None = None,
    tabulate: Callable[[], None] | None = None,
) -> FoldFiles[P]:
    """Train every fold and maker that is not done, and keep `FOLD/ARM` in the format; where the files lie.

    `place.folder` is held meanwhile, and belongs to the run that `record` describes: another study, recipe, data or
    smoke run is refused. A fold is done where all its files are there; one that was stopped goes on. Of a training that
    is done the weights stay and the checkpoints go, and how long it took stands in its folder. Without `makers`
    nothing is trained, and the folder is only checked. `split` holds the parts that the folds are made of, and is kept
    as `split.json`. `begin` is told of each fold before its turn, and `tabulate` makes the tables before
    the folder is given free. Raises `UsageError` for another run's folder and `OutputError` where another process
    holds it.
    """
    _check(makers)
    files = FoldFiles(folder=place.folder, arms=tuple(arm for maker in makers for arm in maker.arms), kept=kept)
    with hold_run(place.folder):
        begin_run(place.folder, record=record, results=f"*/*{kept.suffix}")
        if split is not None and not (place.folder / SPLIT_NAME).is_file():
            save_split(split, path=place.folder / SPLIT_NAME)
        for name, fold in folds.items() if makers else ():
            if begin is not None:
                begin(name, fold)
            for maker in makers:
                _run_fold(maker, fold=fold, name=name, files=files, place=place)
        if tabulate is not None:
            tabulate()
    return files


def _run_fold(maker: Trained[F, P], *, fold: F, name: str, files: FoldFiles[P], place: RunPlace) -> None:
    if files.done(name, arms=maker.arms):
        return
    folder = Path(fold_folder(name, folder=place.folder), maker.place)
    with timed(folder):
        found = maker.run(fold, replace(place, folder=folder))
    for arm in maker.arms:
        files.kept.save(found[arm], path=files.path(name, arm))
    drop_checkpoints(folder)


def _check(makers: Sequence[Trained[F, P]]) -> None:
    for what, names in (
        ("arm", [arm for maker in makers for arm in maker.arms]),
        ("folder", [maker.place for maker in makers]),
    ):
        if len(set(names)) < len(names):
            raise UsageError(f"Each {what} of a study must come from one training; given: {', '.join(names)}")
    if len(makers) > 1 and any(Path(maker.place) == Path() for maker in makers):
        raise UsageError(
            "Each training of a study needs a folder of its own; one would use the folder of the fold itself"
        )
