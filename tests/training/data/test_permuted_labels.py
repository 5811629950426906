"""Labels dealt at random: the same labels, of other images."""

from pathlib import Path

import pytest

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.training.data.permuted_labels import with_permuted_labels
from hilum.training.data.training_data import TrainingData


def record(number: int) -> Record:
    return Record(
        path=Path("nowhere.png"),
        image=f"{number:03d}.png",
        patient=f"p{number}",
        source="toy",
        official=None,
        labels={"Mass": float(number % 2), "Which": float(number)},
        stratum="",
        sha256=f"{number:064d}",
    )


@pytest.fixture
def data() -> TrainingData:
    records = tuple(map(record, range(60)))
    parts = {"train": records[:40], "validation": records[40:50], TEST: records[50:]}
    return TrainingData(records=records, splits={"it": Split(parts, "made up, by patient")})


def test_each_part_keeps_its_labels_and_the_test_its_own(data: TrainingData) -> None:
    split = with_permuted_labels(data, seed=1).splits["it"]
    for part, before in data.splits["it"].parts.items():
        after = split.parts[part]
        assert [one.image for one in after] == [one.image for one in before]
        assert sorted(one.labels["Which"] for one in after) == sorted(one.labels["Which"] for one in before)
        moved = sum(one.labels != other.labels for one, other in zip(after, before, strict=True))
        assert moved == 0 if part == TEST else moved > len(before) / 2
    assert all(one.labels["Mass"] == one.labels["Which"] % 2 for one in split.parts["train"]), "together"


def test_the_protocol_says_so_and_the_seed_decides_alone(data: TrainingData) -> None:
    split = with_permuted_labels(data, seed=1).splits["it"]
    assert (data.permuted_labels, with_permuted_labels(data, seed=1).permuted_labels) == (None, 1)
    assert split.protocol.startswith(
        "labels dealt at random among the images of each part (seed 1), a check and no mod"
    )
    assert split.protocol.endswith("; made up, by patient")
    turned = {part: tuple(records[::-1]) for part, records in data.splits["it"].parts.items()}
    other = TrainingData(records=data.records, splits={"it": Split(turned, "made up, by patient")})
    again = with_permuted_labels(other, seed=1).splits["it"].parts["train"]
    assert {one.image: one.labels for one in again} == {one.image: one.labels for one in split.parts["train"]}
    assert with_permuted_labels(data, seed=2).splits["it"].parts["train"] != split.parts["train"]
