"""What one call of `hilum train` asks for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from hilum.cli.choose_models import SHIPPED_LUNGS
from hilum.datasets.cache import BadFiles
from hilum.training.card_words import NOTHING_STATED, StatedWords
from hilum.training.trainer import Machine


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
