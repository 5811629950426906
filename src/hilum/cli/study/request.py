"""What one call of `hilum study` asks for, where a study has all of its releases in one folder."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from hilum.cli.options.cache import cache_folder
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.training.data.images import Preparation
from hilum.training.recipe.machine import Machine
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest:
    """The options, checked for their form alone; `data` is the folder that holds the releases."""

    study: str
    data: Path
    out: Path
    weights: str
    smoke: bool = False
    tables_only: bool = False
    workers: int = 0
    jobs: int = 1
    cache: str | None = None

    def place(self) -> RunPlace:
        """Where the study is kept, what it runs on, and where its prepared images lie."""
        cache = cache_folder(self.cache)
        preparation = Preparation(cache=None if cache is None else cache / "images", jobs=self.jobs)
        return RunPlace(folder=self.out, machine=Machine(workers=self.workers), preparation=preparation)

    def provenance(self, *, data: tuple[str, ...] = ()) -> Provenance:
        """How the study came about; of files and folders the command has the names alone."""
        words = ["hilum", "study", self.study, "--data", self.data.resolve().name, "--weights", Path(self.weights).name]
        commit, dirty = commit_and_dirty(Path.cwd())
        command = shlex.join([*words, *(["--smoke"] if self.smoke else [])])
        return Provenance(command=command, commit=commit, dirty=dirty, data=data)
