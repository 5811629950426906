"""What whoever trains or studies asks for: plain values, from a command line or from Python."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hilum.datasets.read_releases import NamedFolder
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.networks.starting_weights import StartingWeights, starting_weights
from hilum.option import words_of
from hilum.training.data.images import Preparation
from hilum.training.recipe.machine import THIS_MACHINE, Machine
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What every training and every study takes.

    `name` is the recipe's or the study's. `data` says where releases lie; a folder that holds several has the empty
    name. `weights` is a word of `starting_weights`. `jobs` images are decoded at the same time; prepared images, hashes
    and boxes are kept in the folder `cache`, or not at all where it is None. `models` is the folder of the user's own
    bundles.
    """

    name: str
    data: tuple[NamedFolder, ...]
    out: Path
    weights: str = "imagenet"
    smoke: bool = False
    machine: Machine = THIS_MACHINE
    jobs: int = 1
    cache: Path | None = None
    models: Path | None = None

    @property
    def place(self) -> RunPlace:
        """Where the run is kept, what it runs on, and where its prepared images lie."""
        images = None if self.cache is None else self.cache / "images"
        preparation = Preparation(cache=images, jobs=self.jobs)
        return RunPlace(folder=self.out, machine=self.machine, preparation=preparation)

    @property
    def folders(self) -> Mapping[str, Sequence[Path]]:
        """The folders of each release, in their order."""
        return {name: [folder for other, folder in self.data if other == name] for name, _ in self.data}

    @property
    def start(self) -> StartingWeights:
        """The starting weights."""
        return starting_weights(self.weights)

    def only_folder(self, name: str = "") -> Path:
        """The one folder of data, which must have this `name`; raises `UsageError` where it is not."""
        if [given for given, _ in self.data] != [name]:
            given = ", ".join(map(_as_word, self.data)) or "none"
            wanted = _as_word((name, Path("FOLDER")))
            raise UsageError(f"{self.name} takes --data {wanted} once and nothing else; given: {given}")
        ((_, folder),) = self.data
        if not folder.is_dir():
            raise UsageError(f"Check the path of --data: there is no folder {folder}")
        return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest(RunRequest):
    """What every training takes; `settings` are KEY=VALUE pairs that change the recipe."""

    settings: tuple[str, ...] = field(default=())

    def provenance(self, own: object, *, data: Sequence[str] = ()) -> Provenance:
        """How the run comes about, with the command as far as it decides the result; `own` are the system's options."""
        words = ["hilum", "train", self.name]
        words += [word for pair in self.data for word in ("--data", _as_word(pair))]
        words += ["--weights", self.weights]
        words += [word for pair in self.settings for word in ("--set", pair)]
        words += ["--smoke"] if self.smoke else []
        return _provenance([*words, *words_of(own), "--out", str(self.out)], data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest(RunRequest):
    """What every study takes; with `tables_only` nothing is trained."""

    tables_only: bool = False

    def provenance(self, own: object, *, data: Sequence[str] = ()) -> Provenance:
        """How the study comes about; of files and folders the command has the names alone."""
        pairs = [_as_word((name, Path(folder.resolve().name))) for name, folder in self.data]
        words = ["hilum", "study", self.name, *(word for pair in pairs for word in ("--data", pair))]
        words += ["--weights", Path(self.weights).name]
        return _provenance([*words, *words_of(own), *(["--smoke"] if self.smoke else [])], data=data)


def _provenance(words: Sequence[str], *, data: Sequence[str]) -> Provenance:
    commit, dirty = commit_and_dirty(Path.cwd())
    return Provenance(command=shlex.join(words), commit=commit, dirty=dirty, data=tuple(data))


def _as_word(pair: NamedFolder) -> str:
    name, folder = pair
    return f"{name}={folder}" if name else str(folder)
