"""A run folder of `hilum train`, as far as evaluation reads it: how it was made, its split, its logs and its bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from hilum.bundle.shelf import BUNDLE_NAME, RUN_NAME
from hilum.datasets.records.record import Record
from hilum.datasets.splits.saved import load_split
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, FileAccessError

SPLIT_NAME = "split.json"


class RunFile(BaseModel):
    """What `run.json` says; fields that evaluation does not need are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    smoke: bool
    recipe: str | None = None
    command: str | None = None
    seed: int | None = None
    commit: str | None = None
    dirty: bool | None = None
    settings: Mapping[str, JsonValue] = {}
    environment: Mapping[str, JsonValue] = {}
    data: tuple[JsonValue, ...] = ()
    split_sha256: str | None = None
    stage_splits: Mapping[str, str] = {}
    protocol: str | None = None
    lungs_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder whose bundle was written."""

    folder: Path
    file: RunFile

    @property
    def bundle_folder(self) -> Path:
        """Where its bundle lies."""
        return self.folder / BUNDLE_NAME


def is_run(folder: Path) -> bool:
    """Whether `folder` is one that `hilum train` wrote."""
    return (folder / RUN_NAME).is_file()


def load_run(folder: Path) -> Run:
    """The run in `folder`.

    Raises `DataError` where `run.json` is none, or the run has not ended in a bundle, and `FileAccessError` where the
    file cannot be opened.
    """
    file = read_run_file(folder / RUN_NAME)
    if not (folder / BUNDLE_NAME).is_dir():
        raise DataError(f"The run {folder} is unfinished: it has no {BUNDLE_NAME}/. Give its command again; it resumes")
    return Run(folder, file)


def read_run_file(path: Path) -> RunFile:
    """What `run.json` at `path` says.

    Raises `DataError` where it is none, and `FileAccessError` where it cannot be opened.
    """
    try:
        return RunFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FileAccessError(f"cannot read {path}: {error.strerror}; check the path and its permissions") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise DataError(f"{path} is not the run.json of `hilum train`: {where}: {first['msg']}") from error


def split_of(run: Run, *, records: Sequence[Record]) -> Split:
    """The run's split, bound to `records`.

    Raises `DataError` where the split is missing or altered, where it is not the one that the run names, and where an
    image of it is absent or has other content: the same data must be given as in training.
    """
    split = load_split(run.folder / SPLIT_NAME, records=records)
    named = run.file.split_sha256
    if named is not None and named != split.sha256:
        raise DataError(
            f"{RUN_NAME} and {SPLIT_NAME} in {run.folder} are of different runs: one names the split {named[:12]}…, "
            f"the other is {split.sha256[:12]}…. Take both files from one run"
        )
    return split
