"""The mixed records of several releases, and of one release that lies in several folders.

The tables of a release in several folders are read from the first of them, so that patients have the same names in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from hilum.datasets.records.hash_memory import remembered_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.splits.duplicates import read_rsna_mapping
from hilum.datasets.splits.mixed import MixedReleases, mix_releases
from hilum.errors import DataError, UsageError
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
"""A release by its name in `RELEASES`, and a folder where it lies."""


def read_releases(
    folders: Sequence[NamedFolder],
    *,
    allowed: Sequence[str] = tuple(RELEASES),
    memory: Path | None = None,
    chexpert: ChexpertPolicy | None = None,
    patient_pattern: str | None = None,
    rsna: Path | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> MixedReleases:
    """The mixed records of every folder, in their order; `memory` is the folder that remembers hashes.

    `chexpert` settles the uncertain labels of the release that has them; None masks them. `patient_pattern` finds the
    patient in the names of class folders' files; where nothing tells patients apart, one line says so. `rsna` is the
    file with which RSNA's challenge names the images that it took from ChestX-ray14. `jobs` pictures are compared at
    the same time.

    Raises `UsageError` for a name that is not among `allowed`, for a release in several folders that cannot be, or
    where there is no folder, and `DataError` for a folder that is absent or no such release.
    """
    _check(folders, allowed=allowed, patient_pattern=patient_pattern)
    tables: dict[str, Path] = {}
    records: list[Record] = []
    with nullcontext() if memory is None else remembered_hashes(memory):
        for name, folder in folders:
            records += _read(name, folder=folder, tables=tables.get(name), policy=chexpert, pattern=patient_pattern)
            tables.setdefault(name, folder)
    unknown = sum(not record.patient_is_known for record in records)
    if unknown:
        progress.say(
            f"caution: nothing tells the patients of {unknown:,} images apart, so each counts as its own: splits and "
            "intervals are by image; say --patient-pattern '(?P<patient>[^_]+)_', or use a table"
        )
    return mix_releases(records, rsna=None if rsna is None else read_rsna_mapping(rsna), jobs=jobs)


def _check(folders: Sequence[NamedFolder], *, allowed: Sequence[str], patient_pattern: str | None) -> None:
    for name, folder in folders:
        if name not in allowed:
            raise UsageError(
                f"expected --data NAME=FOLDER with NAME among {', '.join(allowed)}, came {name or str(folder)!r}"
            )
        if not folder.is_dir() and not (RELEASES[name].is_a_table and folder.is_file()):
            raise DataError(f"expected the folder of {name} at {folder}, came no such folder; give its path")
    if patient_pattern is not None and not any(RELEASES[name].read_with_pattern for name, _ in folders):
        raise UsageError("expected --patient-pattern beside --data folder=FOLDER, whose names it is for, came none")
    if not folders:
        raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(allowed)}, came none")


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
            f"expected --data {name} once, came {tables} and {folder}; only {several} may lie in several folders"
        )
    return release.read_with_tables(folder, tables=tables)
