from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chestxray14 import LABELS, read_chestxray14
from hilum.datasets.splits.label_folds import label_folds
from hilum.errors import DataError, UsageError


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_chestxray14(fabricate_nih_chests(tmp_path_factory.mktemp("nih"), patients=60))


def test_five_folds_by_patient_without_the_official_test(records: tuple[Record, ...]) -> None:
    found = label_folds(records, seed=3)
    assert list(found.parts) == [f"fold {k}" for k in range(5)]
    images = [record.image for part in found.parts.values() for record in part]
    assert sorted(images) == sorted(record.image for record in records if record.official != "test")
    patients = [{record.patient for record in part} for part in found.parts.values()]
    assert sum(map(len, patients)) == len(set().union(*patients))
    assert "5 folds by patient" in found.protocol
    assert "cross-validated" in found.protocol


def test_labels_and_views_are_shared_out(records: tuple[Record, ...]) -> None:
    found = label_folds(records, folds=4, seed=3)
    for label in LABELS:
        counts = [sum(record.labels[label] for record in part) for part in found.parts.values()]
        assert np.ptp(counts) <= 3, label
    views = [np.mean([record.view == "PA" for record in part]) for part in found.parts.values()]
    assert np.ptp(views) < 0.15


def test_the_same_seed_gives_the_same_folds(records: tuple[Record, ...]) -> None:
    assert label_folds(records, seed=3).sha256 == label_folds(records[::-1], seed=3).sha256
    assert label_folds(records, seed=3).sha256 != label_folds(records, seed=4).sha256


def test_a_copy_of_a_test_image_is_in_no_fold(records: tuple[Record, ...]) -> None:
    test = next(record for record in records if record.official == "test")
    copy = replace(test, image="copy.png", patient="nih:99999999", official="train_val", boxes=())
    found = label_folds([*records, copy], seed=3)
    assert all(record.sha256 != test.sha256 for part in found.parts.values() for record in part)


def test_refused(records: tuple[Record, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="At least 2 folds"):
        label_folds(records, folds=1, seed=3)
    with pytest.raises(DataError, match="belong to the official test"):
        label_folds([record for record in records if record.official == "test"], seed=3)
    with pytest.raises(DataError, match="Not enough images for 5 folds"):
        label_folds(records[:4], seed=3)
