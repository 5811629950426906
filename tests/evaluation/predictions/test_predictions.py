import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions, canonical_labels


def small(**changes: object) -> Predictions:
    base = Predictions(
        image=("1.png", "2.png", "3.png"),
        patient=("a", "a", "b"),
        split=("test",) * 3,
        labels=("Effusion",),
        truth=np.array([[1.0], [0.0], [np.nan]]),
        scores=np.array([[0.9], [0.1], [np.nan]]),
        protocol="by hand",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_names_are_bound_to_concepts() -> None:
    assert canonical_labels(["Pleural_Thickening", "pleural effusion", "Infiltrate", "Gossypiboma"]) == (
        "Pleural Thickening", "Effusion", "Infiltration", "Gossypiboma",
    )  # fmt: skip
    assert small(labels=("Pleural Effusion",)).labels == ("Effusion",)


@pytest.mark.parametrize(
    "pair", [("Effusion", "Pleural Effusion"), ("Gossypiboma", "gossypiboma"), ("A_b", "A b"), ("Mass", "Mass")]
)
def test_two_names_of_one_concept_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(DataError, match=f"{pair[0]}' and '{pair[1]}"):
        canonical_labels(pair)


def test_the_mean_is_the_protocols() -> None:
    fourteen = fabricate_predictions(labels=("No Finding", "Fracture", *CHESTXRAY14))
    assert fourteen.in_mean == CHESTXRAY14
    assert len(CHESTXRAY14) == 14
    assert fabricate_predictions(labels=("No Finding", "Effusion", "Mass")).in_mean == ("Effusion", "Mass")
    assert fabricate_predictions(labels=("No Finding",)).in_mean == ("No Finding",)
    ten = replace(fourteen, mean_labels=("Normal", "Mass"))  # a protocol whose mean includes No Finding
    assert ten.in_mean == ("No Finding", "Mass")
    with pytest.raises(DataError, match="The mean is asked over Edema"):
        small(mean_labels=("Edema",))


def test_the_split_hash_is_of_images_patients_and_parts() -> None:
    p = small()
    listing = [["test", "a", "1.png"], ["test", "a", "2.png"], ["test", "b", "3.png"]]
    assert p.split_sha256 == hashlib.sha256(json.dumps(listing).encode()).hexdigest()
    assert p.take(np.array([2, 0, 1])).split_sha256 == p.split_sha256
    assert small(patient=("a", "b", "b")).split_sha256 != p.split_sha256
    assert small(split=("test", "test", "val")).split_sha256 != p.split_sha256
    assert replace(p, scores=np.full((3, 1), 0.5)).split_sha256 == p.split_sha256  # not of the model


def test_take_keeps_rows_together() -> None:
    p = fabricate_predictions()
    rows = np.array([s == "F" for s in p.sex or ()])
    taken = p.take(rows)
    assert taken.n == rows.sum()
    assert taken.age_years is not None
    assert p.age_years is not None
    where = [p.image.index(image) for image in taken.image]
    np.testing.assert_array_equal(taken.scores, p.scores[where])
    np.testing.assert_array_equal(taken.age_years, p.age_years[where])
    assert set(taken.sex or ()) == {"F"}


def test_arrays_cannot_be_changed_and_the_callers_can() -> None:
    truth = np.array([[1.0], [0.0], [0.0]])
    p = small(truth=truth, scores=np.array([[0.9], [0.1], [0.2]]))
    with pytest.raises(ValueError, match="read-only"):
        p.truth[0, 0] = 0.0
    truth[0, 0] = 0.0
    assert p.truth[0, 0] == 1.0


def test_one_split() -> None:
    p = small(split=("test", "val", "test"))
    assert p.one_split("test").image == ("1.png", "3.png")
    with pytest.raises(DataError, match="several splits: test, val"):
        p.one_split(None)
    with pytest.raises(DataError, match=r"no split 'train'. Available: test, val"):
        p.one_split("train")
    pooled = replace(p, design="cross-validated")
    assert pooled.cross_validated
    assert pooled.one_split(None) is pooled
    assert not p.cross_validated


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": ("1.png", "2.png", "1.png")}, "image '1.png' stands there 2 times"),
        ({"patient": ("a", "b")}, "Every column needs 3 rows"),
        ({"sex": ("F",)}, "Every column needs 3 rows"),
        ({"truth": np.zeros((3, 2))}, r"shape \(3, 1\), .* their shapes: \(3, 2\)"),
        ({"protocol": "  "}, "The protocol is missing"),
        (
            {"truth": np.array([[1.0], [-1.0], [0.0]]), "scores": np.full((3, 1), 0.5)},
            "holds -1; .* Map uncertain labels",
        ),
        ({"scores": np.array([[0.9], [np.nan], [0.1]])}, "missing in 1 rows in which truth:Effusion is known"),
        ({"scores": np.array([[-2.5], [4.0], [0.1]])}, "from -2.5 to 4. If these are logits"),
        ({"scores": np.array([[np.inf], [0.0], [0.1]])}, "must hold probabilities"),
        ({"scores": np.array([[0.5], [0.1], [1.5]])}, "must hold probabilities"),  # also where no truth is known
        ({"age_years": np.array([4.0, np.nan, 412.0])}, "age_years is 412 for '3.png'"),
        ({"age_years": np.array([-1.0, 1.0, 1.0])}, "age_years is -1"),
        ({"labels": (), "truth": np.zeros((3, 0)), "scores": np.zeros((3, 0))}, "3 images and 0 labels"),
    ],
)
def test_malformed(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        small(**changes)
    assert "\n" not in str(caught.value)
