"""The folder of a study that a training takes its thresholds and figures from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from hilum.errors import UsageError
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.option import Option


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


def study_sha256(folder: Path) -> str:
    """The hash of the tables of the study in `folder`."""
    return hashlib.sha256((folder / STUDY_NAME).read_bytes()).hexdigest()
