"""The chests with lung masks of a data folder, and their five folds by patient or series over both releases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES, releases_in
from hilum.datasets.splits.split import Split, split_by_patient
from hilum.errors import DataError

LUNG_RELEASES = ("general_blockchain", "montgomery_shenzhen")
"""Keys of `RELEASES`, in the order in which their records stand."""

FOLDS = 5


def read_lung_sources(folder: Path) -> tuple[Record, ...]:
    """Every chest with a mask in `folder/lungs` and `folder/lungs_tb`; one of the two may be absent.

    Raises `DataError` where neither is there, or no chest has a mask.
    """
    found = releases_in(folder, among=LUNG_RELEASES)
    records = tuple(record for name, place in found.items() for record in RELEASES[name].read(place) if record.masks)
    if not records:
        raise DataError(
            f"expected chests with masks in {folder}/lungs or {folder}/lungs_tb, came none; give the folder"
        )
    return records


def lung_folds(records: Sequence[Record], *, seed: int) -> Split:
    """Five disjoint folds, `fold 0` to `fold 4`; whole patients or series, in each stratum of each release."""
    parts = split_by_patient(records, shares={f"fold {k}": 1 / FOLDS for k in range(FOLDS)}, seed=seed)
    return Split(parts, f"five folds by patient or series of names, over lungs and lungs_tb, seed {seed}")
