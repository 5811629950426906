"""The mixed records of several releases, and of one release that lies in several folders.

The tables of a release in several folders are read from the first of them, so that patients have the same names in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from hilum.datasets.own.columns import NOTHING_STATED, StatedColumns
from hilum.datasets.own.recognise import own_kind
from hilum.datasets.records.hash_memory import remembered_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.releases.table import RELEASES, check_there, no_release
from hilum.datasets.splits.duplicates import read_rsna_mapping
from hilum.datasets.splits.mixed import MixedReleases, mix_releases
from hilum.errors import UsageError
from hilum.option import Option
from hilum.progress import SILENT, Progress

PATIENT_PATTERN = Option(
    metavar="REGEX",
    help="For --data folder=FOLDER: what in a file's name is the patient, such as '(?P<patient>[^_]+)_'.",
)
RSNA = Option(
    flag="--rsna-mapping",
    metavar="FILE",
    help="RSNA's pneumonia-challenge-dataset-mappings_2018.json, by which images of ChestX-ray14 are known again.",
)

NamedFolder = tuple[str, Path]
"""A release by its name in `RELEASES`, and a folder where it lies; the name is empty where only the path was given."""

OWN = ("table", "folder", "boxes")
"""What a path without a name may be: images of one's own."""


def with_names(folders: Sequence[NamedFolder], *, allowed: Sequence[str] = tuple(RELEASES)) -> tuple[NamedFolder, ...]:
    """The folders, with a name for each path that has none and shows what it is.

    A CSV, or a folder that holds one, is a table; a folder of class folders is `folder`; another folder is the one
    release that is `allowed`, where that is one. What shows nothing keeps the empty name.
    """
    return tuple((name or _name_of(path, allowed=allowed), path) for name, path in folders)


def _name_of(path: Path, *, allowed: Sequence[str]) -> str:
    kind = own_kind(path)
    if kind is not None and kind in allowed:
        return kind
    return allowed[0] if len(allowed) == 1 and path.is_dir() else ""


def read_releases(
    folders: Sequence[NamedFolder],
    *,
    allowed: Sequence[str] = tuple(RELEASES),
    memory: Path | None = None,
    chexpert: ChexpertPolicy | None = None,
    patient_pattern: str | None = None,
    columns: StatedColumns = NOTHING_STATED,
    rsna: Path | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> MixedReleases:
    """The mixed records of every folder, in their order; `memory` is the folder that remembers hashes.

    A path without a name is named by what it shows (`with_names`).

    `chexpert` settles the uncertain labels of the release that has them; None masks them. `patient_pattern` finds the
    patient in the names of class folders' files; where nothing tells patients apart, one line says so. `columns` is
    what is known of the columns of a table of one's own; what was guessed is said. `rsna` is the file with which RSNA's
    challenge names the images that it took from ChestX-ray14. `jobs` pictures are compared at the same time.

    Raises `UsageError` for a name that is not among `allowed`, for a release in several folders that cannot be, or
    where there is no folder or it is absent, and `DataError` for a folder that is no such release.
    """
    folders = with_names(folders, allowed=allowed)
    _check(folders, allowed=allowed, patient_pattern=patient_pattern)
    tables: dict[str, Path] = {}
    records: list[Record] = []
    with nullcontext() if memory is None else remembered_hashes(memory):
        for name, folder in folders:
            release = RELEASES[name]
            if release.read_with_columns is not None and name not in tables:
                records += release.read_with_columns(folder, stated=columns, say=progress.say)
            else:
                records += _read(name, folder=folder, tables=tables.get(name), policy=chexpert, pattern=patient_pattern)
            tables.setdefault(name, folder)
    unknown = sum(not record.patient_is_known for record in records)
    if unknown:
        progress.say(
            f"caution: nothing tells the patients of {unknown:,} images apart, so each counts as its own: splits and "
            "intervals are by image; name a table's column of patients with --patient-column, or say what in the names "
            "of class folders' files is the patient: --patient-pattern '(?P<patient>[^_]+)_'"
        )
    return mix_releases(records, rsna=None if rsna is None else read_rsna_mapping(rsna), jobs=jobs)


def _check(folders: Sequence[NamedFolder], *, allowed: Sequence[str], patient_pattern: str | None) -> None:
    for name, folder in folders:
        if name not in allowed:
            raise UsageError(_not_allowed(name, folder=folder, allowed=allowed))
        check_there(name, place=folder, asked=f"--data {name}")
    if patient_pattern is not None and not any(RELEASES[name].read_with_pattern for name, _ in folders):
        raise UsageError("--patient-pattern is for a folder of class folders (--data folder=FOLDER); leave it out")
    if not folders:
        raise UsageError(f"Missing option: --data NAME=FOLDER, with NAME among {', '.join(allowed)}")


def _not_allowed(name: str, *, folder: Path, allowed: Sequence[str]) -> str:
    if name and name not in RELEASES:
        return no_release(name, allowed=allowed)
    kind = name or own_kind(folder)
    if not kind and not folder.exists():
        return f"Check the path: there is no file or folder {folder} for --data"
    if not kind and "table" in allowed:
        return (
            f"{folder} is no CSV, and no folder with one CSV or with a folder of pictures for each class; say what it "
            f"is: --data NAME={folder}, with NAME among {', '.join(allowed)}"
        )
    own = f"; for images of your own there is: hilum train classify --data {folder}" if kind in OWN else ""
    return f"Here --data NAME=FOLDER takes {', '.join(allowed)}, not {kind or folder}{own}"


def _read(
    name: str, *, folder: Path, tables: Path | None, policy: ChexpertPolicy | None, pattern: str | None
) -> tuple[Record, ...]:
    release = RELEASES[name]
    if tables is None:
        if release.read_with_policy is not None:
            return release.read_with_policy(folder, policy=policy)
        if release.read_with_pattern is not None:
            return release.read_with_pattern(folder, patient_pattern=pattern)
        return release.read(folder)
    if release.read_with_tables is None:
        several = ", ".join(key for key, other in RELEASES.items() if other.read_with_tables is not None)
        raise UsageError(
            f"--data {name} was given twice, with {tables} and {folder}. Give it once; only {several} may lie in "
            "several folders"
        )
    return release.read_with_tables(folder, tables=tables)
