from pathlib import Path

import pytest

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import split_by_patient
from hilum.errors import DataError
from hilum.training.data.softest import with_softest
from hilum.training.recipe.recipe import SoftestWithout

SHARES = {"train": 0.8, "plain": 0.1, "soft": 0.1}
SOFT = SoftestWithout(label="Mass", part="soft")


def record(patient, image, *, ill):
    return Record(
        path=Path("x"), image=image, patient=patient, source="table", official="train",
        labels={} if ill is None else {"Mass": float(ill)}, stratum=str(ill), sha256=image,
    )  # fmt: skip


def people():
    """60 healthy patients with two pictures each and 60 ill ones with one; a healthy one's number is the sharpness."""
    healthy = [record(f"h{n:02d}", f"h{n:02d}-{k}", ill=False) for n in range(60) for k in (0, 1)]
    return [*healthy, *(record(f"i{n:02d}", f"i{n:02d}", ill=True) for n in range(60))]


def sharpness(records):
    return {one.image: float(one.patient[1:]) for one in records if one.labels.get("Mass") == 0.0}


def dealt(records, *, seed=3):
    parts = split_by_patient(records, shares=SHARES, seed=seed)
    return parts, with_softest(parts, soft=SOFT, sharpness=sharpness(records), shares=SHARES, seed=seed)


def healthy(part):
    return sorted({one.patient for one in part if one.labels.get("Mass") == 0.0})


def test_the_part_has_the_softest_patients_and_as_many_pictures_as_before():
    plain, found = dealt(people())
    assert healthy(found["soft"]) == [f"h{n:02d}" for n in range(6)]
    for part in SHARES:
        assert abs(len(found[part]) - len(plain[part])) <= (0 if part == "soft" else 4)
        ill = [[one.image for one in parts[part] if one.labels["Mass"]] for parts in (plain, found)]
        assert ill[0] == ill[1], "the ill stay where they are"
    assert sorted(one.image for part in found.values() for one in part) == sorted(one.image for one in people())


def test_who_was_nowhere_near_stays_and_who_leaves_goes_to_the_other_parts():
    plain, found = dealt(people())
    left = set(healthy(plain["soft"])) - set(healthy(found["soft"]))
    assert left
    for part in ("train", "plain"):
        before, now = set(healthy(plain[part])), set(healthy(found[part]))
        assert before - now <= set(healthy(found["soft"]))
        assert now - before <= left


def test_a_patient_with_both_or_of_whom_it_is_not_known_stays():
    softest = [record("s0", "s0-a", ill=False), record("s0", "s0-b", ill=True), record("u0", "u0", ill=None)]
    records = [*people(), *softest]
    plain, found = dealt(records)
    for name in ("s0", "u0"):
        where = [
            {part for part, own in parts.items() if any(one.patient == name for one in own)} for parts in (plain, found)
        ]
        assert where[0] == where[1]


def test_nobody_without_the_label_is_said():
    with pytest.raises(DataError, match="No patient without Mass is left for the part soft"):
        dealt([record(f"i{n}", f"i{n}", ill=True) for n in range(30)])
