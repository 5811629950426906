"""The folder of a study that a training takes its thresholds and figures from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import JsonValue

from hilum.bundle.shelf import RUN_NAME
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import RunFile, read_run_file
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.option import Option
from hilum.training.recipe.settings import flat_values


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFolder:
    """What the training of a system takes that ships with the figures of its study."""

    study: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="The folder of `hilum study`, for thresholds and figures; it must be given."),
    ] = None

    def needed(self, *, of: str) -> Path:
        """The folder of `hilum study OF`; raises `UsageError` where none was named or it holds no tables."""
        if self.study is None:
            raise UsageError(f"Missing option: --study FOLDER. Run `hilum study {of}` first and give its folder")
        if not (self.study / STUDY_NAME).is_file():
            raise UsageError(f"{self.study} has no {STUDY_NAME}. Run `hilum study {of}` first and give its folder")
        return self.study


NO_STUDY = StudyFolder()


def checked_study(folder: Path, *, recipe: object, smoke: bool, arm: str | None = None) -> RunFile:
    """What `run.json` of the study in `folder` says, where that study is of the training of `recipe`.

    `smoke` says whether the training is a smoke run. `arm` is the recipe's in a study whose settings begin with their
    arm's name. Raises `UsageError` for a smoke study beside a whole run, where the study was of other settings than
    `recipe`, and where it does not say of which.
    """
    path = folder / RUN_NAME
    if not path.is_file():
        raise UsageError(f"{folder} has no {RUN_NAME}, so that nothing says what its figures are of. Run the study")
    study = read_run_file(path)
    if study.smoke and not smoke:
        raise UsageError(f"{folder} holds a test run of the study (--smoke). Run the whole study")
    there, here = _of_arm(study.settings, arm=arm), flat_values(recipe)
    if not there:
        raise UsageError(f"The study in {folder} does not tell the settings of {arm or 'its training'}. Run the study")
    for key in dict.fromkeys((*there, *here)):
        if there.get(key) != here.get(key):
            raise UsageError(
                f"{key} is {there.get(key)} in the study in {folder} and {here.get(key)} here, so its figures would be "
                "of another training. Use the settings of the study"
            )
    return study


def _of_arm(settings: Mapping[str, JsonValue], *, arm: str | None) -> Mapping[str, JsonValue]:
    if arm is None:
        return settings
    beginning = f"{arm}."
    return {key.removeprefix(beginning): value for key, value in settings.items() if key.startswith(beginning)}


def study_sha256(folder: Path) -> str:
    """The hash of the tables of the study in `folder`."""
    return hashlib.sha256((folder / STUDY_NAME).read_bytes()).hexdigest()
