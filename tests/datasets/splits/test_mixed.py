import math
from dataclasses import replace
from pathlib import Path

import pytest

from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import mix_releases
from hilum.datasets.splits.official import split_with_official_test


def record(source, image, *, patient, sha256=None, official=None, labels=None):
    return Record(
        path=Path(source) / image,
        image=image,
        patient=f"{source}:{patient}",
        source=source,
        official=official,
        labels={"Pneumonia": 1.0} if labels is None else labels,
        stratum="",
        sha256=sha256 or f"{source}/{image}",
    )


def names(records):
    return [(one.source, one.image) for one in records]


def test_a_label_that_a_release_does_not_speak_of_is_missing_not_negative():
    mixed = mix_releases(
        [
            record("nih", "a", patient=1, labels={"Mass": 1.0, "Pneumonia": 0.0}),
            record("kermany", "b", patient=1, labels={"Pneumonia": 1.0}),
            record("vindr_pcxr", "c", patient=1, labels={"Bronchitis": math.nan}),
        ]
    )
    told = [{name: None if math.isnan(value) else value for name, value in r.labels.items()} for r in mixed.records]
    assert told == [
        {"Mass": 1.0, "Pneumonia": 0.0, "Bronchitis": None},
        {"Mass": None, "Pneumonia": 1.0, "Bronchitis": None},
        {"Mass": None, "Pneumonia": None, "Bronchitis": None},
    ]
    assert [r.source for r in mixed.records] == ["nih", "kermany", "vindr_pcxr"]
    assert [r.patient for r in mixed.records] == ["nih:1", "kermany:1", "vindr_pcxr:1"]


def test_one_release_comes_back_as_it_was_with_its_own_copies():
    records = [record("nih", "a", patient=1, sha256="x"), record("nih", "b", patient=2, sha256="x")]
    mixed = mix_releases(records)
    assert mixed.records == tuple(records)
    assert mixed.left_out == ()


def test_a_picture_of_two_releases_is_kept_in_the_first_and_reported():
    mixed = mix_releases(
        [record("nih", "a", patient=1, sha256="x"), record("rsna", "b", patient=9, sha256="x")],
    )
    assert names(mixed.records) == [("nih", "a")]
    assert [(one.record.image, one.why) for one in mixed.left_out] == [("b", "nih a is the same file")]


def test_a_picture_of_an_official_test_is_kept_there_whatever_came_first():
    mixed = mix_releases(
        [
            record("own", "a", patient=1, sha256="x", official="train"),
            record("nih", "b", patient=9, sha256="x", official="test"),
        ]
    )
    assert names(mixed.records) == [("nih", "b")]


def test_the_same_picture_makes_two_patients_one_so_that_no_split_parts_them():
    records = [
        record("nih", "a1", patient=1, sha256="x"),
        record("rsna", "b1", patient=9, sha256="x"),
        record("rsna", "b2", patient=9),
        record("mimic", "c1", patient=5, sha256="rsna/b2"),
        record("mimic", "c2", patient=5),
        record("mimic", "c3", patient=6),
    ]
    mixed = mix_releases(records)
    assert {r.image: r.patient for r in mixed.records} == {
        "a1": "nih:1",
        "b2": "nih:1",
        "c2": "nih:1",
        "c3": "mimic:6",
    }


def test_whoever_stands_in_a_test_set_elsewhere_is_not_trained_on():
    records = [
        record("own", "a1", patient=1, sha256="x", official="train"),
        record("own", "a2", patient=1, official="train"),
        *(record("own", f"d{index}", patient=10 + index, official="train") for index in range(4)),
        record("nih", "b1", patient=9, sha256="x", official="test"),
    ]
    mixed = mix_releases(records)
    assert {one.record.image: (one.reason, one.why) for one in mixed.left_out} == {
        "a1": ("the same picture stands elsewhere in the data", "nih b1 is the same file"),
        "a2": ("its patient stands in a held-out test set", "the patient stands in the official test set of nih"),
    }
    split = split_with_official_test(mixed.records, shares={"train": 0.5, "validation": 0.5}, seed=0)
    assert names(split.parts["test"]) == [("nih", "b1")]
    assert {r.image for part in ("train", "validation") for r in split.parts[part]} == {"d0", "d1", "d2", "d3"}


@pytest.mark.parametrize("second", ["x", "another size"])
def test_one_image_in_two_folders_of_a_release_is_taken_from_the_first(second):
    first = replace(record("nih", "a", patient=1, sha256="x"), path=Path("somebody") / "nih" / "a")
    mixed = mix_releases([first, record("nih", "a", patient=1, sha256=second)])
    assert mixed.records == (first,)
    assert [one.why for one in mixed.left_out] == ["nih/a is the same image of nih"]


def test_another_image_of_a_held_out_patient_of_chestxray14_is_left_out_under_any_release():
    mixed = mix_releases(
        [
            record("nih", "00000013_005.png", patient="00000013", official="test"),
            record("nih", "00000014_000.png", patient="00000014"),
            record("table", "google/00000013_006.jpg", patient="a"),
            record("table", "ab-cd.dcm", patient="b"),
            record("table", "ef-gh.dcm", patient="c"),
            record("table", "mine.png", patient="d"),
        ],
        rsna={"ab-cd": "00000013_001", "ef-gh": "00000014_007"},
    )
    assert names(mixed.records) == [
        ("nih", "00000013_005.png"), ("nih", "00000014_000.png"), ("table", "ef-gh.dcm"), ("table", "mine.png"),
    ]  # fmt: skip
    assert [(one.record.image, one.reason) for one in mixed.left_out] == [
        ("google/00000013_006.jpg", "its patient stands in a held-out test set"),
        ("ab-cd.dcm", "its patient stands in a held-out test set"),
    ]
    # two images of one person travel together in every split
    assert mixed.records[1].patient == mixed.records[2].patient
    assert mixed.records[3].patient == "table:d"
