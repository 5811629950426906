"""Folds of real chests with masks: disjoint, whole series, and the same each time."""

import pytest

from hilum.errors import DataError
from hilum.systems.lungs.releases import lung_folds, read_lung_sources


def test_a_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(DataError, match="lungs_tb"):
        read_lung_sources(tmp_path)


@pytest.mark.data
def test_five_folds_hold_every_chest_once_and_no_series_twice(shared_data):
    records = read_lung_sources(shared_data)
    split = lung_folds(records, seed=3)
    assert len(records) == 1002
    assert sorted(len(part) for part in split.parts.values())[0] >= 190
    assert sum(len(part) for part in split.parts.values()) == 1002
    owners = {}
    for name, part in split.parts.items():
        for record in part:
            assert owners.setdefault(record.patient, name) == name
    assert split.sha256 == lung_folds(records, seed=3).sha256
