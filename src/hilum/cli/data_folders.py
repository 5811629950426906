"""`--data NAME=FOLDER`: which release lies where.

The option may be given several times: for several releases, and for one release that lies in several folders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hilum.datasets.adapters import RELEASES
from hilum.datasets.read_releases import NamedFolder
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


def named_folders(pairs: Sequence[str]) -> tuple[NamedFolder, ...]:
    """Each pair's name and folder, in their order. Raises `UsageError` for a pair that is not NAME=FOLDER."""
    parted = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, parted, strict=True):
        if not equals or not name:
            raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(RELEASES)}, came {pair!r}")
    return tuple((name, Path(folder)) for name, _, folder in parted)


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
