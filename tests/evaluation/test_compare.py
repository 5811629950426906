import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import roc_auc_score

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError
from hilum.evaluation.compare import compare
from hilum.evaluation.comparison_json import comparison_json
from hilum.evaluation.paired_t import PairedT
from hilum.evaluation.patient_bootstrap import patient_bootstrap, patient_rows
from hilum.evaluation.same_images import common_rows
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.holm import holm

LABELS = ("Atelectasis", "Effusion", "Mass", "No Finding")
STRONG = fabricate_predictions(labels=LABELS, patients=60, missing=0.0)
WEAK = fabricate_predictions(labels=LABELS, patients=60, missing=0.0, strength=0.6)
QUICK = 300


def test_differences_and_tests_of_each_label() -> None:
    result = compare(STRONG, second=WEAK, replicates=QUICK)
    patients = patient_rows(STRONG.patient)
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=patients, replicates=QUICK, seed=0)[0]
    for column, one in enumerate(result.labels):
        truth, first, second = STRONG.truth[:, column], STRONG.scores[:, column], WEAK.scores[:, column]
        assert one.first == pytest.approx(roc_auc_score(truth, first))
        assert one.second == pytest.approx(roc_auc_score(truth, second))
        differences = [
            roc_auc_score(truth, first, sample_weight=w) - roc_auc_score(truth, second, sample_weight=w)
            for w in drawn[patients.index].T
        ]
        assert one.difference is not None
        assert one.difference.interval == pytest.approx(tuple(np.quantile(differences, [0.025, 0.975])), abs=1e-12)
        test = delong_test(truth, first=first, second=second)
        assert isinstance(test, DelongTest)
        assert one.delong_p == test.p_value
    assert tuple(one.delong_p_holm for one in result.labels) == holm([one.delong_p for one in result.labels])
    assert tuple(one.bootstrap_p_holm for one in result.labels) == holm([one.bootstrap_p for one in result.labels])


def test_the_mean_and_the_t_test_leave_no_finding_out() -> None:
    result = compare(STRONG, second=WEAK, replicates=QUICK)
    first, second = ([getattr(one, name) for one in result.labels[:3]] for name in ("first", "second"))
    assert result.mean_difference is not None
    assert result.mean_difference.value == pytest.approx(np.mean(first) - np.mean(second))
    assert isinstance(result.paired_t, PairedT)
    assert result.paired_t.p_value == pytest.approx(ttest_rel(first, second).pvalue)
    assert result.in_mean == ("Atelectasis", "Effusion", "Mass")


def test_the_order_of_rows_and_labels_does_not_matter() -> None:
    shuffled = WEAK.take(np.random.default_rng(0).permutation(WEAK.n))
    turned = replace(shuffled, labels=LABELS[::-1], truth=shuffled.truth[:, ::-1], scores=shuffled.scores[:, ::-1])
    assert compare(STRONG, second=turned, replicates=QUICK) == compare(STRONG, second=WEAK, replicates=QUICK)


def test_a_model_against_itself() -> None:
    result = compare(STRONG, second=STRONG, replicates=QUICK)
    for one in result.labels:
        assert one.difference is not None
        assert (one.difference.value, one.difference.interval) == (0.0, (0.0, 0.0))
        assert (one.bootstrap_p, one.delong_p) == (1.0, None)
    assert not isinstance(result.paired_t, PairedT)


def test_cross_validated_predictions_use_the_bootstrap_only() -> None:
    pooled = replace(WEAK, design="cross-validated")
    result = compare(STRONG, second=pooled, any_protocol=True, replicates=QUICK)
    assert result.cross_validated
    assert all(one.delong_p is None and one.delong_p_holm is None for one in result.labels)
    assert all(one.bootstrap_p is not None for one in result.labels)
    assert "replaced by the patient bootstrap" in result.notes[0]
    assert "independent" in compare(STRONG, second=WEAK, replicates=QUICK).notes[0]  # patients have several images


def test_labels_without_both_outcomes_and_of_one_file() -> None:
    truth = STRONG.truth.copy()
    truth[:, 2] = 0.0
    first = replace(STRONG, truth=truth)
    second = replace(WEAK, labels=LABELS[1:], truth=truth[:, 1:], scores=WEAK.scores[:, 1:])
    with pytest.raises(DataError, match="the same labels in both files, came Atelectasis in one only"):
        compare(first, second=second, replicates=QUICK)
    result = compare(first, second=second, common_labels=True, replicates=QUICK)
    assert [(one.label, one.undefined) for one in result.labels] == [
        ("Effusion", None), ("Mass", "there are no positives"), ("No Finding", None),
    ]  # fmt: skip
    assert result.not_compared == ("Atelectasis",)
    assert result.left_out == ("Atelectasis", "Mass")
    data = json.loads(json.dumps(comparison_json(result), allow_nan=False))
    assert data["labels"]["Mass"] == {"n": first.n, "positives": 0, "undefined": "there are no positives"}
    assert data["paired_t"] == {"undefined": "a t-test needs at least two pairs"}
    assert data["mean_labels"] == ["Effusion"]


def test_files_that_are_not_of_the_same_images() -> None:
    with pytest.raises(DataError, match=f"came '{STRONG.image[0]}' and 0 more that the second file lacks"):
        common_rows(STRONG, second=WEAK.take(np.arange(1, WEAK.n)))
    with pytest.raises(DataError, match="1 more that the first file lacks"):
        common_rows(STRONG.take(np.arange(2, WEAK.n)), second=WEAK)
    moved = replace(WEAK, patient=("someone", *WEAK.patient[1:]))
    with pytest.raises(DataError, match=f"one patient of '{STRONG.image[0]}' in both files, came '.*' and 'someone'"):
        common_rows(STRONG, second=moved)
    with pytest.raises(DataError, match="one split of"):
        common_rows(STRONG, second=replace(WEAK, split=("val",) * WEAK.n))
    with pytest.raises(DataError, match="a label that both files have"):
        common_rows(STRONG, second=replace(WEAK, labels=("A", "B", "C", "D")))


def test_two_protocols_are_not_compared_unasked() -> None:
    other = replace(WEAK, protocol="SMOKE made-up patients, one split", smoke=True)
    with pytest.raises(DataError, match="one protocol in both files, came 'made-up patients, one split' and 'SMOKE"):
        compare(STRONG, second=other, replicates=QUICK)
    result = compare(STRONG, second=other, any_protocol=True, replicates=QUICK)
    assert "A smoke run is compared" in result.notes[0]
    assert result.protocols == (STRONG.protocol, other.protocol)
    assert result.labels == compare(STRONG, second=WEAK, replicates=QUICK).labels


@pytest.mark.parametrize(("value", "said"), [(1.0, "0 and 1"), (np.nan, "0 and null")])
def test_truths_must_agree(value: float, said: str) -> None:
    row = int(np.flatnonzero(STRONG.truth[:, 1] == 0.0)[0])
    truth = WEAK.truth.copy()
    truth[row, 1] = value
    with pytest.raises(DataError, match=rf"truth:Effusion in both files, came {said} for '{STRONG.image[row]}'"):
        common_rows(STRONG, second=replace(WEAK, truth=truth))


def test_nothing_to_compare() -> None:
    ones = np.ones_like(STRONG.truth)
    with pytest.raises(DataError, match="at least one common label"):
        compare(replace(STRONG, truth=ones), second=replace(WEAK, truth=ones), replicates=QUICK)
