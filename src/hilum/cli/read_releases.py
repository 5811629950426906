"""`--data NAME=FOLDER`, given once for each folder: the records of all of them, as the training saw them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.cli.cache_folder import cache_folder
from hilum.cli.data_folders import named_folders
from hilum.cli.progress import ON_TERMINAL
from hilum.cli.say import say
from hilum.datasets.chexpert import ChexpertPolicy
from hilum.datasets.mixed import MixedReleases
from hilum.datasets.read_releases import read_releases
from hilum.reading.engine import available_cores


def read_as_trained(
    pairs: Sequence[str],
    *,
    chexpert: ChexpertPolicy | None = None,
    patient_pattern: str | None = None,
    rsna: Path | None = None,
) -> MixedReleases:
    """The mixed records of every pair, in the order of the pairs; how many were left out is said.

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
