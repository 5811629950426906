"""`--data NAME=FOLDER`: which release lies where.

The option may be given several times: for several releases, and for one release that lies in several folders. The
tables of such a release are read from the first of its folders, so that patients have the same names in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.say import say
from hilum.datasets.adapters import RELEASES
from hilum.datasets.chexpert import ChexpertPolicy
from hilum.datasets.duplicates import read_rsna_mapping
from hilum.datasets.hash_memory import remembered_hashes
from hilum.datasets.mixed import MixedReleases, mix_releases
from hilum.datasets.record import Record
from hilum.errors import DataError, UsageError
from hilum.evaluation.gate_study import STUDY_NAME

RsnaOption = Annotated[
    Path | None,
    typer.Option(
        "--rsna-mapping",
        metavar="FILE",
        help="RSNA's pneumonia-challenge-dataset-mappings_2018.json, by which images of ChestX-ray14 are known again.",
    ),
]


def read_releases(
    pairs: Sequence[str],
    *,
    allowed: Sequence[str] = tuple(RELEASES),
    memory: Path | None = None,
    chexpert: ChexpertPolicy | None = None,
    patient_pattern: str | None = None,
    rsna: Path | None = None,
    jobs: int = 1,
) -> MixedReleases:
    """The mixed records of every pair, in the order of the pairs; `memory` is the folder that remembers hashes.

    `chexpert` settles the uncertain labels of the release that has them; None masks them. `patient_pattern` finds the
    patient in the names of class folders' files; where nothing tells patients apart, one line says so. `rsna` is the
    file with which RSNA's challenge names the images that it took from ChestX-ray14. `jobs` pictures are compared at
    the same time.

    Raises `UsageError` for a pair that is not NAME=FOLDER with a name among `allowed`, for a release in several folders
    that cannot be, or where there is no pair, and `DataError` for a folder that is absent or no such release.
    """
    places = [_place(pair, allowed=allowed) for pair in pairs]
    if patient_pattern is not None and not any(RELEASES[name].read_with_pattern for name, _ in places):
        raise UsageError("expected --patient-pattern beside --data folder=FOLDER, whose names it is for, came none")
    if not places:
        raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(allowed)}, came none")
    tables: dict[str, Path] = {}
    records: list[Record] = []
    with nullcontext() if memory is None else remembered_hashes(memory):
        for name, folder in places:
            records += _read(name, folder=folder, tables=tables.get(name), policy=chexpert, pattern=patient_pattern)
            tables.setdefault(name, folder)
    _say_unknown_patients(records)
    return mix_releases(records, rsna=None if rsna is None else read_rsna_mapping(rsna), jobs=jobs)


def _place(pair: str, *, allowed: Sequence[str]) -> tuple[str, Path]:
    name, equals, folder = pair.partition("=")
    if not equals or name not in allowed:
        raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(allowed)}, came {pair!r}")
    if not Path(folder).is_dir():
        raise DataError(f"expected the folder of {name} at {folder}, came no such folder; give its path")
    return name, Path(folder)


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


def _say_unknown_patients(records: Sequence[Record]) -> None:
    unknown = sum(not record.patient_is_known for record in records)
    if unknown:
        say(
            f"caution: nothing tells the patients of {unknown:,} images apart, so each counts as its own: splits and "
            "intervals are by image; say --patient-pattern '(?P<patient>[^_]+)_', or use a table"
        )


def gate_folder(pairs: Sequence[str]) -> Path:
    """The folder that holds all of a gate's releases, from the one pair `gate=FOLDER`.

    Raises `UsageError` for anything else, and `DataError` where there is no such folder.
    """
    name, equals, folder = pairs[0].partition("=") if len(pairs) == 1 else ("", "", "")
    if not equals or name != "gate":
        raise UsageError(f"expected --data gate=FOLDER and nothing else, came {', '.join(pairs) or 'none'}")
    if not Path(folder).is_dir():
        raise DataError(f"expected the folder of the gate's releases at {folder}, came no such folder; give its path")
    return Path(folder)


def needed_study(folder: Path | None, *, study: str) -> Path:
    """The folder of `hilum study STUDY`; raises `UsageError` where none was named or it holds no tables."""
    if folder is None or not (folder / STUDY_NAME).is_file():
        raise UsageError(
            f"run `hilum study {study}` first and name its folder: expected --study FOLDER with {STUDY_NAME}, came "
            f"{folder}"
        )
    return folder
