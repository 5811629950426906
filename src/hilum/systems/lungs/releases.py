"""The chests with lung masks of a data folder, and their five folds by patient or series over all releases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES, releases_in
from hilum.datasets.splits.split import Split, split_by_patient
from hilum.errors import DataError
from hilum.systems.lungs.study.truth import says_what_lungs_are

LUNG_RELEASES = ("general_blockchain", "montgomery_shenzhen", "wingspan")
"""Keys of `RELEASES`, in the order in which their records stand."""

FOLDS = 5


def read_lung_sources(folder: Path) -> tuple[Record, ...]:
    """Every chest whose masks tell what they show in `folder/lungs`, `lungs_tb` and `wingspan`; some may be absent.

    Raises `DataError` where none is there, or no chest has such masks.
    """
    found = releases_in(folder, among=LUNG_RELEASES)
    records = tuple(
        record for name, place in found.items() for record in RELEASES[name].read(place) if says_what_lungs_are(record)
    )
    if not records:
        raise DataError(
            f"No chest with masks in {folder}/lungs, {folder}/lungs_tb or {folder}/wingspan. Give the folder that "
            "holds them"
        )
    return records


def lung_folds(records: Sequence[Record], *, seed: int) -> Split:
    """Five disjoint folds, `fold 0` to `fold 4`; whole patients or series, in each stratum of each release."""
    parts = split_by_patient(records, shares={f"fold {k}": 1 / FOLDS for k in range(FOLDS)}, seed=seed)
    names = ", ".join(sorted({record.source for record in records}))
    return Split(parts, f"five folds by patient or series of names, over {names}, seed {seed}")
