import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_releases import fabricate_chestxray14, fabricate_chexpert, fabricate_vindr_pcxr
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chestxray14 import LABELS, read_boxes, read_chestxray14, read_entries
from hilum.datasets.releases.chexpert import read_chexpert
from hilum.datasets.releases.vindr_pcxr import read_vindr_pcxr
from hilum.datasets.splits.official import split_with_official_test
from hilum.datasets.splits.over_labels import split_over_labels
from hilum.datasets.splits.split import Split, split_by_patient
from hilum.errors import DataError

FITTED = {"train": 0.5, "validation": 0.25, "calibration": 0.25}


@pytest.fixture
def records(tmp_path):
    return read_chestxray14(fabricate_chestxray14(tmp_path / "nih"))


@pytest.mark.parametrize("seed", range(8))
def test_no_official_test_image_and_no_boxed_image_is_ever_fitted_on(records, seed):
    split = split_with_official_test(records, shares=FITTED, seed=seed)
    fitted = [record for name in FITTED for record in split.parts[name]]
    assert {record.image for record in split.parts["test"]} == {"00000004_000.png", "00000004_001.png"}
    assert {record.official for record in fitted} == {"train_val"}
    assert not any(record.boxes for record in fitted)
    assert len(fitted) == 3


def _by_hand(records, seed):
    patients = np.random.default_rng(seed).permutation(sorted({record.patient for record in records}))
    places = {patient: index % len(FITTED) for index, patient in enumerate(patients)}
    return {name: tuple(r for r in records if places[r.patient] == index) for index, name in enumerate(FITTED)}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "deal",
    [
        lambda records, seed: split_by_patient(records, shares=FITTED, seed=seed),
        lambda records, seed: split_over_labels(records, shares=FITTED, seed=seed),
        _by_hand,
    ],
)
def test_however_it_is_dealt_no_split_takes_a_test_image_for_fitting(records, deal, seed):
    """Whoever forgets the official lists is refused when the split is made."""
    with pytest.raises(DataError, match="test"):
        Split(deal(records, seed), "made")


def test_a_boxed_image_is_refused_for_fitting_even_where_nothing_calls_it_test(records):
    planted = [replace(record, official=None, held_out=False) for record in records]
    with pytest.raises(
        DataError, match=r"00000004_000\.png is an image with boxes of nih, which belongs into the part test alone"
    ):
        Split({"calibration": tuple(planted)}, "made")
    assert Split({"test": tuple(planted)}, "made").parts["test"]


def test_a_boxed_image_outside_the_test_set_is_refused(records):
    boxes = next(record.boxes for record in records if record.boxes)
    planted = [replace(record, boxes=boxes) if record.patient.endswith("1") else record for record in records]
    with pytest.raises(DataError, match=r"nih 00000001_000\.png has boxes but is outside the official test set"):
        split_with_official_test(planted, shares=FITTED, seed=0)


def test_a_copy_of_a_test_image_is_left_out_and_counted(records):
    held = next(record for record in records if record.official == "test")
    planted = [replace(r, sha256=held.sha256) if r.image == "00000002_000.png" else r for r in records]
    split = split_with_official_test(planted, shares=FITTED, seed=0)
    assert all(r.image != "00000002_000.png" for name in FITTED for r in split.parts[name])
    assert "1 copies of test images left out" in split.protocol


def test_a_patient_of_the_test_set_outside_it_is_refused(records):
    planted = [replace(r, patient="nih:00000004") if r.image == "00000002_000.png" else r for r in records]
    with pytest.raises(DataError, match="One patient is in both"):
        split_with_official_test(planted, shares=FITTED, seed=0)


def test_the_protocol_says_how_and_the_hash_follows(records):
    split = split_with_official_test(records, shares=FITTED, seed=3)
    assert "seed 3: train 0.5, validation 0.25, calibration 0.25" in split.protocol
    assert split.sha256 == split_with_official_test(records, shares=FITTED, seed=3).sha256


def test_the_part_test_is_the_official_one_alone(records):
    with pytest.raises(ValueError, match="must not name the part test"):
        split_with_official_test(records, shares={"train": 0.5, "test": 0.5}, seed=0)


def test_other_names_of_the_test_set_and_boxed_training_sets(tmp_path):
    chexpert = read_chexpert(fabricate_chexpert(tmp_path / "chexpert"))
    for test in (("test",), (), ("valid",)):
        split = split_with_official_test(chexpert, shares={"train": 0.5, "validation": 0.5}, seed=0, test=test)
        assert {record.official for record in split.parts["test"]} == {"valid"}
        assert "official valid as test" in split.protocol
    children = read_vindr_pcxr(fabricate_vindr_pcxr(tmp_path / "vindr"))
    with pytest.raises(DataError, match="boxed="):
        split_with_official_test(children, shares={"train": 1.0}, seed=0)
    split = split_with_official_test(children, shares={"train": 1.0}, seed=0, boxed="anywhere")
    assert len(split.parts["train"]) == 2


def test_nothing_but_test_images_is_refused(records):
    with pytest.raises(DataError, match="All images belong to the official test set"):
        split_with_official_test([r for r in records if r.official == "test"], shares=FITTED, seed=0)


@pytest.mark.data
def test_the_real_pictures_split_by_patient_over_every_label(shared_data):
    records = read_chestxray14(shared_data / "nih")
    split = split_with_official_test(records, shares={"train": 0.8, "validation": 0.2}, seed=0)
    chosen = split.parts["validation"]
    for name in ("Hernia", "Emphysema", "Pneumonia", "No Finding"):
        every = sum(record.labels[name] for record in records)
        assert sum(record.labels[name] for record in chosen) == pytest.approx(0.2 * every, abs=0.02 * every + 1.0)
    assert split.parts["test"] == ()


def _without_pictures(entry, *, boxes):
    return Record(
        path=Path(entry.image),
        image=entry.image,
        patient=entry.patient,
        source="nih",
        official=entry.official,
        labels={name: float(name in entry.findings) for name in LABELS},
        stratum=entry.view,
        sha256=hashlib.sha256(entry.image.encode()).hexdigest(),
        boxes=boxes.get(entry.stem, ()),
    )


@pytest.mark.data
@pytest.mark.slow
def test_the_whole_official_release_splits_without_a_test_or_boxed_image_in_what_is_fitted(shared_data):
    entries = read_entries(shared_data / "nih")
    boxes = read_boxes(shared_data / "nih", entries=entries)
    records = [_without_pictures(entry, boxes=boxes) for entry in entries]
    split = split_with_official_test(records, shares={"train": 0.8, "validation": 0.1, "calibration": 0.1}, seed=0)
    fitted = [record for name in ("train", "validation", "calibration") for record in split.parts[name]]
    named = set((shared_data / "nih" / "test_list.txt").read_text().split())
    assert not named & {record.image for record in fitted}
    assert not any(record.boxes for record in fitted)
    assert (len(fitted), len(split.parts["test"])) == (86_524, 25_596)
    assert sum(bool(record.boxes) for record in split.parts["test"]) == 880
    for name in LABELS:
        every = sum(record.labels[name] for record in fitted)
        for part in ("validation", "calibration"):
            assert sum(r.labels[name] for r in split.parts[part]) == pytest.approx(0.1 * every, rel=0.02, abs=2)
