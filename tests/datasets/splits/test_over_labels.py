import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.datasets.records.record import Record
from hilum.datasets.splits.over_labels import split_over_labels

SHARES = {"train": 0.8, "validation": 0.2}
PREVALENCE = {"Effusion": 0.3, "Mass": 0.1, "Hernia": 0.01}


def made(patients: int, *, seed: int = 0, shared_hash: bool = False) -> list[Record]:
    draw = np.random.default_rng(seed)
    records = []
    for patient in range(patients):
        for image in range(int(draw.integers(1, 5))):
            labels = {name: float(draw.random() < share) for name, share in PREVALENCE.items()} | {"Edema": math.nan}
            number = len(records)
            records.append(
                Record(
                    path=Path(f"{number}.png"),
                    image=f"{number:05d}.png",
                    patient=f"p{patient}",
                    source="made",
                    official=None,
                    labels=labels,
                    stratum="PA" if image % 2 else "AP",
                    sha256="f" * 64 if shared_hash and image == 0 and patient < 2 else f"{number:064x}",
                )
            )
    return records


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_every_image_lands_in_one_part_and_no_patient_in_two(seed, patients):
    records = made(patients, seed=seed)
    parts = split_over_labels(records, shares=SHARES, seed=seed)
    assert sorted(r.image for part in parts.values() for r in part) == [r.image for r in records]
    assert not {r.patient for r in parts["train"]} & {r.patient for r in parts["validation"]}


@pytest.mark.parametrize("seed", range(3))
def test_every_label_and_stratum_is_shared_out(seed):
    records = made(1500, seed=seed)
    parts = split_over_labels(records, shares=SHARES, seed=seed)

    def share(chosen):
        return sum(map(chosen, parts["validation"])) / sum(map(chosen, records))

    for name in PREVALENCE:
        assert share(lambda r, name=name: r.labels[name] == 1.0) == pytest.approx(0.2, abs=0.02)
    assert share(lambda r: r.stratum == "PA") == pytest.approx(0.2, abs=0.01)
    assert share(lambda r: True) == pytest.approx(0.2, abs=0.01)


def test_a_label_of_few_patients_reaches_both_parts_where_chance_would_not():
    records = made(1500)
    rare = [r for r in records if r.labels["Hernia"] == 1.0]
    for seed in range(5):
        parts = split_over_labels(records, shares=SHARES, seed=seed)
        assert abs(sum(r in rare for r in parts["validation"]) - 0.2 * len(rare)) <= 1


def test_patients_with_a_byte_identical_image_stay_together():
    for seed in range(10):
        parts = split_over_labels(made(12, shared_hash=True), shares=SHARES, seed=seed)
        assert len({name for name, part in parts.items() for r in part if r.patient in ("p0", "p1")}) == 1


def test_the_seed_decides():
    one, same, other = (split_over_labels(made(60), shares=SHARES, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one["validation"] != other["validation"]


@pytest.mark.parametrize("shares", [{"train": 0.7, "validation": 0.2}, {"train": 1.0, "validation": 0.0}])
def test_shares_must_be_positive_and_sum_to_one(shares):
    with pytest.raises(ValueError, match="sum to 1"):
        split_over_labels(made(5), shares=shares, seed=0)
