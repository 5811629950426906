from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split, patient_groups, split_by_patient, without_copies_of
from hilum.errors import DataError

SHARES = {"train": 0.7, "validation": 0.3}


def record(number: int, *, patient: str, stratum: str = "ill", sha256: str | None = None) -> Record:
    return Record(
        path=Path(f"{number}.png"),
        image=f"{number}.png",
        patient=patient,
        source="made",
        official=None,
        labels={"Pneumonia": 1.0},
        stratum=stratum,
        sha256=sha256 or f"{number:064x}",
    )


def many(patients: int) -> list[Record]:
    strata = ("ill", "well", "well")
    return [
        record(3 * p + i, patient=f"p{p}", stratum=strata[p % 3]) for p in range(patients) for i in range(1 + p % 3)
    ]


@given(st.integers(0, 2**32 - 1), st.integers(10, 60))
def test_every_record_lands_in_one_part_and_no_patient_in_two(seed, patients):
    records = many(patients)
    parts = split_by_patient(records, shares=SHARES, seed=seed)
    assert sorted(r.image for part in parts.values() for r in part) == sorted(r.image for r in records)
    owners = [{r.patient for r in part} for part in parts.values()]
    assert not owners[0] & owners[1]


@given(st.integers(0, 1000))
def test_each_stratum_is_shared_out_as_asked(seed):
    parts = split_by_patient(many(300), shares=SHARES, seed=seed)
    for stratum in ("ill", "well"):
        sizes = {name: sum(r.stratum == stratum for r in part) for name, part in parts.items()}
        assert sizes["train"] / sum(sizes.values()) == pytest.approx(0.7, abs=0.02)


def test_patients_with_a_byte_identical_image_stay_together():
    twins = [record(0, patient="a", sha256="f" * 64), record(1, patient="b", sha256="f" * 64), record(2, patient="b")]
    assert len(patient_groups(twins)) == 1
    for seed in range(20):
        parts = split_by_patient([*twins, *many(20)[3:]], shares=SHARES, seed=seed)
        assert len({name for name, part in parts.items() for r in part if r in twins}) == 1


def test_the_split_of_these_patients_is_as_it_ever_was():
    """Written down before: a split that changes makes other trainings and other figures of the same recipes."""
    records = [
        record(
            number,
            patient=f"{'pP'[number % 2]}{number % 40}",
            stratum=("ill", "well")[number % 2],
            sha256=f"{number % 17 if number % 9 == 0 else number:064x}",
        )
        for number in range(80)
    ]
    assert [len(group) for group in patient_groups(records)] == [2, *[4] * 5, *[2] * 4, *[4] * 2, *[2] * 21]
    found = Split(split_by_patient(records, shares=SHARES, seed=7), "made").sha256
    assert found == "2579f23b00eb3344024c1b50709ba8f2d54c0d97ada079c702d3fa0e8694b6a2"


def test_patients_whose_names_differ_in_case_alone_stay_together():
    parts = split_by_patient(
        [record(2 * p + i, patient=f"{'pP'[i]}{p}") for p in range(30) for i in range(2)], shares=SHARES, seed=0
    )
    for one in parts.values():
        names = [r.patient for r in one]
        assert sorted(names) == sorted(name.swapcase() for name in names)


def test_seed_decides_the_split_and_its_hash():
    def sha256(seed):
        return Split(split_by_patient(many(40), shares=SHARES, seed=seed), "made").sha256

    assert sha256(1) == sha256(1) != sha256(2)


def test_the_hash_follows_the_content_of_the_images():
    before = Split({"train": (record(0, patient="a"),)}, "made").sha256
    assert before != Split({"train": (record(0, patient="a", sha256="a" * 64),)}, "made").sha256


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (record(0, patient="a"), record(1, patient="a"), "patient"),
        (record(0, patient="P1"), record(1, patient="p1"), "patient"),
        (record(0, patient="a", sha256="c" * 64), record(1, patient="b", sha256="c" * 64), "sha256"),
    ],
)
def test_overlapping_parts_are_refused(left, right, kind):
    with pytest.raises(DataError, match=f"One {kind} is in both train and test"):
        Split({"train": (left,), "test": (right,)}, "made")


def test_copies_of_held_out_images_are_left_out():
    held = record(0, patient="a", sha256="d" * 64)
    kept = record(1, patient="b")
    assert without_copies_of([record(2, patient="c", sha256="d" * 64), kept], held_out=[held]) == (kept,)


def test_shares_must_sum_to_one():
    with pytest.raises(ValueError, match="sum to 1"):
        split_by_patient(many(10), shares={"train": 0.7, "validation": 0.2}, seed=0)


def test_one_record_twice_within_a_part_is_refused():
    with pytest.raises(DataError, match=r"is in train twice\. Keep one of them"):
        Split({"train": (record(1, patient="a"), record(1, patient="a"))}, "by hand")
