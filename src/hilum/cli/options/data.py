"""`--data NAME=FOLDER`: which release lies where; a path alone is a table or class folders of one's own.

The option may be given several times: for several releases, and for one release that lies in several folders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from hilum.cli.options.cache import cache_folder
from hilum.cli.options.grouped import typer_option
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.datasets.own.columns import IMAGE_COLUMN, NOTHING_STATED, PATIENT_COLUMN, StatedColumns
from hilum.datasets.read_releases import PATIENT_PATTERN, RSNA, NamedFolder, read_releases, with_names
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.splits.mixed import MixedReleases
from hilum.nearest import same_but_for_case
from hilum.reading.engines.engine import available_cores
from hilum.there import is_there

RsnaOption = Annotated[Path | None, typer_option("rsna", RSNA)]
ImageColumnOption = Annotated[str | None, typer_option("image_column", IMAGE_COLUMN)]
PatientColumnOption = Annotated[str | None, typer_option("patient_column", PATIENT_COLUMN)]
PatientPatternOption = Annotated[str | None, typer_option("patient_pattern", PATIENT_PATTERN)]


def data_folders(pairs: Sequence[str]) -> tuple[NamedFolder, ...]:
    """Each pair's name, in whatever case, and folder, in their order; a path alone has the empty name."""
    parted = [pair.partition("=") if "=" in pair and not is_there(Path(pair)) else ("", "", pair) for pair in pairs]
    return tuple((same_but_for_case(name, among=RELEASES), Path(folder)) for name, _, folder in parted)


def read_as_trained(
    pairs: Sequence[str],
    *,
    chexpert: ChexpertPolicy | None = None,
    columns: StatedColumns = NOTHING_STATED,
    patient_pattern: str | None = None,
    rsna: Path | None = None,
) -> MixedReleases:
    """The mixed records of every pair, as a training saw them; how many were left out is said.

    `chexpert` is the policy for uncertain labels with which a run was trained; `columns` is what is known of the
    columns of a table of one's own; `patient_pattern` finds the patient in
    names; `rsna` is the file of RSNA's mapping to ChestX-ray14.

    Raises `UsageError` for a pair that is not NAME=FOLDER or whose folder is not there, and `DataError` for a folder
    that is no such release.
    """
    mixed = read_releases(
        data_folders(pairs),
        memory=cache_folder(None),
        chexpert=chexpert,
        columns=columns,
        patient_pattern=patient_pattern,
        rsna=rsna,
        jobs=available_cores(),
        progress=ON_TERMINAL,
    )
    if mixed.left_out:
        say(f"{len(mixed.left_out):,} images left out, for example {mixed.left_out[0].why}")
    return mixed


def words_of_data(data: Sequence[str]) -> list[str]:
    """The option as a card keeps it: of folders and files the names alone."""
    pairs = [f"{name}={folder.resolve().name}" for name, folder in with_names(data_folders(data))]
    return [word for pair in pairs for word in ("--data", pair)]


def called_by(data: Sequence[str]) -> str:
    """What a card calls the data: a table by its folder's name or its own, any other release by its title."""
    names = []
    for name, folder in with_names(data_folders(data)):
        release = RELEASES.get(name)
        own = release is None or release.is_a_table or release.licence is None
        names.append(folder.resolve().stem if release is None or own else release.title)
    return ", ".join(dict.fromkeys(names))
