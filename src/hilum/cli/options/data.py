"""`--data NAME=FOLDER`: which release lies where.

The option may be given several times: for several releases, and for one release that lies in several folders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from hilum.cli.options.cache import cache_folder
from hilum.cli.options.named_commands import typer_option
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.datasets.read_releases import PATIENT_PATTERN, RSNA, NamedFolder, read_releases
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.splits.mixed import MixedReleases
from hilum.reading.engines.engine import available_cores

RsnaOption = Annotated[Path | None, typer_option("rsna", RSNA)]
PatientPatternOption = Annotated[str | None, typer_option("patient_pattern", PATIENT_PATTERN)]


def data_folders(pairs: Sequence[str]) -> tuple[NamedFolder, ...]:
    """Each pair's name and folder, in their order; a folder alone has the empty name."""
    parted = [pair.partition("=") if "=" in pair else ("", "", pair) for pair in pairs]
    return tuple((name, Path(folder)) for name, _, folder in parted)


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
        data_folders(pairs),
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
