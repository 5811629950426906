"""What one call of `hilum train` asks for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from hilum.cli.options.cache import cache_folder
from hilum.cli.options.models import SHIPPED_LUNGS
from hilum.datasets.prepared.images import BadFiles
from hilum.errors import UsageError
from hilum.training.data.images import Preparation
from hilum.training.recipe.machine import Machine
from hilum.training.records.card_words import NOTHING_STATED, StatedWords
from hilum.training.records.run_place import RunPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """The options, checked for their form alone; `settings` are KEY=VALUE pairs, `cache` is as it was given.

    `lungs` names the bundle that draws lungs, by its name on the shelf or its folder. `stated` is what the
    card will say in the place of the recipe's words.
    """

    recipe: str
    data: tuple[str, ...]
    out: Path
    weights: str
    settings: tuple[str, ...]
    smoke: bool
    machine: Machine
    jobs: int
    cache: str | None
    bad_files: BadFiles
    lungs: str = SHIPPED_LUNGS
    patient_pattern: str | None = None
    stated: StatedWords = NOTHING_STATED
    rsna: Path | None = None

    def place(self) -> RunPlace:
        """Where the run is kept, what it runs on, and where its prepared images lie."""
        cache = cache_folder(self.cache)
        images = None if cache is None else cache / "images"
        preparation = Preparation(cache=images, jobs=self.jobs)
        return RunPlace(folder=self.out, machine=self.machine, preparation=preparation)

    def refuse_words(self) -> None:
        """Raise `UsageError` where words for the card or a mapping are given to a recipe whose card is its study's."""
        given = {
            "--rsna-mapping": self.rsna is not None,
            "--title, --intended-use and --licence": self.stated != NOTHING_STATED,
        }
        refused = [name for name, there in given.items() if there]
        if refused:
            raise UsageError(f"leave {' and '.join(refused)} out: the recipe {self.recipe} does not take it")

    def command(self, *more: str) -> str:
        """The command, as far as it decides the result, for the card and `run.json`."""
        words = ["hilum", "train", self.recipe]
        words += [word for pair in self.data for word in ("--data", pair)]
        words += ["--weights", self.weights]
        words += [word for pair in self.settings for word in ("--set", pair)]
        words += [] if self.rsna is None else ["--rsna-mapping", str(self.rsna)]
        words += ["--smoke"] if self.smoke else []
        words += ["--lungs", self.lungs] if self.lungs != SHIPPED_LUNGS else []
        words += [] if self.patient_pattern is None else ["--patient-pattern", self.patient_pattern]
        said = {
            "--title": self.stated.title,
            "--intended-use": self.stated.intended_use,
            "--licence": self.stated.licence,
        }
        words += [word for option, text in said.items() if text is not None for word in (option, text)]
        return shlex.join([*words, "--out", str(self.out), *more])
