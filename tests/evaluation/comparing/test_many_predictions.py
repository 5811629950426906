from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.errors import DataError
from hilum.evaluation.comparing.many_predictions import ManyPredictions, same_images

A = fabricate_predictions(missing=0.0)
B = fabricate_predictions(missing=0.0, strength=0.5)
C = fabricate_predictions(missing=0.0, strength=0.2)


def test_any_number_of_models_with_one_truth() -> None:
    many = ManyPredictions(("a", "b", "c"), (A, B, C))
    truth, scores = many.column("Effusion")
    assert np.array_equal(truth, A.truth[:, 1])
    assert list(scores) == ["a", "b", "c"]
    assert np.array_equal(scores["c"], C.scores[:, 1])
    assert many.first is A
    assert many.of("b") is B


def test_rows_are_taken_of_all() -> None:
    rows = np.array([5, 2])
    some = ManyPredictions(("a", "b"), (A, B)).take(rows)
    assert [one.image for one in some.predictions] == [(A.image[5], A.image[2])] * 2
    assert np.array_equal(some.of("b").scores, B.scores[rows])


def test_what_differs_is_refused() -> None:
    turned = replace(B, truth=1 - B.truth)
    for other, what in ((B.take(np.arange(B.n)[::-1]), "image"), (turned, "truth")):
        with pytest.raises(DataError, match=f"The predictions of a and b differ in {what}"):
            ManyPredictions(("a", "b"), (A, other))
    with pytest.raises(DataError, match="a name of its own; given: a, a"):
        ManyPredictions(("a", "a"), (A, B))
    with pytest.raises(DataError, match="2 predictions need as many model names; given: 1"):
        ManyPredictions(("a",), (A, B))


LABELS = ("Atelectasis", "Effusion", "Mass", "No Finding")
STRONG = fabricate_predictions(labels=LABELS, patients=60, missing=0.0)
WEAK = fabricate_predictions(labels=LABELS, patients=60, missing=0.0, strength=0.6)
FILES = {"a": "runs/one.parquet", "b": "runs/two.parquet", "c": "runs/three.parquet"}


def test_rows_and_labels_come_in_the_order_of_the_first() -> None:
    rows = np.random.default_rng(0).permutation(WEAK.n)
    shuffled = WEAK.take(rows)
    turned = replace(shuffled, labels=LABELS[::-1], truth=shuffled.truth[:, ::-1], scores=shuffled.scores[:, ::-1])
    many = same_images({"a": STRONG, "b": turned, "c": WEAK})
    assert many.models == ("a", "b", "c")
    for name in "bc":
        assert many.of(name).image == STRONG.image
        assert many.of(name).labels == LABELS
        assert np.array_equal(many.of(name).scores, WEAK.scores)


def test_files_that_are_not_of_the_same_images_are_named() -> None:
    first = STRONG.image[0]
    with pytest.raises(DataError, match=rf"^runs/two.parquet lacks '{first}', which runs/one.parquet holds; predict"):
        same_images({"a": STRONG, "b": WEAK.take(np.arange(1, WEAK.n))}, files=FILES)
    with pytest.raises(DataError, match=r"^runs/one.parquet lacks '.*' and 1 more, which runs/two.parquet holds"):
        same_images({"a": STRONG.take(np.arange(2, WEAK.n)), "b": WEAK}, files=FILES)
    moved = replace(WEAK, patient=("someone", *WEAK.patient[1:]))
    with pytest.raises(
        DataError, match=rf"one.parquet and runs/three.parquet name two patients of '{first}', '.*' and"
    ):
        same_images({"a": STRONG, "b": WEAK, "c": moved}, files=FILES)
    with pytest.raises(DataError, match="a and b name two splits of"):
        same_images({"a": STRONG, "b": replace(WEAK, split=("val",) * WEAK.n)})
    with pytest.raises(DataError, match=r"there is 1\. Add another file"):
        same_images({"a": STRONG})


def test_two_protocols_are_not_compared_unasked() -> None:
    other = replace(WEAK, protocol="another split")
    with pytest.raises(
        DataError, match=r"runs/two\.parquet have two protocols, 'made-up patients, one split' and 'anot"
    ):
        same_images({"a": STRONG, "b": other}, files=FILES)
    assert same_images({"a": STRONG, "b": other}, any_protocol=True).of("b").protocol == "another split"


def test_labels_of_one_file_only() -> None:
    one = replace(WEAK, labels=LABELS[1:], truth=WEAK.truth[:, 1:], scores=WEAK.scores[:, 1:])
    with pytest.raises(DataError, match=r"runs/one.parquet has Atelectasis, which is not in every file"):
        same_images({"a": STRONG, "b": one}, files=FILES)
    many = same_images({"a": STRONG, "b": one}, common_labels=True)
    assert many.first.labels == ("Effusion", "Mass", "No Finding")
    assert many.not_compared == ("Atelectasis",)
    assert many.first.in_mean == ("Effusion", "Mass")
    with pytest.raises(DataError, match=r"No label is in every file \(a: Atelectasis, .*; b: A, B, C, D\)"):
        same_images({"a": STRONG, "b": replace(WEAK, labels=("A", "B", "C", "D"))})


def test_what_is_no_disease_of_the_mean_stays_out_of_it() -> None:
    labels = (*CHESTXRAY14, "Lung Opacity")
    all_of_them = fabricate_predictions(labels=labels, patients=10)
    fewer = all_of_them.labels[1:]
    one = replace(all_of_them, labels=fewer, truth=all_of_them.truth[:, 1:], scores=all_of_them.scores[:, 1:])
    many = same_images({"a": all_of_them, "b": one}, common_labels=True)
    assert many.first.in_mean == CHESTXRAY14[1:]  # Lung Opacity is not let in because Atelectasis is gone


@pytest.mark.parametrize(("value", "said"), [(1.0, "0 and 1"), (np.nan, "0 and null")])
def test_truths_must_agree(value: float, said: str) -> None:
    row = int(np.flatnonzero(STRONG.truth[:, 1] == 0.0)[0])
    truth = WEAK.truth.copy()
    truth[row, 1] = value
    match = rf"runs/two.parquet hold two truths, truth:Effusion is {said} for '{STRONG.image[row]}'; compare"
    with pytest.raises(DataError, match=match):
        same_images({"a": STRONG, "b": replace(WEAK, truth=truth)}, files=FILES)
