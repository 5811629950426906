from dataclasses import replace
from pathlib import Path

import numpy as np

from fabricate_study import fabricate_arms
from fabricate_two_maps import two_maps
from hilum.datasets.records.record import LabelledBox, Record
from hilum.geometry import Box
from hilum.systems.sdfn.shown import MOST_BOXED, best_of_folds, boxed_images, most_probable


def record(name: str, *labels: str) -> Record:
    boxes = tuple(LabelledBox(label=label, box=Box(0, 0, 5, 5), frame=(1024, 1024)) for label in labels)
    return Record(
        path=Path(name), image=name, patient=name, source="nih", official="test", labels={}, stratum="PA",
        sha256=name, boxes=boxes,
    )  # fmt: skip


def test_the_positive_that_an_arm_finds_most_probable() -> None:
    predictions = fabricate_arms(patients=20, labels=("Mass", "Hernia"), without=("Hernia",), rare=0.4)["both"]
    found = most_probable(predictions)
    assert [label for _, label in found] == ["Mass"], "nobody has the other"
    row, _ = found[0]
    truth, scores = predictions.truth[:, 0], predictions.scores[:, 0]
    assert truth[row] == 1
    assert scores[row] == max(scores[np.flatnonzero(truth == 1)])


def test_the_first_boxed_images_of_each_class_by_name() -> None:
    many = [record(f"{i}.png", "Mass") for i in (4, 2, 3, 1)]
    both, plain = record("0.png", "Nodule", "Mass", "Mass"), record("5.png")
    found = [(one.image, label) for one, label in boxed_images([*many, both, plain])]
    assert found == [("0.png", "Mass"), ("1.png", "Mass"), ("2.png", "Mass"), ("0.png", "Nodule")]
    assert sum(label == "Mass" for _, label in found) == MOST_BOXED


def test_the_best_of_all_folds_by_class() -> None:
    low, high = two_maps(1), replace(two_maps(2), sdfn_probability=0.9)
    other = replace(two_maps(3), label="Mass", sdfn_probability=0.1)
    assert [one.image for one in best_of_folds([low, high, other])] == [other.image, high.image]
