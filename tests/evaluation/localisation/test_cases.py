"""Which images are judged, and what is said of the others."""

from dataclasses import replace
from pathlib import Path

import pytest

from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.evaluation.localisation.cases import choose_cases
from hilum.geometry import Box


def record(number: int, *boxes: tuple[str, Box], patient: str | None = None) -> Record:
    """An image of 100 x 50 pixels that is not there."""
    return Record(
        path=Path("nowhere.png"),
        image=f"{number}.png",
        patient=patient or f"p{number}",
        source="toy",
        official=None,
        labels={},
        stratum="",
        sha256=f"{number:064d}",
        boxes=tuple(LabelledBox(label=label, box=box, frame=(100, 50)) for label, box in boxes),
    )


INSIDE, CUT, OUTSIDE = Box(10.0, 10.0, 20.0, 20.0), Box(90.0, 40.0, 20.0, 20.0), Box(120.0, 0.0, 5.0, 5.0)


def test_images_with_boxes_of_the_models_labels_are_cases_and_the_rest_is_counted() -> None:
    records = [
        record(1, ("Mass", INSIDE), ("Nodule", CUT)),
        record(2, ("Mass", INSIDE), ("Mass", OUTSIDE)),
        record(3, ("Hernia", INSIDE)),
        record(4, ("Mass", OUTSIDE)),
        record(5),
    ]
    chosen = choose_cases(records, labels=("Mass", "Nodule", "Effusion"))
    assert [(case.record.image, case.label) for case in chosen.cases] == [
        ("1.png", "Mass"), ("1.png", "Nodule"), ("2.png", "Mass"),
    ]  # fmt: skip
    assert (chosen.without_boxes, dict(chosen.not_of_model)) == (1, {"Hernia": 1})
    assert (chosen.outside, chosen.cut) == (1, 2)
    assert chosen.labels == ("Mass", "Nodule")
    mass, nodule, other = chosen.cases
    assert mass.boxes(rows=100, columns=200) == [Box(20.0, 20.0, 40.0, 40.0)]
    assert nodule.boxes(rows=50, columns=100) == [Box(90.0, 40.0, 10.0, 10.0)], "cut to the picture"
    assert len(other.boxes(rows=50, columns=100)) == 1, "what lies outside is left out"


def test_one_patient_is_in_one_fold() -> None:
    records = [record(number, ("Mass", INSIDE), patient=f"p{number // 3}") for number in range(30)]
    chosen = choose_cases(records, labels=("Mass",))
    folds = {case.record.patient: case.fold for case in chosen.cases}
    assert all(folds[case.record.patient] == case.fold for case in chosen.cases)
    assert sorted(map(list(folds.values()).count, set(folds.values()))) == [2, 2, 2, 2, 2]
    again = choose_cases(records[::-1], labels=("Mass",))
    assert {case.record.patient: case.fold for case in again.cases} == folds


def test_at_most_so_many_of_each_label_are_dealt_by_a_fixed_seed() -> None:
    records = [record(number, ("Mass", INSIDE), ("Nodule", INSIDE)) for number in range(20)]
    chosen = choose_cases(records, labels=("Mass", "Nodule"), most=5)
    assert [case.label for case in chosen.cases].count("Mass") == 5
    assert chosen.cases == choose_cases(records, labels=("Mass", "Nodule"), most=5).cases
    assert [int(case.record.image[:-4]) for case in chosen.cases] != list(range(10)), "not the first ones"


def test_labels_of_other_names_are_bound_by_the_user_alone() -> None:
    records = [record(1, ("Nodule/mass", INSIDE))]
    with pytest.raises(DataError, match=r"a label of the model \(Nodule\); boxes found: Nodule/mass.*--label"):
        choose_cases(records, labels=("Nodule",))
    chosen = choose_cases(records, labels=("Nodule",), same={"Nodule/mass": "Nodule"})
    assert dict(chosen.named) == {"Nodule/mass": "Nodule"}
    for wrong in ({"Nodule/mass": "Tumour"}, {"Mass": "Nodule"}):
        with pytest.raises(
            DataError, match=r"matches nothing. Use --label BOXES=MODEL with a label of the boxes \(Nodule/mass\)"
        ):
            choose_cases(records, labels=("Nodule",), same=wrong)


def test_images_without_boxes_alone_are_refused() -> None:
    with pytest.raises(DataError, match="None of the 2 images has a box"):
        choose_cases([record(1), record(2)], labels=("Mass",))
    outside = [replace(record(1), boxes=record(2, ("Mass", OUTSIDE)).boxes)]
    with pytest.raises(DataError, match="No box inside its picture"):
        choose_cases(outside, labels=("Mass",))
