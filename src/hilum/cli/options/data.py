"""`--data NAME=FOLDER`: which release lies where.

The option may be given several times: for several releases, and for one release that lies in several folders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.cache import cache_folder
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.datasets.read_releases import NamedFolder, read_releases
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.splits.mixed import MixedReleases
from hilum.errors import DataError, UsageError
from hilum.reading.engines.engine import available_cores
from hilum.systems.gate.study.study import STUDY_NAME

RsnaOption = Annotated[
    Path | None,
    typer.Option(
        "--rsna-mapping",
        metavar="FILE",
        help="RSNA's pneumonia-challenge-dataset-mappings_2018.json, by which images of ChestX-ray14 are known again.",
    ),
]


def named_folders(pairs: Sequence[str]) -> tuple[NamedFolder, ...]:
    """Each pair's name and folder, in their order. Raises `UsageError` for a pair that is not NAME=FOLDER."""
    parted = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, parted, strict=True):
        if not equals or not name:
            raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(RELEASES)}, came {pair!r}")
    return tuple((name, Path(folder)) for name, _, folder in parted)


def folders_by_name(pairs: Sequence[str]) -> dict[str, list[Path]]:
    """The folders of each name, in their order."""
    folders: dict[str, list[Path]] = defaultdict(list)
    for name, folder in named_folders(pairs):
        folders[name].append(folder)
    return dict(folders)


def only_folder(pairs: Sequence[str], *, name: str, of: str) -> Path:
    """The folder that holds all of the releases `of` a system, from the one pair NAME=FOLDER.

    Raises `UsageError` for anything else, and `DataError` where there is no such folder.
    """
    found = named_folders(pairs) if all("=" in pair for pair in pairs) else ()
    if [one for one, _ in found] != [name]:
        raise UsageError(f"expected --data {name}=FOLDER and nothing else, came {', '.join(pairs) or 'none'}")
    ((_, folder),) = found
    if not folder.is_dir():
        raise DataError(f"expected the folder of {of} at {folder}, came no such folder; give its path")
    return folder


def read_as_trained(
    pairs: Sequence[str],
    *,
    chexpert: ChexpertPolicy | None = None,
    patient_pattern: str | None = None,
    rsna: Path | None = None,
) -> MixedReleases:
    """The mixed records of every pair, as a training saw them; how many were left out is said.

    `chexpert` is the policy for uncertain labels with which a run was trained; `patient_pattern` finds the patient in
    names; `rsna` is the file of RSNA's mapping to ChestX-ray14.

    Raises `UsageError` for a pair that is not NAME=FOLDER, and `DataError` for a folder that is not there or no such
    release.
    """
    mixed = read_releases(
        named_folders(pairs),
        memory=cache_folder(None),
        chexpert=chexpert,
        patient_pattern=patient_pattern,
        rsna=rsna,
        jobs=available_cores(),
        progress=ON_TERMINAL,
    )
    if mixed.left_out:
        say(f"{len(mixed.left_out):,} images left out, for example {mixed.left_out[0].why}")
    return mixed


def needed_study(folder: Path | None, *, study: str) -> Path:
    """The folder of `hilum study STUDY`; raises `UsageError` where none was named or it holds no tables."""
    if folder is None or not (folder / STUDY_NAME).is_file():
        raise UsageError(
            f"run `hilum study {study}` first and name its folder: expected --study FOLDER with {STUDY_NAME}, came "
            f"{folder}"
        )
    return folder
